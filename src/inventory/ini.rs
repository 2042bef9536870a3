//! The INI that Ironic's services read, with lines, and with nothing passed over.
//!
//! It is read exactly as oslo.config reads Ironic's switch file, which is not how
//! Python's configparser does: no interpolation, so `%` and `$` are themselves; the
//! first `=` or `:` ends the key, which keeps its case; one pair of quotes around a
//! value is not part of it; `#` and `;` begin a comment at the beginning of a line
//! only; an indented line continues the value above it, also if it looks like a
//! comment; sections of one name are one section; of a key that is given twice the
//! first value counts. Where something is lost by that, there is a warning.

use crate::config::fields::{Entry, Table, Value};
use crate::finding::{Code, Finding, Findings};
use std::collections::btree_map;
use std::path::Path;

/// A `[section]`, in the order of the file.
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) table: Table,
}

/// Reads INI; every value is a [`Value::Word`].
pub(crate) fn parse(file: &Path, text: &str, findings: &mut Findings) -> Vec<Section> {
    let mut parser = Parser { file, findings, sections: Vec::new(), current: 0, open: None, lost: false };
    // As Python ends lines: a carriage return alone is an end, too.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    for (index, line) in text.lines().enumerate() {
        parser.line(index + 1, line.trim_end());
    }
    parser.close();
    parser.sections
}

struct Parser<'a> {
    file: &'a Path,
    findings: &'a mut Findings,
    sections: Vec<Section>,
    /// The section that is being read.
    current: usize,
    /// The assignment that an indented line would continue.
    open: Option<(String, Entry)>,
    /// Under a section header that was not understood, whose keys belong nowhere.
    lost: bool,
}

impl Parser<'_> {
    fn line(&mut self, number: usize, line: &str) {
        if line.starts_with([' ', '\t']) {
            return self.continuation(number, line.trim_start());
        }
        self.close();
        if line.is_empty() || line.starts_with(['#', ';']) {
            return;
        }
        if line.starts_with('[') {
            self.section(number, line);
        } else {
            self.assignment(number, line);
        }
    }

    fn section(&mut self, number: usize, line: &str) {
        let name = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            self.lost = true;
            let finding = Finding::error(Code::Syntax, "a section must be [NAME] and nothing else on the line");
            return self.report(number, finding);
        };
        self.lost = false;
        if let Some(first) = self.sections.iter().position(|section| section.name == name) {
            self.current = first;
            let line = self.sections.get(first).map_or(0, |section| section.table.line);
            let message = format!("continues section [{name}] of line {line}");
            return self.report(number, Finding::warning(Code::DuplicateKey, message));
        }
        let table = Table { line: number, ..Table::default() };
        self.current = self.sections.len();
        self.sections.push(Section { name: name.to_owned(), table });
    }

    fn assignment(&mut self, number: usize, line: &str) {
        // The line is never quoted: it may be the rest of a password.
        let Some((key, value)) = line.split_once(['=', ':']) else {
            let finding = Finding::error(Code::Syntax, "neither [section], key = value nor a comment");
            return self.report(number, finding);
        };
        let key = key.trim().to_owned();
        if key.is_empty() {
            return self.report(number, Finding::error(Code::Syntax, "the key before the = is missing"));
        }
        let value = Value::Word(unquoted(value.trim()).to_owned());
        self.open = Some((key, Entry { line: number, value }));
    }

    fn continuation(&mut self, number: usize, text: &str) {
        // A line of blanks is blank.
        if text.is_empty() {
            return self.close();
        }
        let Some((_, Entry { value: Value::Word(value), .. })) = &mut self.open else {
            let finding =
                Finding::error(Code::Syntax, "an indented line continues a value, and there is none above it");
            return self.report(number, finding);
        };
        value.push('\n');
        value.push_str(text);
        if text.starts_with(['#', ';']) {
            let finding = Finding::warning(Code::Syntax, "an indented comment is part of the value above it");
            self.report(number, finding.help("begin the comment at the beginning of the line"));
        }
    }

    /// Stores the open assignment.
    fn close(&mut self) {
        let Some((key, entry)) = self.open.take() else { return };
        if self.lost {
            return;
        }
        let line = entry.line;
        let Some(section) = self.sections.get_mut(self.current) else {
            let finding = Finding::error(Code::Syntax, "stands before the first [section]").field(key);
            return self.report(line, finding);
        };
        match section.table.entries.entry(key) {
            btree_map::Entry::Vacant(place) => {
                place.insert(entry);
            }
            btree_map::Entry::Occupied(first) => {
                let message = format!("is also on line {}, and that one counts", first.get().line);
                let field = format!("{}.{}", section.name, first.key());
                self.report(line, Finding::warning(Code::DuplicateKey, message).field(field));
            }
        }
    }

    fn report(&mut self, line: usize, finding: Finding) {
        self.findings.push(finding.at(self.file, Some(line)));
    }
}

