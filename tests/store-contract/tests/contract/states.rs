//! What installations keep about people.

use std::collections::HashMap;

use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_store_contract::make::{tenant, uuid};
use guanxi_store_contract::on_both;

use crate::given::{of, person_id};

fn pair() -> (InstallationId, PersonId) {
    (InstallationId::from_uuid(uuid()), person_id())
}

#[test]
fn states_are_replaced_and_forgotten() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let mut work = of(&store, acme).await;
        let (a, b, c) = (pair(), pair(), pair());
        let text = |text: &str| Some(text.to_owned());
        work.put_states(acme, &[(a.0, a.1, text("1")), (b.0, b.1, text("2")), (c.0, c.1, None)]).await.unwrap();
        work.put_states(acme, &[(a.0, a.1, text("3")), (b.0, b.1, None)]).await.unwrap();
        assert_eq!(work.states(acme, &[a, b, c]).await.unwrap(), HashMap::from([(a, "3".to_owned())]));
        assert_eq!(work.states(acme, &[(a.0, b.1), (b.0, a.1)]).await.unwrap(), HashMap::new());
        assert_eq!(work.states(acme, &[]).await.unwrap(), HashMap::new());
        work.put_states(acme, &[]).await.unwrap();
    });
}

#[test]
fn the_last_of_one_slice_counts() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let mut work = of(&store, acme).await;
        let (a, b) = (pair(), pair());
        let text = |text: &str| Some(text.to_owned());
        let slice =
            [(a.0, a.1, text("1")), (b.0, b.1, text("2")), (a.0, a.1, None), (b.0, b.1, None), (b.0, b.1, text("3"))];
        work.put_states(acme, &slice).await.unwrap();
        assert_eq!(work.states(acme, &[a, b]).await.unwrap(), HashMap::from([(b, "3".to_owned())]));
    });
}

#[test]
fn long_slices_lose_nothing() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let mut work = of(&store, acme).await;
        let pairs: Vec<_> = (0..700).map(|_| pair()).collect();
        let all: Vec<_> = pairs.iter().map(|(i, p)| (*i, *p, Some(p.to_string()))).collect();
        work.put_states(acme, &all).await.unwrap();
        let expected: HashMap<_, _> = pairs.iter().map(|(i, p)| ((*i, *p), p.to_string())).collect();
        assert_eq!(work.states(acme, &pairs).await.unwrap(), expected);
        let none: Vec<_> = pairs.iter().map(|(i, p)| (*i, *p, None)).collect();
        work.put_states(acme, &none[..699]).await.unwrap();
        assert_eq!(work.states(acme, &pairs).await.unwrap().len(), 1);
    });
}
