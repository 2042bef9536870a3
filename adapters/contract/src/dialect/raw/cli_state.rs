//! `[[cli.state]]` of a dialect file.

use serde::Deserialize;

use super::Reader;
use crate::dialect::cli::{Hole, LinkState, StateForm, StateTable};

/// How many commands are asked at most, each where the one before told nothing.
const MAX_COMMANDS: usize = 3;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawState {
    command: String,
    /// Titles that a heading may begin with, and of the column with the link's state.
    #[serde(default)]
    name: Vec<String>,
    #[serde(default)]
    link: Vec<String>,
    admin: Option<RawAdmin>,
    #[serde(default)]
    lines: Vec<String>,
    #[serde(default)]
    up: Vec<String>,
    #[serde(default)]
    down: Vec<String>,
    #[serde(default)]
    admin_down: Vec<String>,
    /// The column tells nothing of links, so that there are no words.
    #[serde(default)]
    names_only: bool,
    /// A port that is there may have no row.
    #[serde(default)]
    leaves_out: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAdmin {
    title: String,
    down: String,
}

impl Reader<'_> {
    pub(super) fn states(&mut self, raw: Vec<RawState>) -> Vec<StateTable> {
        if raw.len() > MAX_COMMANDS {
            self.problems.push(format!("cli.state: more than {MAX_COMMANDS} commands"));
        }
        let tables: Vec<StateTable> = raw.into_iter().map(|raw| self.state(raw)).collect();
        for (index, table) in tables.iter().enumerate() {
            if tables.iter().take(index).any(|other| other.command == table.command) {
                self.problems.push(format!("cli.state: {:?} is there twice", table.command));
            }
        }
        tables
    }

    fn state(&mut self, raw: RawState) -> StateTable {
        let command = raw.command;
        let mut problems = Vec::new();
        if command.trim().is_empty() || command.contains(char::is_control) {
            problems.push("is no command".to_owned());
        }
        let texts = [&raw.name, &raw.link, &raw.up, &raw.down, &raw.admin_down].into_iter().flatten();
        let admin = raw.admin.iter().flat_map(|admin| [&admin.title, &admin.down]);
        if texts.chain(admin).any(|text| text.is_empty() || text.trim() != text) {
            problems.push("a title or a word is empty, or has blanks around it".to_owned());
        }
        let mut words = Vec::new();
        for (texts, state) in
            [(raw.up, LinkState::Up), (raw.down, LinkState::Down), (raw.admin_down, LinkState::AdminDown)]
        {
            for word in texts.iter().map(|text| text.to_lowercase()) {
                if words.iter().any(|(own, _)| *own == word) {
                    problems.push(format!("{word:?} is the word of two states, or twice of one"));
                }
                words.push((word, state));
            }
        }
        let says = |state| words.iter().any(|(_, own)| *own == state);
        let is_complete = says(LinkState::Up) && says(LinkState::Down);
        let is_odd = if raw.names_only { !words.is_empty() } else { !is_complete };
        if is_odd {
            problems.push("needs words for up and for down, or else names-only".to_owned());
        }
        let form = if raw.lines.is_empty() {
            if raw.name.is_empty() || raw.link.is_empty() {
                problems.push("needs name and link, the titles of its columns, or else lines".to_owned());
            }
            let admin = raw.admin.map(|admin| (admin.title, admin.down.to_lowercase()));
            StateForm::Columns { name: raw.name, link: raw.link, admin }
        } else {
            if !raw.name.is_empty() || !raw.link.is_empty() || raw.admin.is_some() {
                problems.push("has lines, and so no titles of columns".to_owned());
            }
            let lines = self.templates("state.lines", &raw.lines);
            let has = |hole| lines.iter().any(|line| line.has(hole));
            if !has(Hole::Name) || has(Hole::Status) == raw.names_only {
                problems.push("needs lines with {name} and, but for names-only, {status}".to_owned());
            }
            if lines.iter().any(|line| !line.has(Hole::Name) && !line.has(Hole::Status)) {
                problems.push("has a line with neither {name} nor {status}".to_owned());
            }
            StateForm::Lines(lines)
        };
        self.problems.extend(problems.into_iter().map(|problem| format!("cli.state: {command:?} {problem}")));
        StateTable { command, form, words, leaves_out: raw.leaves_out }
    }
}

#[cfg(test)]
mod tests {
    use crate::{above_builtin, builtin_text};

    /// What is said of a dialect that has this for the command that tells of its ports.
    fn problems(state: &str) -> Vec<String> {
        let text = builtin_text("ruijie").unwrap().replace("[cli.words]\n", &format!("{state}\n[cli.words]\n"));
        match above_builtin(&[("own".to_owned(), text)]) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().flat_map(|error| error.problems).collect(),
        }
    }

    #[test]
    fn a_table_of_ports_is_complete_or_refused() {
        let table = |rest: &str| problems(&format!("[[cli.state]]\ncommand = \"show x\"\n{rest}"));
        let titles = "name = [\"Port\"]\nlink = [\"Status\"]\n";
        assert_eq!(table(&format!("{titles}up = [\"up\"]\ndown = [\"down\"]")), Vec::<String>::new());
        assert_eq!(table(&format!("{titles}names-only = true")), Vec::<String>::new());
        for (rest, wrong) in [
            ("up = [\"up\"]\ndown = [\"down\"]", "needs name and link"),
            (titles, "needs words for up and for down"),
            (&format!("{titles}up = [\"up\"]"), "needs words for up and for down"),
            (&format!("{titles}up = [\"up\"]\ndown = [\"Up\"]"), "the word of two states"),
            (&format!("{titles}up = [\" up\"]\ndown = [\"down\"]"), "blanks around it"),
            (&format!("{titles}up = [\"up\"]\ndown = [\"down\"]\nnames-only = true"), "or else names-only"),
            (&format!("{titles}lines = [\"{{name}} is {{status}}\"]\nnames-only = true"), "no titles of columns"),
            ("lines = [\"{name} is ...\"]\nup = [\"up\"]\ndown = [\"down\"]", "needs lines with {name}"),
            ("lines = [\"{name} is {status}\", \"end\"]\nup = [\"up\"]\ndown = [\"down\"]", "neither {name} nor"),
            ("lines = [\"{colour}\"]\nnames-only = true", "cli.words.state.lines"),
        ] {
            let found = table(rest);
            assert!(found.iter().any(|problem| problem.contains(wrong)), "{rest}: {found:?}");
        }
        let one = format!("[[cli.state]]\ncommand = \"show x\"\n{titles}names-only = true\n");
        assert!(problems(&one.repeat(2)).iter().any(|problem| problem.contains("there twice")));
        let four: String = (0..4).map(|number| one.replace("show x", &format!("show {number}"))).collect();
        assert!(problems(&four).iter().any(|problem| problem.contains("more than 3")));
        let old = "[cli.words]\nports = { command = \"show x\", row = \"{name} ...\" }\n";
        let text = builtin_text("ruijie").unwrap().replace("[cli.words]\n", old);
        let errors = above_builtin(&[("own".to_owned(), text)]).unwrap_err();
        assert!(errors.iter().flat_map(|error| &error.problems).any(|problem| problem.contains("[[cli.state]]")));
        assert!(problems(&one.replace("show x", "a\\nb")).iter().any(|problem| problem.contains("is no command")));
    }
}
