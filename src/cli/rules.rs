//! `mercury rules test`: the network team's own examples of what is to be refused, and of
//! what is not.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::{Args, Subcommand};
use mercury_adapter::{MAX_REPLY, Recorded};
use mercury_model::DeviceConfig;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::{
    Common, Ended, Failure,
    findings::{self, Checked},
    progress::Progress,
    review::NO_RULES,
    validate::{Team, kind_of, reading::Candidate},
};
use crate::{
    config::reader::{beside, nearest},
    finding::{Code, Finding, Findings},
    inventory::{Inventory, Switch},
    registry::{self, Shown},
    rpc,
    service::{Requester, Service},
};

/// A file of examples may be this big, in bytes.
const MAX_FILE: u64 = 1 << 20;

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Run examples: requests and candidates, and what the rules are to say of each.
    Test(TestArguments),
}

#[derive(Clone, Debug, Args)]
pub(super) struct TestArguments {
    /// Files of `[[example]]` tables.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    #[serde(default)]
    example: Vec<Spanned<Example>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    name: String,
    /// A switch of the inventory, or one that is made up.
    switch: String,
    role: Option<String>,
    dialect: Option<String>,
    /// What it has, as it shows it: the whole configuration. Nothing without it.
    running: Option<String>,
    /// When, in UTC; now.
    at: Option<String>,
    request: Option<Value>,
    candidate: Option<String>,
    expect: Expected,
}

/// `"accepted"`, or the codes of all that is found.
#[derive(Deserialize)]
#[serde(try_from = "toml::Value")]
struct Expected(BTreeSet<String>);

const ACCEPTED: &str = "accepted";

impl TryFrom<toml::Value> for Expected {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let wrong = || format!("expect is {ACCEPTED:?}, or a list of codes, and not {value}");
        let codes = match &value {
            toml::Value::String(word) if word == ACCEPTED => return Ok(Self(BTreeSet::new())),
            toml::Value::Array(codes) => codes.iter().map(|code| code.as_str().map(str::to_owned)),
            _ => return Err(wrong()),
        };
        let codes: BTreeSet<String> = codes.collect::<Option<_>>().ok_or_else(wrong)?;
        match codes.iter().find(|code| Code::of(code).is_none()) {
            None => Ok(Self(codes)),
            Some(code) => {
                let known: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
                let near = nearest(code, &known).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                Err(format!("expect: there is no code {code:?}{near}"))
            }
        }
    }
}

pub(super) async fn test(common: &Common, arguments: &TestArguments) -> Ended {
    let team = Team::load(common)?;
    let mut read = Vec::new();
    for file in &arguments.files {
        let text = super::read_bounded(file, MAX_FILE)?;
        let named = |reason: String| Failure::Other(format!("{}: {reason}", file.display()));
        let examples: Examples =
            toml::from_str(&text).map_err(|error| named(misread(&text, error.span(), error.message())))?;
        if examples.example.is_empty() {
            return Err(named("there is no [[example]] in it".to_owned()));
        }
        read.push((file, Arc::<str>::from(text), examples.example));
    }
    if team.settings.rules.is_empty() {
        return Err(Failure::Other(NO_RULES.to_owned()));
    }
    let progress = Progress::of(read.iter().map(|(.., examples)| examples.len()).sum(), "examples");
    let mut all = Vec::new();
    for (file, source, examples) in read {
        for example in examples {
            let line = line_at(&source, example.span().start);
            let example = example.into_inner();
            let wrong =
                |failure| Failure::Other(format!("{}: line {line}: {}: {failure}", file.display(), example.name));
            let found = example.codes(&team, file).await.map_err(wrong)?;
            let findings =
                example.unlike(&found).map(|finding| finding.at(file, Some(line)).field(example.name.clone()));
            let findings: Findings = findings.into_iter().collect();
            let name = format!("{}: {}", file.display(), example.name);
            all.push(Checked { source: Some(Arc::clone(&source)), ..Checked::of(name, "examples", findings) });
            progress.step();
        }
    }
    drop(progress);
    Ok(findings::tell(common, all))
}

fn line_at(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|octet| *octet == b'\n').count() + 1
}

fn misread(text: &str, span: Option<std::ops::Range<usize>>, reason: &str) -> String {
    span.map_or_else(|| reason.to_owned(), |span| format!("line {}: {reason}", line_at(text, span.start)))
}

