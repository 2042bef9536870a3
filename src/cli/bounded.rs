//! Files that a command is given.

use std::{io::Read, path::Path};

use super::Failure;

/// A file of at most so many bytes; `-` is standard input.
pub(super) fn read_bounded(file: &Path, limit: u64) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", file.display()));
    let source: Box<dyn Read> = match file == Path::new("-") {
        true => Box::new(std::io::stdin()),
        false => Box::new(std::fs::File::open(file).map_err(failed)?),
    };
    let mut text = String::new();
    source.take(limit + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > limit {
        return Err(Failure::Other(format!("{}: longer than {limit} bytes", file.display())));
    }
    Ok(text)
}
