//! `mercury validate`: candidate configurations that people bring, before any of them is
//! sent anywhere. Nothing is changed, and no switch is asked.

mod beside;
mod deletes;
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
    io::Read as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use clap::{Args, ValueEnum};
use mercury_model::DeviceConfig;

use super::{
    Common, Ended, Failure,
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
use beside::beside;
use reading::Candidate;
use room::Room;
use schema::{Encoding, Modules};

/// A candidate may be this big, in MiB, where nothing is said: its tree takes several times as much.
const MAX_SIZE: u64 = 16;
/// One that is longer, in octets, is not kept beside what libyang makes of it.
const LARGE: usize = 1 << 20;
/// Folders may be so deep.
const MAX_DEPTH: usize = 32;
/// What candidates are called in folders; other files there are passed over.
const ENDINGS: [&str; 10] = ["xml", "json", "textproto", "txtpb", "pbtxt", "prototxt", "cfg", "conf", "set", "txt"];
/// Of what is called so, gnmic's requests alone are candidates.
const YAML: [&str; 2] = ["yaml", "yml"];
/// In so many octets it is seen whether a file is one.
const HEAD: u64 = 64 << 10;

/// What is to be validated.
#[derive(Clone, Debug, Args)]
pub(super) struct ValidateArguments {
    /// Candidate configurations, and folders of them. A file that is called as a switch
    /// of the inventory (`leaf1.xml`) is for that switch.
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
    /// One that is bigger is refused. While it is judged it takes up to 13 times its size in
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
    let mut files = Vec::new();
    for path in &arguments.paths {
        gather(path, 0, &mut files)?;
    }
    if files.is_empty() {
        let (endings, yaml) = (ENDINGS.join(", "), YAML.join(" or "));
        let reason = format!("there is no file that ends in {endings}, and no request of gnmic's in {yaml}");
        return Err(Failure::Other(reason));
    }
    let modules = Modules::load(&arguments.yang_dir);
    let mut telling = Telling::new(common);
    if let Err(finding) = &modules {
        let mut finding = finding.clone();
        // Then nothing is checked at all.
        if arguments.schema_only {
            finding.severity = Severity::Error;
        }
        let (name, findings) = ("modules".to_owned(), finding.into());
        telling.add(Checked { name, level: "schema", source: None, told: Vec::new(), skipped: None, findings });
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

/// A file, and every file below a folder that is called as candidates are, in order.
fn gather(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", path.display()));
    let is_folder = fs::metadata(path).map_err(failed)?.is_dir();
    if !is_folder {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if depth == 0 || ENDINGS.contains(&ending) || YAML.contains(&ending) && is_gnmic(path) {
            files.push(path.to_owned());
        }
        return Ok(());
    }
    if depth > MAX_DEPTH {
        return Err(Failure::Other(format!("{}: more than {MAX_DEPTH} folders in one another", path.display())));
    }
    let mut inside = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // A link may lead back to where it is.
        let is_link = entry.file_type().map_err(failed)?.is_symlink();
        if !is_link && !entry.file_name().to_string_lossy().starts_with('.') {
            inside.push(entry.path());
        }
    }
    inside.sort();
    inside.iter().try_for_each(|path| gather(path, depth + 1, files))
}

/// Whether a file of YAML is a request of gnmic's, or cannot be read, which is to be told.
fn is_gnmic(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.is_err() || registry::is_gnmic_yaml(&String::from_utf8_lossy(&head))
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
        let broken = |finding: Finding| {
            let findings = Findings::from(finding.at(file, None));
            Ok(vec![Checked {
                name: name.clone(),
                level: "reading",
                source: None,
                told: Vec::new(),
                skipped: None,
                findings,
            }])
        };
        let limit = self.limit();
        if fs::metadata(file).is_ok_and(|it| it.len() > limit) {
            let finding = Finding::error(Code::Unreadable, format!("longer than {limit} bytes"));
            return broken(finding.help("--max-size says how big one may be, in MiB"));
        }
        let text: Arc<str> = match super::read_bounded(file, limit) {
            Ok(text) => text.into(),
            Err(failure) => return broken(Finding::error(Code::Unreadable, failure.to_string())),
        };
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
            return broken(finding.help("name it after the switch (leaf1.xml), or say --switch or --dialect"));
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
        let (told, findings) = (Vec::new(), Findings::default());
        at_begins(&mut checked, encoding, Some(&text));
        checked.insert(0, Checked { name, level: "schema", source: None, told, skipped: Some(reason), findings });
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
            return Err(Finding::error(Code::CandidateKind, "there is no YANG for the lines of a command line"));
        };
        // Why there are none was told.
        let Some(modules) = modules else { return Ok(checked) };
        let checkable = modules.understand(file, &text, encoding);
        // While libyang has a large one in memory it is there once more in the file alone.
        let mut source = (text.len() <= LARGE).then(|| Arc::clone(&text));
        if source.is_none() {
            checked.iter_mut().for_each(|one| one.source = None);
        }
        drop(text);
        let is_nothing = modules.is_nothing(&checkable);
        let mut findings = modules.check(checkable, file, self.whole);
        let has_findings = checked.iter().any(|one| !one.findings.is_empty());
        let decoded = source.as_deref().filter(|_| has_findings && encoding == Encoding::SetRequest);
        let decoded = decoded.and_then(registry::decoded);
        let looked_at = decoded.as_ref().map(|decoded| &*decoded.text).or(source.as_deref());
        checked.iter_mut().for_each(|one| one.findings = beside(&one.findings, &findings, is_nothing, looked_at));
        // What nobody has looked at did not pass.
        if self.schema_only && is_nothing && findings.is_empty() {
            let message = "there is nothing in it that modules could check: what is taken away is not";
            findings.push(Finding::error(Code::ReadingNothing, message).at(file, None));
        }
        let name = file.display().to_string();
        checked.insert(0, Checked { name, level: "schema", source: None, told: Vec::new(), skipped: None, findings });
        if source.is_none() && checked.iter().any(|one| !one.findings.is_empty()) {
            source = super::read_bounded(file, self.limit()).ok().map(Arc::from);
        }
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

fn no_modules(dialect: &str) -> Finding {
    let message = format!("there are no modules here by which what is for dialect {dialect} could be checked");
    Finding::error(Code::SchemaModules, message).help("--yang-dir names a folder of its vendor's")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_yaml_in_a_folder_gnmics_requests_alone_are_candidates() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("a.xml", "<config/>"),
            ("b.yaml", "# for leaf1\n---\nupdates:\n  - path: /a\n"),
            ("c.yml", "deletes: [/a]\n"),
            ("ci.yml", "validate: {script: [mercury validate .]}\n"),
            ("vars.yaml", "leaf1:\n  mtu: 9000\n"),
            ("requests.yaml", "- method: update_port\n"),
            ("README.md", "# ours\n"),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let mut files = Vec::new();
        gather(folder.path(), 0, &mut files).unwrap();
        let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.xml", "b.yaml", "c.yml"]);
        // Who names one wants to be told what is wrong with it.
        let (mut files, vars) = (Vec::new(), folder.path().join("vars.yaml"));
        gather(&vars, 0, &mut files).unwrap();
        assert_eq!(files, [vars]);
    }
}
