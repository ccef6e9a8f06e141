//! Audiences on advertising channels: which segment, on which channel, told by which identifiers, for which purpose. The engine
//! keeps them in step.

use guanxi_domain::audience::Audience;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::AudienceId;
use guanxi_domain::limits::{AUDIENCES_MAX, CHANNEL_AUDIENCE_BYTES_MAX};
use guanxi_domain::manifest::AudienceSpec;
use guanxi_domain::segment::is_name;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{AudienceCounts, AudienceRow, Scope as Rows, Work};

use crate::{App, AppError, Problem};

/// The most characters of a title.
const TITLE_MAX: usize = 120;
/// The most kinds of identities of one audience.
const KINDS_MAX: usize = 16;
/// The facet of connectors whose channel keeps audiences.
const AUDIENCE: &str = "connector-audience";

/// An audience as somebody wants it.
#[derive(Debug, Clone)]
pub struct AudienceInput {
    /// What people read.
    pub title: String,
    /// The name of the segment whose members are meant.
    pub segment: String,
    /// The name of the connector's installation.
    pub installation: String,
    /// The audience's id on the channel's side.
    pub channel_audience: String,
    /// Kinds of identities that the channel is told.
    pub kinds: Vec<String>,
    /// The purpose, of the tenant's settings, that people must have allowed.
    pub purpose: String,
}

/// An audience and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct AudienceView {
    /// What is wanted and how far it has come.
    pub row: AudienceRow,
    /// The name of its segment.
    pub segment: String,
    /// The name of its installation.
    pub installation: String,
    /// How many identifiers it has.
    pub counts: AudienceCounts,
    /// Whether everybody was looked at since its definition or its segment's last changed.
    pub settled: bool,
}

impl App {
    /// The audiences of a tenant, by name.
    pub async fn audiences(&self, caller: &Caller, slug: &str) -> Result<Vec<AudienceView>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        let rows = read.audiences(tenant).await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            views.push(view(&mut read, tenant, row).await?);
        }
        Ok(views)
    }

    /// One audience.
    pub async fn audience(&self, caller: &Caller, slug: &str, name: &str) -> Result<AudienceView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        let row = read.audience(tenant, name).await?.ok_or(UNKNOWN)?;
        view(&mut read, tenant, row).await
    }

    /// Defines an audience, or changes everything of it but its place: another channel or another audience there is another
    /// one here. Needs `manage`.
    pub async fn put_audience(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        input: AudienceInput,
    ) -> Result<AudienceView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let settings = self.settings(tenant.id).await?;
        let tenant = tenant.id;
        let mut problems = checked(name, &input);
        if !settings.purposes.contains_key(&input.purpose) {
            let problem = "is no purpose of the settings; add it there, such as `advertising` on the basis of consent";
            problems.push(Problem::new("purpose", problem));
        }
        let installed = match self.installation(caller, slug, &input.installation).await {
            Ok(view) => Some(view),
            Err(AppError::NotFound(_)) => None,
            Err(error) => return Err(error),
        };
        match &installed {
            None => problems.push(Problem::new("installation", "is no installation of this tenant")),
            Some(view) if !view.serves(AUDIENCE) => {
                problems.push(Problem::new("installation", "is no connector that keeps audiences"));
            }
            Some(view) => {
                let takes = view.plugin.manifest.connector.as_ref().and_then(|spec| spec.audience.clone());
                problems.extend(not_taken(&input.kinds, &takes.unwrap_or_default()));
            }
        }
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let segment = work.segment(tenant, &input.segment).await?;
        if segment.is_none() {
            problems.push(Problem::new("segment", "is no segment of this tenant"));
        }
        let (Some(view), Some(segment), true) = (installed, segment, problems.is_empty()) else {
            return Err(AppError::Invalid(problems));
        };
        let (now, before) = (self.ambient().now(), work.audience(tenant, name).await?);
        let audience = Audience {
            id: before.as_ref().map_or_else(|| AudienceId::from_uuid(self.ambient().uuid()), |row| row.audience.id),
            name: name.to_owned(),
            title: input.title.trim().to_owned(),
            segment: segment.id,
            installation: view.installation.id,
            channel_audience: input.channel_audience.trim().to_owned(),
            kinds: input.kinds,
            purpose: input.purpose,
            ending: false,
            created_by: caller.token.to_string(),
            created_at: now,
            updated_at: now,
        };
        match before {
            None => {
                if work.audience_segments(tenant).await?.len() >= AUDIENCES_MAX {
                    return Err(AppError::TooLarge(format!("a tenant has at most {AUDIENCES_MAX} audiences")));
                }
                work.insert_audience(tenant, &audience).await?;
            }
            Some(before) => {
                check_place(&before.audience, &audience)?;
                work.put_audience(tenant, &audience).await?;
            }
        }
        work.commit().await?;
        self.signals().gathered.notify_one();
        self.audience(caller, slug, name).await
    }

    /// Has everybody taken off the channel, after which the audience goes. With `forget` it goes at once and the channel is
    /// told nothing more: for channels that are gone. Needs `manage`.
    pub async fn delete_audience(&self, caller: &Caller, slug: &str, name: &str, forget: bool) -> Result<(), AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let row = work.audience(tenant, name).await?.ok_or(UNKNOWN)?;
        match forget {
            true => work.drop_audience(tenant, row.audience.id).await?,
            false => work.end_audience(tenant, row.audience.id, self.ambient().now()).await?,
        }
        work.commit().await?;
        self.signals().gathered.notify_one();
        Ok(())
    }

    /// Has everybody looked at again, and what waits uploaded at once. Needs `manage`.
    pub async fn sync_audience(&self, caller: &Caller, slug: &str, name: &str) -> Result<AudienceView, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let row = work.audience(tenant, name).await?.ok_or(UNKNOWN)?;
        work.want_audiences(tenant, Some(row.audience.id), self.ambient().now()).await?;
        work.commit().await?;
        self.signals().gathered.notify_one();
        self.audience(caller, slug, name).await
    }
}

