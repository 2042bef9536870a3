//! `mercury validate`: candidate configurations that people bring, before any of them is
//! sent anywhere. Nothing is changed, and no switch is asked.

mod beside;
mod deletes;
mod files;
mod kind;
mod on;
#[cfg(test)]
mod own;
pub(super) use kind::of as kind_of;
mod place;
pub(super) mod reading;
mod room;
mod schema;
mod secret;
mod value;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use clap::{Args, ValueEnum};
use mercury_adapter::Left;
use mercury_model::DeviceConfig;

use super::{
    Common, Ended, Failure,
    bounded::size,
    findings::{Checked, Telling},
    progress::Progress,
    switch::not_in,
};
use crate::{
    config::{FileAccess, LogLevel, Overrides, Settings, reader::nearest},
    finding::{Code, Finding, Findings, Severity},
    inventory::{CliSettings, Face, GnmiSettings, Inventory, Switch},
    registry::{self, Form},
};
use beside::{beside, united};
use reading::Candidate;
use room::Room;
use schema::{Encoding, Modules};

/// A candidate may be this big, in MiB, where nothing is said: its tree takes several times as much.
const MAX_SIZE: u64 = 16;
/// One that is longer, in octets, is not kept beside what libyang makes of it.
const LARGE: usize = 1 << 20;
/// What is to be validated.
#[derive(Clone, Debug, Args)]
pub(super) struct ValidateArguments {
    /// Candidate configurations, and folders of them. A file that is called as a switch
    /// of the inventory (`leaf1.xml`) is for that switch. `-` is standard input.
    #[arg(required = true, value_name = "FILE|FOLDER")]
    paths: Vec<PathBuf>,
    /// What kind they are, where that is not seen.
    #[arg(long = "as", value_enum, value_name = "KIND")]
    kind: Option<Kind>,
    /// The switch that all of them are for: its dialect reads them, and its rules hold.
    #[arg(long, value_name = "SWITCH", conflicts_with = "dialect")]
    switch: Option<String>,
    /// A folder of YANG modules to check them by, with a `load.json` (`{"load": […]}`) where
    /// not all are to be loaded; may be given several times. Mercury's own subset of
    /// OpenConfig for dialect openconfig.
    #[arg(long, value_name = "FOLDER")]
    yang_dir: Vec<PathBuf>,
    /// Each is a whole configuration, not a part to be laid over what the switch has: what
    /// it refers to, what is mandatory and what conditions are about must be in it, and what
    /// no rule is asked about is a warning.
    #[arg(long)]
    whole: bool,
    /// Have this switch say whether it would take them, too: each is staged in its candidate,
    /// validated, compared, and discarded; nothing is committed. NETCONF with a candidate
    /// alone can do so.
    #[arg(long, value_name = "SWITCH", conflicts_with_all = ["dialect", "switch"])]
    on: Option<String>,
    /// Check them by YANG alone: no dialect reads them, and no rule is asked.
    #[arg(long, conflicts_with = "on")]
    schema_only: bool,
    /// Whose words they are in, where they are for no switch in particular.
    #[arg(long, value_name = "NAME")]
    dialect: Option<String>,
    /// One that is bigger is refused. While it is judged it takes up to 9.2 times its size in
    /// memory.
    #[arg(long, value_name = "MIB", default_value_t = MAX_SIZE, value_parser = clap::value_parser!(u64).range(1..=1024))]
    max_size: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// NETCONF's `<config>`, `<edit-config>`, or data alone.
    Xml,
    /// RFC 7951.
    Json,
    /// A gNMI SetRequest, in JSON or text, or as gnmic takes it from a file of JSON or YAML.
    SetRequest,
    /// A command line's configuration.
    Lines,
}

impl From<Kind> for Form {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Xml => Self::Xml,
            Kind::Json => Self::Json,
            Kind::SetRequest => Self::SetRequest,
            Kind::Lines => Self::Lines,
        }
    }
}

