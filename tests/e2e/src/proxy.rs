//! A wire between the host and its database that can be cut and mended.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Passes bytes on while it is whole.
pub struct Proxy {
    address: String,
    whole: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A whole wire to `target`, `host:port`.
    pub async fn to(target: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let (whole, state) = watch::channel(true);
        let task = tokio::spawn(accept(listener, target.to_owned(), state));
        Self { address, whole, task }
    }

    /// The same URL with this wire's address in it.
    pub fn instead_of(&self, url: &str, target: &str) -> String {
        assert!(url.contains(target), "{target} is not in the URL");
        url.replacen(target, &self.address, 1)
    }

    /// Ends every connection and lets no new one live.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Lets new connections through again.
    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: String, state: watch::Receiver<bool>) {
    while let Ok((near, _)) = listener.accept().await {
        if *state.borrow() {
            tokio::spawn(pass(near, target.clone(), state.clone()));
        }
    }
}

async fn pass(mut near: TcpStream, target: String, mut state: watch::Receiver<bool>) {
    let Ok(mut far) = TcpStream::connect(target).await else { return };
    tokio::select! {
        // How a connection ends is its two ends' affair.
        _ = copy_bidirectional(&mut near, &mut far) => {}
        _ = state.wait_for(|whole| !whole) => {}
    }
}
