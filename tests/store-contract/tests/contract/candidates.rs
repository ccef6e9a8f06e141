//! Candidates: one beside each installation, which the engine and people change at the same time.

use guanxi_domain::candidate::{Candidate, CandidateSpec, CandidateStatus, Evidence, Guard};
use guanxi_domain::grants::Grants;
use guanxi_domain::ids::{CandidateId, InstallationId};
use guanxi_store::Scope;
use guanxi_store_contract::make::{NOW, tenant, uuid};
use guanxi_store_contract::on_both;
use serde_json::json;

use crate::given::of;

pub fn candidate(installation: InstallationId) -> Candidate {
    Candidate {
        id: CandidateId::from_uuid(uuid()),
        installation,
        spec: CandidateSpec {
            version: "0.2.0".to_owned(),
            digest: "d2".to_owned(),
            config: json!({"a": [1, "二"]}),
            grants: Grants { operations: vec!["send".to_owned()], ..Grants::default() },
        },
        percent: 10,
        guard: Guard::default(),
        status: CandidateStatus::Running,
        started_by: "tok".to_owned(),
        started_at: NOW,
        ended_at: None,
        reason: None,
        evidence: Evidence::default(),
    }
}

#[test]
fn ca_6_there_is_one_candidate_beside_an_installation() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let (here, there) = (InstallationId::from_uuid(uuid()), InstallationId::from_uuid(uuid()));
        let (first, other) = (candidate(here), candidate(there));
        let mut work = of(&store, acme).await;
        assert_eq!(work.candidate(acme, here).await.unwrap(), None);
        work.put_candidate(acme, &first).await.unwrap();
        work.put_candidate(acme, &other).await.unwrap();
        assert_eq!(work.candidate(acme, here).await.unwrap(), Some(first.clone()));
        assert_eq!(work.running_candidates(acme).await.unwrap().len(), 2);
        // Another one takes its place: what the engine saw of the first is not noted of it.
        let second = candidate(here);
        work.put_candidate(acme, &second).await.unwrap();
        let seen = Evidence { decisions: 7, differ: 3, ..Evidence::default() };
        work.note_candidate(acme, &Candidate { evidence: seen.clone(), ..first.clone() }).await.unwrap();
        assert_eq!(work.candidate(acme, here).await.unwrap(), Some(second.clone()));
        assert!(!work.tune_candidate(acme, &first).await.unwrap());
        assert!(!work.end_candidate(acme, first.id, CandidateStatus::Stopped, NOW).await.unwrap());
        work.commit().await.unwrap();

        let mut read = store.read(Scope::Tenant(bolt)).await.unwrap();
        assert_eq!(read.candidate(bolt, here).await.unwrap(), None);
        assert_eq!(read.running_candidates(bolt).await.unwrap(), []);
    });
}

#[test]
fn ca_6_what_people_and_the_engine_change_does_not_overwrite_the_other() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let mut one = candidate(InstallationId::from_uuid(uuid()));
        let mut work = of(&store, acme).await;
        work.put_candidate(acme, &one).await.unwrap();
        let guard = Guard { divergence: 1.0, ..Guard::default() };
        assert!(work.tune_candidate(acme, &Candidate { percent: 50, guard, ..one.clone() }).await.unwrap());
        let seen = Evidence { decisions: 7, differ: 3, crashed: 1, ..Evidence::default() };
        work.note_candidate(acme, &Candidate { evidence: seen.clone(), ..one.clone() }).await.unwrap();
        (one.percent, one.guard, one.evidence) = (50, guard, seen);
        assert_eq!(work.candidate(acme, one.installation).await.unwrap(), Some(one.clone()));

        let (status, ended_at, reason) = (CandidateStatus::FellBack, Some(NOW + 1), Some("crashed".to_owned()));
        let fallen = Candidate { status, ended_at, reason, ..one.clone() };
        work.note_candidate(acme, &fallen).await.unwrap();
        assert_eq!(work.candidate(acme, one.installation).await.unwrap(), Some(fallen.clone()));
        assert_eq!(work.running_candidates(acme).await.unwrap(), []);
        // What has ended stays as it was.
        work.note_candidate(acme, &one).await.unwrap();
        assert!(!work.tune_candidate(acme, &one).await.unwrap());
        assert!(!work.end_candidate(acme, one.id, CandidateStatus::Promoted, NOW + 2).await.unwrap());
        assert_eq!(work.candidate(acme, one.installation).await.unwrap(), Some(fallen));

        let next = candidate(one.installation);
        work.put_candidate(acme, &next).await.unwrap();
        assert!(work.end_candidate(acme, next.id, CandidateStatus::Promoted, NOW + 3).await.unwrap());
        let promoted = Candidate { status: CandidateStatus::Promoted, ended_at: Some(NOW + 3), ..next };
        assert_eq!(work.candidate(acme, one.installation).await.unwrap(), Some(promoted));
    });
}
