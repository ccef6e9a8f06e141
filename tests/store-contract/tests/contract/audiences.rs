//! Audiences: whom channels were told of, until they have taken the removal.

use guanxi_domain::audience::{Audience, Hashed};
use guanxi_domain::ids::{AudienceId, InstallationId, SegmentId};
use guanxi_store::{AudienceCounts, AudienceMember, AudienceProgress, Scope, StoreError, Told};
use guanxi_store_contract::make::{NOW, tenant, uuid};
use guanxi_store_contract::on_both;

use crate::given::of;

fn audience(name: &str) -> Audience {
    Audience {
        id: AudienceId::from_uuid(uuid()),
        name: name.to_owned(),
        title: "Fans".to_owned(),
        segment: SegmentId::from_uuid(uuid()),
        installation: InstallationId::from_uuid(uuid()),
        channel_audience: "238".to_owned(),
        kinds: vec!["email".to_owned(), "phone".to_owned()],
        purpose: "advertising".to_owned(),
        ending: false,
        created_by: "tok".to_owned(),
        created_at: NOW,
        updated_at: NOW,
    }
}

fn hashed(kind: &str, byte: u8) -> Hashed {
    Hashed { kind: kind.to_owned(), hash: [byte; 32] }
}

fn member(kind: &str, byte: u8, number: u32, allowed_until: Option<i64>) -> AudienceMember {
    AudienceMember { hashed: hashed(kind, byte), number, told: Told::ToAdd, allowed_until }
}

#[test]
fn ad_1_identifiers_are_told_by_kind_and_removals_wait_until_they_are_taken() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let fans = audience("fans");
        let id = fans.id;
        let mut work = of(&store, acme).await;
        work.insert_audience(acme, &fans).await.unwrap();
        let members = [member("email", 1, 7, None), member("email", 2, 8, Some(50)), member("phone", 3, 7, None)];
        work.put_audience_members(acme, id, &members).await.unwrap();
        assert_eq!(work.audience_waits(acme, id).await.unwrap(), (true, false));
        assert_eq!(work.take_audience_members(acme, id, true, 1, 9).await.unwrap(), []);
        let taken = work.take_audience_members(acme, id, false, 1, 9).await.unwrap();
        assert_eq!(taken, [hashed("email", 1), hashed("email", 2)], "one kind at a time");
        // One of them is to leave while the change is under way.
        work.remove_audience_members(acme, id, &[hashed("email", 1)]).await.unwrap();
        work.settle_audience_members(acme, id, false, 1).await.unwrap();
        let counts = work.audience_counts(acme, id).await.unwrap();
        assert_eq!(counts, AudienceCounts { to_add: 1, there: 1, to_remove: 1 });

        // Whoever comes back before the removal was taken is added again; what the channel knows stays known.
        assert_eq!(work.take_audience_members(acme, id, true, 2, 9).await.unwrap(), [hashed("email", 1)]);
        let again = [member("email", 1, 9, None), member("email", 2, 9, None)];
        work.put_audience_members(acme, id, &again).await.unwrap();
        work.settle_audience_members(acme, id, true, 2).await.unwrap();
        let held = work.audience_members(acme, id, &[9]).await.unwrap();
        let told: Vec<(Hashed, Told)> = held.into_iter().map(|member| (member.hashed, member.told)).collect();
        assert_eq!(told.len(), 2);
        assert!(told.contains(&(hashed("email", 1), Told::ToAdd)) && told.contains(&(hashed("email", 2), Told::There)));

        // A removal that was taken is forgotten.
        work.remove_audience_members(acme, id, &[hashed("email", 2)]).await.unwrap();
        assert_eq!(work.take_audience_members(acme, id, true, 3, 9).await.unwrap(), [hashed("email", 2)]);
        work.settle_audience_members(acme, id, true, 3).await.unwrap();
        assert_eq!(work.audience_counts(acme, id).await.unwrap(), AudienceCounts { to_add: 2, ..Default::default() });

        work.commit().await.unwrap();
        let mut other = of(&store, bolt).await;
        assert_eq!(other.audience_counts(bolt, id).await.unwrap(), AudienceCounts::default());
        assert_eq!(other.audience_members(bolt, id, &[7, 9]).await.unwrap(), []);
        assert_eq!(other.audiences(bolt).await.unwrap(), []);
    });
}