pub(super) async fn run(common: &Common, arguments: &ValidateArguments) -> Ended {
    let team = if arguments.on.is_some() { Team::to_be_asked(common)? } else { Team::load(common)? };
    let files = files::gathered(&arguments.paths, arguments.on.is_some())?;
    let modules = Modules::load(&arguments.yang_dir);
    let mut telling = Telling::new(common);
    if let Err(finding) = &modules {
        let mut finding = finding.clone();
        // Then nothing is checked at all.
        if arguments.schema_only {
            finding.severity = Severity::Error;
        }
        let is_no_set = |reason: &str| finding.message.contains(reason);
        if is_no_set("is no folder") || is_no_set("there is no module in it") {
            finding.help = Some("--yang-dir names a folder of a vendor's modules, each a .yang file".to_owned());
        }
        let (name, findings) = ("modules".to_owned(), finding.into());
        telling.add(Checked::of(name, "schema", findings));
    }
    let room = Room::of(arguments.limit());
    let check = |file: &Path| {
        let _taken = room.take(fs::metadata(file).map_or(0, |it| it.len().min(arguments.limit())));
        arguments.checked(&team, modules.as_ref().ok(), file)
    };
    side_by_side(&files, check, |checked| telling.add(checked))?;
    if let Some(name) = &arguments.on {
        let switch = team.inventory.find(name);
        let switch = switch.ok_or_else(|| not_in(&team.inventory, name))?;
        let asked =
            on::asked(switch, team.inventory.dialects(), &files, arguments.limit(), |text| arguments.form(text))
                .await?;
        asked.into_iter().for_each(|checked| telling.add(checked));
    }
    Ok(telling.end())
}

/// Checks files on every processor; what came of them is told in their order, each as soon
/// as those before it were.
fn side_by_side(
    files: &[PathBuf],
    check: impl Fn(&Path) -> Result<Vec<Checked>, Failure> + Sync,
    tell: impl FnMut(Checked) + Send,
) -> Result<(), Failure> {
    let (next, progress) = (AtomicUsize::new(0), Progress::of(files.len(), "files"));
    let in_order = Mutex::new(InOrder { told: 0, waiting: BTreeMap::new(), tell });
    let work = || {
        let next_file = || {
            let index = next.fetch_add(1, Ordering::Relaxed);
            Some((index, files.get(index)?))
        };
        while let Some((index, file)) = next_file() {
            let checked = check(file)?;
            let mut in_order = in_order.lock().unwrap_or_else(PoisonError::into_inner);
            progress.aside(|| in_order.add(index, checked));
            progress.step();
        }
        Ok(())
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(files.len());
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            // A worker that panicked leaves files unchecked, which must not look like success.
            let broken = |_| Err(Failure::Other("a file could not be checked: a bug".to_owned()));
            done = done.and(other.join().unwrap_or_else(broken));
        }
        done
    })
}

/// What has to wait for what is before it.
struct InOrder<T> {
    /// How many were told.
    told: usize,
    waiting: BTreeMap<usize, Vec<Checked>>,
    tell: T,
}

impl<T: FnMut(Checked)> InOrder<T> {
    fn add(&mut self, index: usize, checked: Vec<Checked>) {
        self.waiting.insert(index, checked);
        while let Some(next) = self.waiting.remove(&self.told) {
            next.into_iter().for_each(&mut self.tell);
            self.told += 1;
        }
    }
}

/// What the network team's files say.
pub(super) struct Team {
    pub(super) settings: Settings,
    pub(super) inventory: Inventory,
}

impl Team {
    /// No secret is looked for, as no switch is asked; nor need there be any.
    pub(super) fn load(common: &Common) -> Result<Self, Failure> {
        let overrides = Overrides { secret_files: Some(FileAccess::Unasked), ..common.overrides() };
        let (settings, inventory, _) = common.read(&overrides, Some(LogLevel::Error), false)?;
        Ok(Self { settings, inventory })
    }

    /// With the secrets that asking takes.
    pub(super) fn to_be_asked(common: &Common) -> Result<Self, Failure> {
        let (settings, inventory) = common.load(&common.overrides(), Some(LogLevel::Error))?;
        Ok(Self { settings, inventory })
    }

    /// A switch of the inventory, or one that is made up, with the rules for it.
    pub(super) fn made_up(&self, name: &str, role: Option<&str>, dialect: &str) -> Result<Switch, Failure> {
        let known = self.inventory.dialects().iter().find(|known| known.name == dialect);
        let known = known.ok_or_else(|| {
            let names: Vec<&str> = self.inventory.dialects().iter().map(|own| own.name.as_str()).collect();
            // Its system alone is the most common slip.
            let ends = names.iter().find(|name| name.rsplit('_').next() == Some(dialect)).copied();
            let near = nearest(dialect, &names).or(ends).map(|near| format!("; did you mean {near}?"));
            Failure::Other(format!("there is no dialect {dialect:?}{}", near.unwrap_or_default()))
        })?;
        let mut switch = Switch::new(name, "192.0.2.1", dialect, "");
        switch.identity.role = role.map(str::to_owned);
        if known.netconf.is_none() {
            switch.face = match known.gnmi {
                Some(_) => Face::Gnmi(GnmiSettings::default()),
                None => Face::Cli(CliSettings::default()),
            };
        }
        switch.rules.team = self.settings.rules.of(name, role);
        switch.rules.manage_mtu = true;
        Ok(switch)
    }
}

