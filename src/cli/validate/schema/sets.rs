//! Which modules there are, and which of them are loaded.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::statements::has_no_data;

/// A file of modules, or of what to load, may be this big, in bytes.
const MAX_FILE: u64 = 16 << 20;

/// `load.json`: what of a folder is loaded, with all of its features unless said.
#[derive(Deserialize)]
struct Load {
    load: Vec<String>,
    #[serde(default, rename = "feats")]
    features: Option<std::collections::BTreeMap<String, Vec<String>>>,
}

/// `yang-library.json`: what a switch implements, as data of `ietf-yang-library` in the
/// form of RFC 8525 or of RFC 7895.
#[derive(Deserialize)]
struct Library {
    #[serde(rename = "ietf-yang-library:yang-library")]
    newer: Option<Newer>,
    #[serde(rename = "ietf-yang-library:modules-state")]
    older: Option<ModuleSet>,
}

#[derive(Deserialize)]
struct Newer {
    #[serde(default, rename = "module-set")]
    sets: Vec<ModuleSet>,
}

#[derive(Deserialize)]
struct ModuleSet {
    #[serde(default, rename = "module")]
    modules: Vec<Entry>,
    #[serde(default, rename = "import-only-module")]
    imported: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(default)]
    revision: Option<String>,
    #[serde(default, rename = "feature")]
    features: Vec<String>,
    #[serde(default, rename = "deviation")]
    deviations: Vec<Deviation>,
    #[serde(default, rename = "conformance-type")]
    conformance: Option<String>,
}

/// The newer form has names alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Deviation {
    Name(String),
    Entry { name: String },
}

/// A module to load, and its features.
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) revision: Option<String>,
    pub(super) features: Vec<String>,
}

impl Wanted {
    fn whole(name: String) -> Self {
        Self { name, revision: None, features: vec!["*".to_owned()] }
    }

    fn file(&self, folder: &Path) -> PathBuf {
        let revision = self.revision.as_ref().map(|revision| format!("@{revision}")).unwrap_or_default();
        folder.join(format!("{}{revision}.yang", self.name))
    }
}

/// What is to be loaded of folders.
pub(super) struct Selection {
    pub(super) modules: Vec<Wanted>,
    /// What is imported and not loaded by itself is there for its types alone, as a switch's
    /// library says of it.
    pub(super) is_exact: bool,
}

/// What is to be loaded of these folders: what `load.json` says, or `yang-library.json`, or
/// every module. Types come first, since what others import must be said to be implemented
/// before.
///
/// # Errors
/// A sentence with the file that cannot be read or understood.
pub(super) fn wanted(folders: &[PathBuf]) -> Result<Selection, String> {
    let (mut all, mut is_exact): (Vec<Wanted>, bool) = (Vec::new(), !folders.is_empty());
    for folder in folders {
        let (said, library) = (folder.join("load.json"), folder.join("yang-library.json"));
        let is_told = !said.is_file() && library.is_file();
        is_exact &= is_told;
        if said.is_file() {
            let load: Load =
                serde_json::from_str(&text(&said)?).map_err(|error| format!("{}: {error}", said.display()))?;
            all.extend(load.load.into_iter().map(|name| {
                let own = load.features.as_ref().and_then(|features| features.get(&name).cloned());
                Wanted { features: own.unwrap_or_else(|| vec!["*".to_owned()]), ..Wanted::whole(name) }
            }));
        } else if is_told {
            all.extend(told(folder, &library)?);
        } else {
            all.extend(modules(folder)?.into_iter().map(Wanted::whole));
        }
    }
    let mut seen = BTreeSet::new();
    all.retain(|one| seen.insert(one.name.clone()));
    all.sort_by_key(|one| !one.name.ends_with("-types"));
    match all.iter().find(|one| one.name.contains('\0')) {
        Some(odd) => Err(format!("{:?} is no module's name", odd.name)),
        None => Ok(Selection { modules: all, is_exact }),
    }
}

/// What a switch's library says that it implements; what deviates that is loaded, too. So
/// is what it says to be imported alone where that has no data: a value may be an identity
/// of modules that are implemented alone (RFC 7950 section 9.10), which not all switches
/// say of those.
fn told(folder: &Path, file: &Path) -> Result<Vec<Wanted>, String> {
    let library: Library =
        serde_json::from_str(&text(file)?).map_err(|error| format!("{}: {error}", file.display()))?;
    let sets = library.newer.map(|newer| newer.sets).into_iter().flatten().chain(library.older);
    let (mut modules, mut deviations, mut imported) = (Vec::new(), Vec::new(), Vec::new());
    for set in sets {
        let entries = set.modules.into_iter().map(|entry| (entry.conformance.as_deref() == Some("import"), entry));
        for (import_only, entry) in entries.chain(set.imported.into_iter().map(|entry| (true, entry))) {
            let Entry { name, revision, features, deviations: own, .. } = entry;
            let wanted = Wanted { name, revision: revision.filter(|revision| !revision.is_empty()), features };
            if !import_only {
                deviations.extend(own.into_iter().map(|(Deviation::Name(name) | Deviation::Entry { name })| name));
                modules.push(wanted);
            } else if text(&wanted.file(folder)).is_ok_and(|text| has_no_data(&text)) {
                imported.push(wanted);
            }
        }
    }
    if modules.is_empty() {
        return Err(format!("{}: there is no module in it", file.display()));
    }
    imported.retain(|one| !modules.iter().any(|other| other.name == one.name));
    modules.extend(imported);
    modules.extend(deviations.into_iter().map(Wanted::whole));
    Ok(modules)
}

/// The names of a folder's modules; submodules come with theirs.
fn modules(folder: &Path) -> Result<BTreeSet<String>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_yang = path.extension().is_some_and(|ending| ending == "yang");
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if is_yang && !text(&path)?.lines().any(|line| line.trim_start().starts_with("submodule ")) {
            names.insert(stem.split('@').next().unwrap_or(stem).to_owned());
        }
    }
    if names.is_empty() {
        return Err(format!("{}: there is no module in it", folder.display()));
    }
    Ok(names)
}

fn text(file: &Path) -> Result<String, String> {
    super::super::super::read_bounded(file, MAX_FILE).map_err(|failure| failure.to_string())
}
