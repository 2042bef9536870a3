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
    requests::{self, Request},
    signals::interruptible,
};
use crate::{
    fault::Fault,
    intent::Intent,
    rpc,
    service::{Requester, Service},
};

/// Switches that are asked at a time.
const AT_ONCE: usize = 64;

/// What is held against the switches.
#[derive(Clone, Debug, Args)]
pub(super) struct AuditArguments {
    /// What should be: a CSV file with the columns switch, port, mode, vlan and, where
    /// wanted, vlans and description; Ironic's ports; or requests, as `mercury plan`
    /// takes them. `-` is standard input.
    #[arg(long, value_name = "FILE")]
    expected: PathBuf,
    /// What Ironic's ports should be, as `mercury plan` takes it.
    #[arg(long, value_name = "[NAME=]NETWORK")]
    network: Vec<String>,
    #[command(flatten)]
    offline: OfflineArguments,
}

/// What became of one switch.
struct Audited {
    switch: String,
    rows: usize,
    answer: Result<Value, Fault>,
}

pub(super) async fn run(common: &Common, arguments: &AuditArguments) -> Ended {
    let rows = requests::read(&arguments.expected, &Networks::read(&arguments.network)?)?;
    let tool = arguments.offline.service(common, None)?;
    let Wanted { by_switch, wrong } = Wanted::of(&tool, &rows);
    for (row, fault) in &wrong {
        tell_fault(common.output, row, fault);
    }
    let progress = Progress::of(by_switch.len(), "switches");
    let asked = stream::iter(by_switch).map(|(switch, (rows, intent))| {
        let service: &Service = &tool;
        async move {
            let reports = service.verify(intent, &Requester::at_a_shell()).await;
            Audited { switch, rows, answer: reports.and_then(|reports| rpc::verified(&reports)) }
        }
    });
    let asked = asked.buffered(AT_ONCE).inspect(|_| progress.step()).collect::<Vec<_>>();
    let Some(audited) = interruptible(&tool, tool.stop_timeout, asked).await? else { return Ok(found()) };
    drop(progress);
    tool.finish().await;
    let mut unlike = 0;
    for one in &audited {
        unlike += usize::from(!tell(common.output, one));
    }
    if common.output == Output::Human {
        let switches = print::counted(audited.len(), "switch", "switches");
        let rows = print::counted(rows.len(), "row", "rows");
        print::talk(&format!("{switches}, {unlike} not as expected; {rows}, {} that cannot be", wrong.len()));
    }
    Ok(if unlike > 0 || !wrong.is_empty() { found() } else { DONE })
}

/// What should be.
#[derive(Default)]
struct Wanted<'r> {
    /// Of each switch, and how many rows say so.
    by_switch: BTreeMap<String, (usize, Intent)>,
    /// The rows that nothing can be made of.
    wrong: Vec<(&'r Request, Fault)>,
}

impl<'r> Wanted<'r> {
    fn of(service: &Service, rows: &'r [Request]) -> Self {
        let mut wanted = Self::default();
        for row in rows {
            let done = rpc::intent(service, &row.question()).and_then(|intent| wanted.add(service, intent));
            if let Err(fault) = done {
                wanted.wrong.push((row, fault));
            }
        }
        wanted
    }

    fn add(&mut self, service: &Service, intent: Intent) -> Result<(), Fault> {
        for target in intent.targets {
            let switch = target.switch.clone();
            let before = self.by_switch.get(&switch);
            let rows = before.map_or(1, |(rows, _)| rows + 1);
            let intents = before.map(|(_, before)| before.clone()).into_iter();
            let intents = intents.chain([Intent { verb: "audit", targets: vec![target] }]).collect();
            self.by_switch.insert(switch, (rows, service.as_one("audit", intents)?));
        }
        Ok(())
    }
}

/// Says how a switch is; whether it is as expected.
fn tell(output: Output, audited: &Audited) -> bool {
    let Audited { switch, rows, answer } = audited;
    let mut differences: Vec<&str> = Vec::new();
    if let Ok(answer) = answer {
        let reports = answer.get("switches").and_then(Value::as_array).into_iter().flatten();
        let told =
            reports.filter_map(|report| report.get("differences")?.as_array()).flatten().filter_map(Value::as_str);
        differences.extend(told);
    }
    let port = |text: &&str| text.split_once(": ").map(|(port, _)| port.to_owned());
    differences.sort_by(|one, other| print::port_order(port(one).as_deref(), port(other).as_deref()));
    match (output, answer) {
        (Output::Json, Ok(_)) => print::json(&json!({"switch": switch, "rows": rows, "differences": differences})),
        (Output::Json, Err(fault)) => {
            print::json(&json!({"switch": switch, "rows": rows, "error": rpc::error_json(fault)}));
        }
        (Output::Human, Ok(_)) if differences.is_empty() => print::line(&format!("{switch}: as expected")),
        (Output::Human, Ok(_)) => {
            print::line(&format!("{switch}: differs"));
            differences.iter().for_each(|text| print::line(&format!("  {text}")));
        }
        (Output::Human, Err(fault)) => print::line(&format!("{switch}: not known: {}", fault.message)),
    }
    answer.is_ok() && differences.is_empty()
}
