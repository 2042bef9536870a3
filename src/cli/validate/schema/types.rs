//! What a leaf's type allows, by the text of its module: the binding tells no more of a type
//! than its kind.

use std::collections::{BTreeMap, BTreeSet};

use yang5::{
    context::Context,
    schema::{SchemaModule, SchemaNode, SchemaOutputFormat, SchemaPathFormat, SchemaPrinterFlags},
};

/// Modules that are looked through, and types that are gone through, for one leaf.
const MAX_MODULES: usize = 64;
const MAX_TYPES: usize = 16;
/// So many values of an enumeration are listed.
const MAX_NAMES: usize = 24;

/// The numbers that whole ones of a kind have.
const NUMBERS: [(&str, &str); 8] = [
    ("int8", "-128..127"),
    ("int16", "-32768..32767"),
    ("int32", "-2147483648..2147483647"),
    ("int64", "-9223372036854775808..9223372036854775807"),
    ("uint8", "0..255"),
    ("uint16", "0..65535"),
    ("uint32", "0..4294967295"),
    ("uint64", "0..18446744073709551615"),
];

/// What the leaves of a context's modules allow, as far as it was asked.
#[derive(Default)]
pub(super) struct Allowed {
    /// The names of nodes that a deviation speaks of.
    deviated: Option<BTreeSet<String>>,
    by_path: BTreeMap<String, Option<String>>,
}

impl Allowed {
    /// The range, length or values of a leaf, as people read it; `None` where that is not
    /// known for sure, as where a module deviates from it.
    pub(super) fn of(&mut self, context: &Context, node: &SchemaNode<'_>) -> Option<String> {
        let deviated = self.deviated.get_or_insert_with(|| deviated(context));
        if deviated.contains(node.name()) {
            return None;
        }
        self.by_path.entry(node.path(SchemaPathFormat::DATA)).or_insert_with(|| allowed(node)).clone()
    }
}

/// The names of the nodes that modules deviate from.
fn deviated(context: &Context) -> BTreeSet<String> {
    let texts = context.modules(true).filter_map(|module| text_of(&module));
    let paths = texts.flat_map(|text| blocks_of(&text, "deviation"));
    paths.filter_map(|path| path.rsplit(['/', ':']).next().map(str::to_owned)).collect()
}

/// Whatever of its module and of those that it imports has a leaf of that name: they must agree.
fn allowed(node: &SchemaNode<'_>) -> Option<String> {
    let mut texts = Vec::new();
    add_texts(&node.module(), &mut BTreeSet::new(), &mut texts);
    let leaf = |text: &String| {
        let all =
            ["leaf", "leaf-list"].iter().flat_map(|keyword| blocks(text, keyword, node.name())).map(str::to_owned);
        all.collect::<Vec<String>>()
    };
    one(texts.iter().flat_map(leaf).map(|leaf| of_type(&texts, &leaf))).flatten()
}

/// What all are, if they are one.
fn one<T: Ord>(all: impl Iterator<Item = T>) -> Option<T> {
    let mut all = all.collect::<BTreeSet<_>>().into_iter();
    all.next().filter(|_| all.next().is_none())
}

/// What the type that a statement has allows.
fn of_type(texts: &[String], statement: &str) -> Option<String> {
    let mut at = statement.to_owned();
    for _ in 0..MAX_TYPES {
        let name = argument(&at, "type")?;
        let body = blocks(&at, "type", &name).first().map(|body| (*body).to_owned()).unwrap_or_default();
        let values = arguments(&body, "enum");
        if !values.is_empty() {
            let more = values.len().saturating_sub(MAX_NAMES);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            return Some(format!("one of {}{more}", values.into_iter().take(MAX_NAMES).collect::<Vec<_>>().join(", ")));
        }
        if let Some(range) = argument(&body, "range") {
            return Some(format!("from {range}"));
        }
        if let Some(length) = argument(&body, "length") {
            return Some(format!("of {length} {}", if name == "binary" { "octets" } else { "characters" }));
        }
        let bare = name.rsplit(':').next().unwrap_or(&name);
        if let Some((_, range)) = NUMBERS.iter().find(|(own, _)| *own == name) {
            return Some(format!("from {range}"));
        }
        // Which module a prefix means is not looked up: all that have such a type must agree.
        at = one(texts.iter().flat_map(|text| blocks(text, "typedef", bare)).map(str::to_owned))?;
    }
    None
}

/// The texts of a module and of those that it imports, its own first.
fn add_texts(module: &SchemaModule<'_>, seen: &mut BTreeSet<String>, texts: &mut Vec<String>) {
    if seen.len() >= MAX_MODULES || !seen.insert(module.name().to_owned()) {
        return;
    }
    texts.extend(text_of(module));
    module.imports().for_each(|import| add_texts(&import.module(), seen, texts));
}

fn text_of(module: &SchemaModule<'_>) -> Option<String> {
    module.print_string(SchemaOutputFormat::YANG, SchemaPrinterFlags::empty()).ok()
}