fn unquoted(value: &str) -> &str {
    let pair = |quote: char| {
        let rest = value.strip_prefix(quote)?;
        // One quote alone is the first and the last of a pair to oslo.config.
        if rest.is_empty() { Some(rest) } else { rest.strip_suffix(quote) }
    };
    pair('"').or_else(|| pair('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Section>, Vec<(usize, Code)>) {
        let mut findings = Findings::default();
        let sections = parse(Path::new("x.conf"), text, &mut findings);
        let findings = findings.iter().map(|f| (f.line.unwrap(), f.code)).collect();
        (sections, findings)
    }

    fn word(section: &Section, key: &str) -> (usize, String) {
        match &section.table.entries[key] {
            Entry { line, value: Value::Word(word) } => (*line, word.clone()),
            _ => panic!("not a word"),
        }
    }

    #[test]
    fn values_keep_everything_that_only_looks_special() {
        let text = "[s]\nempty =\na = b=c:d\nb : x=y\nc = 100%%$HOME%(a)s\nd = a # b ; c\n\
                    e = \"quo ted\"\nf = 'it''s'\ng = \"half\nH-I = fe80::1\ni=\"\nj = \u{e9}\n";
        let (sections, findings) = read(text);
        assert_eq!(findings, []);
        for (key, line, value) in [
            ("empty", 2, ""),
            ("a", 3, "b=c:d"),
            ("b", 4, "x=y"),
            ("c", 5, "100%%$HOME%(a)s"),
            ("d", 6, "a # b ; c"),
            ("e", 7, "quo ted"),
            ("f", 8, "it''s"),
            ("g", 9, "\"half"),
            ("H-I", 10, "fe80::1"),
            ("i", 11, ""),
            ("j", 12, "\u{e9}"),
        ] {
            assert_eq!(word(&sections[0], key), (line, value.to_owned()), "{key}");
        }
    }

    #[test]
    fn comments_blank_lines_byte_order_marks_and_crlf_are_passed_over() {
        let (sections, findings) = read("\u{feff}# c\r\n; c\r\n\r\n[s]\r\na = 1\r\n#c\r\nb = 2\r\n  \r\n");
        assert_eq!(findings, []);
        assert_eq!(sections[0].name, "s");
        assert_eq!(sections[0].table.line, 4);
        assert_eq!(word(&sections[0], "b"), (7, "2".to_owned()));
    }

    #[test]
    fn an_indented_line_continues_the_value_above_it() {
        let (sections, findings) = read("[s]\na = 1,\n   2,\n\t3\nb = x\n");
        assert_eq!(findings, []);
        assert_eq!(word(&sections[0], "a"), (2, "1,\n2,\n3".to_owned()));
        assert_eq!(word(&sections[0], "b"), (5, "x".to_owned()));
    }

    #[test]
    fn what_would_be_lost_is_a_finding_on_its_line() {
        for (text, line, code) in [
            ("[s]\nno delimiter\n", 2, Code::Syntax),
            ("[s]\n= value\n", 2, Code::Syntax),
            ("[s\na = 1\n", 1, Code::Syntax),
            ("[s] # comment\na = 1\n", 1, Code::Syntax),
            ("[]\n", 1, Code::Syntax),
            ("a = 1\n[s]\n", 1, Code::Syntax),
            ("[s]\n  a = 1\n", 2, Code::Syntax),
            ("[s]\na = 1\n\n  b = 1\n", 4, Code::Syntax),
            ("[s]\na = 1\n\n  # part of nothing\n", 4, Code::Syntax),
            ("[s]\na = 1\n  # part of a\n", 3, Code::Syntax),
            ("[s]\na = 1\na = 2\n", 3, Code::DuplicateKey),
            ("[s]\na = 1\n[t]\n[s]\nb = 2\n", 4, Code::DuplicateKey),
        ] {
            assert_eq!(read(text).1, [(line, code)], "{text:?}");
        }
    }

    #[test]
    fn no_finding_repeats_a_line() {
        let mut findings = Findings::default();
        parse(Path::new("x.conf"), "[s]\nhunter2\n= hunter2\n[hunter2\n\n  hunter2\n", &mut findings);
        assert_eq!(findings.len(), 4);
        assert!(!findings.to_string().contains("hunter2"));
    }

    /// Reads a list of texts; prints what Ironic takes from each, or null.
    const IRONIC: &str = r#"
import json, sys
from oslo_config import cfg
for text in json.load(sys.stdin):
    with open(sys.argv[1], 'w', newline='') as file:
        file.write(text)
    sections = {}
    try:
        cfg.ConfigParser(sys.argv[1], sections).parse()
        print(json.dumps({s: {k: v[0] for k, v in keys.items()} for s, keys in sections.items()}))
    except cfg.ParseError:
        print('null')
"#;

    /// Ironic's own parser reads what Mercury reads, and refuses what is an error here.
    #[test]
    fn every_text_is_read_as_ironics_own_parser_reads_it() {
        let Some(venv) = std::env::var_os("MERCURY_TEST_VENV") else {
            eprintln!("left out: Ironic's parser is in the folder that MERCURY_TEST_VENV names");
            return;
        };
        let lines = [
            "[s]",
            "[t]",
            "[s]",
            "[ s ]",
            "a = 1",
            "A=2",
            "a:3",
            "b = \"x\"",
            "c = '",
            "d =",
            " # c",
            "\tmore",
            "# c",
            "",
            "=",
            "x",
            "[",
            "e = 1\r 2",
        ];
        let mut texts: Vec<String> = vec!["[s]\na = 1\n[s]\na = 2\nb = 3\n".into(), "[s]\na = 1 # c\n  2\n".into()];
        for first in lines {
            for second in lines {
                texts.push(format!("[s]\na = 0\n{first}\n{second}\nz = 9\n"));
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.conf");
        let mut python = std::process::Command::new(Path::new(&venv).join("bin/python"))
            .args(["-c", IRONIC, file.to_str().unwrap()])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut python.stdin.take().unwrap(), serde_json::to_string(&texts).unwrap().as_bytes())
            .unwrap();
        let said = String::from_utf8(python.wait_with_output().unwrap().stdout).unwrap();
        assert_eq!(said.lines().count(), texts.len(), "{said}");
        for (text, said) in texts.iter().zip(said.lines()) {
            let ironic: serde_json::Value = serde_json::from_str(said).unwrap();
            let mut findings = Findings::default();
            let sections = parse(Path::new("x.conf"), text, &mut findings);
            assert_eq!(findings.has_errors(), ironic.is_null(), "{text:?}: {findings}");
            if !ironic.is_null() {
                let entry = |(key, entry): (&String, &Entry)| match &entry.value {
                    Value::Word(word) => (key.clone(), serde_json::json!(word)),
                    _ => panic!("not a word"),
                };
                let section = |section: &Section| {
                    let keys: serde_json::Map<_, _> = section.table.entries.iter().map(entry).collect();
                    (section.name.clone(), serde_json::Value::Object(keys))
                };
                let mercury: serde_json::Map<_, _> = sections.iter().map(section).collect();
                assert_eq!(serde_json::Value::Object(mercury), ironic, "{text:?}");
            }
        }
    }
}
