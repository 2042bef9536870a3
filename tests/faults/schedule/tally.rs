//! How often what happened, so that a run shows what it covered.

use std::{collections::BTreeMap, fmt, ops::AddAssign};

use mercury::{fault::Fault, outcome::Report};

use super::{Schedule, What, vnis::Vnis};
use crate::kind::Kind;

#[derive(Default)]
pub(super) struct Tally {
    schedules: u64,
    outcomes: BTreeMap<String, u64>,
    troubles: BTreeMap<&'static str, u64>,
    faces: BTreeMap<String, u64>,
    pub(super) signals: u64,
    pub(super) unanswered: u64,
    pub(super) meddled: u64,
}

impl Tally {
    pub(super) fn new(schedule: &Schedule) -> Self {
        let mut tally = Self { schedules: 1, ..Self::default() };
        for switch in &schedule.switches {
            let hides = switch.hidden.map(|_| "Hides".to_owned());
            let kind = (switch.kind == Kind::Ovsdb).then(|| "Open vSwitch".to_owned());
            let vnis = match (switch.vnis, switch.kind) {
                (Vnis::None, _) => None,
                (own, Kind::Ovsdb) => Some(format!("VNIs of Open vSwitch, VLAN {own:?}")),
                (own, _) => Some(format!("VNIs, VLAN {own:?}")),
            };
            for face in hides.into_iter().chain(kind).chain(vnis).chain([format!("{:?}", switch.face)]) {
                *tally.faces.entry(face).or_default() += 1;
            }
        }
        if schedule.plug.is_some() {
            tally.faces.insert("a card behind a switch".to_owned(), 1);
        }
        for trouble in &schedule.troubles {
            *tally.troubles.entry(trouble.what.name()).or_default() += 1;
        }
        tally
    }

    pub(super) fn report(&mut self, report: &Report) {
        let kind = report.outcome.fault().map_or("", |fault| fault.kind.name());
        *self.outcomes.entry(format!("{} {kind}", report.outcome.name())).or_default() += 1;
    }

    pub(super) fn fault(&mut self, fault: &Fault) {
        *self.outcomes.entry(format!("not begun {}", fault.kind.name())).or_default() += 1;
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.schedules += other.schedules;
        self.signals += other.signals;
        self.unanswered += other.unanswered;
        self.meddled += other.meddled;
        other.outcomes.into_iter().for_each(|(name, count)| *self.outcomes.entry(name).or_default() += count);
        other.faces.into_iter().for_each(|(name, count)| *self.faces.entry(name).or_default() += count);
        other.troubles.into_iter().for_each(|(name, count)| *self.troubles.entry(name).or_default() += count);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} schedules, {} signals, {} unanswered, {} meddled",
            self.schedules, self.signals, self.unanswered, self.meddled
        )?;
        writeln!(f, "  outcomes: {:?}", self.outcomes)?;
        writeln!(f, "  faces: {:?}", self.faces)?;
        write!(f, "  troubles: {:?}", self.troubles)
    }
}

impl What {
    const fn name(&self) -> &'static str {
        match self {
            Self::Fault { .. } => "fault",
            Self::BadWire { .. } => "bad wire",
            Self::Cut { .. } => "cut",
            Self::Stall { .. } => "stall",
            Self::Reboot { .. } => "reboot",
            Self::Steal { .. } => "steal",
            Self::Lock { .. } => "lock",
            Self::Dirty { .. } => "dirty",
            Self::Console { .. } => "console",
            Self::Coordinator { .. } => "coordinator",
            Self::LocksLost => "locks lost",
            Self::Signal { .. } => "signal",
            Self::Hide { .. } => "hide",
            Self::Jump(_) => "jump",
            Self::Meddle { .. } => "meddle",
            Self::NoVswitchd { .. } => "no vswitchd",
        }
    }
}
