//! `mercury audit`: where switches differ from a table of what they should be. Nothing
//! is changed.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{
    Common, DONE, Ended, Output, found,
    network::Networks,
    print,
    progress::Progress,
    question::{OfflineArguments, tell_fault},
    requests::{self, Contents, Misread, Request},
    signals::stoppable,
    table::NO_VLAN,
};
use crate::{
    fault::{Fault, FaultKind},
    group,
    intent::{Intent, PortIntent, Setting},
    rpc,
    service::{Requester, Service},
};

/// Switches that are asked at a time.
const AT_ONCE: usize = 64;

/// What is held against the switches.
#[derive(Clone, Debug, Args)]
pub(super) struct AuditArguments {
    /// What should be: a CSV file with the columns switch, port, mode, vlan and, where
    /// wanted, vlans and description, in which mode is access, trunk, hybrid, or none for a
    /// port without VLANs, and an empty cell is not looked at; Ironic's ports; or requests, as
    /// `mercury plan` takes them. `-` is standard input.
    #[arg(long, value_name = "FILE")]
    expected: PathBuf,
    /// What Ironic's ports should be, as `mercury plan` takes it.
    #[arg(long, value_name = "[NAME=]NETWORK")]
    network: Vec<String>,
    #[command(flatten)]
    offline: OfflineArguments,
}

/// A row of the table, and what it says of one switch.
struct Row<'r> {
    request: &'r Request,
    intent: Intent,
}

/// What became of one switch.
struct Audited<'r> {
    switch: String,
    rows: usize,
    /// In which it differs; why it could not be asked.
    answer: Result<Vec<String>, Fault>,
    /// The rows that cannot be so there, such as those of a port that it does not have.
    wrong: Vec<(&'r Request, Fault)>,
    /// So many more of its rows nothing could be made of.
    unmade: usize,
}

/// How a switch is.
enum Found {
    /// As expected, in this many rows of all.
    Like(usize),
    Unlike,
    /// No row can be so there.
    Nothing,
    Unknown,
}

impl Audited<'_> {
    /// One that was not asked, as there was nothing to ask.
    fn of_nothing(switch: String) -> Self {
        Self { switch, rows: 0, answer: Ok(Vec::new()), wrong: Vec::new(), unmade: 0 }
    }

    fn found(&self) -> Found {
        match &self.answer {
            Err(_) => Found::Unknown,
            Ok(differences) if !differences.is_empty() => Found::Unlike,
            Ok(_) if self.wrong() >= self.rows => Found::Nothing,
            Ok(_) => Found::Like(self.rows - self.wrong()),
        }
    }

    /// How many of its rows cannot be so.
    fn wrong(&self) -> usize {
        self.wrong.len() + self.unmade
    }
}

pub(super) async fn run(common: &Common, arguments: &AuditArguments) -> Ended {
    let contents = requests::read_each(&arguments.expected, &Networks::read(&arguments.network)?)?;
    let tool = arguments.offline.service(common, None)?;
    let Wanted { by_switch, wrong, wrong_of } = Wanted::of(&tool, &contents);
    let Contents { requests: rows, misread, not_wired } = &contents;
    let progress = Progress::of(by_switch.len(), "switches");
    // One of whose rows nothing could be made at all is not asked, and not passed over either.
    let unasked: Vec<String> = wrong_of.keys().filter(|switch| !by_switch.contains_key(*switch)).cloned().collect();
    let asked = stream::iter(by_switch).map(|(switch, (rows, _))| audited(&tool, switch, rows));
    let asked = asked.buffered(AT_ONCE).inspect(|_| progress.step()).collect::<Vec<_>>();
    let Some(mut audited) = stoppable(&tool, tool.stop_timeout, asked).await? else { return Ok(found()) };
    drop(progress);
    tool.finish().await;
    audited.extend(unasked.into_iter().map(Audited::of_nothing));
    audited.sort_by(|one, other| one.switch.cmp(&other.switch));
    let mut wrong: Vec<(&Request, &Fault)> = wrong.iter().map(|(row, fault)| (*row, fault)).collect();
    wrong.extend(audited.iter().flat_map(|one| &one.wrong).map(|(row, fault)| (*row, fault)));
    wrong.sort_by_key(|(row, _)| row.line);
    let file = arguments.expected.display();
    // In the order of the file.
    let mut misplaced = misread.iter().peekable();
    for (row, fault) in &wrong {
        while let Some(one) = misplaced.next_if(|one| one.line < row.line) {
            tell_misread(common.output, &file.to_string(), one);
        }
        tell_fault(common.output, row, fault);
    }
    misplaced.for_each(|one| tell_misread(common.output, &file.to_string(), one));
    let cannot_be = wrong.len() + misread.len();
    let (mut unlike, mut unknown) = (0, 0);
    for one in &mut audited {
        one.unmade = wrong_of.get(&one.switch).copied().unwrap_or_default();
        one.rows += one.unmade;
        match tell(common.output, one) {
            Found::Like(_) => {}
            Found::Unlike | Found::Nothing => unlike += 1,
            Found::Unknown => unknown += 1,
        }
    }
    match common.output {
        Output::Human => {
            let switches = print::counted(audited.len(), "switch", "switches");
            let rows = print::counted(rows.len() + misread.len(), "row", "rows");
            let unwired = if *not_wired > 0 { format!("; {}", requests::unwired(*not_wired)) } else { String::new() };
            let unlike = match unknown {
                0 => format!("{unlike} not as expected"),
                count => format!("{unlike} not as expected, {count} not known"),
            };
            print::talk(&format!("{switches}, {unlike}; {rows}, {cannot_be} that cannot be{unwired}"));
        }
        Output::Json if *not_wired > 0 => print::json(&json!({"file": file.to_string(), "not_wired": not_wired})),
        Output::Json => {}
    }
    Ok(if unlike > 0 || unknown > 0 || cannot_be > 0 { found() } else { DONE })
}

