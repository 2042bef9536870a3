//! The statements of a module, as far as it takes to see whether it has data.

/// What adds nodes to a schema, or changes them (RFC 7950 section 7.1).
const OF_DATA: [&str; 12] = [
    "anydata",
    "anyxml",
    "augment",
    "choice",
    "container",
    "deviation",
    "include",
    "leaf",
    "leaf-list",
    "list",
    "rpc",
    "uses",
];

/// Whether a module has but types, identities, features and groupings.
pub(super) fn has_no_data(text: &str) -> bool {
    keywords(text).iter().all(|keyword| !OF_DATA.contains(keyword) && *keyword != "notification")
}

/// The keywords of the statements directly below the module's own.
fn keywords(text: &str) -> Vec<&str> {
    let (mut rest, mut depth, mut begins, mut found) = (text, 0_usize, true, Vec::new());
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return found };
        rest = if let Some(comment) = rest.strip_prefix("//") {
            comment.split_once('\n').map_or("", |(_, behind)| behind)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, behind)| behind)
        } else if let Some(behind) = rest.strip_prefix(['{', '}', ';']) {
            match first {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            begins = true;
            behind
        } else if let Some(quoted) = rest.strip_prefix('\'') {
            quoted.split_once('\'').map_or("", |(_, behind)| behind)
        } else if let Some(quoted) = rest.strip_prefix('"') {
            behind_quoted(quoted)
        } else {
            let (word, behind) = rest.split_at(rest.find(ends_word).unwrap_or(rest.len()));
            if begins && depth == 1 {
                found.push(word);
            }
            begins = false;
            behind
        };
    }
}

fn ends_word(character: char) -> bool {
    character.is_whitespace() || matches!(character, '{' | '}' | ';')
}

/// What is behind a text in double quotes, in which a backslash takes the next character's
/// meaning away.
fn behind_quoted(text: &str) -> &str {
    let mut is_escaped = false;
    let end = text.find(|character| {
        let ends = character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        ends
    });
    end.and_then(|at| text.get(at + 1..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_at_the_top_counts() {
        for (body, expected) in [
            ("typedef t { type string; }", true),
            ("identity i; // container c;\n /* list l {} */ feature f;", true),
            ("grouping g { container c { leaf l { type string; } } }", true),
            ("description \"a \\\" container; } list l\"; contact '\"';", true),
            ("container c;", false),
            ("identity i; uses g;", false),
            ("augment /a:b { leaf c { type string; } }", false),
            ("deviation \"/a:b\" { deviate not-supported; }", false),
            ("notification n;", false),
        ] {
            let text = format!("/* a */ module m {{ namespace \"urn:m\"; prefix m;\n{body} }}");
            assert_eq!(has_no_data(&text), expected, "{body}");
        }
    }

    #[test]
    fn what_ends_too_early_ends() {
        for text in ["", "module", "module m {", "module m { \"", "module m { '", "module m { /*", "}}}", "\"\\"] {
            assert!(has_no_data(text), "{text}");
        }
    }
}
