//! A finding as people read it, with the lines of the file that it is about.

use std::io::IsTerminal as _;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::finding::{Finding, Severity};

/// Lines that are shown before and behind the one in question.
const AROUND: usize = 1;
/// Longer lines are not shown.
const MAX_LINE: usize = 2000;

/// In colour on a terminal, unless the environment says otherwise (`NO_COLOR`).
pub(super) fn told(finding: &Finding, source: Option<&str>) -> String {
    let excerpt = source.and_then(|source| Excerpt::of(finding, source));
    let Some(excerpt) = excerpt else { return finding.to_string() };
    let path = finding.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut label = AnnotationKind::Primary.span(excerpt.from..excerpt.to);
    if !finding.field.is_empty() {
        label = label.label(finding.field.as_str());
    }
    let snippet = Snippet::source(excerpt.text.as_str()).line_start(excerpt.first).path(path).annotation(label);
    let mut report = vec![level.primary_title(finding.message.as_str()).id(finding.code.word()).element(snippet)];
    if let Some(help) = &finding.help {
        report.push(Group::with_title(Level::HELP.secondary_title(help.as_str())));
    }
    let is_plain =
        !std::io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some_and(|word| !word.is_empty());
    let renderer = if is_plain { Renderer::plain() } else { Renderer::styled() };
    renderer.render(&report)
}

/// Some lines of a file, and which of their bytes are meant.
struct Excerpt {
    text: String,
    /// The number of the first line.
    first: usize,
    from: usize,
    to: usize,
}

impl Excerpt {
    fn of(finding: &Finding, source: &str) -> Option<Self> {
        let line = finding.line?;
        let first = line.saturating_sub(AROUND).max(1);
        let (mut text, mut span) = (String::new(), None);
        for (number, content) in source.lines().enumerate().skip(first - 1).take(line + AROUND + 1 - first) {
            if content.len() > MAX_LINE {
                return None;
            }
            if number + 1 == line {
                let indent = content.len() - content.trim_start().len();
                let given = finding
                    .column
                    .and_then(|column| content.char_indices().nth(usize::try_from(column.get() - 1).ok()?));
                let from = given.map_or(indent, |(at, _)| at);
                let to = content.trim_end().len().max(from);
                span = Some((text.len() + from, text.len() + to));
            }
            // What a terminal would take for a command is none.
            text.extend(content.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }));
            text.push('\n');
        }
        let (from, to) = span?;
        Some(Self { to: to.min(text.len()), from, text, first })
    }
}
