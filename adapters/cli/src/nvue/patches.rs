//! Lines as the objects that are merged into a revision.

use std::{fmt, sync::Arc};

use mercury_adapter::{Capabilities, Dialect, NvueDialect, NvueLeaf, Payload, Render, RequestForm, Unrenderable};
use mercury_model::Plan;
use serde_json::{Map, Value, json};

use crate::{CliRenderer, Script, words::vlans};

/// What one plan changes: objects that are merged into a revision one after the other, in
/// which `null` takes a member away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patches(pub(crate) Vec<Value>);

impl Patches {
    /// The objects, in their order.
    #[must_use]
    pub fn bodies(&self) -> &[Value] {
        &self.0
    }

    /// The objects of lines, as few as there can be: a member that was taken away is set in
    /// one that follows.
    ///
    /// # Errors
    /// The line that is neither `nv set` nor `nv unset`.
    fn of(dialect: &NvueDialect, script: &Script) -> Result<Self, String> {
        let mut patches = Self::default();
        for line in &script.lines {
            let text = line.text.as_str();
            let (sets, said) = match (text.strip_prefix("nv set "), text.strip_prefix("nv unset ")) {
                (Some(said), _) => (true, said),
                (None, Some(said)) => (false, said),
                (None, None) => return Err(text.to_owned()),
            };
            let words: Vec<&str> = said.split(' ').collect();
            // The shell's `nv` takes several VLANs for a word, which are members each here.
            // What follows a leaf is its value, whatever words are in it.
            let names = words.iter().take_while(|word| !dialect.leaves.contains_key(**word)).count();
            let names = words.get(..names).unwrap_or_default();
            let several = names.windows(2).position(|pair| matches!(pair, ["vlan", ids] if ids.contains(['-', ','])));
            match several.and_then(|at| Some((at + 1, vlans(words.get(at + 1)?)?))) {
                None => patches.say(dialect, sets, &words),
                Some((at, ids)) => {
                    for id in ids.iter().map(|id| id.to_string()) {
                        let one: Vec<&str> =
                            words.iter().enumerate().map(|(own, word)| if own == at { &*id } else { *word }).collect();
                        patches.say(dialect, sets, &one);
                    }
                }
            }
        }
        Ok(patches)
    }

    fn say(&mut self, dialect: &NvueDialect, sets: bool, words: &[&str]) {
        let leaf = words.iter().enumerate().find_map(|(at, word)| Some((at, *dialect.leaves.get(*word)?)));
        match leaf.filter(|(at, _)| at + 1 < words.len()) {
            _ if !sets => self.put(words, Value::Null),
            None => self.put(words, json!({})),
            Some((at, leaf)) => {
                let (way, value) = words.split_at(at + 1);
                let value = value.join(" ");
                match leaf {
                    NvueLeaf::Text => self.put(way, value.into()),
                    NvueLeaf::Number => {
                        let number = value.parse::<u64>().map(Value::from);
                        self.put(way, number.unwrap_or_else(|_| value.into()));
                    }
                    NvueLeaf::Choice => {
                        self.put(way, Value::Null);
                        self.put(words, json!({}));
                    }
                }
            }
        }
    }

    fn put(&mut self, way: &[&str], value: Value) {
        if let Some(last) = self.0.last_mut()
            && fits(last, way, &value)
        {
            return put(last, way, value);
        }
        let mut first = json!({});
        put(&mut first, way, value);
        self.0.push(first);
    }
}

/// Whether something can be said in an object that says other things: nothing of it is
/// taken away there, and nothing that is said there is taken away by it.
fn fits(object: &Value, way: &[&str], value: &Value) -> bool {
    let mut at = object;
    for name in way {
        match at.get(name) {
            None => return true,
            Some(Value::Null) => return value.is_null(),
            Some(below) => at = below,
        }
    }
    !value.is_null()
}

fn put(object: &mut Value, way: &[&str], value: Value) {
    let Some((name, below)) = way.split_first() else { return };
    let Value::Object(members) = object else { return };
    match below {
        [] => match (members.get(*name), &value) {
            // It is there already, and says more.
            (Some(Value::Object(_)), Value::Object(said)) if said.is_empty() => {}
            _ => drop(members.insert((*name).to_owned(), value)),
        },
        _ => {
            let next = members.entry((*name).to_owned()).or_insert_with(|| Value::Object(Map::new()));
            // What a taken away member had is taken away with it.
            if !next.is_null() {
                put(next, below, value);
            }
        }
    }
}

/// As they are merged, one after the other.
impl fmt::Display for Patches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|body| writeln!(f, "PATCH /nvue_v1/?rev={{revision}}\n{body:#}"))
    }
}

/// Renders plans for one switch.
pub struct NvueRenderer {
    dialect: Arc<Dialect>,
    nvue: NvueDialect,
    lines: CliRenderer,
}

impl NvueRenderer {
    /// A renderer for a dialect that NVUE's REST server speaks; `None` for another.
    #[must_use]
    pub fn new(dialect: &Arc<Dialect>) -> Option<Self> {
        let (nvue, lines) = (dialect.nvue.clone()?, CliRenderer::of_nvue(dialect)?);
        Some(Self { dialect: Arc::clone(dialect), nvue, lines })
    }
}

impl Render for NvueRenderer {
    /// The requests that change a revision, as JSON: a list of methods, URIs and bodies.
    fn request(&self, payload: &Payload, _: &Capabilities, form: RequestForm) -> Option<String> {
        let patches = payload.body::<Patches>().filter(|_| form == RequestForm::Json)?;
        let request = |body: &Value| json!({"method": "PATCH", "uri": "/nvue_v1/?rev={revision}", "body": body});
        let requests: Vec<Value> = patches.0.iter().map(request).collect();
        Some(format!("{:#}", Value::from(requests)))
    }

    fn render(&self, plan: &Plan, target: &Capabilities) -> Result<Payload, Unrenderable> {
        let lines = self.lines.render(plan, target)?;
        let script = lines.body::<Script>().ok_or_else(|| self.dialect.cannot("anything", "it has no lines"))?;
        let patches = Patches::of(&self.nvue, script);
        Ok(Payload::new(patches.map_err(|line| self.dialect.cannot(&line, "it is no line of NVUE's"))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_its_members_and_a_description_is_left_as_it_is() {
        let of = |lines: &[&str]| {
            let mut script = Script::default();
            lines.iter().for_each(|text| script.push((*text).to_owned(), 0, false));
            Patches::of(&nvue(), &script).unwrap().0
        };
        let described = |words: &str| json!({"interface": {"swp1": {"description": words}}});
        for words in ["Rack 3, vlan 10, host a", "vlan 10-12", "vlan 10,11 description vlan 3-4"] {
            assert_eq!(of(&[&format!("nv set interface swp1 description {words}")]), [described(words)]);
        }
        let vlans =
            |value: Value| json!({"interface": {"swp1": {"bridge": {"domain": {"br_default": {"vlan": value}}}}}});
        let line = |verb: &str| format!("nv {verb} interface swp1 bridge domain br_default vlan 10-11,13");
        assert_eq!(of(&[&line("set")]), [vlans(json!({"10": {}, "11": {}, "13": {}}))]);
        assert_eq!(of(&[&line("unset")]), [vlans(json!({"10": null, "11": null, "13": null}))]);
    }

    fn nvue() -> NvueDialect {
        let dialects = mercury_adapter::builtin().unwrap();
        dialects.into_iter().find_map(|dialect| dialect.nvue.clone()).unwrap()
    }
}
