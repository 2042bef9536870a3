//! YANG statements (RFC 7950 section 6.3): `keyword argument;` or
//! `keyword argument { ... }`, and no more of YANG than that.

/// One statement.
pub(crate) struct Statement {
    pub(crate) keyword: String,
    pub(crate) argument: String,
    pub(crate) children: Vec<Statement>,
}

impl Statement {
    /// The module or submodule in `text`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = tokens(text)?.into_iter().peekable();
        let statement = statement(&mut tokens)?;
        match tokens.next() {
            None => Ok(statement),
            Some(token) => Err(format!("{token:?} after the module")),
        }
    }

    /// The first child with this keyword.
    pub(crate) fn find(&self, keyword: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.keyword == keyword)
    }

    /// The children with this keyword.
    pub(crate) fn all<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.keyword == keyword)
    }

    /// The argument of the first child with this keyword.
    pub(crate) fn value(&self, keyword: &str) -> Option<&str> {
        self.find(keyword).map(|child| child.argument.as_str())
    }
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Open,
    Close,
    End,
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let (mut found, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let after = if let Some(comment) = rest.strip_prefix("//") {
            comment.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").ok_or("a comment without an end")?.1
        } else if first == '"' || first == '\'' {
            let end = closing(&rest[1..], first).ok_or("a string without an end")?;
            found.push(Token::Quoted(unescaped(&rest[1..=end], first)));
            &rest[end + 2..]
        } else if let Some((token, length)) = punctuation(first) {
            found.push(token);
            &rest[length..]
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ';' | '{' | '}')).unwrap_or(rest.len());
            found.push(Token::Word(rest[..end].to_owned()));
            &rest[end..]
        };
        rest = after.trim_start();
    }
    Ok(found)
}

fn punctuation(c: char) -> Option<(Token, usize)> {
    let token = match c {
        '{' => Token::Open,
        '}' => Token::Close,
        ';' => Token::End,
        _ => return None,
    };
    Some((token, 1))
}

/// Where a string ends; a backslash hides what follows it in double quotes.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut hidden = false;
    for (index, c) in text.char_indices() {
        if hidden {
            hidden = false;
        } else if c == '\\' && quote == '"' {
            hidden = true;
        } else if c == quote {
            return Some(index);
        }
    }
    None
}

fn unescaped(text: &str, quote: char) -> String {
    if quote == '\'' {
        return text.to_owned();
    }
    text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\"", "\"").replace("\\\\", "\\")
}

fn statement(tokens: &mut std::iter::Peekable<std::vec::IntoIter<Token>>) -> Result<Statement, String> {
    let Some(Token::Word(keyword)) = tokens.next() else { return Err("no keyword where one should be".to_owned()) };
    let mut argument = String::new();
    loop {
        match tokens.next() {
            Some(Token::Word(plus)) if plus == "+" => {}
            Some(Token::Word(text) | Token::Quoted(text)) => argument.push_str(&text),
            Some(Token::End) => return Ok(Statement { keyword, argument, children: Vec::new() }),
            Some(Token::Open) => break,
            other => return Err(format!("{other:?} after {keyword} {argument}")),
        }
    }
    let mut children = Vec::new();
    while tokens.next_if_eq(&Token::Close).is_none() {
        children.push(statement(tokens).map_err(|problem| format!("{problem}, in {keyword} {argument}"))?);
    }
    Ok(Statement { keyword, argument, children })
}

#[test]
fn statements_have_comments_strings_and_blocks() {
    let text = "module a { // one\n /* two; } */ leaf 'x' { type \"st\" + 'ring'; must \"a = \\\"}\\\"\"; } prefix p;}";
    let module = Statement::parse(text).unwrap();
    let leaf = module.find("leaf").unwrap();
    assert_eq!((leaf.argument.as_str(), leaf.value("type")), ("x", Some("string")));
    assert_eq!((leaf.value("must"), module.value("prefix")), (Some("a = \"}\""), Some("p")));
    for broken in ["module a {", "module a { leaf x }", "module a { } x;", "module 'a", "{"] {
        assert!(Statement::parse(broken).is_err(), "{broken}");
    }
}
