//! What brands say more than once.

use guanxi_domain::JsonMap;
use guanxi_store::ContentRow;
use guanxi_store_contract::make::{NOW, tenant};
use guanxi_store_contract::on_both;

use crate::given::of;

fn document(text: &str) -> JsonMap {
    serde_json::json!({"text": text, "languages": {"zh": {"text": "您好"}}}).as_object().unwrap().clone()
}

#[test]
fn ch_4_a_version_of_a_name_never_means_something_else() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let mut work = of(&store, acme).await;
        assert_eq!(work.contents_revision(acme).await.unwrap(), 0);
        assert_eq!(work.put_content(acme, "hello", &document("Hi"), NOW).await.unwrap(), 1);
        assert_eq!(work.put_content(acme, "hello", &document("Hi there"), NOW + 1).await.unwrap(), 2);
        assert_eq!(work.put_content(acme, "bye", &document("Bye"), NOW).await.unwrap(), 1);
        assert_eq!(work.contents_revision(acme).await.unwrap(), 3);
        let hello =
            ContentRow { name: "hello".to_owned(), version: 2, document: document("Hi there"), updated_at: NOW + 1 };
        assert_eq!(work.content(acme, "hello").await.unwrap(), Some(hello.clone()));
        let names: Vec<String> =
            work.contents(acme, 9).await.unwrap().into_iter().map(|content| content.name).collect();
        assert_eq!(names, ["bye", "hello"]);
        assert_eq!(work.count_contents(acme).await.unwrap(), 2);

        assert!(work.delete_content(acme, "hello", NOW + 2).await.unwrap());
        assert!(!work.delete_content(acme, "hello", NOW + 3).await.unwrap());
        assert_eq!(work.content(acme, "hello").await.unwrap(), None);
        assert_eq!(work.count_contents(acme).await.unwrap(), 1);
        assert_eq!(work.contents_revision(acme).await.unwrap(), 4);
        assert_eq!(work.put_content(acme, "hello", &document("Again"), NOW + 4).await.unwrap(), 4);
        work.commit().await.unwrap();

        let mut work = of(&store, bolt).await;
        assert_eq!(work.contents(bolt, 9).await.unwrap(), []);
        assert_eq!(work.content(bolt, "bye").await.unwrap(), None);
        assert!(!work.delete_content(bolt, "bye", NOW).await.unwrap());
        assert_eq!(work.put_content(bolt, "bye", &document("Theirs"), NOW).await.unwrap(), 1);
        work.commit().await.unwrap();
        let mut work = of(&store, acme).await;
        assert_eq!(work.content(acme, "bye").await.unwrap().unwrap().document, document("Bye"));
    });
}