impl ValidateArguments {
    /// Of one candidate, in bytes.
    fn limit(&self) -> u64 {
        self.max_size << 20
    }

    fn form(&self, text: &str) -> Option<Form> {
        self.kind.map(Form::from).or_else(|| kind::of(text))
    }

    fn checked(&self, team: &Team, modules: Option<&Modules>, file: &Path) -> Result<Vec<Checked>, Failure> {
        let name = file.display().to_string();
        let broken = |finding: Finding| Ok(vec![Checked::of(name.clone(), "reading", finding.at(file, None).into())]);
        let limit = self.limit();
        if fs::metadata(file).is_ok_and(|it| it.len() > limit) {
            let finding = Finding::error(Code::Unreadable, format!("longer than {}", size(limit)));
            return broken(finding.help("--max-size says how big one may be, in MiB"));
        }
        let text: Arc<str> = match super::read_bounded(file, limit) {
            Ok(text) => text.into(),
            Err(failure) => return Ok(vec![Checked::of(name.clone(), "reading", unread(file, &failure).into())]),
        };
        if text.trim().is_empty() {
            return broken(Finding::error(Code::ReadingNothing, "it is empty").help("nothing was judged"));
        }
        let Some(form) = self.form(&text) else {
            let finding = Finding::error(Code::CandidateKind, "it is not seen what kind of candidate it is");
            return broken(finding.help("--as xml, json, set-request or lines"));
        };
        let encoding = Encoding::of(form);
        let switch = self.switch(team, file)?;
        if self.schema_only && !self.yang_dir.is_empty() {
            return self.by_schema(modules, encoding, file, text, Vec::new()).map_or_else(broken, Ok);
        }
        let Some(switch) = switch else {
            let finding = Finding::error(Code::CandidateSwitch, "it is not known which switch it is for");
            let help = match team.inventory.is_empty() {
                true => "no switches are known: name their file with --switches, or that of --config, or say --dialect",
                false => "name it after the switch (leaf1.xml), or say --switch or --dialect",
            };
            return broken(finding.help(help));
        };
        // Other dialects' modules are their vendors'.
        let is_known = !self.yang_dir.is_empty() || switch.identity.dialect == "openconfig";
        if self.schema_only {
            if !is_known {
                return broken(no_modules(&switch.identity.dialect));
            }
            return self.by_schema(modules, encoding, file, text, Vec::new()).map_or_else(broken, Ok);
        }
        let candidate = Candidate { switch: &switch, form, name: &name, text: &text, whole: self.whole };
        let mut checked = candidate.judged(team.inventory.dialects(), &DeviceConfig::default());
        let is_broken = checked.iter().any(|one| one.findings.iter().any(|finding| finding.code == Code::Syntax));
        forget(&mut checked);
        let reason = match (modules, encoding) {
            _ if is_broken => {
                at_begins(&mut checked, encoding, Some(&text));
                return Ok(checked);
            }
            (_, None) => "command lines have no schema".to_owned(),
            (Some(_), Some(_)) if is_known => {
                return self.by_schema(modules, encoding, file, text, checked).map_or_else(broken, Ok);
            }
            (Some(_), Some(_)) => format!("there are no modules of dialect {} (--yang-dir)", switch.identity.dialect),
            (None, Some(_)) => "there are no modules".to_owned(),
        };
        at_begins(&mut checked, encoding, Some(&text));
        let unchecked = Checked::of(name, "schema", Findings::default());
        checked.insert(0, Checked { skipped: Some(reason), ..unchecked });
        Ok(checked)
    }

