//! A plan's operations as such lines. They wait for a commit, so that their order is of
//! no account, but that what takes the place of something stands behind what deletes it:
//! so whole entries go first.

use mercury_adapter::{
    Dialect, EntryOperations, LeafOperation, Names, NodePath, Operations, Origin, SetWords, Unrenderable,
    operations::Value,
};

use crate::{
    Script,
    words::render::texts::{NAME, Takes, checked},
};

/// The lines of a plan.
///
/// # Errors
/// [`Unrenderable`]: a text that no line can hold.
pub(in crate::words) fn script(
    dialect: &Dialect,
    words: &SetWords,
    takes: Takes,
    operations: &Operations,
) -> Result<Script, Unrenderable> {
    let mut typing = Typing { dialect, words, takes, script: Script::default() };
    for node in operations.gone() {
        typing.delete(&node.path, &node.names, None)?;
    }
    for entry in &operations.entries {
        typing.entry(entry)?;
    }
    Ok(typing.script)
}

struct Typing<'a> {
    dialect: &'a Dialect,
    words: &'a SetWords,
    takes: Takes,
    script: Script,
}

impl Typing<'_> {
    fn entry(&mut self, entry: &EntryOperations) -> Result<(), Unrenderable> {
        let (path, names) = (&entry.entry.path, &entry.entry.names);
        for leaf in &entry.leaves {
            match leaf {
                LeafOperation::Remove(below) => self.delete(&path.join(below), names, None)?,
                LeafOperation::SetList { path: below, present, wanted } => {
                    for value in present.iter().filter(|value| !wanted.contains(value)) {
                        self.delete(&path.join(below), names, Some(value))?;
                    }
                }
                LeafOperation::Set(..) => {}
            }
        }
        let before = self.script.lines.len();
        for leaf in &entry.leaves {
            match leaf {
                LeafOperation::Set(below, value) => self.set(&path.join(below), names, value)?,
                LeafOperation::SetList { path: below, wanted, .. } => {
                    for value in wanted {
                        self.set(&path.join(below), names, value)?;
                    }
                }
                LeafOperation::Remove(_) => {}
            }
        }
        if entry.origin == Origin::Create {
            let fresh = self.way(String::new(), path, names)?;
            self.script.fresh.push(fresh);
        }
        // It comes with the first that is set below it.
        if entry.origin != Origin::Present && self.script.lines.len() == before {
            self.set(path, names, &Value::Container)?;
        }
        Ok(())
    }

    fn set(&mut self, path: &NodePath, names: &Names, value: &Value) -> Result<(), Unrenderable> {
        let is_said = !matches!(value, Value::Container | Value::Empty);
        self.push(&self.words.set.clone(), path, names, is_said.then_some(value))
    }

    fn delete(&mut self, path: &NodePath, names: &Names, value: Option<&Value>) -> Result<(), Unrenderable> {
        self.push(&self.words.delete.clone(), path, names, value)
    }

    fn push(&mut self, verb: &str, path: &NodePath, names: &Names, value: Option<&Value>) -> Result<(), Unrenderable> {
        let what = path.steps.last().map_or("", |step| step.name.as_str());
        let mut line = self.way(verb.to_owned(), path, names)?;
        if let Some(value) = value {
            self.word(&mut line, what, &value.text())?;
        }
        // What goes with something above it is gone by then.
        let is_above = |own: &str| line.strip_prefix(own).is_some_and(|rest| rest.starts_with(' '));
        let deletes =
            |own: &str| verb == self.words.delete && own.strip_prefix(verb).is_some_and(|way| !way.is_empty());
        if self.script.lines.iter().any(|own| deletes(&own.text) && is_above(&own.text)) {
            return Ok(());
        }
        // What two operations do alike is done once.
        if !self.script.lines.iter().rev().take_while(|own| own.text.starts_with(verb)).any(|own| own.text == line) {
            self.script.push(line, 0, false);
        }
        Ok(())
    }

    /// The words to a node behind those that are there.
    fn way(&self, mut line: String, path: &NodePath, names: &Names) -> Result<String, Unrenderable> {
        let missing = || self.dialect.cannot(NAME, "it is not known on the way there");
        for word in self.words.words(path, names).ok_or_else(missing)? {
            self.word(&mut line, NAME, &word)?;
        }
        Ok(line)
    }

    fn word(&self, line: &mut String, what: &str, text: &str) -> Result<(), Unrenderable> {
        checked(self.dialect, self.takes, what, text)?;
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&self.takes.quoted(text));
        Ok(())
    }
}
