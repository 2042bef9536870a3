//! The patterns of dialects, compiled when something is first held against them: a process
//! reads all dialects, and most speak few.

use std::{
    convert::Infallible,
    ops::Range,
    sync::{Arc, OnceLock},
};

use regex::{Captures, Regex, RegexBuilder};
use regex_syntax::{
    ParserBuilder,
    ast::{self, AssertionKind, Ast, ClassPerl, ClassPerlKind, ClassSetItem, Span},
    hir::{Class, Hir, HirKind},
};

/// Octets a compiled pattern may take.
const MOST: usize = 1 << 20;

/// Octets that a state of a compiled pattern takes at most, with what it leads to.
const STATE: usize = 64;

/// States that a range of characters is made of at most: 20 ways to write it in UTF-8, of four
/// octets each.
const RANGE: usize = 80;

/// A regular expression, compiled when it is first used; cheap to clone.
#[derive(Clone)]
pub struct Pattern(Arc<Lazy>);

struct Lazy {
    text: String,
    unicode: bool,
    compiled: OnceLock<Regex>,
}

impl Pattern {
    /// A pattern that fits no empty line. What prompts and answers are made of is ASCII: so are
    /// the digits, spaces and letters that `\d`, `\s`, `\w` and `\b` tell of. With those of all
    /// scripts a pattern takes ten times the memory, and as much longer to compile. `\B` and the
    /// halves of a boundary, such as `\b{start}`, stay those of all scripts: `\B` of ASCII alone
    /// fits within a character, and no dialect has any of them.
    ///
    /// # Errors
    /// A sentence: it is no pattern, takes more than 1 MiB, or fits an empty line.
    pub fn of_a_line(text: &str) -> Result<Self, String> {
        let narrow = of_ascii(text).map_err(|error| error.to_string())?;
        let (pattern, may_be_empty) = Self::checked(narrow, true)?;
        if may_be_empty && pattern.is_match("") { Err(format!("{text:?} fits an empty line")) } else { Ok(pattern) }
    }

    /// A pattern of a whole text, in ASCII: other scripts have digits too.
    ///
    /// # Errors
    /// A sentence: it is no pattern, or takes more than 1 MiB.
    pub(super) fn of_a_number(text: &str) -> Result<Self, String> {
        Self::checked(format!("^(?:{text})$"), false).map(|(pattern, _)| pattern)
    }

    /// With whether it may fit what is empty. What is certainly small is not compiled to see it.
    fn checked(text: String, unicode: bool) -> Result<(Self, bool), String> {
        let mut parser = ParserBuilder::new().unicode(unicode).utf8(true).build();
        let parsed = parser.parse(&text).map_err(|error| error.to_string())?;
        let may_be_empty = parsed.properties().minimum_len() == Some(0);
        let compiled = OnceLock::new();
        if size(&parsed) > MOST {
            let _first = compiled.set(compile(&text, unicode, MOST).map_err(|error| error.to_string())?);
        }
        Ok((Self(Arc::new(Lazy { text, unicode, compiled })), may_be_empty))
    }

    /// As it is compiled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Whether it fits anywhere in a text.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.regex().is_match(text)
    }

    /// The octets of a text where it first fits.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Range<usize>> {
        self.regex().find(text).map(|found| found.range())
    }

    /// Where it first fits in a text, with its groups.
    #[must_use]
    pub fn captures<'a>(&self, text: &'a str) -> Option<Captures<'a>> {
        self.regex().captures(text)
    }

    #[expect(
        clippy::expect_used,
        reason = "it was parsed and measured before, and a judgement without it would be wrong"
    )]
    fn regex(&self) -> &Regex {
        let Lazy { text, unicode, compiled } = &*self.0;
        compiled.get_or_init(|| compile(text, *unicode, usize::MAX).expect("a pattern that was parsed"))
    }
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple(if self.0.unicode { "Pattern" } else { "Number" }).field(&self.0.text).finish()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text && self.0.unicode == other.0.unicode
    }
}

impl Eq for Pattern {}

fn compile(text: &str, unicode: bool, most: usize) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).unicode(unicode).size_limit(most).build()
}