#[test]
fn ad_1_who_is_erased_or_no_longer_allowed_is_found_and_nobody_s() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let fans = audience("fans");
        let id = fans.id;
        let mut work = of(&store, acme).await;
        work.insert_audience(acme, &fans).await.unwrap();
        let members = [member("email", 1, 7, None), member("email", 2, 8, Some(50)), member("email", 3, 9, Some(90))];
        work.put_audience_members(acme, id, &members).await.unwrap();
        work.take_audience_members(acme, id, false, 1, 9).await.unwrap();
        work.settle_audience_members(acme, id, false, 1).await.unwrap();
        assert_eq!(work.next_disallowed(acme, id).await.unwrap(), Some(50));
        assert_eq!(work.disallowed_numbers(acme, id, 49, 9).await.unwrap(), Vec::<u32>::new());
        assert_eq!(work.disallowed_numbers(acme, id, 90, 9).await.unwrap(), [8, 9]);
        assert_eq!(work.audience_numbers(acme, id, 7, 9).await.unwrap(), [8, 9]);
        assert_eq!(work.archived_audiences(acme, 7).await.unwrap().len(), 1);

        assert_eq!(work.erase_audience_members(acme, &[7]).await.unwrap(), 1);
        assert_eq!(work.archived_audiences(acme, 7).await.unwrap(), Vec::<serde_json::Value>::new());
        assert_eq!(work.audience_numbers(acme, id, 0, 9).await.unwrap(), [8, 9], "it is nobody's");
        assert_eq!(work.take_audience_members(acme, id, true, 2, 9).await.unwrap(), [hashed("email", 1)]);

        // Everybody leaves, a few at a time.
        assert_eq!(work.remove_all_audience_members(acme, id, 1).await.unwrap(), 1);
        assert_eq!(work.remove_all_audience_members(acme, id, 9).await.unwrap(), 1);
        assert_eq!(work.remove_all_audience_members(acme, id, 9).await.unwrap(), 0);
        assert_eq!(
            work.audience_counts(acme, id).await.unwrap(),
            AudienceCounts { to_remove: 3, ..Default::default() }
        );
        work.drop_audience(acme, id).await.unwrap();
        assert_eq!(work.audience(acme, "fans").await.unwrap(), None);
        work.commit().await.unwrap();
    });
}

#[test]
fn ad_1_marks_that_come_meanwhile_are_not_worked_off() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let (fans, others) = (audience("fans"), audience("others"));
        let mut work = of(&store, acme).await;
        work.insert_audience(acme, &fans).await.unwrap();
        work.insert_audience(acme, &others).await.unwrap();
        assert_eq!(work.audience_segments(acme).await.unwrap().len(), 2);
        work.mark_audiences(acme, &[(fans.id, 7), (fans.id, 8), (others.id, 7)], 11).await.unwrap();
        let seen = work.audience_marks(acme, fans.id, 9).await.unwrap();
        assert_eq!(seen, [(7, 11), (8, 11)]);
        work.mark_audiences(acme, &[(fans.id, 7)], -12).await.unwrap();
        work.unmark_audience(acme, fans.id, &seen).await.unwrap();
        assert_eq!(work.audience_marks(acme, fans.id, 9).await.unwrap(), [(7, -12)]);
        assert_eq!(work.audience_marks(acme, others.id, 9).await.unwrap(), [(7, 11)]);
        work.commit().await.unwrap();
    });
}

#[test]
fn ad_1_an_audience_is_one_worker_s_at_a_time() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let fans = audience("fans");
        let id = fans.id;
        let mut work = of(&store, acme).await;
        work.insert_audience(acme, &fans).await.unwrap();
        let twice = work.insert_audience(acme, &Audience { id: AudienceId::from_uuid(uuid()), ..fans.clone() }).await;
        assert!(matches!(twice, Err(StoreError::Conflict(_))), "{twice:?}");
        drop(work);

        let mut work = of(&store, acme).await;
        work.insert_audience(acme, &fans).await.unwrap();
        work.commit().await.unwrap();
        let due = |now| {
            let store = store.clone();
            async move { store.read(Scope::Host).await.unwrap().due_audiences(now, 9).await.unwrap() }
        };
        assert_eq!(due(1_000).await, [(acme, id)]);
        let mut work = of(&store, acme).await;
        let row = work.claim_audience(acme, id, 1_000, 2_000).await.unwrap().expect("a turn");
        assert_eq!((row.lease, row.print(3)), (1, "3/1".to_owned()));
        assert_eq!(work.claim_audience(acme, id, 1_500, 3_000).await.unwrap(), None, "somebody works on it");
        let progress = AudienceProgress { seen: "3/1".to_owned(), walked_at: 1_100, due_at: 9_000, ..row.progress };
        assert!(!work.settle_audience(acme, id, 7, &progress, 0).await.unwrap(), "of another turn");
        assert!(work.settle_audience(acme, id, 1, &progress, 0).await.unwrap());
        work.commit().await.unwrap();
        assert_eq!(due(8_999).await, []);

        // What somebody asks for, and whoever is marked, is not left until then.
        let mut work = of(&store, acme).await;
        work.mark_audiences(acme, &[(id, 7)], 1).await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(due(3_000).await, [(acme, id)]);
        let mut work = of(&store, acme).await;
        work.unmark_audience(acme, id, &[(7, 1)]).await.unwrap();
        let row = work.claim_audience(acme, id, 3_000, 4_000).await.unwrap().expect("a turn");
        work.want_audiences(acme, Some(id), 3_100).await.unwrap();
        assert!(work.settle_audience(acme, id, row.lease, &progress, 0).await.unwrap());
        let row = work.audience(acme, "fans").await.unwrap().unwrap();
        assert_eq!((row.progress.due_at, row.print(3)), (3_100, "3/2".to_owned()));
        work.end_audience(acme, id, 3_200).await.unwrap();
        assert!(work.audience(acme, "fans").await.unwrap().unwrap().audience.ending);
        assert_eq!(work.audience_segments(acme).await.unwrap(), []);
        work.commit().await.unwrap();
    });
}
