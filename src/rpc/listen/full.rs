//! What a connection is told that there is no place for.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Semaphore,
};

use crate::rpc::often::Often;

/// How many are told at a time; beyond that they are closed without a word.
const AT_A_TIME: usize = 64;
/// How long one may take to listen, and how much it may go on saying.
const PATIENCE: Duration = Duration::from_secs(1);
const HEARD: u64 = 64 * 1024;

const ANSWER: &str = concat!(
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Type: application/json\r\n",
    "Content-Length: 61\r\n\r\n",
    "{\"error\": {\"code\": 503, \"message\": \"too many connections\"}}\r\n",
);

/// Tells those who come too many.
pub(super) struct Full {
    tellers: Arc<Semaphore>,
    often: Often,
}

impl Full {
    pub(super) fn new() -> Self {
        Self { tellers: Arc::new(Semaphore::new(AT_A_TIME)), often: Often::default() }
    }

    pub(super) fn refuse(&self, stream: TcpStream, peer: SocketAddr) {
        if let Some(before) = self.often.tell() {
            tracing::warn!(%peer, before, "too many connections; this one is refused");
        }
        let Ok(teller) = Arc::clone(&self.tellers).try_acquire_owned() else { return };
        tokio::spawn(async move {
            let _gone_already = tokio::time::timeout(PATIENCE, tell(stream)).await;
            drop(teller);
        });
    }
}

/// Hears the request out: what is closed with something unread is reset, and
/// the answer with it.
async fn tell(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(ANSWER.as_bytes()).await?;
    stream.shutdown().await?;
    let mut heard = stream.take(HEARD);
    let mut buffer = [0; 4096];
    while heard.read(&mut buffer).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_as_long_as_it_says() {
        let (head, body) = ANSWER.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
        serde_json::from_str::<serde_json::Value>(body).unwrap();
    }
}
