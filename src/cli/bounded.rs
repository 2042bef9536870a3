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
    let mut octets = Vec::with_capacity(usize::try_from(length.min(limit)).unwrap_or_default() + 1);
    source.take(limit + 1).read_to_end(&mut octets).map_err(failed)?;
    if octets.len() as u64 > limit {
        return Err(Failure::Other(format!("{}: longer than {}", file.display(), size(limit))));
    }
    let mut text = String::from_utf8(octets).map_err(|error| {
        let (place, octet) = no_text(error.as_bytes(), error.utf8_error().valid_up_to());
        Failure::Other(format!(
            "{}: {place}: it is not UTF-8 text: octet {octet:#04x} begins no character",
            file.display()
        ))
    })?;
    // Editors and spreadsheets put a byte order mark before a text; it is none of it.
    if text.starts_with(MARK) {
        text.drain(..MARK.len_utf8());
    }
    Ok(text)
}

/// Octets in words.
pub(super) fn size(octets: u64) -> String {
    const MIB: u64 = 1 << 20;
    if octets > 0 && octets.is_multiple_of(MIB) { format!("{} MiB", octets / MIB) } else { format!("{octets} bytes") }
}

/// Where octets end to be text, and with which; columns count characters.
fn no_text(octets: &[u8], valid: usize) -> (String, u8) {
    let before = String::from_utf8_lossy(octets.get(..valid).unwrap_or_default());
    let (line, own) = (before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap_or_default());
    (format!("line {line} column {}", own.chars().count() + 1), octets.get(valid).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_told_as_it_was_said() {
        assert_eq!([0, 1000, 1 << 20, 16 << 20].map(size), ["0 bytes", "1000 bytes", "1 MiB", "16 MiB"]);
    }

    #[test]
    fn a_mark_before_a_text_is_none_of_it_and_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("leaf1.cfg");
        for (text, limit, read) in [
            ("\u{feff}a\u{feff}b", 8, Ok("a\u{feff}b")),
            ("", 8, Ok("")),
            ("\u{feff}ab", 4, Err("longer than 4 bytes")),
            // As editors of the last century wrote an umlaut.
            (
                "a\nd\u{e9} Z\u{fc}rich",
                99,
                Err(": line 2 column 5: it is not UTF-8 text: octet 0xfc begins no character"),
            ),
        ] {
            let octets = text.replace('\u{fc}', "\0").into_bytes();
            let octets: Vec<u8> = octets.into_iter().map(|octet| if octet == 0 { 0xfc } else { octet }).collect();
            std::fs::write(&file, octets).unwrap();
            match (read_bounded(&file, limit), read) {
                (Ok(own), Ok(read)) => assert_eq!(own, read),
                (Err(failure), Err(said)) => assert!(failure.to_string().ends_with(said), "{failure}"),
                (own, _) => panic!("{text:?}: {own:?}"),
            }
        }
    }
}
