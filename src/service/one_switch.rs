//! A request through several entries of one switch: to the switch it is one
//! change, under one lock.

use std::collections::BTreeMap;

use crate::{fault::Fault, group, intent::TargetIntent, inventory::Switch, outcome::Report, target::Target};

/// What is done on one switch through one entry, for what was asked through
/// several.
pub(super) struct Part {
    pub(super) intent: TargetIntent,
    asked: Vec<TargetIntent>,
}

impl Part {
    fn of(intent: TargetIntent) -> Self {
        Self { asked: vec![intent.clone()], intent }
    }

    /// The report as those who asked through each entry are told it.
    pub(super) fn shared<'a>(self, report: Report, target: impl Fn(&str) -> Option<&'a Target>) -> Vec<Report> {
        if self.asked.len() < 2 {
            return vec![report];
        }
        let told = |asked: TargetIntent| {
            let own = target(&asked.switch).map(|target| group::share(&report, &asked, &target.switch.rules));
            Report { switch: asked.switch, ..own.unwrap_or_else(|| report.clone()) }
        };
        self.asked.into_iter().map(told).collect()
    }
}

/// What is asked of each switch; what is asked through several of its entries is
/// done through the first of them.
///
/// # Errors
/// The entries say different things of the switch, or are asked about one port or
/// aggregate: whose word counts is not known.
pub(super) fn parts<'a>(
    intents: Vec<TargetIntent>,
    target: impl Fn(&str) -> Result<&'a Target, Fault>,
) -> Result<Vec<Part>, Fault> {
    let mut parts: BTreeMap<&str, Part> = BTreeMap::new();
    for intent in intents {
        let own = target(&intent.switch)?;
        let Some(part) = parts.get_mut(own.lock()) else {
            parts.insert(own.lock(), Part::of(intent));
            continue;
        };
        let first = &target(&part.intent.switch)?.switch;
        let alike = alike(first, &own.switch) && group::lies_beside(&part.intent, &intent);
        let merged = group::merged([&part.intent, &intent]).filter(|_| alike);
        part.intent = merged.ok_or_else(|| not_alike(first, &own.switch))?;
        part.asked.push(intent);
    }
    Ok(parts.into_values().collect())
}

/// Whether it makes no difference through which entry a change is made. Behind two
/// ports of one protocol there may be two switches, as where an address is translated.
fn alike(one: &Switch, other: &Switch) -> bool {
    let ways = |switch: &Switch| (switch.identity.dialect.clone(), switch.identity.network_instance.clone());
    let apart = one.protocol() == other.protocol() && one.port() != other.port();
    !apart && ways(one) == ways(other) && format!("{:?}", one.rules) == format!("{:?}", other.rules)
}

fn not_alike(one: &Switch, other: &Switch) -> Fault {
    let (one, other) = (&one.identity, &other.identity);
    let message = format!(
        "{} and {} have one address ({}), and so are one switch; a request through both is done as one change, and \
         only where their entries say the same of it, name one port for one protocol, and each port and aggregate is \
         asked through one of them; switches behind one translated address need a name each",
        one.name, other.name, one.address
    );
    Fault::value("switch_id", message)
}
