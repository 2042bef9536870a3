//! Rules in Rego, for what the tables cannot say. A package `mercury`, or one below it,
//! lets a change be made where its `allow` is `true`; anything else, an error and an
//! undefined value among them, refuses it. Evaluation has no clock, no random numbers
//! and no network, so the same change is judged alike everywhere.

mod checks;
mod input;

use std::{
    collections::BTreeSet,
    fmt,
    num::NonZeroU32,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use regorus::{
    Engine, Value,
    utils::limits::{ExecutionTimerConfig, TimeSource, set_time_source},
};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::block_in_place,
};

use crate::config::source;
use crate::finding::{Code, Finding, Findings, Severity};

pub(super) use input::Input;

/// A file may be this big, in bytes.
const MAX_FILE: u64 = 1 << 20;
/// What all packages together may take for one change, of a processor: on one that others
/// want too, sound rules take longer and are not refused for it.
const MAX_TIME: Duration = Duration::from_secs(1);
/// By how many times they may be slowed down by what else the processors do.
const SLOWEST: u32 = 10;
/// Steps between two looks at the clock.
const STEPS: NonZeroU32 = NonZeroU32::new(32).unwrap();
/// How many rules all files may have: what they need of a stack grows with them.
const MAX_RULES: usize = 128;
/// Touched as far as it is needed.
const STACK: usize = 128 << 20;
/// By how much rules are nicer than the rest of Mercury (sched(7)).
const GIVES_WAY: i32 = 5;
/// How many reasons or warnings of one package are told.
const MAX_TOLD: usize = 20;

/// The packages that judge, as they were read.
#[derive(Clone)]
pub(super) struct Rego {
    /// The files and their texts, in the order of the setting.
    sources: Vec<(PathBuf, String)>,
    packages: Vec<Package>,
    engine: Engine,
}

/// A package that judges.
#[derive(Clone)]
struct Package {
    /// Such as `data.mercury.uplinks`.
    path: String,
    has_reasons: bool,
    has_warnings: bool,
}

/// Why a rule could not be evaluated.
struct Failure {
    message: String,
    line: Option<usize>,
    column: Option<usize>,
}

impl PartialEq for Rego {
    fn eq(&self, other: &Self) -> bool {
        self.sources == other.sources
    }
}

impl fmt::Debug for Rego {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.sources).finish()
    }
}

impl Rego {
    /// Reads files; `None` without any, or where one has a mistake.
    pub(super) fn load(files: &[&PathBuf], findings: &mut Findings) -> Option<Self> {
        if files.is_empty() {
            return None;
        }
        let mut sources = Vec::new();
        let mut own = Findings::default();
        for file in files {
            match source::read(file, MAX_FILE) {
                Ok(source) => sources.push(((*file).clone(), source.text.clone())),
                Err(error) => own.push(error.finding().field("rules")),
            }
        }
        let read = on_its_stack(|| Self::parsed(sources, &mut own)).flatten();
        let is_sound = !own.has_errors();
        findings.merge(own);
        read.filter(|_| is_sound)
    }

    fn parsed(sources: Vec<(PathBuf, String)>, findings: &mut Findings) -> Option<Self> {
        let mut engine = engine();
        for (file, text) in &sources {
            if let Err(error) = engine.add_policy(file.display().to_string(), text.clone()) {
                findings.push(blamed(Code::Syntax, file, &error));
            }
        }
        if findings.has_errors() {
            return None;
        }
        let tree = match engine.get_ast_as_json().map(|text| serde_json::from_str(&text)) {
            Ok(Ok(tree)) => tree,
            _ => {
                findings.push(Finding::error(Code::Syntax, "nests deeper than rules may").field("rules"));
                return None;
            }
        };
        let modules = checks::modules(&tree, &sources);
        checks::check(&modules, findings);
        let count: usize = modules.iter().map(checks::Module::rules).sum();
        if count > MAX_RULES {
            let message = format!("the Rego files have {count} rules, and {MAX_RULES} may be");
            findings.push(Finding::error(Code::OutOfRange, message).field("rules"));
        }
        let packages = packages(&modules, findings);
        let mut read = Self { sources, packages, engine };
        if !findings.has_errors() {
            read.try_out(findings);
        }
        Some(read)
    }

