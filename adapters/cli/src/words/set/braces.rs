//! A configuration in curly braces as lines that set, each the whole way: what one system
//! shows in both forms.

use std::borrow::Cow;

use mercury_adapter::{MAX_REPLY, SetWords, Source, place};

/// Blocks may be so deep in one another.
const MAX_DEPTH: usize = 64;
/// What comes before the first word of a statement that is there and has no effect.
const INACTIVE: &str = "inactive:";
/// Before one that is to be taken away (`load replace`).
const DELETE: &str = "delete:";
/// Before one that is to be there in place of what is.
const REPLACE: &str = "replace:";
/// Before one that nobody may change.
const PROTECT: &str = "protect:";

/// The lines of a text, which may have them already.
pub(in crate::words) struct Lines<'t> {
    /// The lines.
    pub(in crate::words) text: Cow<'t, str>,
    /// What they were made from, and for each the octet there that its statement begins at.
    made_from: Option<(&'t str, Vec<usize>)>,
}

impl Lines<'_> {
    /// Where things are, as they were written.
    pub(in crate::words) fn source(&self) -> Source<'_> {
        let written = self.made_from.as_ref().map(|(text, octets)| (*text, octets.as_slice()));
        Source::in_lines(&self.text, written)
    }

    /// Whether they are as they were written.
    pub(in crate::words) fn are_own(&self) -> bool {
        self.made_from.is_none()
    }
}

/// A text as lines.
///
/// # Errors
/// A sentence with line and column: braces, brackets or marks of quotation that do not fit, too
/// deep, or too much.
pub(in crate::words) fn lines<'t>(words: &SetWords, text: &'t str) -> Result<Lines<'t>, String> {
    let is_line = |line: &str| {
        let verbs = [Some(&words.set), Some(&words.delete), words.deactivate.as_ref()];
        verbs
            .into_iter()
            .flatten()
            .any(|verb| line.strip_prefix(verb.as_str()).is_some_and(|rest| rest.starts_with(' ')))
    };
    // Statements end in semicolons where they can be inactive, and elsewhere with their lines.
    let in_braces = words.deactivate.is_some() && text.contains('{');
    if !in_braces || text.lines().any(|line| is_line(line.trim())) {
        return Ok(Lines { text: Cow::Borrowed(text), made_from: None });
    }
    let mut tokens = Tokens { text, rest: text, at: 0 };
    let flat = flat(words, &mut tokens).map_err(|reason| {
        let (line, column) = place(text, tokens.at);
        format!("line {line} column {column}: {reason}")
    })?;
    Ok(Lines { text: Cow::Owned(flat.out), made_from: Some((text, flat.octets)) })
}

fn flat<'w>(words: &'w SetWords, tokens: &mut Tokens<'_>) -> Result<Flat<'w>, String> {
    let mut flat = Flat { words, out: String::new(), octets: Vec::new(), at: 0, open: Vec::new() };
    let mut statement: Vec<&str> = Vec::new();
    let mut list: Option<Vec<(usize, &str)>> = None;
    while let Some(token) = tokens.next()? {
        match (token, &mut list) {
            ("]", Some(_)) => flat.statement(&std::mem::take(&mut statement), &list.take().unwrap_or_default())?,
            ("{" | "}" | ";" | "[", Some(_)) => return Err("a list in brackets does not end".to_owned()),
            (word, Some(list)) => list.push((tokens.at, word)),
            ("[", None) => list = Some(Vec::new()),
            ("]", None) => return Err("a bracket that closes nothing".to_owned()),
            ("{", None) => flat.enter(&std::mem::take(&mut statement))?,
            ("}", None) if !statement.is_empty() => return Err("a statement that does not end".to_owned()),
            ("}", None) => flat.leave()?,
            // What was in brackets has been said.
            (";", None) if statement.is_empty() => {}
            (";", None) => {
                let at = flat.at;
                flat.statement(&std::mem::take(&mut statement), &[(at, "")])?;
            }
            (word, None) => {
                if statement.is_empty() {
                    flat.at = tokens.at;
                }
                statement.push(word);
            }
        }
    }
    if !flat.open.is_empty() || !statement.is_empty() || list.is_some() {
        return Err("the text ends inside a block".to_owned());
    }
    Ok(flat)
}

