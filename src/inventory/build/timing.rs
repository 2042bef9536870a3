//! How long Mercury waits for a switch.

use super::seconds;
use crate::config::reader::Reader;
use crate::inventory::Timing;

pub(super) fn timing(reader: &mut Reader<'_>) -> Timing {
    Timing {
        confirm_timeout: seconds(reader, "confirm_timeout", 50, 1, 600),
        commit_timeout: seconds(reader, "commit_timeout", 50, 1, 3600),
        reply_timeout: seconds(reader, "reply_timeout", 30, 1, 3600),
        connect_timeout: seconds(reader, "connect_timeout", 10, 1, 300),
        idle_timeout: seconds(reader, "idle_timeout", 300, 1, 86400),
        keepalive: seconds(reader, "keepalive", 15, 1, 3600),
        lock_wait: seconds(reader, "lock_wait", 105, 0, 600),
        queue: reader.number("queue", 1..=65536).and_then(|n| usize::try_from(n).ok()).unwrap_or(256),
        max_sessions: reader.number("max_sessions", 1..=64).and_then(|n| usize::try_from(n).ok()).unwrap_or(2),
    }
}
