//! What is looked for in the rules before one is evaluated: what would end the process,
//! and what would let a change pass by a slip.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::input::KNOWN;
use crate::finding::{Code, Finding, Findings};

/// Kinds of literals that a comparison by size puts above or below every number.
const UNORDERED: [&str; 5] = ["String", "RawString", "Bool", "Null", "Object"];

/// One file, as the engine parsed it.
pub(super) struct Module<'a> {
    pub(super) file: &'a Path,
    tree: &'a Value,
}

/// The files, which are in the tree in the order in which they were added.
pub(super) fn modules<'a>(tree: &'a Value, sources: &'a [(PathBuf, String)]) -> Vec<Module<'a>> {
    let trees = tree.as_array().into_iter().flatten();
    trees.zip(sources).map(|(tree, (file, _))| Module { file, tree }).collect()
}

impl Module<'_> {
    /// Such as `data.mercury.uplinks`.
    pub(super) fn package(&self) -> String {
        let path = self.tree.pointer("/ast/package/refr").map(chain).unwrap_or_default();
        format!("data.{}", path.join("."))
    }

    fn all(&self) -> impl Iterator<Item = &Value> {
        self.tree.pointer("/ast/rules").and_then(Value::as_array).into_iter().flatten()
    }

    /// How many rules it has, each with all its heads.
    pub(super) fn rules(&self) -> usize {
        self.all().count()
    }

    /// What its rules are called.
    pub(super) fn heads(&self) -> impl Iterator<Item = String> {
        self.all().filter_map(|rule| chain(head(rule)?.0).into_iter().next())
    }
}

/// The name of a rule, and whether it is a function.
fn head(rule: &Value) -> Option<(&Value, bool)> {
    let head = rule.pointer("/Spec/head").and_then(Value::as_object).and_then(|head| head.iter().next());
    match head {
        Some((kind, head)) => Some((head.get("refr")?, kind == "Func")),
        None => Some((rule.pointer("/Default/refr")?, false)),
    }
}

/// The names that a reference is made of, as far as they are written out.
fn chain(expression: &Value) -> Vec<String> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let (name, of) = if let Some(variable) = expression.get("Var") {
        return text(variable.get("value")).into_iter().collect();
    } else if let Some(dot) = expression.get("RefDot") {
        (text(dot.pointer("/field/1")), dot.get("refr"))
    } else if let Some(bracket) = expression.get("RefBrack") {
        (text(bracket.pointer("/index/String/value")), bracket.get("refr"))
    } else {
        return Vec::new();
    };
    let mut names = of.map(chain).unwrap_or_default();
    // After what is not written out nothing is known.
    names.push(name.unwrap_or_else(|| "*".to_owned()));
    names
}

pub(super) fn check(modules: &[Module<'_>], findings: &mut Findings) {
    for module in modules {
        visit(module.tree, &mut |kind, node| {
            let slip = match kind {
                "BoolExpr" => compared(node),
                "Call" => called(node),
                "RefDot" | "RefBrack" => asked(kind, node),
                _ => None,
            };
            if let Some((message, help)) = slip {
                findings.push(blamed(module, node, Code::BadValue, message, help));
            }
        });
    }
    let mut calls = BTreeMap::new();
    for module in modules {
        for rule in module.all() {
            if let Some((name, true)) = head(rule) {
                let mut called = BTreeSet::new();
                visit(rule, &mut |kind, node| {
                    let function = (kind == "Call").then(|| node.get("fcn").map(chain).unwrap_or_default());
                    called.extend(function.and_then(|names| names.last().cloned()));
                });
                let name = chain(name).pop().unwrap_or_default();
                let entry: &mut (_, BTreeSet<String>, _) =
                    calls.entry(name).or_insert_with(|| (module, BTreeSet::new(), rule));
                entry.1.extend(called);
            }
        }
    }
    // What is called by its last name alone may be taken for another; a call of oneself never is.
    for (name, (module, _, rule)) in &calls {
        if reaches(&calls, name) {
            let message = format!("function {name} calls itself, by itself or by another");
            let node = rule.pointer("/Spec").unwrap_or(rule);
            findings.push(blamed(module, node, Code::BadValue, message, "Rego has no recursion"));
        }
    }
}

/// Whether a function comes to be called again while it is evaluated.
fn reaches<M, R>(calls: &BTreeMap<String, (M, BTreeSet<String>, R)>, start: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(name) = open.pop() {
        for next in calls.get(name).map(|(_, called, _)| called).into_iter().flatten() {
            if next == start {
                return true;
            }
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    false
}

fn visit<'a>(value: &'a Value, found: &mut impl FnMut(&'a str, &'a Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| visit(item, found)),
        Value::Object(members) => {
            for (kind, node) in members {
                found(kind, node);
                visit(node, found);
            }
        }
        _ => {}
    }
}

fn compared(node: &Value) -> Option<(String, &'static str)> {
    let is_by_size = node.get("op").and_then(Value::as_str).is_some_and(|op| ["Lt", "Le", "Ge", "Gt"].contains(&op));
    let sides = [node.get("lhs"), node.get("rhs")];
    let is_unordered =
        |side: &Option<&Value>| UNORDERED.iter().any(|kind| side.is_some_and(|side| side.get(kind).is_some()));
    (is_by_size && sides.iter().any(is_unordered)).then(|| {
        let message = "a text, null, true, false or an object is compared by size".to_owned();
        (
            message,
            "numbers are less than every text and more than every null: such a comparison always, or never, holds",
        )
    })
}

fn called(node: &Value) -> Option<(String, &'static str)> {
    let names = node.get("fcn").map(chain)?;
    let is_range = names.first().is_some_and(|name| name == "numbers");
    is_range.then(|| {
        (
            format!("{} makes lists of any length", names.join(".")),
            "VLANs come as ranges: compare their `first` and `last`",
        )
    })
}

/// A part of the input that there never is.
fn asked(kind: &str, node: &Value) -> Option<(String, &'static str)> {
    let names = chain(&Value::Object([(kind.to_owned(), node.clone())].into_iter().collect()));
    let mut names_of = names.iter().map(String::as_str);
    if names_of.next() != Some("input") {
        return None;
    }
    let (first, second, third) = (names_of.next()?, names_of.next(), names_of.next());
    let known = KNOWN.iter().find(|(name, _)| *name == first);
    let is_known = first == "*" || known.is_some();
    let below = known.and_then(|(_, below)| *below);
    let is_known_below = match (second, below) {
        (None, _) | (Some("*"), _) | (_, None) => true,
        (Some(second), Some(below)) => below.contains(&second),
    };
    // Each name is judged where it is the last.
    let is_wrong = match (second, third) {
        (None, _) => !is_known,
        (Some(_), None) => is_known && !is_known_below,
        _ => false,
    };
    is_wrong.then(|| {
        (format!("there is no {} in what a rule is given", names.join(".")), "config/rules.md says what there is")
    })
}

fn blamed(module: &Module<'_>, node: &Value, code: Code, message: String, help: &str) -> Finding {
    let number = |name: &str| {
        let number = node.get("span").and_then(|span| span.get(name)).and_then(Value::as_u64);
        number.and_then(|number| usize::try_from(number).ok())
    };
    Finding::error(code, message).help(help).field("rules").at(module.file, number("line")).column(number("col"))
}
