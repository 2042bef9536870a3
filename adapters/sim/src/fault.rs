//! Faults: what goes wrong, at which request, at which moment.
//!
//! A fault counts the requests of its operation from the moment it is set, so
//! the same test meets it at the same request every time. In text a fault is
//! `operation:nth:moment:action`, for example
//!
//! ```text
//! commit:1:after:drop                   the first commit happens, its answer is lost
//! edit-config:2:before:refuse:in-use    the second edit is refused
//! gnmi-set:1:after:status:unavailable   the first Set happens, its answer says otherwise
//! commit:*:before:delay:250ms           every commit takes a quarter of a second
//! edit-config:1:before:ignore           the first edit is answered with ok and not done
//! gnmi-set:1:after:twist                the first Set happens, and not as it was asked for
//! ```

mod text;

use std::{num::NonZeroU32, time::Duration};

use crate::refusal::Tag;

pub use text::ParseFaultError;

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Operation name as on the wire: `edit-config`, `commit`, `lock`...; or
    /// `hello` for the opening of a session. gNMI's are `gnmi-get`, `gnmi-set`,
    /// `gnmi-subscribe` and `gnmi-capabilities`; a Set that carries nothing but
    /// the commit-confirmed extension is `gnmi-confirm`, `gnmi-cancel` or
    /// `gnmi-extend`; `gnmi-connect` is a connection, before and after its
    /// TLS handshake, where a refusal is a drop. What strikes `gnmi-subscribe`
    /// after strikes between the updates and the sync. RESTCONF's are `restconf-connect`,
    /// `restconf-get`, `restconf-patch`, `restconf-delete` and `restconf-operation`;
    /// OVSDB's `ovsdb-connect`, `ovsdb-select`, `ovsdb-change` and `ovsdb-applied`.
    pub operation: String,
    /// Which of these requests, counted over all sessions of the switch.
    pub occurrence: Occurrence,
    /// Before or after the switch has done what was asked.
    pub moment: Moment,
    /// What happens.
    pub action: Action,
}

/// Which request a fault meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occurrence {
    /// Only this one, counted from 1; the fault is spent then.
    Nth(NonZeroU32),
    /// Every one, until the fault is taken back.
    Every,
}

/// When a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The request has arrived, nothing has been done.
    BeforeApply,
    /// It has been done, the answer has not been sent.
    AfterApply,
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The connection breaks without a word.
    DropConnection,
    /// The session stands still until released.
    Hold,
    /// The answer is an error. After apply, the switch lies: it did it.
    Refuse {
        /// `error-tag`.
        tag: Tag,
        /// `error-message`.
        message: String,
    },
    /// The answer is this gRPC status. After apply, the switch lies. NETCONF
    /// says `operation-failed`.
    Status {
        /// The code.
        code: tonic::Code,
        /// The message.
        message: String,
    },
    /// The answer comes later.
    DelayReply(Duration),
    /// The answer is that it was done, and it was not. For what writes only;
    /// after apply it is no fault.
    Ignore,
    /// The switch keeps something else than it was told: the interfaces that
    /// the request changed, in running or in the candidate, get another
    /// description. Before apply it is no fault.
    Twist,
    /// Only the first half of what a Set asks for is done, and the answer is an
    /// error, as on a target that does one operation after the other. After
    /// apply, and for NETCONF, it is no fault.
    Half,
    /// As [`Action::Half`], and the answer is that all was done.
    Part,
    /// All sessions are dropped and running is what startup was.
    Reboot,
    /// The switch is gone: all sessions are dropped and it no longer listens.
    /// Its datastores stay as they were at that moment, to be looked at.
    Stop,
}

/// Tells one set fault from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FaultId(u64);

/// A fault that meets the request at hand.
#[derive(Debug, Clone)]
pub(crate) struct Strike {
    pub(crate) id: FaultId,
    pub(crate) moment: Moment,
    pub(crate) action: Action,
}

/// Whether one of them does this, at this moment.
pub(crate) fn any(strikes: &[Strike], moment: Moment, action: &Action) -> bool {
    strikes.iter().any(|strike| strike.moment == moment && strike.action == *action)
}

/// The faults set on a switch.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    set: Vec<Set>,
    next: u64,
}

#[derive(Debug)]
struct Set {
    id: FaultId,
    fault: Fault,
    seen: u32,
    hold: Hold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    Ahead,
    Reached,
    Released,
}

impl Faults {
    pub(crate) fn set(&mut self, fault: Fault) -> FaultId {
        let id = FaultId(self.next);
        self.next += 1;
        self.set.push(Set { id, fault, seen: 0, hold: Hold::Ahead });
        id
    }

    pub(crate) fn clear(&mut self) {
        self.set.clear();
    }

    /// Counts a request and tells what goes wrong with it.
    pub(crate) fn meet(&mut self, operation: &str) -> Vec<Strike> {
        self.set
            .iter_mut()
            .filter(|set| set.fault.operation == operation)
            .filter_map(|set| {
                set.seen += 1;
                let meets = match set.fault.occurrence {
                    Occurrence::Every => true,
                    Occurrence::Nth(nth) => set.seen == nth.get(),
                };
                meets.then(|| Strike { id: set.id, moment: set.fault.moment, action: set.fault.action.clone() })
            })
            .collect()
    }

    pub(crate) fn reach(&mut self, id: FaultId) {
        if let Some(set) = self.find(id)
            && set.hold == Hold::Ahead
        {
            set.hold = Hold::Reached;
        }
    }

    pub(crate) fn release(&mut self, id: FaultId) {
        if let Some(set) = self.find(id) {
            set.hold = Hold::Released;
        }
    }

    /// A fault that was cleared holds nobody.
    pub(crate) fn holds(&self, id: FaultId) -> bool {
        self.set.iter().any(|set| set.id == id && set.hold == Hold::Reached)
    }

    fn find(&mut self, id: FaultId) -> Option<&mut Set> {
        self.set.iter_mut().find(|set| set.id == id)
    }
}
