//! The chain of an audit log, and whether it is whole.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _, Seek as _},
    path::{Path, PathBuf},
};

use ring::digest;
use serde_json::{Map, Value};

/// A line may be this long, in bytes; Mercury's are far shorter.
pub(super) const MAX_LINE: u64 = 1 << 20;
/// What the first line of all has in place of the hash of one before.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The last line that was written: its number, counted from 1, and its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Last {
    pub(super) number: u64,
    pub(super) hash: String,
}

impl Default for Last {
    fn default() -> Self {
        Self { number: 0, hash: NOTHING.to_owned() }
    }
}

impl Last {
    /// The line of a record after this one, without its end.
    pub(super) fn next(&self, mut record: Map<String, Value>) -> (String, Self) {
        let number = self.number + 1;
        record.insert("number".to_owned(), number.into());
        record.insert("previous".to_owned(), self.hash.clone().into());
        let line = Value::Object(record).to_string();
        let hash = sha256(line.as_bytes());
        (line, Self { number, hash })
    }

    /// What this line is, without looking at those before it.
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        Some(Self { number: number(&parsed(line)?)?, hash: sha256(line) })
    }
}

/// A log that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many lines it has.
    pub lines: u64,
    /// The SHA-256 of the last, in hexadecimal: whoever keeps it elsewhere can tell later
    /// that lines are missing at the end.
    pub last: String,
    /// The first line follows one of another file, or one that is missing.
    pub continues: bool,
    /// The SHA-256 of that one, as the first line has it.
    pub after: String,
}

/// The first line that is not as it was written, or follows one that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong.
    pub message: &'static str,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.message)
    }
}

/// Whether a log is whole, in the files that it was moved into, the oldest first.
///
/// # Errors
/// A file cannot be read.
pub fn verify(files: &[PathBuf]) -> io::Result<Result<Verified, Wrong>> {
    let mut before: Option<Last> = None;
    let mut verified = Verified { lines: 0, last: NOTHING.to_owned(), continues: false, after: NOTHING.to_owned() };
    for file in files {
        let failed = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", file.display()));
        let mut lines = BufReader::new(File::open(file).map_err(failed)?);
        let mut line = 0;
        while let Some(text) = next_line(&mut lines).map_err(failed)? {
            line += 1;
            let wrong = |message| Ok(Err(Wrong { file: file.clone(), line, message }));
            let text = text.strip_suffix(b"\n").map(without_head);
            let Some((text, record)) = text.and_then(|text| Some((text, parsed(text)?))) else {
                return wrong("is no whole line of an audit log");
            };
            let (Some(number), Some(previous)) = (number(&record), record.get("previous").and_then(Value::as_str))
            else {
                return wrong("has no number, or no hash of the line before");
            };
            let last = before.take().unwrap_or_else(|| {
                verified.continues = number != 1;
                verified.after = previous.to_owned();
                Last { number: number.saturating_sub(1), hash: if number == 1 { NOTHING } else { previous }.to_owned() }
            });
            if previous != last.hash {
                return wrong("does not follow the line before, which was altered, or lines are missing between");
            }
            if Some(number) != last.number.checked_add(1) {
                return wrong("has another number than follows");
            }
            let hash = sha256(text);
            verified = Verified { lines: verified.lines + 1, last: hash.clone(), ..verified };
            before = Some(Last { number, hash });
        }
    }
    Ok(Ok(verified))
}

/// The last line of a file, and how long the file is up to its end.
pub(super) fn last_line(file: &Path) -> io::Result<(Option<Last>, u64)> {
    let file = File::open(file)?;
    // A log may be large; nobody needs more of it than its last lines.
    let mut length = file.metadata()?.len().saturating_sub(2 * MAX_LINE);
    let mut lines = BufReader::new(file);
    lines.seek(io::SeekFrom::Start(length))?;
    if length > 0 {
        length += next_line(&mut lines)?.map_or(0, |part| part.len() as u64);
    }
    let mut last = None;
    while let Some(text) = next_line(&mut lines)? {
        let Some(line) = text.strip_suffix(b"\n") else { break };
        last = Some(line.to_vec());
        length += text.len() as u64;
    }
    let last =
        last.map(|line| Last::of(&line).ok_or_else(|| io::Error::other("its last line is none of an audit log")));
    Ok((last.transpose()?, length))
}

