//! Files that a command is given.

use std::{io::Read, path::Path};

use super::Failure;

const MARK: char = '\u{feff}';

/// A file of at most so many bytes; `-` is standard input.
pub(super) fn read_bounded(file: &Path, limit: u64) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", file.display()));
    let (source, length): (Box<dyn Read>, u64) = match file == Path::new("-") {
        true => (Box::new(std::io::stdin()), 0),
        false => {
            let file = std::fs::File::open(file).map_err(failed)?;
            let length = file.metadata().map_or(0, |it| it.len());
            (Box::new(file), length)
        }
    };
    // With room for one octet more the end is seen without room being made.
    let mut text = String::with_capacity(usize::try_from(length.min(limit)).unwrap_or_default() + 1);
    source.take(limit + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > limit {
        return Err(Failure::Other(format!("{}: longer than {limit} bytes", file.display())));
    }
    // Editors and spreadsheets put a byte order mark before a text; it is none of it.
    if text.starts_with(MARK) {
        text.drain(..MARK.len_utf8());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_before_a_text_is_none_of_it_and_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("leaf1.cfg");
        for (text, limit, read) in [
            ("\u{feff}a\u{feff}b", 8, Ok("a\u{feff}b")),
            ("", 8, Ok("")),
            ("\u{feff}ab", 4, Err("longer than 4 bytes")),
        ] {
            std::fs::write(&file, text).unwrap();
            match (read_bounded(&file, limit), read) {
                (Ok(own), Ok(read)) => assert_eq!(own, read),
                (Err(failure), Err(said)) => assert!(failure.to_string().ends_with(said), "{failure}"),
                (own, _) => panic!("{text:?}: {own:?}"),
            }
        }
    }
}