    /// Nothing is known of an input that says nothing, so nothing may be allowed.
    fn try_out(&mut self, findings: &mut Findings) {
        let file = self.sources.first().map(|(file, _)| file.clone()).unwrap_or_default();
        self.engine.set_input(Value::new_object());
        for package in &self.packages {
            match self.engine.eval_rule(format!("{}.allow", package.path)) {
                Ok(Value::Bool(true)) => {
                    let message = format!(
                        "{} allows a change of which nothing is known: what is undefined would pass",
                        package.rule("allow")
                    );
                    let help = "say what must be so, as `every port in input.ports { … }` does, rather than `not` \
                                what must not, and have no `default allow := true`";
                    findings.push(Finding::error(Code::BadValue, message).help(help).field("rules").at(&file, None));
                }
                Ok(_) => {}
                Err(error) => findings.push(blamed(Code::BadValue, &file, &error)),
            }
        }
    }

    /// What the files are called, and what they say.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sources.iter().map(|(file, text)| (file.to_str().unwrap_or_default(), text.as_str()))
    }

    /// How many packages judge.
    pub(super) const fn len(&self) -> usize {
        self.packages.len()
    }

    /// What the packages have to say of a change, in the order of the files.
    pub(super) fn judge(&self, change: &Input<'_>) -> Findings {
        let mut findings = Findings::default();
        let judged = on_its_stack(|| {
            let ends = spent() + MAX_TIME;
            let mut engine = self.engine.clone();
            match Value::from_json_str(&change.json().to_string()) {
                Ok(input) => engine.set_input(input),
                Err(_) => return false,
            }
            let mut asked = Asked { engine, ends };
            self.packages.iter().for_each(|package| package.judge(&mut asked, &mut findings));
            true
        });
        if judged != Some(true) {
            findings.push(Finding::error(Code::RuleRegoFailed, "the rules in Rego could not be asked"));
        }
        findings
    }
}

/// What all packages ask about one change, on one thread and within one time.
struct Asked {
    engine: Engine,
    /// As [`spent`] says.
    ends: Duration,
}

impl Asked {
    fn evaluate(&mut self, rule: String) -> Result<Value, String> {
        let limit = self.ends.saturating_sub(spent());
        if limit.is_zero() {
            return Err(format!(
                "all rules together took more than {} s of a processor, or ten times that by the clock",
                MAX_TIME.as_secs()
            ));
        }
        self.engine.set_execution_timer_config(timer(limit));
        self.engine.eval_rule(rule).map_err(|error| error.to_string())
    }
}

impl Package {
    fn rule(&self, name: &str) -> String {
        format!("{}.{name}", self.path.trim_start_matches("data."))
    }

    fn judge(&self, asked: &mut Asked, findings: &mut Findings) {
        let mut evaluate = |name: &str| asked.evaluate(format!("{}.{name}", self.path));
        match evaluate("allow") {
            Ok(Value::Bool(true)) => {}
            Ok(found) => {
                let reasons =
                    if self.has_reasons { evaluate("reasons").and_then(|found| texts(&found)) } else { Ok(vec![]) };
                match reasons {
                    Ok(reasons) if reasons.is_empty() => {
                        let message = format!(
                            "{} is {}, and a change is made where it is true",
                            self.rule("allow"),
                            shown(&found)
                        );
                        findings.push(Finding::error(Code::RuleRego, message));
                    }
                    Ok(reasons) => self.told(Severity::Error, reasons, findings),
                    Err(error) => self.failed("reasons", &error, findings),
                }
            }
            Err(error) => self.failed("allow", &error, findings),
        }
        if self.has_warnings {
            match evaluate("warnings").and_then(|found| texts(&found)) {
                Ok(warnings) => self.told(Severity::Warning, warnings, findings),
                Err(error) => self.failed("warnings", &error, findings),
            }
        }
    }

    fn told(&self, severity: Severity, all: Vec<String>, findings: &mut Findings) {
        let more = all.len().saturating_sub(MAX_TOLD);
        let mut told: Vec<String> = all.into_iter().take(MAX_TOLD).collect();
        if more > 0 {
            told.push(format!("and {more} more"));
        }
        for text in told {
            let message = format!("{text}; rule {:?}", self.rule("allow"));
            let finding = Finding { severity, ..Finding::error(Code::RuleRego, message) };
            findings.push(finding.help(format!("mercury explain {}", Code::RuleRego)));
        }
    }

    fn failed(&self, rule: &str, error: &dyn fmt::Display, findings: &mut Findings) {
        let Failure { message, line, .. } = Failure::of(error);
        let place = line.map(|line| format!(", line {line}")).unwrap_or_default();
        let message = format!("{}{place}: {message}", self.rule(rule));
        findings.push(Finding::error(Code::RuleRegoFailed, message));
    }
}

