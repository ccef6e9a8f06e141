//! What channels tell of a person, as answers show it.

use guanxi_app::SignalView;
use guanxi_domain::Millis;
use serde::Serialize;
use utoipa::ToSchema;

/// What a channel tells of a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Signal)]
pub struct SignalBody {
    /// `followers`, `mood` …
    pub kind: String,
    /// Which channel says so.
    pub source: String,
    /// A text, a number, yes or no, or several texts.
    pub value: serde_json::Value,
    /// When it was so, milliseconds since the epoch.
    pub observed_at: Millis,
    /// From when on it counts no more, milliseconds since the epoch.
    pub expires_at: Option<Millis>,
    /// How long ago it was so, in milliseconds.
    pub age: Millis,
    /// Whether it still counts: plugins see only what does.
    pub fresh: bool,
}

impl From<SignalView> for SignalBody {
    fn from(SignalView { signal, age, counts }: SignalView) -> Self {
        let guanxi_domain::person::Signal { kind, source, value, observed_at, expires_at } = signal;
        Self { kind, source, value, observed_at, expires_at, age, fresh: counts }
    }
}