impl Example {
    /// The codes of all that is found, each with what it is found of.
    async fn codes(&self, team: &Team, file: &Path) -> Result<BTreeMap<&'static str, String>, Failure> {
        let mut switch = self.switch(team)?;
        if let Some(at) = &self.at {
            switch.rules.team = std::mem::take(&mut switch.rules.team).at(moment(at)?);
        }
        let mut recorded = Recorded { is_whole: true, source: "nothing".to_owned(), ..Recorded::default() };
        if let Some(running) = &self.running {
            let name = beside(file, running);
            let text = super::read_bounded(&name, MAX_REPLY as u64)?;
            let shown = Shown { name: name.display().to_string(), text };
            recorded =
                registry::recorded(&switch, team.inventory.dialects(), &[shown], true).map_err(Failure::Other)?;
        }
        match (&self.request, &self.candidate) {
            (Some(request), None) => of_request(team, switch, recorded, request).await,
            (None, Some(candidate)) => of_candidate(team, &switch, &recorded.running.config, &beside(file, candidate)),
            (Some(_), Some(_)) => {
                Err(Failure::Other("it has a request and a candidate, and may have but one".to_owned()))
            }
            (None, None) => Err(Failure::Other("it has neither a request nor a candidate".to_owned())),
        }
    }

    fn switch(&self, team: &Team) -> Result<Switch, Failure> {
        let Some(known) = team.inventory.find(&self.switch) else {
            let dialect = self.dialect.as_deref().unwrap_or("openconfig");
            return team.made_up(&self.switch, self.role.as_deref(), dialect);
        };
        if self.dialect.is_some() || self.role.is_some() {
            let reason = format!("{} is in the inventory, which says its dialect and role", self.switch);
            return Err(Failure::Other(reason));
        }
        Ok(Switch::clone(known))
    }

    /// What is not as it should be.
    fn unlike(&self, found: &BTreeMap<&'static str, String>) -> Option<Finding> {
        let codes: BTreeSet<String> = found.keys().map(|code| (*code).to_owned()).collect();
        let Expected(expected) = &self.expect;
        let listed = |codes: &BTreeSet<String>| match codes.is_empty() {
            true => ACCEPTED.to_owned(),
            false => codes.iter().cloned().collect::<Vec<_>>().join(", "),
        };
        let message = format!("expected {}, and came out as {}", listed(expected), listed(&codes));
        let help = found.iter().map(|(code, why)| format!("{code}: {why}")).collect::<Vec<_>>().join("\n");
        let finding = Finding::error(Code::RuleExample, message);
        let finding = if help.is_empty() { finding } else { finding.help(help) };
        (codes != *expected).then_some(finding)
    }
}

async fn of_request(
    team: &Team,
    switch: Switch,
    recorded: Recorded,
    request: &Value,
) -> Result<BTreeMap<&'static str, String>, Failure> {
    let name = switch.identity.name.clone();
    let inventory = Inventory::from_iter([switch]).speaking(team.inventory.dialects().clone());
    let recorded = BTreeMap::from([(name, recorded)]);
    let service = Service::offline(inventory, recorded).map_err(Failure::because)?;
    let planned = rpc::planned(&service, request, Requester::at_a_shell()).await;
    service.finish().await;
    let found = match planned {
        Ok((_, reports)) => reports.iter().flat_map(|report| &report.findings).map(told).collect(),
        Err(fault) => match &fault.findings {
            Some(findings) => findings.iter().map(told).collect(),
            None => BTreeMap::from([(Code::RequestRefused.word(), fault.to_string())]),
        },
    };
    Ok(found)
}

fn of_candidate(
    team: &Team,
    switch: &Switch,
    before: &DeviceConfig,
    file: &Path,
) -> Result<BTreeMap<&'static str, String>, Failure> {
    let text: Arc<str> = super::read_bounded(file, MAX_REPLY as u64)?.into();
    let name = file.display().to_string();
    let form = kind_of(&text).ok_or_else(|| Failure::Other(format!("{name}: it is not seen what kind it is")))?;
    let judged =
        Candidate { switch, form, name: &name, text: &text, whole: false }.judged(team.inventory.dialects(), before);
    Ok(judged.iter().flat_map(|one| &one.findings).map(told).collect())
}

fn told(finding: &Finding) -> (&'static str, String) {
    (finding.code.word(), finding.message.clone())
}

/// `2026-11-28T22:00:00Z`.
fn moment(text: &str) -> Result<SystemTime, Failure> {
    let wrong = || Failure::Other(format!("at: {text:?} is no time in UTC, as 2026-11-28T22:00:00Z is"));
    let time: toml::value::Datetime = text.parse().map_err(|_| wrong())?;
    let (Some(date), Some(clock), Some(toml::value::Offset::Z)) = (time.date, time.time, time.offset) else {
        return Err(wrong());
    };
    let seconds = u64::from(clock.hour) * 3600 + u64::from(clock.minute) * 60;
    Ok(UNIX_EPOCH + Duration::from_secs(days(date) * 86_400 + seconds))
}

/// Since 1970-01-01.
fn days(date: toml::value::Date) -> u64 {
    let (year, month, day) = (u64::from(date.year.max(1970)), u64::from(date.month), u64::from(date.day));
    // Counted from March on, so that a leap day is a year's last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    days.saturating_sub(719_468)
}
