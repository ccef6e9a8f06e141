//! Pictures, recordings and films that brands keep.

use guanxi_domain::ids::MediaId;
use guanxi_domain::media::MediaKind;
use guanxi_store::MediaRow;
use guanxi_store_contract::make::{NOW, tenant, uuid};
use guanxi_store_contract::on_both;

use crate::given::of;

#[test]
fn ch_4_media_are_kept_in_pieces_under_a_name() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let row = |bytes: u64| MediaRow {
            name: "logo".to_owned(),
            id: MediaId::from_uuid(uuid()),
            kind: MediaKind::Png,
            bytes,
            created_at: NOW,
        };
        let (first, second) = (row(5), row(2));
        let mut work = of(&store, acme).await;
        work.put_media(acme, &first, [[0, 255, 1].as_slice(), &[2, 3]].into_iter()).await.unwrap();
        assert_eq!(work.media(acme, first.id).await.unwrap(), Some(first.clone()));
        let piece = |number| (first.id, number);
        for ((id, number), expected) in
            [(piece(0), Some(vec![0, 255, 1])), (piece(1), Some(vec![2, 3])), (piece(2), None)]
        {
            assert_eq!(work.media_piece(acme, id, number).await.unwrap(), expected, "{number}");
        }
        work.put_media(acme, &second, [[9, 9].as_slice()].into_iter()).await.unwrap();
        assert_eq!(work.all_media(acme, 9).await.unwrap(), std::slice::from_ref(&second));
        assert_eq!(work.media(acme, first.id).await.unwrap(), None);
        assert_eq!(work.media_piece(acme, first.id, 0).await.unwrap(), None);
        work.commit().await.unwrap();

        let mut work = of(&store, bolt).await;
        assert_eq!(work.all_media(bolt, 9).await.unwrap(), []);
        assert_eq!(work.media(bolt, second.id).await.unwrap(), None);
        assert_eq!(work.media_piece(bolt, second.id, 0).await.unwrap(), None);
        assert!(!work.delete_media(bolt, "logo").await.unwrap());
        drop(work);
        let mut work = of(&store, acme).await;
        assert!(work.delete_media(acme, "logo").await.unwrap());
        assert_eq!(work.media_piece(acme, second.id, 0).await.unwrap(), None);
    });
}
