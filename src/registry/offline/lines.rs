//! Lines in the place of a switch that is asked for data: people keep them, and no session that
//! knows prompts, pages and refusals has taken them.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use mercury_adapter::{Budget, CliDialect, Dialect, MAX_REPLY, Said, Template, Wording};
use mercury_model::InterfaceName;

use super::Shown;

/// # Errors
/// A sentence with the file's name, and the line's number where it is one: it holds what a
/// command was answered with, or a pager; it ends within a word; it shows a port that is another
/// system's, or none that the dialect has a name for; two files show one port.
pub(super) fn guarded(
    (name, cli): (&str, &CliDialect),
    dialects: &[Arc<Dialect>],
    files: &[Shown],
    overlays: bool,
) -> Result<(), String> {
    let mut ports = BTreeMap::new();
    for file in files {
        let told = |reason: String| format!("{}: {reason}", file.name);
        let lines = || file.text.lines().map(|line| line.trim_matches(|c: char| c.is_whitespace() || c.is_control()));
        if let Some(number) = lines().position(|line| is_answer(cli, line)) {
            let reason = "a refusal or a pager's prompt, and no configuration";
            return Err(told(format!("line {}: it is {reason}", number + 1)));
        }
        let last = lines().enumerate().filter(|(_, line)| !line.is_empty()).last();
        if let Some((number, _)) = last.filter(|(_, line)| is_cut(cli, line)) {
            return Err(told(format!("line {}: it ends within a word, and what was behind is lost", number + 1)));
        }
        let mut share = Budget::shared().share(MAX_REPLY);
        let read = mercury_cli::brought(cli, &file.text, overlays, &mut share).map_err(told)?;
        let shows = read.recorded.running.config.interfaces;
        let named = |names: &CliDialect, port: &InterfaceName| {
            names.names.as_ref().is_none_or(|names| names.shown(port.as_str()).is_some())
        };
        let strange = |port: &&InterfaceName| {
            let mut others = dialects.iter().filter_map(|one| one.cli.as_ref()).filter(|other| other.names.is_some());
            !named(cli, port) && port.as_str().contains('/') && others.any(|other| named(other, port))
        };
        let none = || shows.keys().next().filter(|_| !shows.keys().any(|port| named(cli, port)));
        if let Some(port) = shows.keys().find(strange).or_else(none) {
            return Err(told(format!("it shows {port}, and the dialect {name} has no port of such a name")));
        }
        for port in shows.into_keys() {
            if let Some(other) = ports.insert(port.clone(), &file.name) {
                return Err(told(format!("it shows {port}, and so does {other}")));
            }
        }
    }
    Ok(())
}

/// Whether a line begins as what a system says of a command, or at the foot of a page: within a
/// line such words may be a description's.
fn is_answer(cli: &CliDialect, line: &str) -> bool {
    let begins = |found: Option<Range<usize>>| found.is_some_and(|own| own.start == 0);
    let session = &cli.session;
    let is_refused = session.refused.iter().any(|one| begins(one.find(line)))
        && !session.harmless.iter().any(|one| one.is_match(line));
    is_refused || session.pager.iter().any(|one| begins(one.find(line)))
}

/// Whether a line is the beginning of one of a port's, up to within one of its words.
fn is_cut(cli: &CliDialect, line: &str) -> bool {
    let Wording::Table(words) = &cli.words else { return false };
    let said = |said: &Said| match said {
        Said::Value { line, also, .. } => std::iter::once(line).chain(also).cloned().collect::<Vec<Template>>(),
        Said::Lines { lines, .. } => lines.iter().map(|(_, line)| line.clone()).collect(),
    };
    let trunk = [&words.trunk.list, &words.trunk.shown, &words.trunk.add].into_iter().flatten().cloned();
    let all: Vec<Template> = words.port.values().flat_map(|own| said(&own.said)).chain(trunk).collect();
    // What is whole as it stands may be how another begins.
    let is_whole = all.iter().any(|own| own.fits(line));
    !is_whole
        && all.iter().any(|own| {
            let head = own.fill(|_| None);
            head.strip_prefix(line).is_some_and(|rest| rest.starts_with(char::is_alphanumeric))
        })
}