fn next_line(lines: &mut BufReader<File>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    lines.take(MAX_LINE).read_until(b'\n', &mut line)?;
    Ok(Some(line).filter(|line| !line.is_empty()))
}

/// What a syslog daemon writes before a line is none of it.
fn without_head(line: &[u8]) -> &[u8] {
    let begin = line.iter().position(|byte| *byte == b'{').unwrap_or(0);
    line.get(begin..).unwrap_or(line)
}

fn parsed(line: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(line) {
        Ok(Value::Object(record)) => Some(record),
        _ => None,
    }
}

fn number(record: &Map<String, Value>) -> Option<u64> {
    record.get("number")?.as_u64()
}

fn sha256(line: &[u8]) -> String {
    digest::digest(&digest::SHA256, line).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn log(folder: &Path, count: u64) -> (PathBuf, Vec<String>) {
        let (mut last, mut lines) = (Last::default(), Vec::new());
        for n in 0..count {
            let (line, next) = last.next([("n".to_owned(), n.into())].into_iter().collect());
            lines.push(line + "\n");
            last = next;
        }
        let file = folder.join("audit.jsonl");
        fs::write(&file, lines.concat()).unwrap();
        (file, lines)
    }

    #[test]
    fn a_whole_log_is_whole_also_in_several_files() {
        let folder = tempfile::tempdir().unwrap();
        let (file, lines) = log(folder.path(), 5);
        let whole = verify(std::slice::from_ref(&file)).unwrap().unwrap();
        assert_eq!((whole.lines, whole.continues), (5, false));
        let (one, two) = (folder.path().join("1"), folder.path().join("2"));
        fs::write(&one, lines[..2].concat()).unwrap();
        fs::write(&two, lines[2..].concat()).unwrap();
        assert_eq!(verify(&[one.clone(), two.clone()]).unwrap().unwrap(), whole);
        assert!(verify(std::slice::from_ref(&two)).unwrap().unwrap().continues);
        assert_eq!(verify(&[two, one]).unwrap().unwrap_err().line, 1);
        let with_head = folder.path().join("syslog");
        let head = "2026-11-29T01:02:03+00:00 leaf mercury-audit[1]: ";
        fs::write(&with_head, lines.iter().map(|line| head.to_owned() + line).collect::<String>()).unwrap();
        assert_eq!(verify(&[with_head]).unwrap().unwrap(), whole, "as a syslog daemon writes it");
        assert_eq!(last_line(&file).unwrap().0.unwrap().number, 5);
    }

    #[test]
    fn the_last_line_of_a_large_log_is_found_and_a_part_of_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let (file, lines) = log(folder.path(), 30_000);
        let whole = lines.concat();
        assert!(whole.len() as u64 > 2 * MAX_LINE, "{}", whole.len());
        fs::write(&file, whole.clone() + "{\"n\":").unwrap();
        let (last, length) = last_line(&file).unwrap();
        assert_eq!((last.unwrap().number, length), (30_000, whole.len() as u64));
    }

    #[test]
    fn the_first_line_that_is_wrong_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (file, lines) = log(folder.path(), 5);
        let altered = lines[2].replace("\"n\":2", "\"n\":7");
        let without = |missing: usize| [&lines[..missing], &lines[missing + 1..]].concat();
        let cases = [
            (without(2).concat(), 3),
            (without(0)[1..].concat(), 0),
            ([&lines[..2], &[altered], &lines[3..]].concat().concat(), 4),
            ([&lines[1..2], &lines[..1]].concat().concat(), 2),
            (lines.concat().trim_end().to_owned(), 5),
            (lines[..4].concat() + "{}\n", 5),
            (lines[..4].concat() + "text\n", 5),
            (lines[0].replace(NOTHING, &NOTHING.replace('0', "1")), 1),
        ];
        for (text, line) in cases {
            fs::write(&file, &text).unwrap();
            let found = verify(std::slice::from_ref(&file)).unwrap();
            assert_eq!(found.err().map_or(0, |wrong| wrong.line), line, "{text}");
        }
    }
}
