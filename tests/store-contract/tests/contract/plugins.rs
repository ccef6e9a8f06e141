//! The library of plugins.

use guanxi_store::StoreError;
use guanxi_store_contract::make::NOW;
use guanxi_store_contract::on_both;

use crate::given::{host, plugin};

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
        assert_eq!(work.latest_plugin("a").await.unwrap().map(|row| row.version), Some("1.1.0".to_owned()));
        assert_eq!(work.latest_plugin("c").await.unwrap(), None);
    });
}
