//! The library of plugins.

use guanxi_domain::candidate::{Candidate, CandidateStatus};
use guanxi_domain::ids::InstallationId;
use guanxi_store::{PluginRow, StoreError, YankRow};
use guanxi_store_contract::make::{NOW, tenant, uuid};
use guanxi_store_contract::on_both;

use crate::backtests::backtest;
use crate::candidates::candidate;
use crate::given::{host, installed, library, of, plugin};
use crate::grants::upgrade;

#[test]
fn a_plugin_is_found_by_version_and_by_digest() {
    on_both(|store| async move {
        let mut work = host(&store).await;
        let row = plugin("welcome", "1.0.0", "d1");
        work.insert_plugin(&row, b"\0asm").await.unwrap();
        assert_eq!(work.plugin("welcome", "1.0.0").await.unwrap(), Some(row.clone()));
        assert_eq!(work.plugin_by_digest("d1").await.unwrap(), Some(row));
        assert_eq!(work.component("d1").await.unwrap().as_deref(), Some(b"\0asm".as_slice()));
        assert_eq!(work.plugin("welcome", "2.0.0").await.unwrap(), None);
        assert_eq!(work.plugin_by_digest("d2").await.unwrap(), None);
        assert_eq!(work.component("d2").await.unwrap(), None);
    });
}

#[test]
fn a_version_stands_for_one_component() {
    on_both(|store| async move {
        let mut work = host(&store).await;
        work.insert_plugin(&plugin("welcome", "1.0.0", "d1"), b"one").await.unwrap();
        work.insert_plugin(&plugin("welcome", "1.0.0", "d1"), b"one").await.unwrap();
        work.commit().await.unwrap();

        for (name, version, digest) in [("welcome", "1.0.0", "d2"), ("other", "1.0.0", "d1")] {
            let mut work = host(&store).await;
            let refused = work.insert_plugin(&plugin(name, version, digest), b"two").await;
            assert!(matches!(refused, Err(StoreError::Conflict("plugin version"))), "{name} {version} {digest}");
        }
        let mut work = host(&store).await;
        assert_eq!(work.component("d1").await.unwrap().as_deref(), Some(b"one".as_slice()));
        assert_eq!(work.plugins(10).await.unwrap().len(), 1);
    });
}

#[test]
fn the_latest_upload_comes_first() {
    on_both(|store| async move {
        let mut work = host(&store).await;
        for (name, version, digest, at) in [("a", "1.0.0", "d1", 1), ("a", "1.1.0", "d2", 3), ("b", "0.1.0", "d3", 2)] {
            let mut row = plugin(name, version, digest);
            row.created_at = NOW + at;
            work.insert_plugin(&row, b"").await.unwrap();
        }
        let listed = work.plugins(2).await.unwrap();
        let digests: Vec<&str> = listed.iter().map(|row| row.digest.as_str()).collect();
        assert_eq!(digests, ["d2", "d3"]);
        assert_eq!(listed[0].size, 0);
        let versions = work.versions("a", 10).await.unwrap();
        assert_eq!(versions.iter().map(|row| row.version.as_str()).collect::<Vec<_>>(), ["1.1.0", "1.0.0"]);
        assert_eq!(work.versions("a", 1).await.unwrap().len(), 1);
        assert_eq!(work.versions("c", 10).await.unwrap(), []);
    });
}

#[test]
fn pl_5_a_version_is_taken_back_and_offered_again() {
    on_both(|store| async move {
        let mut work = host(&store).await;
        work.insert_plugin(&plugin("welcome", "1.0.0", "d1"), b"").await.unwrap();
        let yanked = YankRow { at: NOW, reason: "greets twice".to_owned() };
        assert!(work.yank_plugin("welcome", "1.0.0", Some(&yanked)).await.unwrap());
        assert_eq!(work.plugin("welcome", "1.0.0").await.unwrap().unwrap().yanked, Some(yanked.clone()));
        assert!(work.yank_plugin("welcome", "1.0.0", None).await.unwrap());
        assert_eq!(work.plugin("welcome", "1.0.0").await.unwrap().unwrap().yanked, None);
        assert!(!work.yank_plugin("welcome", "2.0.0", Some(&yanked)).await.unwrap());
    });
}

