//! Installations and their secrets and health.

use guanxi_domain::ids::InstallationId;
use guanxi_domain::installation::{Health, Mode};
use guanxi_store::{SealedRow, StoreError};
use guanxi_store_contract::make::{NOW, tenant, uuid};
use guanxi_store_contract::on_both;

use crate::given::{host, installation, library, of};

#[test]
fn an_installation_comes_back_as_it_was_put() {
    on_both(|store| async move {
        library(&store).await;
        let acme = tenant(&store, "acme").await;
        let mut work = of(&store, acme).await;
        let mut put = installation("crm");
        put.secrets = vec!["key".to_owned()];
        put.health =
            Health { crashes: 2, quarantines: 1, quarantined_until: Some(NOW), last_error: Some("trap".into()) };
        work.put_installation(acme, &put, Some(b"sealed")).await.unwrap();
        work.put_installation(acme, &installation("api"), None).await.unwrap();

        assert_eq!(work.installation(acme, "crm").await.unwrap(), Some(put.clone()));
        assert_eq!(work.installation_by_id(acme, put.id).await.unwrap(), Some(put.clone()));
        assert_eq!(work.installation_secrets(acme, put.id).await.unwrap().as_deref(), Some(b"sealed".as_slice()));
        let names: Vec<String> = work.installations(acme).await.unwrap().into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["api", "crm"]);
        assert_eq!(work.installation(acme, "none").await.unwrap(), None);
        assert_eq!(work.installation_secrets(acme, InstallationId::from_uuid(uuid())).await.unwrap(), None);
    });
}

#[test]
fn a_second_put_keeps_id_date_and_secrets() {
    on_both(|store| async move {
        library(&store).await;
        let acme = tenant(&store, "acme").await;
        let mut first = installation("crm");
        first.secrets = vec!["key".to_owned()];
        let mut work = of(&store, acme).await;
        work.put_installation(acme, &first, Some(b"sealed")).await.unwrap();

        let mut second = installation("crm");
        second.mode = Mode::Off;
        second.config = serde_json::json!({ "url": "https://example.com/" });
        second.created_at = NOW + 5;
        second.updated_at = NOW + 5;
        work.put_installation(acme, &second, None).await.unwrap();
        let mut expected = second.clone();
        expected.id = first.id;
        expected.created_at = NOW;
        expected.secrets = first.secrets.clone();
        assert_eq!(work.installations(acme).await.unwrap(), [expected.clone()]);
        assert_eq!(work.installation_secrets(acme, first.id).await.unwrap().as_deref(), Some(b"sealed".as_slice()));

        second.secrets = vec!["other".to_owned()];
        work.put_installation(acme, &second, Some(b"again")).await.unwrap();
        expected.secrets = second.secrets.clone();
        assert_eq!(work.installations(acme).await.unwrap(), [expected]);
        assert_eq!(work.installation_secrets(acme, first.id).await.unwrap().as_deref(), Some(b"again".as_slice()));
    });
}

#[test]
fn an_id_belongs_to_one_name() {
    on_both(|store| async move {
        library(&store).await;
        let acme = tenant(&store, "acme").await;
        let mut work = of(&store, acme).await;
        let mut one = installation("crm");
        work.put_installation(acme, &one, None).await.unwrap();
        one.name = "api".to_owned();
        let refused = work.put_installation(acme, &one, None).await;
        assert!(matches!(refused, Err(StoreError::Conflict("installation"))));
    });
}

#[test]
fn the_host_sees_what_is_live_everywhere() {
    on_both(|store| async move {
        library(&store).await;
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let mut work = host(&store).await;
        let mut off = installation("crm");
        off.mode = Mode::Off;
        work.put_installation(acme, &off, None).await.unwrap();
        let live = [(acme, installation("web")), (bolt, installation("crm")), (bolt, installation("web"))];
        for (tenant, one) in live.iter().rev() {
            work.put_installation(*tenant, one, None).await.unwrap();
        }
        assert_eq!(work.live_installations().await.unwrap(), live);
    });
}

#[test]
fn the_host_sees_what_is_sealed_everywhere_page_by_page() {
    on_both(|store| async move {
        library(&store).await;
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let mut work = host(&store).await;
        let mut expected = Vec::new();
        for (tenant, slug, name) in
            [(acme, "acme", "web"), (acme, "acme", "crm"), (bolt, "bolt", "web"), (bolt, "bolt", "api")]
        {
            let one = installation(name);
            let secrets = format!("{slug} {name}").into_bytes();
            work.put_installation(tenant, &one, Some(&secrets)).await.unwrap();
            let slug = slug.parse().unwrap();
            expected.push(SealedRow { tenant, slug, id: one.id, name: one.name, secrets });
        }
        work.put_installation(acme, &installation("bare"), None).await.unwrap();

        assert_eq!(work.sealed_secrets(None, 9).await.unwrap(), expected);
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let page = work.sealed_secrets(after, 3).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.tenant, last.id));
            seen.extend(page);
        }
        assert_eq!(seen, expected);
    });
}

#[test]
fn secrets_are_replaced_if_they_are_still_the_same() {
    on_both(|store| async move {
        library(&store).await;
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let mut one = installation("crm");
        one.secrets = vec!["key".to_owned()];
        let mut work = host(&store).await;
        work.put_installation(acme, &one, Some(b"sealed")).await.unwrap();
        work.put_installation(bolt, &one, Some(b"sealed")).await.unwrap();
        work.commit().await.unwrap();

        let mut work = of(&store, acme).await;
        assert!(work.replace_secrets(acme, one.id, b"sealed", b"anew").await.unwrap());
        assert!(!work.replace_secrets(acme, one.id, b"sealed", b"late").await.unwrap());
        assert!(!work.replace_secrets(acme, InstallationId::from_uuid(uuid()), b"anew", b"late").await.unwrap());
        assert_eq!(work.installation_secrets(acme, one.id).await.unwrap().as_deref(), Some(b"anew".as_slice()));
        assert_eq!(work.installation(acme, "crm").await.unwrap(), Some(one.clone()));
        work.commit().await.unwrap();
        let mut work = of(&store, bolt).await;
        assert_eq!(work.installation_secrets(bolt, one.id).await.unwrap().as_deref(), Some(b"sealed".as_slice()));
    });
}

#[test]
fn health_changes_nothing_else() {
    on_both(|store| async move {
        library(&store).await;
        let acme = tenant(&store, "acme").await;
        let mut work = of(&store, acme).await;
        let mut one = installation("crm");
        work.put_installation(acme, &one, Some(b"sealed")).await.unwrap();
        one.health =
            Health { crashes: 4, quarantines: 2, quarantined_until: Some(NOW + 9), last_error: Some("t".into()) };
        work.put_health(acme, one.id, &one.health).await.unwrap();
        assert_eq!(work.installation(acme, "crm").await.unwrap(), Some(one.clone()));
        one.health = Health::default();
        work.put_health(acme, one.id, &one.health).await.unwrap();
        assert_eq!(work.installation(acme, "crm").await.unwrap(), Some(one.clone()));
        assert_eq!(work.installation_secrets(acme, one.id).await.unwrap().as_deref(), Some(b"sealed".as_slice()));
    });
}