/// A statement's words: braces, semicolons, and texts without their marks. `at` is where each
/// begins, and ends.
struct Words<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Iterator for Words<'t> {
    type Item = (usize, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.text.get(self.at..)?;
            let rest = rest.trim_start();
            let begin = self.text.len() - rest.len();
            let skipped = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                let first = rest.chars().next()?;
                let (word, length) = match first {
                    '{' | '}' | ';' => (rest.get(..1)?, 1),
                    '"' | '\'' => {
                        let mut is_escaped = false;
                        let ends = |character: char| {
                            let ends = character == first && !is_escaped;
                            is_escaped = first == '"' && character == '\\' && !is_escaped;
                            ends
                        };
                        let end = rest.get(1..)?.find(ends)?;
                        (rest.get(1..=end)?, end + 2)
                    }
                    _ => {
                        let ends = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | ';' | '"' | '\'');
                        let end = rest.find(ends).unwrap_or(rest.len());
                        (rest.get(..end)?, end)
                    }
                };
                self.at = begin + length;
                return Some((begin, word));
            };
            self.at = begin + skipped;
        }
    }
}

/// What is in each statement `keyword name { … }`, however deep it stands.
fn blocks<'t>(text: &'t str, keyword: &str, name: &str) -> Vec<&'t str> {
    let mut found = Vec::new();
    let (mut words, mut begins) = (Words { text, at: 0 }, true);
    while let Some((_, word)) = words.next() {
        if begins && word == keyword {
            let is_named = words.next().is_some_and(|(_, own)| own == name);
            if is_named && words.next().is_some_and(|(_, sign)| sign == "{") {
                let (from, mut depth) = (words.at, 1_usize);
                let end = words.by_ref().find_map(|(at, sign)| {
                    depth = match sign {
                        "{" => depth + 1,
                        "}" => depth - 1,
                        _ => depth,
                    };
                    (depth == 0).then_some(at)
                });
                found.extend(end.and_then(|end| text.get(from..end)));
            }
            begins = is_named;
        } else {
            begins = matches!(word, "{" | "}" | ";");
        }
    }
    found
}

/// The arguments of the statements of a keyword, however deep they stand.
fn blocks_of(text: &str, keyword: &str) -> Vec<String> {
    let (mut found, mut words, mut begins) = (Vec::new(), Words { text, at: 0 }, true);
    while let Some((_, word)) = words.next() {
        if begins && word == keyword {
            found.extend(words.next().map(|(_, argument)| argument.to_owned()));
        }
        begins = matches!(word, "{" | "}" | ";");
    }
    found
}

/// The arguments of the statements of a keyword that stand directly in a statement.
fn arguments(body: &str, keyword: &str) -> Vec<String> {
    let (mut all, mut depth, mut begins) = (Vec::new(), 0_usize, true);
    let mut words = Words { text: body, at: 0 };
    while let Some((_, word)) = words.next() {
        match word {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            word if begins && depth == 0 && word == keyword => {
                all.extend(words.next().map(|(_, argument)| argument.to_owned()));
            }
            _ => {}
        }
        begins = matches!(word, "{" | "}" | ";");
    }
    all
}

fn argument(body: &str, keyword: &str) -> Option<String> {
    arguments(body, keyword).into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"module m { /* leaf mtu { type a; } */
        typedef vlan-id { description "a { leaf \" mtu"; type uint16 { range "1..4094"; } }
        typedef named { type m:vlan-id; }
        grouping g { leaf vlan { type named; } leaf mtu { type uint16; units octets; }
          leaf mode { type enumeration { enum ACCESS { value 1; } enum TRUNK; } }
          leaf name { type string { length "1..64"; } } leaf text { type string; } leaf raw { type binary { length "4"; } } leaf-list vlan-list { type uint8; } } }"#;

    #[test]
    fn what_a_type_allows_is_found_through_its_typedefs() {
        let told = |leaf: &str| {
            let own = ["leaf", "leaf-list"].iter().flat_map(|keyword| blocks(TEXT, keyword, leaf)).next().unwrap();
            of_type(&[TEXT.to_owned()], own).unwrap_or_default()
        };
        // Two types of a name that differ are told of by neither.
        let other = "module o { typedef vlan-id { type uint8; } }".to_owned();
        assert_eq!(of_type(&[TEXT.to_owned(), other], blocks(TEXT, "leaf", "vlan")[0]), None);
        for (leaf, expected) in [
            ("vlan", "from 1..4094"),
            ("mtu", "from 0..65535"),
            ("mode", "one of ACCESS, TRUNK"),
            ("name", "of 1..64 characters"),
            ("text", ""),
            ("raw", "of 4 octets"),
            ("vlan-list", "from 0..255"),
        ] {
            assert_eq!(told(leaf), expected, "{leaf}");
        }
        assert_eq!(blocks_of("module d { deviation \"/m:a/m:vlan\" { } }", "deviation"), ["/m:a/m:vlan"]);
        assert!(blocks("leaf a {", "leaf", "a").is_empty() && blocks("leaf 'a", "leaf", "a").is_empty());
    }
}
