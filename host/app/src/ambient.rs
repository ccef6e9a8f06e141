//! The clock and the randomness, handed in by the binary so that everything else can be run again.

use std::fmt;
use std::sync::Arc;

use guanxi_domain::{Millis, ids};

type Clock = dyn Fn() -> Millis + Send + Sync;
type Randomness = dyn Fn(&mut [u8]) + Send + Sync;

/// Where time and randomness come from.
#[derive(Clone)]
pub struct Ambient {
    now: Arc<Clock>,
    random: Arc<Randomness>,
}

impl Ambient {
    /// `now` is milliseconds since the epoch; `random` fills a buffer with cryptographic randomness.
    pub fn new(
        now: impl Fn() -> Millis + Send + Sync + 'static,
        random: impl Fn(&mut [u8]) + Send + Sync + 'static,
    ) -> Self {
        Self { now: Arc::new(now), random: Arc::new(random) }
    }

    /// The time.
    pub fn now(&self) -> Millis {
        (self.now)()
    }

    /// Fresh random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.random)(&mut bytes);
        bytes
    }

    /// A fresh identifier, to be wrapped by one of the typed ones.
    pub fn uuid(&self) -> uuid::Uuid {
        ids::new_uuid(self.now(), self.bytes())
    }
}

impl fmt::Debug for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ambient")
    }
}
