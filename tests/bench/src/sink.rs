//! Channels on the loopback: one takes every POST and notes when it came and for whom, one takes everything and says nothing.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::serve::ListenerExt;
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::measure;

/// In front of the number by which a message is recognised; messages go to `user:<number>`.
const ADDRESS: &[u8] = b"\"address\":\"user:";
/// Nothing new for so long means that nothing comes any more.
const SILENCE: Duration = Duration::from_secs(20);

/// What arrived: whose number, and when.
type Arrivals = Arc<Mutex<Vec<(usize, Instant)>>>;

/// A running sink; stops when dropped.
pub struct Sink {
    /// Where to post.
    pub address: SocketAddr,
    arrivals: Arrivals,
    task: JoinHandle<std::io::Result<()>>,
}

impl Sink {
    /// Starts to listen.
    pub async fn start() -> Result<Self> {
        let arrivals = Arrivals::default();
        let router = Router::new().fallback(take).with_state(Arc::clone(&arrivals));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        // Without it small answers would wait for acknowledgements.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let task = tokio::spawn(axum::serve(listener, router).into_future());
        Ok(Self { address, arrivals, task })
    }

    /// The address as a connector is configured with it.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// How many requests came so far.
    pub fn count(&self) -> usize {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Waits until so many requests came, and takes them.
    pub async fn wait_for(&self, count: usize) -> Result<Vec<(usize, Instant)>> {
        let (mut seen, mut changed) = (self.count(), measure::now());
        while self.count() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
            if self.count() != seen {
                (seen, changed) = (self.count(), measure::now());
            }
            if measure::now().duration_since(changed) > SILENCE {
                bail!("only {seen} of {count} messages arrived");
            }
        }
        Ok(std::mem::take(&mut *self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A provider that hangs: takes every request and never answers.
pub struct Hole {
    address: SocketAddr,
    taken: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Hole {
    /// Starts to listen.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, taken) = (listener.local_addr()?, Arc::<AtomicUsize>::default());
        let counted = Arc::clone(&taken);
        let task = tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                open.push(stream);
            }
        });
        Ok(Self { address, taken, task })
    }

    /// The address as a connector is configured with it.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// How many connections came so far.
    pub fn count(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

impl Drop for Hole {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State(arrivals): State<Arrivals>, body: Bytes) -> StatusCode {
    let now = measure::now();
    match number(&body) {
        Some(number) => {
            arrivals.lock().unwrap_or_else(PoisonError::into_inner).push((number, now));
            StatusCode::OK
        }
        None => StatusCode::BAD_REQUEST,
    }
}

/// The number in the address of a message.
fn number(body: &[u8]) -> Option<usize> {
    let start = body.windows(ADDRESS.len()).position(|window| window == ADDRESS)? + ADDRESS.len();
    let digits = body.get(start..)?.iter().take_while(|byte| byte.is_ascii_digit());
    let mut number = 0_usize;
    for digit in digits {
        number = number.checked_mul(10)?.checked_add(usize::from(digit - b'0'))?;
    }
    Some(number)
}
