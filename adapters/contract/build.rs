//! The folder `adapters/dialects` is the registry: every file in it is
//! embedded, and there is no list to keep.

use std::{env, error::Error, fmt::Write as _, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../dialects");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut code = String::from(
        "/// Every file of `adapters/dialects`: its name without `.toml`, and its text.\npub(crate) const EMBEDDED: &[(&str, &str)] = &[\n",
    );
    for path in &files {
        let name = path.file_stem().and_then(|stem| stem.to_str()).ok_or("a dialect's file name is not UTF-8")?;
        writeln!(code, "    ({name:?}, include_str!({:?})),", path.canonicalize()?.display().to_string())?;
    }
    code.push_str("];\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("embedded.rs"), code)?;
    Ok(())
}