const UNKNOWN: AppError = AppError::NotFound("audience");

async fn view(read: &mut Work, tenant: TenantId, row: AudienceRow) -> Result<AudienceView, AppError> {
    let segments = read.segments(tenant).await?;
    let segment = segments.into_iter().find(|segment| segment.id == row.audience.segment);
    let installation = read.installation_by_id(tenant, row.audience.installation).await?;
    let counts = read.audience_counts(tenant, row.audience.id).await?;
    let seen = segment.as_ref().is_some_and(|segment| {
        segment.is_built() && row.progress.walking.is_none() && row.progress.seen == row.print(segment.revision)
    });
    let settled = seen && read.audience_marks(tenant, row.audience.id, 1).await?.is_empty();
    Ok(AudienceView {
        segment: segment.map(|segment| segment.name).unwrap_or_default(),
        installation: installation.map(|installation| installation.name).unwrap_or_default(),
        counts,
        settled,
        row,
    })
}

/// The first thing by which one place differs from another.
fn check_place(before: &Audience, after: &Audience) -> Result<(), AppError> {
    if before.ending {
        return Err(AppError::Conflict("this audience is being deleted; choose another name".to_owned()));
    }
    let same = before.installation == after.installation && before.channel_audience == after.channel_audience;
    let why = "whoever is in this audience is on another channel or in another audience there; make another one, and delete \
               this one";
    if same { Ok(()) } else { Err(AppError::Conflict(why.to_owned())) }
}

fn checked(name: &str, input: &AudienceInput) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !is_name(name) {
        let problem = "use 2 to 64 characters of a-z, 0-9, - and _, starting with a letter";
        problems.push(Problem::new("name", problem));
    }
    let title = input.title.trim();
    if title.is_empty() || title.chars().count() > TITLE_MAX || title.chars().any(char::is_control) {
        problems.push(Problem::new("title", format!("give 1 to {TITLE_MAX} characters")));
    }
    let there = input.channel_audience.trim();
    if there.is_empty() || there.len() > CHANNEL_AUDIENCE_BYTES_MAX || there.chars().any(char::is_control) {
        let problem =
            format!("give the audience's id on the channel's side, of 1 to {CHANNEL_AUDIENCE_BYTES_MAX} bytes");
        problems.push(Problem::new("channel_audience", problem));
    }
    if input.kinds.is_empty() || input.kinds.len() > KINDS_MAX {
        problems.push(Problem::new("kinds", format!("name 1 to {KINDS_MAX} kinds of identities, such as email")));
    }
    problems.extend(
        input
            .kinds
            .iter()
            .filter(|kind| !Identity::is_kind(kind))
            .map(|kind| Problem::new("kinds", format!("`{kind}` is no kind of identity"))),
    );
    problems
}

fn not_taken<'k>(kinds: &'k [String], takes: &'k AudienceSpec) -> impl Iterator<Item = Problem> + 'k {
    let unknown = kinds.iter().filter(move |kind| !takes.kinds.is_empty() && !takes.kinds.contains(kind));
    unknown.map(move |kind| {
        Problem::new("kinds", format!("this channel does not take `{kind}`; it takes {}", takes.kinds.join(", ")))
    })
}
