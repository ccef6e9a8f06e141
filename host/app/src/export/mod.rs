//! Everything that is kept about a person, as one ZIP archive: for the person who asks what a brand knows.
//!
//! Rows are read page by page and go into a temporary file without a name, so that an archive of any size takes little
//! memory and leaves nothing behind. An answer begins only once the archive is whole.

mod archive;
mod index;
mod sections;

use bytes::Bytes;
use futures::Stream;
use guanxi_domain::JsonMap;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::ids::PersonId;
use guanxi_store::Scope as Rows;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::insight::whole;
use crate::{App, AppError};
use archive::Archiver;
use sections::Subject;

/// Kind of the event that notes who took an archive of a person.
pub const EXPORTED: &str = "guanxi.exported";

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// An archive, ready to be read from its start.
#[derive(Debug)]
pub struct Archive {
    /// An unnamed file that is gone once it is closed.
    pub file: std::fs::File,
    /// How long it is.
    pub bytes: u64,
    /// What to call it.
    pub name: String,
}

impl Archive {
    /// The archive in pieces, read as they are wanted.
    pub fn pieces(self) -> impl Stream<Item = std::io::Result<Bytes>> + Send {
        futures::stream::try_unfold(File::from_std(self.file), async |mut file| {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece).await?;
            piece.truncate(read);
            Ok((read > 0).then(|| (Bytes::from(piece), file)))
        })
    }
}

impl App {
    /// Writes everything about a person, and about everybody who was joined with them, into an archive. That it was
    /// taken stands in the person's timeline. Needs `manage`.
    pub async fn export_person(&self, caller: &Caller, slug: &str, id: PersonId) -> Result<Archive, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let mut read = self.store().read(Rows::Tenant(tenant.id)).await?;
        let (person, leaves) = whole(&mut read, tenant.id, id).await?;
        drop(read);
        let mut taken = JsonMap::new();
        taken.insert("actor".to_owned(), caller.token.to_string().into());
        self.request(tenant.id, EXPORTED, Some(person.id), JsonMap::new(), &taken).await?;
        let now = self.ambient().now();
        let subject = Subject { tenant: tenant.id, person, leaves };
        let mut archiver = Archiver::start()?;
        let counts = sections::write(self, &subject, &mut archiver).await?;
        archiver.document("index.html", index::page(&tenant, &subject.person, &counts, now)).await?;
        let (file, bytes) = archiver.finish().await?;
        Ok(Archive { file, bytes, name: format!("{}.zip", subject.person.id) })
    }
}