/// The words and signs of a text, without comments.
struct Tokens<'t> {
    text: &'t str,
    rest: &'t str,
    /// Where the last of them begins.
    at: usize,
}

impl<'t> Tokens<'t> {
    fn next(&mut self) -> Result<Option<&'t str>, String> {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.take(blank);
            self.at = self.text.len() - self.rest.len();
            let length = match self.rest.chars().next() {
                None => return Ok(None),
                Some('#') => self.rest.find('\n').unwrap_or(self.rest.len()),
                Some('/') if self.rest.starts_with("/*") => {
                    self.rest.find("*/").ok_or("a comment that does not end")? + 2
                }
                Some('{' | '}' | ';' | '[' | ']') => return Ok(Some(self.take(1))),
                Some('"') => return self.quoted().map(Some),
                Some(_) => {
                    let ends = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | ';' | '[' | ']');
                    let end = self.rest.find(ends).unwrap_or(self.rest.len());
                    return Ok(Some(self.take(end)));
                }
            };
            self.take(length);
        }
    }

    /// A text with its marks.
    fn quoted(&mut self) -> Result<&'t str, String> {
        let mut is_escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, character)| {
            let ends = *character == '"' && !is_escaped;
            is_escaped = *character == '\\' && !is_escaped;
            ends
        });
        let (end, _) = end.ok_or("a text that does not end")?;
        Ok(self.take(end + 1))
    }

    fn take(&mut self, octets: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(octets);
        self.rest = rest;
        taken
    }
}

struct Flat<'w> {
    words: &'w SetWords,
    out: String,
    /// Where the statement of each line begins.
    octets: Vec<usize>,
    /// Where the present one does.
    at: usize,
    open: Vec<Block>,
}

/// A block that is open.
struct Block {
    way: String,
    is_deleted: bool,
    /// How much had been written when it began, and where it does.
    begun: usize,
    at: usize,
}

impl Flat<'_> {
    fn enter(&mut self, statement: &[&str]) -> Result<(), String> {
        let (mark, own) = marked(statement);
        if own.is_empty() {
            return Err("a block without a name".to_owned());
        }
        if self.open.len() >= MAX_DEPTH {
            return Err("too many blocks in one another".to_owned());
        }
        let way = own.join(" ");
        match mark {
            Some(DELETE | REPLACE) => self.line(&self.words.delete, &way)?,
            Some(INACTIVE) => self.inactive(&way)?,
            _ => {}
        }
        self.open.push(Block { way, is_deleted: mark == Some(DELETE), begun: self.out.len(), at: self.at });
        Ok(())
    }

    /// A block in which nothing was is said by itself.
    fn leave(&mut self) -> Result<(), String> {
        let Block { way, is_deleted, begun, at } = self.open.pop().ok_or("a brace that closes nothing")?;
        if is_deleted || self.out.len() > begun {
            return Ok(());
        }
        self.at = at;
        self.line(&self.words.set, &way)
    }

    /// A statement with each of these behind it.
    fn statement(&mut self, statement: &[&str], list: &[(usize, &str)]) -> Result<(), String> {
        let (mark, own) = marked(statement);
        for (at, word) in list {
            self.at = *at;
            let rest = [own, &[*word][..]].concat().join(" ");
            match mark {
                Some(DELETE) => self.line(&self.words.delete, &rest)?,
                _ => self.line(&self.words.set, &rest)?,
            }
            if mark == Some(INACTIVE) {
                self.inactive(&rest)?;
            }
        }
        Ok(())
    }

    fn inactive(&mut self, rest: &str) -> Result<(), String> {
        match &self.words.deactivate {
            Some(verb) => self.line(verb, rest),
            None => Ok(()),
        }
    }

    fn line(&mut self, verb: &str, rest: &str) -> Result<(), String> {
        // Below what is taken away nothing is set.
        if self.open.iter().any(|block| block.is_deleted) {
            return Ok(());
        }
        let ways = self.open.iter().map(|block| block.way.as_str());
        let parts = std::iter::once(verb).chain(ways).chain([rest.trim_end()]).filter(|part| !part.is_empty());
        let line = parts.collect::<Vec<_>>().join(" ");
        if self.out.len() + line.len() > MAX_REPLY {
            return Err(format!("written as lines it has more than {MAX_REPLY} bytes"));
        }
        self.out.push_str(&line);
        self.out.push('\n');
        self.octets.push(self.at);
        Ok(())
    }
}

