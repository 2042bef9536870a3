//! The patterns of dialects, compiled.

use std::convert::Infallible;

use regex::{Regex, RegexBuilder};
use regex_syntax::ast::{self, AssertionKind, Ast, ClassPerl, ClassPerlKind, ClassSetItem, Span};

/// Octets a compiled pattern may take.
const MOST: usize = 1 << 20;

/// A pattern that fits no empty line. What prompts and answers are made of is ASCII: so are the
/// digits, spaces and letters that `\d`, `\s`, `\w` and `\b` tell of. With those of all scripts
/// a pattern takes ten times the memory, and as much longer to compile. `\B` and the halves of a
/// boundary, such as `\b{start}`, stay those of all scripts: `\B` of ASCII alone fits within a
/// character, and no dialect has any of them.
///
/// # Errors
/// A sentence: it is no pattern, too large, or fits an empty line.
pub(super) fn pattern(text: &str) -> Result<Regex, String> {
    let narrow = of_ascii(text).map_err(|error| error.to_string())?;
    let pattern = RegexBuilder::new(&narrow).size_limit(MOST).build().map_err(|error| error.to_string())?;
    if pattern.is_match("") { Err(format!("{text:?} fits an empty line")) } else { Ok(pattern) }
}

/// The same, with ASCII's classes in the place of Unicode's.
fn of_ascii(text: &str) -> Result<String, Box<ast::Error>> {
    let parsed = ast::parse::Parser::new().parse(text).map_err(Box::new)?;
    let Ok(narrowed) = ast::visit(&parsed, Narrowed::default());
    let mut whole = text.to_owned();
    for (span, word) in narrowed.into_iter().rev() {
        whole.replace_range(span.start.offset..span.end.offset, &word);
    }
    Ok(whole)
}

/// Where something else is to stand, and what, in the order of the text.
#[derive(Default)]
struct Narrowed(Vec<(Span, String)>);

impl ast::Visitor for Narrowed {
    type Output = Vec<(Span, String)>;
    type Err = Infallible;

    fn finish(self) -> Result<Self::Output, Infallible> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Infallible> {
        match ast {
            Ast::ClassPerl(class) => self.0.push((class.span, format!("[{}]", name(class)))),
            Ast::Assertion(assertion) if assertion.kind == AssertionKind::WordBoundary => {
                self.0.push((assertion.span, r"(?-u:\b)".to_owned()));
            }
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Infallible> {
        if let ClassSetItem::Perl(class) = item {
            self.0.push((class.span, name(class)));
        }
        Ok(())
    }
}

/// What a class is called between brackets where it is ASCII's.
fn name(class: &ClassPerl) -> String {
    let kind = match class.kind {
        ClassPerlKind::Digit => "digit",
        ClassPerlKind::Space => "space",
        ClassPerlKind::Word => "word",
    };
    format!("[:{}{kind}:]", if class.negated { "^" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_ascii_wherever_they_stand() {
        for (text, narrow) in [
            (r"(?<host>[\w.-]+)>", "(?<host>[[:word:].-]+)>"),
            (r"\d+\s\D[^\s\W]", "[[:digit:]]+[[:space:]][[:^digit:]][^[:space:][:^word:]]"),
            (r"\bé\\d", r"(?-u:\b)é\\d"),
            (r"(?x) \w # \d", "(?x) [[:word:]] # \\d"),
        ] {
            assert_eq!(of_ascii(text).as_deref(), Ok(narrow), "{text}");
            pattern(text).unwrap();
        }
        let digits = pattern(r"^\d{2}\b").unwrap();
        assert!(digits.is_match("42") && digits.is_match("42é") && !digits.is_match("٤٢"));
    }

    #[test]
    fn what_is_no_pattern_or_fits_nothing_at_all_is_refused() {
        for (text, told) in [("(", "unclosed group"), ("a*", "fits an empty line"), (r"\p{L}{9}{99}{99}", "limit")] {
            assert!(pattern(text).unwrap_err().contains(told), "{text}: {:?}", pattern(text));
        }
    }
}
