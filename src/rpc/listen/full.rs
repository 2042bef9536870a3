//! What a connection is told that there is no place for.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::Semaphore,
};

use crate::often::Often;

/// How many are told at a time; beyond that they are closed without a word.
const AT_A_TIME: usize = 64;
/// How long one may take to listen, and how much it may go on saying.
const PATIENCE: Duration = Duration::from_secs(1);
const HEARD: u64 = 64 * 1024;

/// The last answer of a connection, which nothing has been read from.
pub(super) fn answer(status: u16, reason: &str, message: &str) -> String {
    let body = format!("{}\r\n", json!({"error": {"code": status, "message": message}}));
    let retry = if status == 503 { "Retry-After: 1\r\n" } else { "" };
    format!(
        "HTTP/1.1 {status} {reason}\r\n{retry}Connection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Tells those who come too many.
pub(super) struct Full {
    tellers: Arc<Semaphore>,
    often: Often,
}

impl Full {
    pub(super) fn new() -> Self {
        Self { tellers: Arc::new(Semaphore::new(AT_A_TIME)), often: Often::default() }
    }

    pub(super) fn refuse(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: &str) {
        if let Some(before) = self.often.tell() {
            tracing::warn!(peer, before, "too many connections; this one is refused");
        }
        let Ok(teller) = Arc::clone(&self.tellers).try_acquire_owned() else { return };
        tokio::spawn(async move {
            let _gone_already = tell(stream, &answer(503, "Service Unavailable", "too many connections")).await;
            drop(teller);
        });
    }
}

/// Answers, and hears the request out for a moment: what is closed with something
/// unread is reset, and the answer with it.
pub(super) async fn tell(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) -> std::io::Result<()> {
    let telling = async move {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        let mut heard = stream.take(HEARD);
        let mut buffer = [0; 4096];
        while heard.read(&mut buffer).await? > 0 {}
        Ok(())
    };
    tokio::time::timeout(PATIENCE, telling).await.unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_as_long_as_it_says() {
        let answer = answer(503, "Service Unavailable", "too many connections");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
        serde_json::from_str::<serde_json::Value>(body).unwrap();
    }
}