fn tell_misread(output: Output, file: &str, Misread { line, reason, .. }: &Misread) {
    match output {
        Output::Human => print::talk(&format!("{file}:{line}: {reason}")),
        Output::Json => print::json(&json!({"file": file, "line": line, "error": {"message": reason}})),
    }
}

/// Asks one switch. A row that cannot be so there keeps nobody from the others: they are
/// asked again without it, half by half.
async fn audited<'r>(service: &Service, switch: String, rows: Vec<Row<'r>>) -> Audited<'r> {
    let mut audited = Audited { switch, rows: rows.len(), answer: Ok(Vec::new()), wrong: Vec::new(), unmade: 0 };
    let mut open = vec![rows];
    while let Some(mut rows) = open.pop() {
        match verified(service, &rows).await {
            Ok(differences) => {
                let Ok(all) = &mut audited.answer else { break };
                let new: Vec<String> = differences.into_iter().filter(|one| !all.contains(one)).collect();
                all.extend(new);
            }
            Err(fault) if fault.kind == FaultKind::InvalidValue && rows.len() > 1 => {
                let rest = rows.split_off(rows.len() / 2);
                open.extend([rest, rows]);
            }
            Err(fault) if fault.kind == FaultKind::InvalidValue => {
                audited.wrong.extend(rows.into_iter().map(|row| (row.request, fault.clone())));
            }
            Err(fault) => {
                audited.answer = Err(fault);
                break;
            }
        }
    }
    audited
}