/// The packages that judge; each must say what it allows.
fn packages(modules: &[checks::Module<'_>], findings: &mut Findings) -> Vec<Package> {
    let paths: BTreeSet<String> = modules.iter().map(checks::Module::package).collect();
    let mut packages = Vec::new();
    for path in paths.into_iter().filter(|path| path == "data.mercury" || path.starts_with("data.mercury.")) {
        let own: Vec<_> = modules.iter().filter(|module| module.package() == path).collect();
        let has = |name: &str| own.iter().any(|module| module.heads().any(|head| head == name));
        let package = Package { has_reasons: has("reasons"), has_warnings: has("warnings"), path: path.clone() };
        if has("allow") {
            packages.push(package);
        } else if let Some(first) = own.first() {
            let message = format!("package {} has no rule `allow`", path.trim_start_matches("data."));
            findings.push(Finding::error(Code::MissingKey, message).field("rules").at(first.file, None));
        }
    }
    if packages.is_empty() && !findings.has_errors() {
        let file = modules.first().map(|module| module.file).unwrap_or(Path::new(""));
        let message = "no Rego file is of a package `mercury` or below it, so none would be asked";
        findings.push(Finding::error(Code::MissingKey, message).field("rules").at(file, None));
    }
    packages
}

/// A set or list of texts.
fn texts(value: &Value) -> Result<Vec<String>, String> {
    let text = |one: &Value| match one {
        Value::String(text) => Ok(text.to_string()),
        other => Err(format!("a text is wanted, and there is {}", shown(other))),
    };
    match value {
        Value::Set(all) => all.iter().map(text).collect(),
        Value::Array(all) => all.iter().map(text).collect(),
        other => Err(format!("a set of texts is wanted, and there is {}", shown(other))),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Undefined => "undefined".to_owned(),
        other => other.to_json_str().unwrap_or_else(|_| "no value".to_owned()).chars().take(200).collect(),
    }
}

impl Failure {
    /// The engine draws where it is: `--> FILE:LINE:COLUMN`, the line, and `error: WHAT`.
    fn of(error: &dyn fmt::Display) -> Self {
        let text = error.to_string();
        let message = text.rsplit_once("error: ").map_or(text.as_str(), |(_, message)| message).trim().to_owned();
        let place = text.lines().find_map(|line| line.strip_prefix("--> "));
        let mut numbers = place.into_iter().flat_map(|place| place.rsplit(':')).map(|number| number.parse().ok());
        let column = numbers.next().flatten();
        let line = numbers.next().flatten();
        Self { message, line, column }
    }
}

fn blamed(code: Code, file: &Path, error: &dyn fmt::Display) -> Finding {
    let text = error.to_string();
    let named = text.lines().find_map(|line| line.strip_prefix("--> ")).and_then(|place| place.rsplitn(3, ':').nth(2));
    let Failure { message, line, column } = Failure::of(error);
    Finding::error(code, message).field("rules").at(named.map_or(file, Path::new), line).column(column)
}

#[cfg(test)]
mod tests;

/// What this thread took of a processor; a tenth of the time that went by, where that is more:
/// a judgement ends on the busiest machine too.
fn spent() -> Duration {
    thread_local!(static BEGUN: Instant = Instant::now());
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let (seconds, nanoseconds) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    let of_processor = Duration::new(seconds.unwrap_or_default(), nanoseconds.unwrap_or_default());
    of_processor.max(BEGUN.with(Instant::elapsed) / SLOWEST)
}

/// An engine whose clock is there for its limit alone.
fn engine() -> Engine {
    struct Clock;
    impl TimeSource for Clock {
        fn now(&self) -> Option<Duration> {
            Some(spent())
        }
    }
    static CLOCK: Clock = Clock;
    // Only the first of a process is taken, which is this very one.
    let _is_first = set_time_source(&CLOCK);
    let mut engine = Engine::new();
    engine.set_execution_timer_config(timer(MAX_TIME));
    engine.set_strict_builtin_errors(true);
    engine
}

const fn timer(limit: Duration) -> ExecutionTimerConfig {
    ExecutionTimerConfig { limit, check_interval: STEPS }
}

/// Does it where there is room for the deepest rules, on a thread that gives way to others;
/// `None` where it did not come to its end. A worker of the runtime hands on its other tasks
/// before it waits.
fn on_its_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    let begin = || {
        // Where it is refused, rules are as good as other work.
        let _refused = rustix::process::nice(GIVES_WAY);
        work()
    };
    let wait = || {
        thread::scope(|scope| {
            let started =
                thread::Builder::new().name("rego".to_owned()).stack_size(STACK).spawn_scoped(scope, begin).ok()?;
            started.join().ok()
        })
    };
    let is_worker = Handle::try_current().is_ok_and(|own| own.runtime_flavor() == RuntimeFlavor::MultiThread);
    if is_worker { block_in_place(wait) } else { wait() }
}
