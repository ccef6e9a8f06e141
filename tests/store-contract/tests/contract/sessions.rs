//! Sessions of connectors: one asks for all.

use guanxi_domain::ids::InstallationId;
use guanxi_store::SessionRow;
use guanxi_store_contract::make::{tenant, uuid};
use guanxi_store_contract::on_both;

use crate::given::of;

fn given(generation: i64) -> SessionRow {
    SessionRow {
        generation,
        made_for: 7,
        token: Some(vec![1, 2, 3]),
        expires_at: 9_000,
        refreshing_until: 0,
        failures: 0,
        retry_at: 0,
        problem: None,
    }
}

#[test]
fn ch_8_of_all_who_want_a_session_one_asks_until_it_is_there_or_the_time_is_over() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let id = InstallationId::from_uuid(uuid());
        let mut work = of(&store, acme).await;
        assert_eq!(work.channel_session(acme, id).await.unwrap(), None);
        assert!(work.claim_channel_session(acme, id, 0, 1_000, 2_000).await.unwrap());
        assert!(!work.claim_channel_session(acme, id, 0, 1_999, 3_000).await.unwrap(), "somebody asks");
        assert!(work.claim_channel_session(acme, id, 0, 2_000, 3_000).await.unwrap(), "who asked is gone");
        work.commit().await.unwrap();

        let mut work = of(&store, acme).await;
        assert!(work.put_channel_session(acme, id, 0, &given(1)).await.unwrap());
        assert!(!work.put_channel_session(acme, id, 0, &given(1)).await.unwrap(), "another came meanwhile");
        assert_eq!(work.channel_session(acme, id).await.unwrap(), Some(given(1)));
        assert!(
            !work.claim_channel_session(acme, id, 0, 5_000, 6_000).await.unwrap(),
            "who knows an old one looks again"
        );
        assert!(work.claim_channel_session(acme, id, 1, 5_000, 6_000).await.unwrap());
        let failed = SessionRow { token: None, failures: 1, retry_at: 8_000, problem: Some("no".into()), ..given(1) };
        assert!(work.put_channel_session(acme, id, 1, &failed).await.unwrap());
        assert_eq!(work.channel_session(acme, id).await.unwrap(), Some(failed));
        work.commit().await.unwrap();

        let mut work = of(&store, bolt).await;
        assert_eq!(work.channel_session(bolt, id).await.unwrap(), None);
        assert!(
            work.claim_channel_session(bolt, id, 0, 1_000, 2_000).await.unwrap(),
            "of another tenant it is another one"
        );
    });
}
