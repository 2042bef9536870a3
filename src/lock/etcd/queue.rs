//! The keys of those who hold a lock or wait for it.

use std::{sync::LazyLock, time::Duration};

use tokio::time::Instant;

use super::{
    Held as _,
    connection::{fault, plain},
    keys::Keys,
    lease::Lease,
};
use crate::fault::{Fault, FaultKind};

/// Whoever waits looks so often, even if etcd does not say that something has
/// changed.
const RECHECK: Duration = Duration::from_secs(1);

/// The pause after a look that failed.
const PAUSE: Duration = Duration::from_millis(100);

/// The keys of one lock: `PREFIX/NAME/`.
pub(super) struct Queue<'a> {
    etcd: &'a dyn Keys,
    keys: String,
}

/// A key in a queue; it goes with its lease.
pub(super) struct Place<'a> {
    queue: Queue<'a>,
    lease: &'a Lease,
    key: String,
    /// When it was made, by etcd's count.
    made: i64,
    /// Whether nobody was before it then; nobody can come before it later.
    first: bool,
}

/// Whom a place has to wait for.
struct Ahead {
    /// The key before.
    key: String,
    /// What the first in the queue says of itself.
    holder: String,
    /// The count up to which etcd has been read.
    seen: i64,
}

impl<'a> Queue<'a> {
    pub(super) fn of(etcd: &'a dyn Keys, name: &str) -> Self {
        let keys = format!("{}/{}/", etcd.settings().prefix, component(name));
        Self { etcd, keys }
    }

    /// Goes to the end.
    pub(super) async fn enter(self, lease: &'a Lease) -> Result<Place<'a>, Fault> {
        let key = format!("{}{:016x}", self.keys, lease.id);
        let made = self.etcd.make(&key, ME.clone(), lease.id, &self.keys).await?;
        let made = made.ok_or_else(|| fault("somebody has the key of a new lease"))?;
        let first = made.oldest.as_ref() == Some(&key);
        Ok(Place { queue: self, lease, key, made: made.revision, first })
    }
}

impl Place<'_> {
    /// Waits until nobody is before it.
    pub(super) async fn turn(&self, deadline: Instant, wait: Duration) -> Result<(), Fault> {
        if self.first && self.lease.is_held() {
            return Ok(());
        }
        loop {
            let ahead = match self.ahead().await {
                Ok(Some(ahead)) => ahead,
                Ok(None) if self.lease.is_held() => return Ok(()),
                Ok(None) => return Err(lost()),
                Err(fault) if !self.lease.is_held() || Instant::now() + PAUSE >= deadline => return Err(fault),
                Err(_) => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let now = Instant::now();
            if now >= deadline {
                let (holder, waited) = (ahead.holder, wait.as_secs());
                let message = format!("{holder} has been changing the switch for {waited} s and more");
                return Err(Fault::new(FaultKind::Locked, message));
            }
            tokio::select! {
                biased;
                () = self.queue.etcd.left(&ahead.key, ahead.seen + 1) => {}
                () = tokio::time::sleep_until(deadline.min(now + RECHECK)) => {}
                () = self.lease.lost() => return Err(lost()),
            }
        }
    }

    /// Who is before it. The answer counts only while the key is there.
    async fn ahead(&self) -> Result<Option<Ahead>, Fault> {
        let before = self.queue.etcd.before(&self.key, self.made, &self.queue.keys).await?.ok_or_else(lost)?;
        let (holder, seen) = (format!("another Mercury ({})", before.oldest), before.revision);
        Ok(before.newest.map(|key| Ahead { key, holder, seen }))
    }
}

fn lost() -> Fault {
    fault("the lease ended while it was waited for the lock")
}

/// What the others are told of this process.
static ME: LazyLock<String> = LazyLock::new(|| {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = plain(host.trim());
    format!("process {} on {}", std::process::id(), if host.is_empty() { "an unnamed host" } else { &host })
});

/// One component of a key, from any text.
pub(crate) fn component(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b':' => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::component;

    #[test]
    fn two_names_are_two_components_without_a_slash() {
        for (name, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("127.0.0.1_830", "127.0.0.1_830"),
            ("a/b", "a%2Fb"),
            ("a%2Fb", "a%252Fb"),
            ("\u{e4}\n", "%C3%A4%0A"),
        ] {
            assert_eq!(component(name), expected);
        }
    }
}
