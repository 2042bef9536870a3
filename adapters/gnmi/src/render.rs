//! A plan's operations as those of one Set.

use std::sync::Arc;

use mercury_adapter::{
    Capabilities, Dialect, EntryOperations, GnmiDialect, GnmiEncoding, LeafOperation, Mapping, Node, NodePath,
    Operations, Origin, Payload, Render, RequestForm, Unrenderable, WriteLevel, Writing, mac_vrf, operations,
};
use mercury_model::{Change, Edit, Leaf, Plan};

use crate::{
    printed,
    request::{self, Asked},
    set::{Member, SetOperations, Value, keys},
};

/// Renders plans for one switch.
pub struct Renderer {
    dialect: Arc<Dialect>,
    gnmi: GnmiDialect,
    instance: String,
    max_operations: Option<usize>,
    scalars: bool,
    form: request::Form,
}

/// What an inventory entry may say in place of the dialect.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides<'a> {
    /// The network instance that holds the VLANs.
    pub instance: Option<&'a str>,
    /// How many operations one Set may hold.
    pub max_operations: Option<usize>,
    /// How requests are put.
    pub asked: Asked<'a>,
    /// Where paths end, also of what is about aggregates.
    pub write_level: Option<WriteLevel>,
}

impl Renderer {
    /// A renderer for a dialect that speaks gNMI; `None` for one that does
    /// not.
    #[must_use]
    pub fn new(dialect: &Arc<Dialect>, overrides: Overrides<'_>) -> Option<Self> {
        let mut gnmi = dialect.gnmi.clone()?;
        if let Some(level) = overrides.write_level {
            (gnmi.write_level, gnmi.lag_level) = (level, None);
        }
        Some(Self {
            dialect: Arc::clone(dialect),
            instance: overrides.instance.unwrap_or(&gnmi.network_instance).to_owned(),
            max_operations: overrides.max_operations.or(gnmi.max_operations),
            scalars: overrides.asked.encoding.or(gnmi.encoding) == Some(GnmiEncoding::Proto),
            form: request::Form::of(&gnmi, overrides.asked, GnmiEncoding::JsonIetf),
            gnmi,
        })
    }

    fn operations(&self, plan: &Plan) -> Result<Operations, Unrenderable> {
        match &self.gnmi.mapping {
            Mapping::Tree(tree) => {
                let (dialect, instance) = (&*self.dialect, &*self.instance);
                let explicit_enabled = self.gnmi.explicit_enabled;
                let one_by_one = false;
                operations(&Writing { dialect, protocol: "gnmi", tree, instance, explicit_enabled, one_by_one }, plan)
            }
            Mapping::MacVrf => {
                let refused = |unsayable: mac_vrf::Unsayable| unsayable.of(&self.dialect, "gnmi");
                mac_vrf::operations(plan, &self.instance, self.dialect.overlay("gnmi").is_some()).map_err(refused)
            }
        }
    }

    /// Where paths end. Scalars have no place in anything larger than a leaf.
    fn level(&self, plan: &Plan) -> WriteLevel {
        let about_lags = |edit: &Edit| match edit {
            Edit::CreateInterface { .. } => true,
            Edit::Interface { change: Change { leaf, .. }, .. } => {
                matches!(leaf, Leaf::AggregateId | Leaf::LagType | Leaf::MinLinks | Leaf::MlagId)
            }
            _ => false,
        };
        match self.gnmi.lag_level.filter(|_| plan.edits.iter().any(about_lags)) {
            _ if self.scalars => WriteLevel::Leaf,
            Some(level) => level,
            None => self.gnmi.write_level,
        }
    }

    fn cannot(&self, what: &str, reason: &str) -> Unrenderable {
        self.dialect.cannot(what, reason)
    }
}

impl Render for Renderer {
    fn request(&self, payload: &Payload, _: &Capabilities, form: RequestForm) -> Option<String> {
        let request = self.form.set(payload.body::<SetOperations>()?);
        match form {
            RequestForm::Xml | RequestForm::Lines => None,
            RequestForm::Json => Some(printed::json(&request)),
            RequestForm::Textproto => Some(printed::textproto(&request)),
        }
    }

    fn render(&self, plan: &Plan, _: &Capabilities) -> Result<Payload, Unrenderable> {
        let form = Form { level: self.level(plan), replace: self.gnmi.replace, scalars: self.scalars };
        let set = form.set(self.operations(plan)?);
        match self.max_operations {
            Some(most) if set.len() > most => {
                let reason = format!("it takes {} operations and the target takes {most} in one Set", set.len());
                Err(self.cannot("this much at once", &reason))
            }
            _ => Ok(Payload::new(set)),
        }
    }
}

/// How operations are put in a Set.
struct Form {
    level: WriteLevel,
    replace: bool,
    scalars: bool,
}