async fn verified(service: &Service, rows: &[Row<'_>]) -> Result<Vec<String>, Fault> {
    let intent = group::as_one("audit", rows.iter().map(|row| row.intent.clone()))?;
    let reports = service.verify(intent, &Requester::at_a_shell()).await?;
    let answer = rpc::verified(&reports)?;
    let reports = answer.get("switches").and_then(Value::as_array).into_iter().flatten();
    let told = reports.filter_map(|report| report.get("differences")?.as_array()).flatten().filter_map(Value::as_str);
    Ok(told.map(str::to_owned).collect())
}

/// What should be.
#[derive(Default)]
struct Wanted<'r> {
    /// Of each switch: the rows, and all of them as one.
    by_switch: BTreeMap<String, (Vec<Row<'r>>, Intent)>,
    /// The requests that nothing can be made of.
    wrong: Vec<(&'r Request, Fault)>,
    /// How many of them, and of the rows that are none, name each switch.
    wrong_of: BTreeMap<String, usize>,
}

impl<'r> Wanted<'r> {
    fn of(service: &Service, contents: &'r Contents) -> Self {
        let mut wanted = Self::default();
        for row in &contents.requests {
            let done = expected(service, row).and_then(|intent| wanted.add(row, intent));
            if let Err(fault) = done {
                wanted.blame(service, row.params.get("switch_id").and_then(Value::as_str));
                wanted.wrong.push((row, fault));
            }
        }
        contents.misread.iter().for_each(|row| wanted.blame(service, row.switch.as_deref()));
        wanted
    }

    /// Counts a row of which nothing can be made to the switch that it names.
    fn blame(&mut self, service: &Service, named: Option<&str>) {
        if let Some(switch) = named.and_then(|named| service.inventory().find(named)) {
            *self.wrong_of.entry(switch.identity.name.clone()).or_default() += 1;
        }
    }

    fn add(&mut self, request: &'r Request, intent: Intent) -> Result<(), Fault> {
        for target in intent.targets {
            let switch = target.switch.clone();
            let intent = Intent { verb: "audit", targets: vec![target] };
            let row = Row { request, intent: intent.clone() };
            match self.by_switch.get_mut(&switch) {
                Some((rows, all)) => {
                    let one = group::as_one("audit", [all.clone(), intent]).map_err(|fault| beside(rows, &row, fault));
                    *all = one?;
                    rows.push(row);
                }
                None => _ = self.by_switch.insert(switch, (vec![row], intent)),
            }
        }
        Ok(())
    }
}

/// A fault with the place of the earlier row that is about the same port.
fn beside(rows: &[Row<'_>], row: &Row<'_>, fault: Fault) -> Fault {
    let all = rows.iter().chain([row]).map(|row| &row.intent);
    let first = group::twice(all).and_then(|[first, _]| rows.get(first)?.request.place(None));
    match first {
        Some(place) => Fault { message: format!("{}: this one, and that at {place}", fault.message), ..fault },
        None => fault,
    }
}

/// What a row says should be: what `update_port` would make of it, no VLAN, or, where no cell
/// speaks of VLANs, what it says beside.
fn expected(service: &Service, row: &Request) -> Result<Intent, Fault> {
    let has = |name: &str| row.params.get(name).is_some_and(|value| !value.is_null());
    let has_vlans = has("native_vlan") || has("allowed_vlans");
    let is_none = row.params.get("mode").is_some_and(|mode| mode == NO_VLAN);
    if !row.is_row || !is_none && (has("mode") || has_vlans) {
        return rpc::intent(service, &row.question());
    }
    if is_none && has_vlans {
        return Err(Fault::value("mode", format!("{NO_VLAN} is a port without VLANs, and the row names some")));
    }
    if !is_none && !has("description") {
        return Err(Fault::value("mode", "neither VLANs nor a description are said"));
    }
    // Which port it is, as a request that names nothing else says it; a null would say that it is
    // nobody's.
    let given = ["switch_id", "port_name"].into_iter().filter_map(|name| Some((name, row.params.get(name)?)));
    let named: BTreeMap<&str, &Value> = given.collect();
    let mut intent = rpc::intent(service, &json!({"method": "reset_port", "params": named}))?;
    // What else letting go of it would take, at the far ends of a card as well, nobody asks for.
    intent.targets.retain(|target| !target.ports.is_empty());
    for target in &mut intent.targets {
        target.vlans.clear();
        target.uplinks.clear();
        target.segments.clear();
        for port in &mut target.ports {
            let mut own = PortIntent::new(port.interface.clone());
            if is_none {
                own.switched_vlan = Setting::Set(None);
            }
            if let Some(text) = row.params.get("description").and_then(Value::as_str) {
                let text = text.parse().map_err(|error| Fault::value("description", error))?;
                own.description = Setting::Set(Some(text));
            }
            *port = own;
        }
    }
    Ok(intent)
}

/// Says how a switch is.
fn tell(output: Output, audited: &Audited<'_>) -> Found {
    let Audited { switch, rows, answer, .. } = audited;
    let mut differences: Vec<&str> = answer.iter().flatten().map(String::as_str).collect();
    let port = |text: &&str| text.split_once(": ").map(|(port, _)| port.to_owned());
    differences.sort_by(|one, other| print::port_order(port(one).as_deref(), port(other).as_deref()));
    let found = audited.found();
    match (output, answer) {
        (Output::Json, Ok(_)) => {
            let wrong = audited.wrong();
            print::json(&json!({"switch": switch, "rows": rows, "wrong": wrong, "differences": differences}));
        }
        (Output::Json, Err(fault)) => {
            print::json(&json!({"switch": switch, "rows": rows, "error": rpc::error_json(fault)}));
        }
        (Output::Human, Err(fault)) => print::line(&format!("{switch}: not known: {}", fault.message)),
        (Output::Human, Ok(_)) => print::line(&match found {
            Found::Like(alike) if alike == *rows => format!("{switch}: as expected"),
            Found::Like(alike) => format!("{switch}: as expected in {alike} of {rows} rows, the others cannot be"),
            Found::Nothing => format!("{switch}: nothing was compared: no row of it can be"),
            Found::Unlike | Found::Unknown => format!("{switch}: differs (what is there -> what should be)"),
        }),
    }
    if output == Output::Human {
        differences.iter().for_each(|text| print::line(&format!("  {text}")));
    }
    found
}

#[cfg(test)]
mod tests;
