//! Which files are candidates.

use std::{
    collections::BTreeSet,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use super::super::{Failure, print};
use crate::registry;

/// Folders may be so deep.
const MAX_DEPTH: usize = 32;
/// What candidates are called in folders; other files there are passed over.
const ENDINGS: [&str; 10] = ["xml", "json", "textproto", "txtpb", "pbtxt", "prototxt", "cfg", "conf", "set", "txt"];
/// Of what is called so, gnmic's requests alone are candidates.
const YAML: [&str; 2] = ["yaml", "yml"];
/// Of so many that are none is told.
const MAX_OTHER: usize = 8;
/// In so many octets it is seen whether a file is one.
const HEAD: u64 = 64 << 10;

/// The candidates at these paths; `twice`: each is read two times.
///
/// # Errors
/// A sentence: something is not there, there is none, or standard input is to be read twice.
pub(super) fn gathered(paths: &[PathBuf], twice: bool) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Found::default();
    for path in paths {
        gather((path, path), 0, &mut found)?;
    }
    let Found { mut files, other, links } = found;
    for link in links {
        print::talk(&format!("{}: passed over: a link to no file below what was named", link.display()));
    }
    // One may be named by itself and be in a folder that is named.
    let mut known = BTreeSet::new();
    files.retain(|file| known.insert(file.clone()));
    if twice && known.contains(Path::new("-")) {
        let reason = "-: standard input is read once, and --on reads each candidate twice: name a file";
        return Err(Failure::Other(reason.to_owned()));
    }
    if files.is_empty() {
        let (endings, yaml) = (ENDINGS.join(", "), YAML.join(" or "));
        let mut reason = format!("there is no file that ends in {endings}, and no request of gnmic's in {yaml}");
        if !other.is_empty() {
            let other = other.iter().take(MAX_OTHER).map(|path| path.display().to_string()).collect::<Vec<_>>();
            reason += &format!(" (others: {})", other.join(", "));
        }
        let looked = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        return Err(Failure::Other(format!("{looked}: {reason}")));
    }
    Ok(files)
}

/// What lies there.
#[derive(Default)]
struct Found {
    /// The candidates.
    files: Vec<PathBuf>,
    /// YAML that is no request of gnmic's.
    other: Vec<PathBuf>,
    /// Links that are not followed, and are called as candidates are.
    links: Vec<PathBuf>,
}

/// A file, and every file below a folder that is called as candidates are, in order.
fn gather((top, path): (&Path, &Path), depth: usize, found: &mut Found) -> Result<(), Failure> {
    if path == Path::new("-") {
        found.files.push(path.to_owned());
        return Ok(());
    }
    let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", path.display()));
    let is_folder = fs::metadata(path).map_err(failed)?.is_dir();
    if !is_folder {
        let is_yaml = has_ending(path, &YAML);
        if depth == 0 || has_ending(path, &ENDINGS) || is_yaml && is_gnmic(path) {
            found.files.push(path.to_owned());
        } else if is_yaml {
            found.other.push(path.to_owned());
        }
        return Ok(());
    }
    if depth > MAX_DEPTH {
        return Err(Failure::Other(format!("{}: more than {MAX_DEPTH} folders in one another", path.display())));
    }
    let mut inside = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // A link to a folder may lead back to where it is, and one to a file out of what was named,
        // to what is nobody's to be shown.
        let is_link = entry.file_type().map_err(failed)?.is_symlink();
        let path = entry.path();
        match entry.file_name().to_string_lossy().starts_with('.') {
            true => {}
            false if !is_link || stays(top, &path) => inside.push(path),
            false if has_ending(&path, &ENDINGS) || has_ending(&path, &YAML) => found.links.push(path),
            false => {}
        }
    }
    inside.sort();
    inside.iter().try_for_each(|path| gather((top, path), depth + 1, found))
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    endings.contains(&&*ending)
}

/// Whether a link leads to a file below the folder that was named.
fn stays(top: &Path, link: &Path) -> bool {
    let whole = |path: &Path| fs::canonicalize(path).ok();
    link.is_file() && whole(link).zip(whole(top)).is_some_and(|(link, top)| link.starts_with(top))
}

/// Whether a file of YAML is a request of gnmic's, or cannot be read, which is to be told.
fn is_gnmic(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.is_err() || registry::is_gnmic_yaml(&String::from_utf8_lossy(&head))
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
            ("D.CFG", "interface Ethernet1\n"),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        // What a link leads to below is a candidate; a folder may lead back to itself.
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("secret.cfg"), "password\n").unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("secret.cfg"), folder.path().join("out.cfg")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("a.xml"), folder.path().join("link.xml")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        // One is told of once, however often it is named.
        let named = [folder.path().to_owned(), folder.path().join("a.xml")];
        let files = gathered(&named, false).unwrap();
        let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["D.CFG", "a.xml", "b.yaml", "c.yml", "link.xml"]);
        // Who names one wants to be told what is wrong with it.
        let vars = folder.path().join("vars.yaml");
        assert_eq!(gathered(std::slice::from_ref(&vars), false).unwrap(), [vars]);
    }

    #[test]
    fn where_there_are_none_it_is_told_where_and_standard_input_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let told = gathered(&[folder.path().to_owned()], false).unwrap_err().to_string();
        assert!(
            told.starts_with(&folder.path().display().to_string()) && told.contains("no file that ends in"),
            "{told}"
        );
        fs::write(folder.path().join("foo.yaml"), "leaf1: {}\n").unwrap();
        let told = gathered(&[folder.path().to_owned()], false).unwrap_err().to_string();
        assert!(told.contains("foo.yaml"), "{told}");
        let input = || [PathBuf::from("-")];
        assert_eq!(gathered(&input(), false).unwrap(), input());
        assert!(gathered(&input(), true).unwrap_err().to_string().contains("reads each candidate twice"));
    }
}