impl Form {
    fn set(&self, operations: Operations) -> SetOperations {
        let mut set = SetOperations::default();
        let mut lists: Vec<(Node, Member)> = Vec::new();
        for entry in &operations.entries {
            let may_be_new = entry.origin != Origin::Present;
            match self.level {
                WriteLevel::Leaf if self.scalars || !may_be_new => self.leaves(entry, &mut set),
                WriteLevel::Leaf | WriteLevel::Entry => {
                    set.update.extend(object(entry, &mut set.delete).map(|object| (entry.entry.clone(), object)));
                }
                WriteLevel::List => listed(entry, &mut set.delete, &mut lists),
            }
        }
        set.update.extend(lists.into_iter().map(|(list, member)| (list, Value::Object(vec![member]))));
        // After what refers to them: some targets take one operation at a time.
        set.delete.extend(operations.removed);
        set.delete.extend(operations.cleared);
        set
    }

    /// Replacing comes before updating (gNMI section 3.4.3), and some targets do
    /// one after the other: beside a list that is replaced, a leaf is too, so that
    /// the mode of a trunk comes before its VLANs.
    fn leaves(&self, one: &EntryOperations, set: &mut SetOperations) {
        let is_replaced =
            |leaf: &LeafOperation| matches!(leaf, LeafOperation::SetList { wanted, .. } if !wanted.is_empty());
        let replaces = self.replace && one.leaves.iter().any(is_replaced);
        let named = one.key_leaf.iter().filter(|_| one.origin != Origin::Present);
        set.update.extend(named.map(|(path, value)| (one.entry.below(path), value.clone().into())));
        for operation in &one.leaves {
            match operation {
                LeafOperation::Set(path, value) => {
                    let sets = if replaces { &mut set.replace } else { &mut set.update };
                    sets.push((one.entry.below(path), value.clone().into()));
                }
                LeafOperation::Remove(path) => set.delete.push(one.entry.below(path)),
                LeafOperation::SetList { path, wanted, .. } if wanted.is_empty() => {
                    set.delete.push(one.entry.below(path));
                }
                LeafOperation::SetList { path, present, wanted } => {
                    let node = one.entry.below(path);
                    // An update would add to what a leaf-list holds.
                    if self.replace {
                        set.replace.push((node, list(wanted)));
                        continue;
                    }
                    if !present.is_empty() {
                        set.delete.push(node.clone());
                    }
                    set.update.push((node, list(wanted)));
                }
            }
        }
    }
}

fn list(values: &[operations::Value]) -> Value {
    Value::List(values.iter().cloned().map(Value::from).collect())
}

/// The entry with its keys and everything that is set below it; `None` where
/// things are only taken away. What goes is deleted first, which a Set does
/// whatever comes first in it.
fn object(one: &EntryOperations, delete: &mut Vec<Node>) -> Option<Value> {
    let (mut object, mut sets) = (Value::Object(entry_keys(&one.entry)), one.origin != Origin::Present);
    let mut put = |path: &NodePath, value: Value| object.put(path, &one.entry.names, value);
    let mut leaves = Vec::new();
    for operation in &one.leaves {
        match operation {
            LeafOperation::Set(path, value) => leaves.push((path, Value::from(value.clone()))),
            LeafOperation::Remove(path) => delete.push(one.entry.below(path)),
            LeafOperation::SetList { path, present, wanted } => {
                if wanted.is_empty() || !present.is_empty() {
                    delete.push(one.entry.below(path));
                }
                if !wanted.is_empty() {
                    leaves.push((path, list(wanted)));
                }
            }
        }
    }
    sets |= !leaves.is_empty();
    if let (true, Some((path, value))) = (sets, &one.key_leaf) {
        put(path, value.clone().into());
    }
    leaves.into_iter().for_each(|(path, value)| put(path, value));
    sets.then_some(object)
}

/// The leaves that are an entry's keys.
fn entry_keys(entry: &Node) -> Vec<Member> {
    entry.path.steps.last().map(|step| keys(step, &entry.names)).unwrap_or_default()
}

/// The entry among the others of its list.
fn listed(one: &EntryOperations, delete: &mut Vec<Node>, lists: &mut Vec<(Node, Member)>) {
    let Some(entry) = object(one, delete) else { return };
    let Some(step) = one.entry.path.steps.last() else { return };
    let list = Node { path: one.entry.path.parent(), names: one.entry.names.clone() };
    let same = |(node, member): &&mut (Node, Member)| {
        node.path == list.path && node.to_string() == list.to_string() && member.name == step.name
    };
    match lists.iter_mut().find(same) {
        Some((_, Member { value: Value::Entries(entries), .. })) => entries.push(entry),
        _ => {
            let value = Value::Entries(vec![entry]);
            lists.push((list, Member { module: step.module.clone(), name: step.name.clone(), value }));
        }
    }
}