#[test]
fn pl_5_what_came_before_publishers_is_named_unless_somebody_has_the_name() {
    on_both(|store| async move {
        let mut work = host(&store).await;
        for (name, digest) in [("welcome", "d1"), ("taken", "d2")] {
            let nobodys = PluginRow { publisher: None, signer: None, ..plugin(name, "1.0.0", digest) };
            work.insert_plugin(&nobodys, b"").await.unwrap();
        }
        work.insert_plugin(&plugin("taken", "2.0.0", "d3"), b"").await.unwrap();
        for (digest, publisher) in [("d1", Some("guanxi")), ("d2", None), ("d3", Some("lantern"))] {
            work.name_publisher(digest, "guanxi", "bundled").await.unwrap();
            let named = work.plugin_by_digest(digest).await.unwrap().unwrap();
            assert_eq!(named.publisher.as_deref(), publisher, "{digest}");
        }
    });
}

#[test]
fn pl_5_a_key_is_one_publishers_until_it_is_revoked() {
    on_both(|store| async move {
        let mut work = host(&store).await;
        work.put_publisher("lantern", "Lantern", NOW).await.unwrap();
        work.put_publisher("lantern", "Lantern Works", NOW + 1).await.unwrap();
        work.insert_publisher_key("lantern", "k1", NOW).await.unwrap();
        work.insert_publisher_key("lantern", "k2", NOW + 1).await.unwrap();
        assert!(!work.revoke_publisher_key("rival", "k1", NOW).await.unwrap());
        assert!(work.revoke_publisher_key("lantern", "k1", NOW + 2).await.unwrap());
        assert!(!work.revoke_publisher_key("lantern", "k1", NOW + 3).await.unwrap());
        assert_eq!(work.key_owner("k1").await.unwrap(), Some(("lantern".to_owned(), Some(NOW + 2))));
        assert_eq!(work.key_owner("k2").await.unwrap(), Some(("lantern".to_owned(), None)));
        assert_eq!(work.key_owner("k3").await.unwrap(), None);
        let publisher = work.publisher("lantern").await.unwrap().unwrap();
        assert_eq!((publisher.title.as_str(), publisher.created_at, publisher.keys.len()), ("Lantern Works", NOW, 2));
        assert_eq!(work.publishers(10).await.unwrap(), [publisher]);
        work.commit().await.unwrap();

        let mut work = host(&store).await;
        work.put_publisher("rival", "Rival", NOW).await.unwrap();
        let taken = work.insert_publisher_key("rival", "k2", NOW).await;
        assert!(matches!(taken, Err(StoreError::Conflict("key"))));
    });
}

#[test]
fn pl_8_a_version_is_removed_once_nobody_uses_it() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        library(&store).await;
        installed(&store, acme, "hello").await;
        let here = InstallationId::from_uuid(uuid());
        let mut work = of(&store, acme).await;
        work.put_upgrade(acme, here, &upgrade("1.1.0")).await.unwrap();
        let mut beside = Candidate { status: CandidateStatus::Stopped, ..candidate(here) };
        beside.spec.digest = "feedbeef".to_owned();
        work.put_candidate(acme, &beside).await.unwrap();
        let mut question = backtest(acme, NOW);
        question.spec.digest = "cafecafe".to_owned();
        work.insert_backtest(&question).await.unwrap();
        work.commit().await.unwrap();

        let mut work = host(&store).await;
        for (version, digest) in [
            ("1.1.0", "d2"),
            ("1.2.0", "feedbeef"),
            ("1.3.0", "cafecafe"),
            ("1.4.0", "abad1dea"),
            ("1.5.0", "5eed5eed"),
        ] {
            work.insert_plugin(&plugin("webhook", version, digest), b"").await.unwrap();
        }
        for used in ["1.0.0", "1.1.0", "1.2.0", "1.3.0"] {
            assert!(!work.drop_plugin("webhook", used).await.unwrap(), "{used}");
        }
        assert!(!work.drop_plugin("other", "1.4.0").await.unwrap());
        assert!(work.drop_plugin("webhook", "1.4.0").await.unwrap());
        assert!(!work.drop_plugin("webhook", "1.4.0").await.unwrap());
        work.commit().await.unwrap();

        let mut work = of(&store, acme).await;
        assert!(work.drop_upgrade(acme, here).await.unwrap());
        work.put_candidate(acme, &candidate(here)).await.unwrap();
        assert!(work.stop_backtest(acme, question.id, NOW).await.unwrap());
        work.commit().await.unwrap();
        let mut work = host(&store).await;
        // That candidate is of another version, whose digest is that of the wish.
        assert!(!work.drop_plugin("webhook", "1.1.0").await.unwrap());
        for free in ["1.2.0", "1.3.0", "1.5.0"] {
            assert!(work.drop_plugin("webhook", free).await.unwrap(), "{free}");
        }
        let left: Vec<String> =
            work.versions("webhook", 10).await.unwrap().into_iter().map(|row| row.version).collect();
        assert_eq!(left, ["1.1.0", "1.0.0"]);
        work.commit().await.unwrap();
    });
}
