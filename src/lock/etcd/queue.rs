//! The keys of those who hold a lock or wait for it.

use std::time::Duration;

use etcd_client::{
    Compare, CompareOp, GetOptions, PutOptions, SortOrder, SortTarget, Txn, TxnOp, TxnOpResponse, WatchFilterType,
    WatchOptions,
};
use tokio::time::Instant;

use super::{
    Held as _,
    connection::{Connection, fault, plain},
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
    connection: &'a Connection,
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
    key: Vec<u8>,
    /// What the first in the queue says of itself.
    holder: String,
    /// The count up to which etcd has been read.
    seen: i64,
}

impl<'a> Queue<'a> {
    pub(super) fn of(connection: &'a Connection, name: &str) -> Self {
        let keys = format!("{}/{}/", connection.settings().prefix, component(name));
        Self { connection, keys }
    }

    /// Goes to the end.
    pub(super) async fn enter(self, lease: &'a Lease) -> Result<Place<'a>, Fault> {
        let key = format!("{}{:016x}", self.keys, lease.id);
        let put = TxnOp::put(key.as_str(), me(), Some(PutOptions::new().with_lease(lease.id)));
        let new = Compare::create_revision(key.as_str(), CompareOp::Equal, 0);
        let txn = Txn::new().when([new]).and_then([put, TxnOp::get(self.keys.as_str(), Some(oldest()))]);
        let answer = self.connection.ask(|mut client| async move { client.txn(txn).await }).await?;
        let made = answer.header().map_or(0, etcd_client::ResponseHeader::revision);
        if !answer.succeeded() {
            return Err(fault("somebody has the key of a new lease"));
        }
        let first = answer.op_responses().into_iter().any(|response| match response {
            TxnOpResponse::Get(found) => found.kvs().first().is_some_and(|first| first.key() == key.as_bytes()),
            _ => false,
        });
        Ok(Place { queue: self, lease, key, made, first })
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
                () = self.left(&ahead) => {}
                () = tokio::time::sleep_until(deadline.min(now + RECHECK)) => {}
                () = self.lease.lost() => return Err(lost()),
            }
        }
    }

    /// Who is before it. The answer is that of a majority of etcd's members,
    /// and counts only while the key is there.
    async fn ahead(&self) -> Result<Option<Ahead>, Fault> {
        let there = Compare::create_revision(self.key.as_str(), CompareOp::Equal, self.made);
        let before = GetOptions::new()
            .with_prefix()
            .with_max_create_revision(self.made - 1)
            .with_sort(SortTarget::Create, SortOrder::Descend)
            .with_limit(1);
        let keys = self.queue.keys.as_str();
        let txn = Txn::new().when([there]).and_then([TxnOp::get(keys, Some(before)), TxnOp::get(keys, Some(oldest()))]);
        let answer = self.queue.connection.ask(|mut client| async move { client.txn(txn).await }).await?;
        if !answer.succeeded() {
            return Err(lost());
        }
        let mut found = answer.op_responses().into_iter().filter_map(|response| match response {
            TxnOpResponse::Get(mut answer) => Some(answer.take_kvs().into_iter().next()),
            _ => None,
        });
        let (Some(before), Some(first)) = (found.next(), found.next()) else {
            return Err(fault("half of an answer is missing"));
        };
        let holder = first.map_or_else(String::new, |first| plain(&String::from_utf8_lossy(first.value())));
        let seen = answer.header().map_or(0, etcd_client::ResponseHeader::revision);
        Ok(before.map(|before| Ahead {
            key: before.key().to_vec(),
            holder: format!("another Mercury ({holder})"),
            seen,
        }))
    }

    /// Waits for the one before to go. Only a hint: where etcd does not tell,
    /// it never ends.
    async fn left(&self, ahead: &Ahead) {
        let options = WatchOptions::new().with_start_revision(ahead.seen + 1).with_filters([WatchFilterType::NoPut]);
        if let Ok(mut client) = self.queue.connection.client().await
            && let Ok(mut changes) = client.watch(ahead.key.as_slice(), Some(options)).await
        {
            while let Ok(Some(change)) = changes.message().await {
                if !change.events().is_empty() {
                    return;
                }
            }
        }
        std::future::pending::<()>().await;
    }
}

/// The key that was made first: that of whoever has the lock.
fn oldest() -> GetOptions {
    GetOptions::new().with_prefix().with_sort(SortTarget::Create, SortOrder::Ascend).with_limit(1)
}

fn lost() -> Fault {
    fault("the lease ended while it was waited for the lock")
}

/// What the others are told of this process.
fn me() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = plain(host.trim());
    format!("process {} on {}", std::process::id(), if host.is_empty() { "an unnamed host" } else { &host })
}

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
