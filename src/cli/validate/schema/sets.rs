//! Which modules there are, and which of them are loaded.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// A file of modules, or of what to load, may be this big, in bytes.
const MAX_FILE: u64 = 16 << 20;

/// `load.json`: what of a folder is loaded, with all of its features unless said.
#[derive(Deserialize)]
struct Load {
    load: Vec<String>,
    #[serde(default, rename = "feats")]
    features: Option<std::collections::BTreeMap<String, Vec<String>>>,
}

/// A module to load, and its features.
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) features: Vec<String>,
}

/// What is to be loaded of these folders: what `load.json` says, or every module. Types
/// come first, since what others import must be said to be implemented before.
///
/// # Errors
/// A sentence with the file that cannot be read or understood.
pub(super) fn wanted(folders: &[PathBuf]) -> Result<Vec<Wanted>, String> {
    let mut all: Vec<Wanted> = Vec::new();
    for folder in folders {
        let said = folder.join("load.json");
        if said.is_file() {
            let load: Load =
                serde_json::from_str(&text(&said)?).map_err(|error| format!("{}: {error}", said.display()))?;
            all.extend(load.load.into_iter().map(|name| {
                let own = load.features.as_ref().and_then(|features| features.get(&name).cloned());
                Wanted { name, features: own.unwrap_or_else(|| vec!["*".to_owned()]) }
            }));
        } else {
            all.extend(modules(folder)?.into_iter().map(|name| Wanted { name, features: vec!["*".to_owned()] }));
        }
    }
    let mut seen = BTreeSet::new();
    all.retain(|one| seen.insert(one.name.clone()));
    all.sort_by_key(|one| !one.name.ends_with("-types"));
    match all.iter().find(|one| one.name.contains('\0')) {
        Some(odd) => Err(format!("{:?} is no module's name", odd.name)),
        None => Ok(all),
    }
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
