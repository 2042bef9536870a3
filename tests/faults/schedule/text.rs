//! A schedule as people read it.

use std::{fmt, time::Duration};

use super::{
    Request, Schedule, What,
    plug::{END, Plug},
    values::LAG,
    vnis::Vnis,
};

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mercuries, lease) = (self.mercuries, self.lease());
        writeln!(f, "seed {}: {mercuries} Mercurys, lease {lease:?}", self.seed)?;
        for (index, switch) in self.switches.iter().enumerate() {
            writeln!(
                f,
                "  leaf{index}: {:?}, pipelining {}, a commit takes {:?}, confirm timer {} %, queue {}{}{}{}",
                switch.kind,
                switch.pipelining,
                switch.commit_time,
                switch.confirm_timer_percent,
                switch.queue,
                switch.face,
                match switch.vnis {
                    Vnis::None => String::new(),
                    Vnis::Named(bound) => format!(", VNIs {bound:?}"),
                    Vnis::Anywhere(bound) => format!(", VNIs anywhere {bound:?}"),
                },
                switch.hidden.map_or_else(String::new, |port| format!(", Ethernet{port} hidden"))
            )?;
        }
        if let Some(Plug { card, leaf }) = self.plug {
            writeln!(f, "  leaf{card} is a card that hangs on {END} of leaf{leaf}")?;
        }
        let mut lines: Vec<(Duration, String)> = Vec::new();
        lines.extend(self.requests.iter().enumerate().map(|(index, one)| (one.at, format!("r{index} {one}"))));
        lines.extend(self.troubles.iter().map(|one| (one.at, one.what.to_string())));
        lines.sort_by_key(|(at, _)| *at);
        lines.iter().try_for_each(|(at, line)| writeln!(f, "  {:>6} ms  {line}", at.as_millis()))
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "asks mercury {} for request {}:", self.mercury, self.number)?;
        for want in &self.wants {
            write!(f, " leaf{}", want.switch)?;
            want.ports.iter().try_for_each(|(port, wish)| write!(f, " Ethernet{port} {wish:?}"))?;
            want.removes.iter().try_for_each(|id| write!(f, " without VLAN {id}"))?;
            want.lag.iter().try_for_each(|lag| write!(f, " {LAG} {lag:?}"))?;
            f.write_str(",")?;
        }
        self.hangs_up.iter().try_for_each(|time| write!(f, " hangs up after {time:?}"))
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault { switch, text } => write!(f, "leaf{switch}: {text}"),
            Self::BadWire { mercury, bad } => write!(f, "mercury {mercury}: the next session has {bad:?}"),
            Self::Cut { mercury } => write!(f, "mercury {mercury}: its wires are cut"),
            Self::Stall { mercury, time } => write!(f, "mercury {mercury}: nothing gets through for {time:?}"),
            Self::Reboot { switch } => write!(f, "leaf{switch}: reboots"),
            Self::Steal { switch, time } => {
                write!(f, "leaf{switch}: the lock is stolen, and the console has it for {time:?}")
            }
            Self::Lock { switch, time } => write!(f, "leaf{switch}: the console has the lock for {time:?}"),
            Self::Dirty { switch, time } => write!(f, "leaf{switch}: somebody types into the candidate for {time:?}"),
            Self::Console { switch, number } => write!(f, "leaf{switch}: the console makes change {number}"),
            Self::Coordinator { trouble, time } => write!(f, "coordinator: {trouble:?} for {time:?}"),
            Self::LocksLost => f.write_str("coordinator: every lock is lost"),
            Self::Signal { mercury, when, signal } => write!(f, "mercury {mercury}: gets {signal:?} at {when:?} more"),
            Self::Hide { switch, port, time } => {
                write!(f, "leaf{switch}: access control hides Ethernet{port} for {time:?}")
            }
            Self::Meddle { switch, port, deed, nth, is_before, number } => {
                let when = if *is_before { "before" } else { "behind" };
                write!(f, "leaf{switch}: {when} change {nth} somebody else {deed:?} Ethernet{port} ({number})")
            }
            Self::NoVswitchd { switch, time } => write!(f, "leaf{switch}: ovs-vswitchd is stopped for {time:?}"),
            Self::Jump(time) => write!(f, "the clock jumps by {time:?}"),
        }
    }
}