/// Octets that a pattern takes at most once it is compiled.
fn size(pattern: &Hir) -> usize {
    let states = match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len() + 1,
        HirKind::Class(Class::Unicode(class)) => class.ranges().len().saturating_mul(RANGE) + 1,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(repetition.min).saturating_add(1);
            let times = usize::try_from(times).unwrap_or(usize::MAX);
            return times.saturating_mul(size(&repetition.sub).saturating_add(2 * STATE));
        }
        HirKind::Capture(capture) => {
            let name = capture.name.as_deref().map_or(0, str::len);
            return size(&capture.sub).saturating_add(4 * STATE + 2 * name);
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            let parts = parts.iter().map(|part| size(part).saturating_add(STATE));
            return parts.fold(STATE, usize::saturating_add);
        }
    };
    states.saturating_mul(STATE)
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
    use crate::dialect::{EMBEDDED, load};

    /// What a pattern takes where it is compiled, and no more than was thought.
    fn is_bounded(text: &str, unicode: bool) {
        let parsed = ParserBuilder::new().unicode(unicode).build().parse(text).unwrap();
        // The crate's own measure of empty and of prefixes does not count towards its limit.
        let most = size(&parsed) + (1 << 10);
        assert!(compile(text, unicode, most).is_ok(), "{text:?} takes more than {most} octets");
    }

    #[test]
    fn classes_are_those_of_ascii_wherever_they_stand() {
        for (text, narrow) in [
            (r"(?<host>[\w.-]+)>", "(?<host>[[:word:].-]+)>"),
            (r"\d+\s\D[^\s\W]", "[[:digit:]]+[[:space:]][[:^digit:]][^[:space:][:^word:]]"),
            (r"\bé\\d", r"(?-u:\b)é\\d"),
            (r"(?x) \w # \d", "(?x) [[:word:]] # \\d"),
        ] {
            assert_eq!(of_ascii(text).as_deref(), Ok(narrow), "{text}");
            Pattern::of_a_line(text).unwrap();
        }
        let digits = Pattern::of_a_line(r"^\d{2}\b").unwrap();
        assert!(digits.is_match("42") && digits.is_match("42é") && !digits.is_match("٤٢"));
    }

    #[test]
    fn what_is_no_pattern_or_fits_nothing_at_all_is_refused() {
        for (text, told) in [
            ("(", "unclosed group"),
            (r"\p{Greekish}", "property"),
            ("a*", "fits an empty line"),
            ("^$", "fits an empty line"),
            (r"\p{L}{9}{99}{99}", "limit"),
        ] {
            let refused = Pattern::of_a_line(text).unwrap_err();
            assert!(refused.contains(told), "{text}: {refused}");
        }
        for text in ["(", r"(?u:\d{99}{99}{99})", r"(?-u:\xff)"] {
            assert!(Pattern::of_a_number(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pattern_is_compiled_when_something_is_held_against_it_and_once() {
        let pattern = Pattern::of_a_line(r"(?<host>[\w.-]+)[>#]").unwrap();
        let clone = pattern.clone();
        assert!(pattern.0.compiled.get().is_none());
        assert_eq!(&clone.captures("sw-1#").unwrap()["host"], "sw-1");
        assert!(pattern.0.compiled.get().is_some() && !pattern.is_match("#"));
    }

    #[test]
    fn no_pattern_takes_more_than_was_thought_and_all_of_the_dialects_compile() {
        let odd = [
            (r"[^\s]{1,200}x|\p{L}+é[а-я]{3}", true),
            (r"(?i)(a|bc|[^d]){7,9}(?<name>\pN?)*", true),
            (r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}", false),
            (r"\b(?:x*){3}(y+?)+$", false),
        ];
        for (text, unicode) in odd {
            is_bounded(text, unicode);
        }
        let (mut count, mut bad) = (0, Vec::new());
        for dialect in load(EMBEDDED).unwrap() {
            let printed = format!("{dialect:?}");
            for (kind, unicode) in [("Pattern(", true), ("Number(", false)] {
                for text in within(&printed, kind) {
                    count += 1;
                    is_bounded(&text, unicode);
                    bad.extend(compile(&text, unicode, MOST).is_err().then_some(text));
                }
            }
        }
        assert!(count > 400 && bad.is_empty(), "{count} patterns, of which these do not compile: {bad:?}");
    }

    /// Those in what a dialect is printed as.
    fn within(printed: &str, kind: &str) -> Vec<String> {
        let text = |rest: &str| {
            let end = rest.match_indices("\")").find(|(at, _)| !rest[..*at].ends_with('\\')).unwrap().0;
            // What else is escaped, patterns write in the same way.
            rest[1..end].replace(r"\\", "\0").replace("\\\"", "\"").replace('\0', r"\")
        };
        printed.split(kind).skip(1).filter(|rest| rest.starts_with('"')).map(text).collect()
    }
}
