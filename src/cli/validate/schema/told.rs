//! What libyang says, as findings.

use std::path::Path;

use mercury_adapter::{MASK, is_secret, masked};

use super::super::{
    place::{self, Line},
    secret,
};
use crate::finding::{Code, Finding, Severity};

/// One of libyang's messages.
pub(super) struct Told {
    pub(super) message: String,
    /// The data path, `/openconfig-interfaces:interfaces/interface[name='Ethernet1']`.
    pub(super) path: String,
    pub(super) line: Option<usize>,
}

/// What messages have in them, each with its code; the first that fits counts.
const WORDS: [(&str, Code); 24] = [
    ("Mandatory", Code::SchemaMandatory),
    ("Duplicate instance", Code::SchemaDuplicate),
    ("missing its key", Code::SchemaMissingKey),
    ("Invalid leafref value", Code::SchemaReference),
    ("required leafref", Code::SchemaReference),
    ("When condition", Code::SchemaWhen),
    ("Must condition", Code::SchemaMust),
    ("Too few", Code::SchemaMandatory),
    ("No module with namespace", Code::SchemaNamespace),
    ("No module named", Code::SchemaNamespace),
    ("Missing XML namespace", Code::SchemaNamespace),
    ("must be namespace-qualified", Code::SchemaNamespace),
    ("Unknown XML prefix", Code::SchemaNamespace),
    ("not found as a child", Code::SchemaUnknownNode),
    ("not found in the", Code::SchemaUnknownNode),
    ("Unexpected data state node", Code::SchemaUnknownNode),
    ("Invalid non-", Code::SchemaValue),
    ("Invalid enumeration", Code::SchemaValue),
    ("Invalid identityref", Code::SchemaValue),
    ("Unsatisfied", Code::SchemaValue),
    ("Invalid type", Code::SchemaValue),
    ("Invalid ", Code::SchemaValue),
    ("Value \"", Code::SchemaValue),
    ("is out of", Code::SchemaValue),
];

impl Told {
    /// What the message has in its first quotes: a value, a name, or a condition; nothing where that
    /// is what is not there.
    pub(super) fn quoted(&self) -> &str {
        if self.code() == Code::SchemaMissingKey { "" } else { self.in_quotes() }
    }

    fn in_quotes(&self) -> &str {
        self.message.split('"').nth(1).unwrap_or_default()
    }

    /// libyang may have read on to the next line: the one that holds what it quotes.
    fn settled(&self, line: usize, text: &str) -> usize {
        let quoted = self.quoted();
        let holds = |number: usize| text.lines().nth(number - 1).is_some_and(|line| line.contains(quoted));
        if line > 1 && !quoted.is_empty() && !holds(line) && holds(line - 1) { line - 1 } else { line }
    }

    /// The kind of mistake, by libyang's own words.
    pub(super) fn code(&self) -> Code {
        let fits = |(word, _): &&(&str, Code)| self.message.contains(word);
        WORDS.iter().find(fits).map_or(Code::SchemaOther, |(_, code)| *code)
    }

    /// Where in a document it is: libyang's line, and there the value or the node; the line
    /// alone unless `with_column`.
    pub(super) fn place(&self, text: &str, with_column: bool) -> Option<Line> {
        let lacks_key = self.code() == Code::SchemaMissingKey;
        if lacks_key && let Some(octet) = place::keyless(text, &place::last(&self.path), self.in_quotes()) {
            let (line, column) = place::Counted::of(text).place(octet);
            return Some((line, Some(column)));
        }
        let line = self.line.map(|line| self.settled(line, text));
        let line = line.or_else(|| place::of_data_path(&self.path, text))?;
        let shown = text.lines().nth(line - 1).filter(|_| with_column && !lacks_key);
        Some((line, shown.and_then(|shown| place::in_line(shown, self.quoted(), &self.path))))
    }

    /// The same without what it quotes, where it leads to no node and a secret stands before it.
    pub(super) fn hidden(self, code: Code, text: &str) -> Self {
        // That of a namespace is no data.
        let is_name = self.message.starts_with("No module with namespace") || !quotes(code);
        let is_data = self.path.is_empty() && !is_name;
        let message = if is_data { secret::hidden(&self.message, text, self.line) } else { self.message };
        Self { message, ..self }
    }

    /// The same without the values of nodes, and of keys of lists, that hold secrets.
    fn without_secrets(self, code: Code) -> Self {
        let (path, last) = shown(&self.path);
        let message = match quotes(code) && is_secret(last) {
            // The name of a key is the modules' own, and no secret stands behind that word.
            _ if code == Code::SchemaMissingKey => self.message,
            true => secret::unquoted(&self.message),
            false => masked(&self.message).into_owned(),
        };
        Self { message, path, line: self.line }
    }

    /// What a candidate refers to may be on the switch, but for a whole configuration.
    pub(super) fn finding(self, code: Code, file: &Path, place: Option<Line>, is_whole: bool) -> Finding {
        let elsewhere =
            matches!(code, Code::SchemaReference | Code::SchemaMandatory | Code::SchemaMust | Code::SchemaWhen);
        let severity = if elsewhere && !is_whole { Severity::Warning } else { Severity::Error };
        let said = self.without_secrets(code);
        let finding = Finding { severity, ..Finding::error(code, said.message.trim_end_matches('.')) };
        finding.field(said.path).at(file, place.map(|(line, _)| line)).column(place.and_then(|(_, column)| column))
    }
}

