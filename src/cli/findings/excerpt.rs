//! A finding as people read it, with the lines of the file that it is about.

use std::io::IsTerminal as _;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use mercury_adapter::{MASK, secret_at};

use crate::finding::{Finding, Severity};

/// Lines that are shown before and behind the one in question.
const AROUND: usize = 1;
/// Of longer lines the part in question is shown, in octets.
const MAX_LINE: usize = 120;
/// A secret is looked for so far before what is shown, in octets.
const BEFORE: usize = 256;

/// In colour on a terminal, unless the environment says otherwise (`NO_COLOR`). `advice` is
/// of those that have no help of their own.
pub(super) fn told(finding: &Finding, source: Option<&str>, advice: Option<&str>) -> String {
    let excerpt = source.and_then(|source| Excerpt::of(finding, source));
    let Some(excerpt) = excerpt else {
        let advice = advice.map(|advice| format!("\n    help: {advice}")).unwrap_or_default();
        return format!("{finding}{advice}");
    };
    let path = finding.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut label = AnnotationKind::Primary.span(excerpt.from..excerpt.to);
    if !finding.field.is_empty() {
        label = label.label(finding.field.as_str());
    }
    let source = Snippet::source(excerpt.text.as_str());
    let snippet = source.line_start(excerpt.first).path(path.as_str()).annotation(label);
    let mut report = vec![level.primary_title(finding.message.as_str()).id(finding.code.word()).element(snippet)];
    if let Some(help) = finding.help.as_deref().or(advice) {
        report.push(Group::with_title(Level::HELP.secondary_title(help)));
    }
    let is_plain =
        !std::io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some_and(|word| !word.is_empty());
    let renderer = if is_plain { Renderer::plain() } else { Renderer::styled() };
    // Lines are cut here already; cut once more for a long label, they no longer fit the caret.
    let told = renderer.term_width(1 << 20).render(&report);
    // Of a line that is cut the renderer counts what is shown alone.
    let place = |column| format!("{path}:{}:{column}", excerpt.line);
    told.replacen(&place(excerpt.shown), &place(excerpt.column), 1)
}

/// Some lines of a file, and which of their bytes are meant.
struct Excerpt {
    text: String,
    /// The number of the first line.
    first: usize,
    /// Where in the file the bytes begin that are meant, counted from 1, columns in characters;
    /// and the column among what is shown.
    line: usize,
    column: usize,
    shown: usize,
    from: usize,
    to: usize,
}

impl Excerpt {
    fn of(finding: &Finding, source: &str) -> Option<Self> {
        let line = finding.line?;
        let first = line.saturating_sub(AROUND).max(1);
        let (mut text, mut span, mut column) = (String::new(), None, 1);
        for (number, content) in source.lines().enumerate().skip(first - 1).take(line + AROUND + 1 - first) {
            let mut shown = (0, content.len());
            let masked;
            if number + 1 == line {
                let indent = content.len() - content.trim_start().len();
                let given = finding.column.and_then(|column| usize::try_from(column.get() - 1).ok());
                let given = given.and_then(|given| content.char_indices().nth(given));
                let from = given.map_or(indent, |(at, _)| at);
                column = content.get(..from).unwrap_or_default().chars().count() + 1;
                let to = end(content, from, indent);
                shown = window(content, from, to);
                masked = mask(content, &mut shown);
                let begin = text.len() + cut(shown.0 > 0).len();
                let within = |at: usize| begin + plain(content.get(shown.0..at.min(shown.1)).unwrap_or_default()).len();
                span = Some((within(from), within(to)));
            } else {
                shown.1 = boundary(content, MAX_LINE);
                masked = mask(content, &mut shown);
            }
            text.push_str(cut(shown.0 > 0));
            text.push_str(&plain(content.get(shown.0..shown.1).unwrap_or_default()));
            text.push_str(masked.unwrap_or_else(|| cut(shown.1 < content.len())));
            text.push('\n');
        }
        let (from, to) = span?;
        let before = text.get(..from).unwrap_or_default();
        let shown = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Some(Self { text, first, line, column, shown, from, to })
    }
}

/// What of a line is shown: all of it, or what is around these octets.
fn window(line: &str, from: usize, to: usize) -> (usize, usize) {
    if line.len() <= MAX_LINE {
        return (0, line.len());
    }
    let begin = boundary(line, from.saturating_sub(MAX_LINE / 4));
    (begin, boundary(line, to.min(from + MAX_LINE / 2) + MAX_LINE / 4))
}

/// Ends what is shown of a line where a secret begins, and tells what stands for that.
fn mask(line: &str, shown: &mut (usize, usize)) -> Option<&'static str> {
    let from = boundary(line, shown.0.saturating_sub(BEFORE));
    let at = secret_at(line.get(from..shown.1)?)?;
    shown.1 = (from + at).max(shown.0);
    Some(MASK)
}

/// The end of a character at this octet, or before it.
fn boundary(line: &str, at: usize) -> usize {
    (0..=at.min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or_default()
}

/// What stands for what is left out.
const fn cut(is_cut: bool) -> &'static str {
    if is_cut { "\u{2026}" } else { "" }
}

/// What a terminal would take for a command is none.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// Where ends what begins in a line: at its first octet that is no blank, the line, unless that
/// is long, or holds more than a statement; further in, a word or value.
fn end(line: &str, from: usize, indent: usize) -> usize {
    let whole = line.trim_end().len().max(from);
    // Nobody sees what is meant in a line that may be a whole file.
    let is_one = !line.contains('{') && !line.trim_start().starts_with(['<', '"']);
    if from <= indent && line.len() <= MAX_LINE && is_one {
        return whole;
    }
    let is_behind = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | ',' | ';' | '{' | '}');
    // A tag, or what is in marks, begins with such a sign itself.
    let rest = line.get(from..).unwrap_or_default();
    let signs = rest.len() - rest.trim_start_matches(['<', '/', '"', '\'', '{']).len();
    let word = rest.get(signs..).and_then(|rest| rest.find(is_behind)).map(|length| signs + length);
    word.filter(|length| *length > 0).map_or(whole, |length| from + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown_beside_a_finding() {
        let source = "set vlans a vlan-id 9\nset system root-authentication encrypted-password \"$6$hunter\"\nend";
        for line in 1..=3 {
            let finding = Finding::error(crate::finding::Code::ReadingValue, "wrong").at("a.set".as_ref(), Some(line));
            let told = told(&finding, Some(source), None);
            assert!(
                told.contains("masked") == (line == 2) && !told.contains("hunter") && told.contains("wrong"),
                "{told}"
            );
        }
    }

    #[test]
    fn a_line_is_meant_as_a_whole_where_it_is_one_statement() {
        for (line, from, meant) in [
            ("  switchport mode access", 2, "switchport mode access"),
            ("set interfaces xe-0/0/1 mtu", 0, "set interfaces xe-0/0/1 mtu"),
            ("set interfaces xe-0/0/1 mtu 9", 24, "mtu"),
            (" <interface operation=\"delete\"><name>e1</name>", 1, "<interface"),
            ("<a/>", 0, "<a/"),
            (" \"mtu\": 9,", 1, "\"mtu"),
            ("vlans { v { vlan-id 9999; } }", 0, "vlans"),
            ("vlans { v { vlan-id 9999; } }", 20, "9999"),
        ] {
            let indent = line.len() - line.trim_start().len();
            assert_eq!(&line[from..end(line, from, indent)], meant, "{line}");
        }
    }
}