/// A statement without the mark before it.
fn marked<'s, 't>(statement: &'s [&'t str]) -> (Option<&'static str>, &'s [&'t str]) {
    match statement.split_first() {
        Some((&INACTIVE, rest)) => (Some(INACTIVE), rest),
        Some((&DELETE, rest)) => (Some(DELETE), rest),
        Some((&REPLACE, rest)) => (Some(REPLACE), rest),
        Some((&PROTECT, rest)) => (None, rest),
        _ => (None, statement),
    }
}

#[cfg(test)]
mod tests {
    use mercury_adapter::Wording;

    use super::*;

    fn flat(text: &str) -> Result<String, String> {
        let all = mercury_adapter::builtin().unwrap();
        let junos = all.iter().find(|dialect| dialect.name == "juniper_junos").unwrap().cli.as_ref().unwrap().clone();
        let Wording::Set(words) = &junos.words else { panic!("no set lines") };
        lines(words, text).map(|lines| lines.text.into_owned())
    }

    #[test]
    fn braces_say_what_lines_say() {
        let text = r#"
            ## Last commit: 2026-01-01
            version 24.4R1;
            interfaces {
                /* the node */
                ge-0/0/1 {
                    description "to \"rack\" { 7";
                    unit 0 {
                        family ethernet-switching { vlan { members [ v110 120-130 ]; } }
                    }
                }
                inactive: ge-0/0/2 { disable; }
                ge-0/0/3 { inactive: disable; }
                delete: ge-0/0/4 { mtu 9000; }
                ge-0/0/5 { }
            }
            vlans { replace: v110 { vlan-id 110; } delete: old; }
        "#;
        let expected = r#"set version 24.4R1
set interfaces ge-0/0/1 description "to \"rack\" { 7"
set interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members v110
set interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members 120-130
deactivate interfaces ge-0/0/2
set interfaces ge-0/0/2 disable
set interfaces ge-0/0/3 disable
deactivate interfaces ge-0/0/3 disable
delete interfaces ge-0/0/4
set interfaces ge-0/0/5
delete vlans v110
set vlans v110 vlan-id 110
delete vlans old
"#;
        assert_eq!(flat(text).unwrap(), expected);
        assert_eq!(flat(expected).unwrap(), expected, "what are lines stay as they are");
    }

    #[test]
    fn braces_that_do_not_fit_are_told_with_their_line() {
        for (text, said) in [
            ("a {\n b;", "line 2 column 4: the text ends inside a block"),
            ("a {\n}\n}", "line 3 column 1: a brace that closes nothing"),
            ("a {\n b c }", "line 2 column 6: a statement that does not end"),
            ("a {\n b [ c ; }", "line 2 column 8: a list in brackets does not end"),
            ("a {\n ] }", "line 2 column 2: a bracket that closes nothing"),
            ("a {\n b \"c; }", "line 2 column 4: a text that does not end"),
            ("a {\n /* b; }", "line 2 column 2: a comment that does not end"),
            ("a {\n {", "line 2 column 2: a block without a name"),
            (&"a {\n".repeat(65), "line 65 column 3: too many blocks in one another"),
        ] {
            assert_eq!(flat(text).unwrap_err(), said, "{text}");
        }
        let wide = format!("{} {{\n{}", "a".repeat(1 << 20), "b;\n".repeat(100));
        assert!(flat(&wide).unwrap_err().contains("more than"));
    }
}