    /// What YANG says, before what else was `checked`.
    ///
    /// # Errors
    /// There is nothing to check it by.
    fn by_schema(
        &self,
        modules: Option<&Modules>,
        encoding: Option<Encoding>,
        file: &Path,
        text: Arc<str>,
        mut checked: Vec<Checked>,
    ) -> Result<Vec<Checked>, Finding> {
        let Some(encoding) = encoding else {
            let finding = Finding::error(Code::CandidateKind, "there is no YANG for the lines of a command line");
            return Err(finding.help("without --schema-only they are read by the dialect and judged by the rules"));
        };
        // Why there are none was told.
        let Some(modules) = modules else { return Ok(checked) };
        let checkable = modules.understand(file, &text, encoding);
        let is_judged_here = self.schema_only && encoding == Encoding::SetRequest;
        let against = is_judged_here.then(|| contradicted(&text, file));
        // While libyang has a large one in memory it is there once more in the file alone, which
        // standard input is not.
        let mut source = (text.len() <= LARGE || file == Path::new("-")).then(|| Arc::clone(&text));
        if source.is_none() {
            checked.iter_mut().for_each(|one| one.source = None);
        }
        drop(text);
        let is_nothing = modules.is_nothing(&checkable);
        let mut findings = modules.check(checkable, file, self.whole);
        let has_findings = checked.iter().any(|one| !one.findings.is_empty());
        // What it says and where is held against what the reader says.
        if source.is_none() && (has_findings || !findings.is_empty()) {
            source = super::read_bounded(file, self.limit()).ok().map(Arc::from);
        }
        let decoded = source.as_deref().filter(|_| has_findings && encoding == Encoding::SetRequest);
        let decoded = decoded.and_then(registry::decoded);
        let looked_at = decoded.as_ref().map(|decoded| &*decoded.text).or(source.as_deref());
        checked.iter_mut().for_each(|one| one.findings = beside(&one.findings, &findings, is_nothing, looked_at));
        findings = united(&mut checked, &findings);
        if let Some(against) = against {
            let mut against = [Checked::of(String::new(), "reading", against)];
            findings = united(&mut against, &findings);
            against.into_iter().for_each(|against| findings.merge(against.findings));
        }
        // What nobody has looked at did not pass.
        if self.schema_only && is_nothing && findings.is_empty() {
            let message = "there is nothing in it that modules could check: what is taken away is not";
            findings.push(Finding::error(Code::ReadingNothing, message).at(file, None));
        }
        let name = file.display().to_string();
        checked.insert(0, Checked::of(name, "schema", findings));
        at_begins(&mut checked, Some(encoding), source.as_deref());
        checked.iter_mut().for_each(|one| one.source.clone_from(&source));
        forget(&mut checked);
        Ok(checked)
    }

    fn switch(&self, team: &Team, file: &Path) -> Result<Option<Switch>, Failure> {
        if let Some(dialect) = &self.dialect {
            return team.made_up("candidate", None, dialect).map(Some);
        }
        if let Some(name) = self.switch.as_ref().or(self.on.as_ref()) {
            let found = team.inventory.find(name).map(|switch| Switch::clone(switch));
            return found.map(Some).ok_or_else(|| not_in(&team.inventory, name));
        }
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let mut all = team.inventory.iter();
        let only = all.next().filter(|_| all.next().is_none());
        Ok(team.inventory.find(stem).or(only).map(|switch| Switch::clone(switch)))
    }
}

/// What is wrong with what a SetRequest says in base64 is told where that begins.
fn at_begins(checked: &mut [Checked], encoding: Option<Encoding>, text: Option<&str>) {
    let is_set = encoding == Some(Encoding::SetRequest) && checked.iter().any(|one| !one.findings.is_empty());
    let Some(text) = text.filter(|_| is_set) else { return };
    if let Some(decoded) = registry::decoded(text) {
        beside::at_begins(checked, text, &decoded.spans);
    }
}

/// Of a text in which nothing is wrong no line is shown.
fn forget(checked: &mut [Checked]) {
    checked.iter_mut().filter(|one| one.findings.is_empty()).for_each(|one| one.source = None);
}

/// Why a file was not read, where that is.
fn unread(file: &Path, failure: &Failure) -> Finding {
    let reason = failure.to_string();
    let reason = reason.strip_prefix(&format!("{}: ", file.display())).unwrap_or(&reason);
    let (reason, line, column) = place::of_message(reason);
    let finding = Finding::error(Code::Unreadable, reason).at(file, line).column(column);
    if line.is_some() { finding.help("save it as UTF-8; iconv makes that of other encodings") } else { finding }
}

/// Keys of a SetRequest that its paths have with another value.
fn contradicted(text: &str, file: &Path) -> Findings {
    let set = registry::set_request(text);
    let all = set.map(|set| registry::contradicted(text, &set)).unwrap_or_default();
    let finding = |left: Left| {
        Finding::error(Code::ReadingKey, format!("{}, and has to be its entry's key", left.what))
            .at(file, left.line)
            .column(left.column)
    };
    all.into_iter().map(finding).collect()
}

fn no_modules(dialect: &str) -> Finding {
    let message = format!("there are no modules here by which what is for dialect {dialect} could be checked");
    Finding::error(Code::SchemaModules, message).help("--yang-dir names a folder of its vendor's")
}
