//! Whose packages this host trusts.

use guanxi_domain::caller::Caller;
use guanxi_domain::limits::PAGE_MAX;
use guanxi_domain::manifest::{NAME_RULE, is_name};
use guanxi_package::PublicKey;
use guanxi_store::{PublisherRow, Scope as Rows};

use crate::tenants::checked_name;
use crate::{App, AppError};

/// The publisher of the plugins that come with Guanxi; nobody else has this name.
pub(crate) const FIRST_PARTY: &str = "guanxi";
/// The most keys that a publisher ever has, revoked ones too.
const KEYS_MAX: usize = 64;

impl App {
    /// Trusts packages that are signed with `key`, which is a publisher's: `ed25519:` and base64, or PEM. A publisher may
    /// have several keys, so that one can follow another. A key that was revoked stays so. Operators only.
    pub async fn trust_publisher(
        &self,
        caller: &Caller,
        name: &str,
        title: &str,
        key: &str,
    ) -> Result<PublisherRow, AppError> {
        self.operator(caller)?;
        if !is_name(name) {
            return Err(AppError::invalid("name", NAME_RULE));
        }
        if name == FIRST_PARTY {
            return Err(AppError::invalid("name", "stands for the plugins that come with Guanxi; choose another"));
        }
        let title = checked_name("title", title)?;
        let key = public(key)?;
        let now = self.ambient().now();
        let mut work = self.store().begin(Rows::Host).await?;
        work.put_publisher(name, title, now).await?;
        match work.key_owner(&key).await? {
            None => work.insert_publisher_key(name, &key, now).await?,
            Some((owner, None)) if owner == name => {}
            Some((owner, None)) => {
                return Err(AppError::Conflict(format!("this key is the publisher {owner}'s already")));
            }
            Some((owner, Some(_))) => {
                return Err(AppError::Conflict(format!("this key of {owner} was revoked; ask for a new one")));
            }
        }
        let publisher = work.publisher(name).await?.ok_or(AppError::NotFound("publisher"))?;
        if publisher.keys.len() > KEYS_MAX {
            return Err(AppError::TooLarge(format!("a publisher has at most {KEYS_MAX} keys")));
        }
        work.commit().await?;
        Ok(publisher)
    }

    /// Lets in nothing more that is signed with this key. What is in the library stays: yank what must not be installed.
    /// Operators only.
    pub async fn revoke_key(&self, caller: &Caller, name: &str, key: &str) -> Result<PublisherRow, AppError> {
        self.operator(caller)?;
        let key = public(key)?;
        let mut work = self.store().begin(Rows::Host).await?;
        let publisher = work.publisher(name).await?.ok_or(AppError::NotFound("publisher"))?;
        if !publisher.keys.iter().any(|known| known.key == key) {
            return Err(AppError::NotFound("key of this publisher"));
        }
        work.revoke_publisher_key(name, &key, self.ambient().now()).await?;
        let publisher = work.publisher(name).await?.ok_or(AppError::NotFound("publisher"))?;
        work.commit().await?;
        Ok(publisher)
    }

    /// Every publisher that was ever trusted, by name, at most a page.
    pub async fn publishers(&self, _caller: &Caller) -> Result<Vec<PublisherRow>, AppError> {
        Ok(self.store().read(Rows::Host).await?.publishers(PAGE_MAX).await?)
    }
}

fn public(key: &str) -> Result<String, AppError> {
    let key: PublicKey = key.parse().map_err(|error| AppError::invalid("key", format!("{error}")))?;
    Ok(key.to_string())
}
