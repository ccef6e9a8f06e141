//! What the measured campaign gets: a newcomer's introduction as a shop would send it.

use guanxi_domain::campaign::{Moment, Profile, SeenEvent, Value};
use guanxi_domain::person::{Role, Stage, Tag};

/// The configuration under which `welcome` is measured: its own defaults, as the host fills them in.
pub const WELCOME_CONFIG: &str = r#"{"class":"marketing","fallback_language":"en","fallback_name":{"en":"friend","zh":"朋友"},"texts":{"en":"Welcome, {{name}}! Good to have you with us.","zh":"{{name}}，欢迎您！很高兴认识您。"}}"#;

/// An introduction that `welcome` answers with a message, a tag and a state.
pub fn introduction() -> Moment {
    Moment {
        event: SeenEvent {
            id: "evt_01998d2e6a5e7c3a9b7d4f1a2b3c4d5e".into(),
            kind: "identify".into(),
            at: 1_763_719_200_000,
            channel: Some("web".into()),
            touchpoint: Some("/registration".into()),
            properties: "{}".into(),
        },
        person: Profile {
            id: "per_01998d2e6a5e7c3a9b7d4f1a2b3c4d5f".into(),
            stage: Stage::Prospect,
            roles: vec![Role::Consumer],
            locale: Some("zh-CN".into()),
            tags: vec![Tag { dimension: "interest".into(), name: "茶".into(), weight: 0.7 }],
            scores: vec![("ror".into(), 0.0), ("social-value".into(), 16.0)],
            fields: vec![("name".into(), Value::Text("王小明".into()))],
            reachable: vec!["sandbox".into()],
        },
        history: Vec::new(),
        state: None,
        now: 1_763_719_200_100,
        seed: 7,
    }
}
