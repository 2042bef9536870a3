//! A folder of one switch's modules: `name@revision.yang`, and what the switch says of them
//! as data of `ietf-yang-library` (RFC 8525) in JSON.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use mercury_adapter::YangModule;
use serde_json::{Value, json};

/// What `validate --yang-dir` reads first.
const LIBRARY: &str = "yang-library.json";
/// The top node of that file.
const TOP: &str = "ietf-yang-library:yang-library";
/// One module may have so many bytes.
const MAX_MODULE: usize = 16 << 20;

/// Why a name is none that a file can have.
pub(super) struct Unsafe(pub(super) String);

pub(super) struct Folder {
    path: PathBuf,
    switch: String,
}

impl Folder {
    /// Makes it where it is not there.
    ///
    /// # Errors
    /// A sentence: it cannot be made, or holds the modules of another switch.
    pub(super) fn open(path: &Path, switch: &str) -> Result<Self, String> {
        fs::create_dir_all(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let library = path.join(LIBRARY);
        if library.is_file() {
            let text = super::super::read_bounded(&library, MAX_MODULE as u64).map_err(|error| error.to_string())?;
            let owner = owner(&text).ok_or_else(|| format!("{}: not written by yang fetch", library.display()))?;
            if owner != switch {
                return Err(format!("{} holds the modules of {owner}: name another folder", path.display()));
            }
        }
        Ok(Self { path: path.to_owned(), switch: switch.to_owned() })
    }

    /// Whether a module is there; one without a revision may be another by now.
    ///
    /// # Errors
    /// It has no name or revision as YANG has them (RFC 7950 sections 6.2 and 7.1.9).
    pub(super) fn has(&self, module: &YangModule) -> Result<bool, Unsafe> {
        let file = self.path.join(file_name(module)?);
        Ok(module.revision.is_some() && file.is_file())
    }

    /// Writes a module, whole or not at all.
    ///
    /// # Errors
    /// A sentence: it is not that module, too big, or cannot be written.
    pub(super) fn write(&self, module: &YangModule, text: &str) -> Result<(), String> {
        let name = file_name(module).map_err(|Unsafe(reason)| reason)?;
        if text.len() > MAX_MODULE {
            return Err(format!("longer than {MAX_MODULE} bytes"));
        }
        let told = declared(text).ok_or("what came is no YANG module")?;
        if told != module.name {
            return Err(format!("what came is {told:?}"));
        }
        if let Some(revision) = module.revision.as_ref().filter(|revision| !text.contains(revision.as_str())) {
            return Err(format!("what came is of no revision {revision}"));
        }
        self.put(&name, text)
    }

    /// Writes what the switch says of its modules.
    ///
    /// # Errors
    /// A sentence: it cannot be written.
    pub(super) fn describe(&self, modules: &[YangModule]) -> Result<(), String> {
        let entry = |module: &YangModule| {
            let parts = modules.iter().filter(|part| part.part_of.as_ref() == Some(&module.name));
            let parts: Vec<Value> = parts.map(|part| revised(&part.name, part.revision.as_deref())).collect();
            let mut entry = revised(&module.name, module.revision.as_deref());
            let members = [
                ("namespace", json!(module.namespace), module.namespace.is_empty()),
                ("feature", json!(module.features), module.features.is_empty()),
                ("deviation", json!(module.deviations), module.deviations.is_empty()),
                ("submodule", json!(parts), parts.is_empty()),
            ];
            for (name, value, _) in members.into_iter().filter(|(.., is_empty)| !is_empty) {
                entry.as_object_mut().map(|entry| entry.insert(name.to_owned(), value));
            }
            entry
        };
        let all = |import_only: bool| -> Vec<Value> {
            let own = modules.iter().filter(|one| one.part_of.is_none() && one.import_only == import_only);
            own.map(entry).collect()
        };
        let set = json!({"name": self.switch, "module": all(false), "import-only-module": all(true)});
        let text = serde_json::to_string_pretty(&json!({TOP: {"module-set": [set]}}));
        self.put(LIBRARY, &text.map_err(|error| error.to_string())?)
    }

    fn put(&self, name: &str, text: &str) -> Result<(), String> {
        let (part, whole) = (self.path.join(format!(".{name}.part")), self.path.join(name));
        let written = || {
            let mut file = fs::File::create(&part)?;
            file.write_all(text.trim_end().as_bytes())?;
            file.write_all(b"\n")?;
            fs::rename(&part, &whole)
        };
        written().map_err(|error: std::io::Error| format!("{}: {error}", whole.display()))
    }
}

fn revised(name: &str, revision: Option<&str>) -> Value {
    match revision {
        Some(revision) => json!({"name": name, "revision": revision}),
        None => json!({"name": name}),
    }
}

/// The switch whose modules a library of this kind tells of.
fn owner(text: &str) -> Option<String> {
    let library: Value = serde_json::from_str(text).ok()?;
    Some(library.get(TOP)?.get("module-set")?.get(0)?.get("name")?.as_str()?.to_owned())
}

fn file_name(module: &YangModule) -> Result<String, Unsafe> {
    let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let name = &module.name;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(goes_on);
    if !is_name || name.len() > 200 {
        return Err(Unsafe(format!("{:?} is no module's name", name.chars().take(80).collect::<String>())));
    }
    let Some(revision) = &module.revision else { return Ok(format!("{name}.yang")) };
    let mut parts = revision.split('-');
    let mut digits =
        |count| parts.next().is_some_and(|part| part.len() == count && part.bytes().all(|c| c.is_ascii_digit()));
    if !(digits(4) && digits(2) && digits(2)) || parts.next().is_some() {
        return Err(Unsafe(format!("{:?} is no revision", revision.chars().take(80).collect::<String>())));
    }
    Ok(format!("{name}@{revision}.yang"))
}

/// The name of the module or submodule that a text is.
fn declared(text: &str) -> Option<&str> {
    let mut rest = text.trim_start_matches('\u{feff}');
    loop {
        rest = rest.trim_start();
        rest = if let Some(comment) = rest.strip_prefix("//") {
            comment.split_once('\n')?.1
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/")?.1
        } else {
            break;
        };
    }
    let rest = rest.strip_prefix("sub").unwrap_or(rest).strip_prefix("module")?;
    let name = rest.strip_prefix(char::is_whitespace)?.trim_start();
    let name = name.split(|c: char| c.is_whitespace() || c == '{').next()?;
    Some(name.trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(name: &str, revision: Option<&str>) -> YangModule {
        YangModule { name: name.to_owned(), revision: revision.map(str::to_owned), ..YangModule::default() }
    }

    #[test]
    fn a_module_is_written_as_itself_and_as_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(&place.path().join("leaf1"), "leaf1").unwrap();
        let dated = module("a", Some("2024-01-01"));
        let good = "\u{feff}// the first\n/* b */ module a {\n revision \"2024-01-01\"; }";
        for (of, text, expected) in [
            (&dated, "module b { revision 2024-01-01; }", Some("what came is \"b\"")),
            (&dated, "module a { revision 2023-01-01; }", Some("no revision 2024-01-01")),
            (&dated, "<html>module a</html>", Some("no YANG module")),
            (&dated, "// module a", Some("no YANG module")),
            (&dated, good, None),
            (&module("s", None), "submodule 's'{ belongs-to a; }", None),
        ] {
            assert!(!folder.has(of).ok().unwrap(), "{text}");
            match (folder.write(of, text), expected) {
                (Ok(()), None) => {}
                (Err(reason), Some(expected)) => assert!(reason.contains(expected), "{reason}"),
                (told, expected) => panic!("{text}: {told:?}, not {expected:?}"),
            }
        }
        assert!(folder.has(&dated).ok().unwrap());
        assert!(!folder.has(&module("s", None)).ok().unwrap(), "it may be another by now");
        let mut names: Vec<_> = fs::read_dir(&folder.path).unwrap().map(|one| one.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["a@2024-01-01.yang", "s.yang"]);
    }

    #[test]
    fn a_name_leads_out_of_no_folder() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path(), "leaf1").unwrap();
        for (name, revision) in [
            ("../a", None),
            ("a/b", None),
            ("", None),
            (".a", None),
            ("a\0", None),
            ("a", Some("../../etc")),
            ("a", Some("2024-1-1")),
            ("a", Some("2024-01-01-")),
            ("a", Some("")),
        ] {
            let odd = module(name, revision);
            assert!(folder.has(&odd).is_err() && folder.write(&odd, "module a {}").is_err(), "{name:?} {revision:?}");
        }
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_is_of_one_switch() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path(), "leaf1").unwrap();
        folder.describe(&[module("a", None)]).unwrap();
        assert!(Folder::open(place.path(), "leaf1").is_ok());
        let other = Folder::open(place.path(), "leaf2").err().unwrap();
        assert!(other.contains("holds the modules of leaf1"), "{other}");
        fs::write(place.path().join(LIBRARY), "{}").unwrap();
        assert!(Folder::open(place.path(), "leaf1").err().unwrap().contains("not written by yang fetch"));
    }
}