/// Whether what is wrong is told with a value. Conditions and names are the modules' own.
const fn quotes(code: Code) -> bool {
    !matches!(code, Code::SchemaWhen | Code::SchemaMust | Code::SchemaUnknownNode)
}

/// A data path without the values of keys that are secrets, and the name of its last node.
fn shown(path: &str) -> (String, &str) {
    let (mut shown, mut last, mut rest) = (String::new(), "", path);
    loop {
        let (names, keys) = rest.split_at(rest.find('[').unwrap_or(rest.len()));
        shown.push_str(names);
        last = names.rsplit_once('/').map_or(last, |(_, name)| local(name));
        if keys.is_empty() {
            return (shown, last);
        }
        let (head, value, behind) = key(keys).unwrap_or_else(|| {
            let (bracket, behind) = keys.split_at(1);
            (bracket, "", behind)
        });
        let name = local(head.trim_matches(['[', '=', '\'', '"']));
        shown.push_str(head);
        shown.push_str(if !value.is_empty() && (is_secret(last) || is_secret(name)) { MASK } else { value });
        rest = behind;
    }
}

/// The first key of `[name='value'][...`: what is before its value, that, and what is behind. A
/// value with one kind of quotes in it stands in the other.
fn key(keys: &str) -> Option<(&str, &str, &str)> {
    let at = keys.find('=').filter(|at| keys.find(']').is_none_or(|end| *at < end))? + 1;
    let quote = keys.get(at..)?.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (head, inside) = keys.split_at_checked(at + 1)?;
    let ends = |at: &usize| {
        let behind = inside.get(at + 1..).and_then(|behind| behind.strip_prefix(']'));
        behind.is_some_and(|behind| behind.is_empty() || behind.starts_with(['/', '[']))
    };
    let end = inside.match_indices(quote).map(|(at, _)| at).find(ends).unwrap_or(inside.len());
    let (value, behind) = inside.split_at(end);
    Some((head, value, behind))
}

/// A name without the module before it.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_secret_is_in_neither_message_nor_path() {
        for (message, path, expected) in [
            (
                "Unsatisfied pattern - \"hunter2\" does not conform to \"[a-z]*\".",
                "/m:system/aaa/user[name='joe']/m:password",
                ("Unsatisfied pattern - \"masked\"", "/m:system/aaa/user[name='joe']/m:password"),
            ),
            (
                "Unsatisfied pattern - \"HUN\"TER2\" does not match.",
                "/m:system/user[name=\"o'brien\"]/m:password",
                ("Unsatisfied pattern - \"masked\" does not match", "/m:system/user[name=\"o'brien\"]/m:password"),
            ),
            (
                "Invalid type uint8 value \"x\".",
                "/m:snmp/community[name=\"a']/b['c\"][1]/priority",
                ("Invalid type uint8 value \"x\"", "/m:snmp/community[name=\"masked\"][1]/priority"),
            ),
            (
                "Invalid type uint8 value \"x\".",
                "/m:snmp/community[name='public']/priority",
                ("Invalid type uint8 value \"x\"", "/m:snmp/community[name='masked']/priority"),
            ),
            (
                "Invalid enumeration value \"x\".",
                "/m:snmp/a[auth-password='p1'][id='2']/b[name='p3']",
                ("Invalid enumeration value \"x\"", "/m:snmp/a[auth-password='masked'][id='2']/b[name='p3']"),
            ),
            (
                "List instance is missing its key \"name\".",
                "/m:a/b",
                ("List instance is missing its key \"name\"", "/m:a/b"),
            ),
            (
                "Invalid character sequence \"<password>hunter2\", expected element tag end.",
                "",
                ("Invalid character sequence \"<password>masked", ""),
            ),
            (
                "Unsatisfied range - value \"70000\" is out of the allowed range.",
                "/m:interfaces/interface[name='Ethernet1']/config/mtu",
                (
                    "Unsatisfied range - value \"70000\" is out of the allowed range",
                    "/m:interfaces/interface[name='Ethernet1']/config/mtu",
                ),
            ),
        ] {
            let told = Told { message: message.to_owned(), path: path.to_owned(), line: None };
            let code = told.code();
            let finding = told.finding(code, Path::new("a.xml"), None, false);
            assert_eq!((finding.message.as_str(), finding.field.as_str()), expected, "{message}");
        }
    }

    #[test]
    fn what_leads_to_no_node_quotes_nothing_behind_a_secret() {
        let message = "Entity reference \"&TER2;xx</\" is unknown.";
        for (path, text, expected) in [
            ("", "<a>\n<password>hun&TER2;xx</password></a>", "Entity reference \"masked\" is unknown."),
            ("", "<a>\n<mtu>&TER2;xx</mtu></a>", message),
            ("/m:a/mtu", "<a>\n<password>x</password><mtu>&TER2;xx</mtu></a>", message),
        ] {
            let told = Told { message: message.to_owned(), path: path.to_owned(), line: Some(2) };
            let code = told.code();
            assert_eq!(told.hidden(code, text).message, expected, "{text}");
        }
    }
}
