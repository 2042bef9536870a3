//! Switches of which files tell, in place of the switches themselves.

mod lines;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::{Arc, Weak},
};

use mercury_adapter::{
    Budget, Bump, Clashes, DataNode, DataTree, Dialect, Left, Looking, MAX_REPLY, Mapping, Names, Nodes, Offline,
    Payload, Recorded, Source, Unread, find,
};
use mercury_model::InterfaceName;

use mercury_cli::Transcript;
use mercury_gnmi::document::{Decoded, Elements, SetRequest};
use mercury_netconf::document::Edited;

use super::{Adapter, RegistryError, adapter, dialect, port};
use crate::{
    inventory::{Face, GnmiSettings, NetconfSettings, RestconfSettings, Switch},
    lock::NoLocks,
    target::{Entry, Target},
};

/// A file that shows what a switch has, whole or in part.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What to call it.
    pub name: String,
    /// NETCONF's XML, RFC 7951 JSON, a gNMI answer as JSON, a configuration's lines, or
    /// what was recorded at a command line.
    pub text: String,
}

/// Starts a task for every switch, which asks nobody: what is known of a switch was
/// recorded. Of one that is not there nothing is.
///
/// # Errors
/// No adapter could serve one of them.
pub fn offline<'a>(
    switches: impl IntoIterator<Item = &'a Arc<Switch>>,
    dialects: &[Arc<Dialect>],
    mut recorded: BTreeMap<String, Recorded>,
) -> Result<Vec<Target>, RegistryError> {
    let entry = |switch: &'a Arc<Switch>| {
        let dialect = dialect(switch, dialects)?;
        let (_, render): Adapter = adapter(switch, &dialect)?;
        let connector = Box::new(Offline::new(recorded.remove(&switch.identity.name).unwrap_or_default()));
        Ok(Entry { switch: Arc::clone(switch), port: port(switch, &dialect), dialect, connector, render })
    };
    let entries: Vec<Entry> = switches.into_iter().map(entry).collect::<Result<_, _>>()?;
    Ok(Target::start_all(entries, &NoLocks::shared()))
}

/// What files show of a switch, each in the format that it is seen to have, read by
/// the dialect of the switch's entry; VNIs where the entry serves any.
///
/// # Errors
/// A sentence with the file's name: it is in no known format, or shows no port that
/// the dialect knows of; two of them show one port; lines that no switch was asked for are cut,
/// or are answers of another kind.
pub fn recorded(
    switch: &Switch,
    dialects: &[Arc<Dialect>],
    files: &[Shown],
    is_whole: bool,
) -> Result<Recorded, String> {
    let dialect = dialect(switch, dialects).map_err(|error| error.to_string())?;
    let source = files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", ");
    let mut share = Budget::shared().share(MAX_REPLY);
    let overlays = switch.rules.serves_vnis();
    // What the command line shows people keep of any switch.
    let is_data = |text: &str| text.trim_start().starts_with(['<', '{', '[']);
    let are_lines = dialect.cli.is_some() && !files.iter().any(|file| is_data(&file.text));
    let has_lines = matches!(&switch.face, Face::Netconf(_) | Face::Gnmi(_) | Face::Restconf(_)) && are_lines;
    if has_lines || matches!(&switch.face, Face::Cli(_)) {
        let cli = dialect.cli.as_ref().ok_or_else(|| super::not_spoken(switch, &dialect).to_string())?;
        if let [Shown { text, .. }] = files
            && Transcript::is_one(text)
        {
            let transcript = text.parse::<Transcript>();
            let recorded = transcript.and_then(|own| own.recorded(&dialect.name, cli, overlays, &mut share));
            return Ok(Recorded {
                is_whole,
                source: source.clone(),
                ..recorded.map_err(|error| format!("{source}: {error}"))?
            });
        }
        if has_lines {
            lines::guarded((&dialect.name, cli), dialects, files, overlays)?;
        }
        let texts: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
        let recorded =
            mercury_cli::recorded(cli, &texts, overlays, &mut share).map_err(|error| format!("{source}: {error}"))?;
        return Ok(Recorded { is_whole, source, ..recorded });
    }
    if let Face::Nvue(_) = &switch.face {
        let nvue = dialect.nvue.as_ref().ok_or_else(|| super::not_spoken(switch, &dialect).to_string())?;
        let texts: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
        let recorded = mercury_cli::recorded_objects(nvue, &texts, overlays, &mut share)
            .map_err(|error| format!("{source}: {error}"))?;
        return Ok(Recorded { is_whole, source, ..recorded });
    }
    let arena = Bump::new();
    let root = DataTree::new(&arena, &mut share).node("").map_err(|error| error.to_string())?;
    let mut ports = BTreeMap::new();
    for file in files {
        let told = |error: String| format!("{}: {error}", file.name);
        let mut made = DataTree::new(&arena, &mut share);
        let own = made.node("").map_err(|error| told(error.to_string()))?;
        match file.text.trim_start().chars().next() {
            Some('<') => mercury_netconf::document::lay(&file.text, &mut made, own),
            Some('{' | '[') => mercury_gnmi::document::lay(&file.text, &arena, &mut share, own),
            None => Err("it is empty".to_owned()),
            _ => {
                let why = match dialect.cli {
                    None => format!("dialect {} reads no lines of a command line", dialect.name),
                    Some(_) => "lines are not read beside files of XML or JSON".to_owned(),
                };
                Err(format!("it is neither XML nor JSON, and {why}"))
            }
        }
        .map_err(told)?;
        let shows = read(switch, &dialect, own).map_err(told)?.running.config.interfaces;
        if shows.is_empty() && files.len() == 1 {
            let reason = format!("it shows no port where the dialect {} has them", dialect.name);
            return Err(told(reason));
        }
        for port in shows.into_keys() {
            if let Some(other) = ports.insert(port.clone(), &file.name) {
                return Err(told(format!("it shows {port}, and so does {other}")));
            }
        }
        own.members().for_each(|member| root.push(member));
    }
    Ok(Recorded { is_whole, source, ..read(switch, &dialect, root)? })
}

/// What a file tells of a switch, whether that showed it or somebody wrote it for it, in any
/// `form`; `None` where none is seen. With it what the reader cannot make one thing of.
///
/// # Errors
/// A sentence: as of [`recorded`], and of [`candidate`].
pub fn told(
    switch: &Switch,
    dialects: &[Arc<Dialect>],
    form: Option<Form>,
    file: &Shown,
    is_whole: bool,
) -> Result<(Recorded, Option<Brought>), String> {
    let shown = || recorded(switch, dialects, std::slice::from_ref(file), is_whole);
    let is_recording = matches!(switch.face, Face::Cli(_)) && Transcript::is_one(&file.text);
    let Some(form) = form.filter(|_| !is_recording && !matches!(switch.face, Face::Nvue(_))) else {
        return Ok((shown()?, None));
    };
    let named = |reason| format!("{}: {reason}", file.name);
    let brought = candidate(switch, dialects, form, &file.text).map_err(named)?;
    // As the switch's own protocol has it, where that shows things so.
    let own = match (&switch.face, form) {
        (Face::Cli(_), Form::Lines)
        | (Face::Netconf(_) | Face::Gnmi(_) | Face::Restconf(_), Form::Xml | Form::Json) => {
            match shown() {
                _ if !brought.deleted.is_empty() => None,
                Err(error) if brought.is_nothing() => return Err(error),
                // A part may hold what the whole is not seen in, such as VLANs alone.
                shown => shown.ok(),
            }
        }
        _ => None,
    };
    let own = own.unwrap_or_else(|| Recorded { is_whole, source: file.name.clone(), ..brought.recorded.clone() });
    Ok((own, Some(brought)))
}

fn read(switch: &Switch, dialect: &Dialect, data: &DataNode<'_>) -> Result<Recorded, String> {
    let not_spoken = || super::not_spoken(switch, dialect).to_string();
    let own = switch.identity.network_instance.as_deref();
    let overlays = switch.rules.serves_vnis();
    match &switch.face {
        Face::Netconf(_) => {
            let netconf = dialect.netconf.as_ref().ok_or_else(not_spoken)?;
            let instance = own.unwrap_or(&netconf.network_instance);
            let looking = Looking { tree: &netconf.tree, defaults: &netconf.defaults, instance };
            Ok(Recorded::of(looking, data, overlays))
        }
        Face::Gnmi(_) => {
            let gnmi = dialect.gnmi.as_ref().ok_or_else(not_spoken)?;
            mercury_gnmi::document::recorded(gnmi, own.unwrap_or(&gnmi.network_instance), data, overlays)
        }
        Face::Restconf(_) => {
            let restconf = dialect.restconf.as_ref().ok_or_else(not_spoken)?;
            let instance = own.unwrap_or(&restconf.network_instance);
            let looking = Looking { tree: &restconf.tree, defaults: &restconf.defaults, instance };
            Ok(Recorded::of(looking, data, overlays))
        }
        Face::Cli(_) | Face::Nvue(_) => Err("what it shows is read as lines, not as a tree".to_owned()),
        Face::Ovsdb(_) => Err("rows of a database are not read from files".to_owned()),
    }
}

/// What a gNMI SetRequest brings and takes away, one by one.
///
/// # Errors
/// A sentence with line and column: it is no SetRequest.
pub fn set_request(text: &str) -> Result<SetRequest, String> {
    mercury_gnmi::document::set_request(text)
}

/// The keys that a SetRequest brings with another value than the path has that leads to their
/// entry: whatever is read of it, a target may take either, or refuse it.
#[must_use]
pub fn contradicted(text: &str, set: &SetRequest) -> Vec<Left> {
    let mut found = Vec::new();
    for one in &set.brought {
        let Some(((name, keys), entry)) = one.path.last().zip(one.value.as_object()) else { continue };
        for (key, wanted) in keys {
            let said = entry.iter().find(|(own, _)| own.rsplit(':').next() == Some(key)).map(|(_, said)| said);
            let said = said.map(|said| said.as_str().map_or_else(|| said.to_string(), str::to_owned));
            let Some(said) = said.filter(|said| !is_same_key(said, wanted)) else { continue };
            let octet = text.get(one.at.clone()).and_then(|part| part.find(&*said)).unwrap_or_default() + one.at.start;
            let before = text.get(..octet).unwrap_or_default();
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let above = one.path.iter().rev().skip(1).rev().map(|(name, _)| format!("/{name}")).collect::<String>();
            let what = format!("{above}/{name}[{wanted}]/{key} is {said}");
            found.push(Left { what, line: Some(before.matches('\n').count() + 1), column: Some(column) });
        }
    }
    found
}

/// Whether both are one value of a key: an identity has the name of its module before it, or not.
fn is_same_key(said: &str, wanted: &str) -> bool {
    let is_qualified = |long: &str, short: &str| long.split_once(':').is_some_and(|(_, name)| name == short);
    said == wanted || is_qualified(said, wanted) || is_qualified(wanted, said)
}

/// A gNMI SetRequest with what is base64 in it decoded where it stands, to look for places in;
/// `None` where nothing is.
#[must_use]
pub fn decoded(text: &str) -> Option<Decoded> {
    mercury_gnmi::document::decoded(text)
}

/// Whether Junos takes its configuration in this namespace, or in none, whatever its modules are.
#[cfg(feature = "yang")]
#[must_use]
pub fn is_junos(namespace: Option<&str>) -> bool {
    mercury_netconf::document::is_junos(namespace.unwrap_or_default())
}

/// Whether a text is a SetRequest as gnmic takes it in YAML.
#[must_use]
pub fn is_gnmic_yaml(text: &str) -> bool {
    mercury_gnmi::document::is_gnmic_yaml(text)
}

/// The edit that NETCONF's XML asks for, as it is.
///
/// # Errors
/// A sentence: it is not well-formed, or passes a limit; an `operation` or its
/// `default-operation` is none that servers know, and would be taken for a merge.
pub fn edit(text: &str) -> Result<Payload, String> {
    let unknown = mercury_netconf::document::edited(text, &Nodes::default())?.operations;
    if let Some(first) = unknown.told.first() {
        let line = first.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        return Err(format!("{line}{}", first.what));
    }
    mercury_netconf::document::edit(text)
}

/// How a candidate configuration is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// NETCONF's `<config>`, `<edit-config>` or data alone.
    Xml,
    /// RFC 7951 JSON.
    Json,
    /// A gNMI SetRequest, in JSON or the text format, or as gnmic takes it from a file of
    /// JSON or YAML.
    SetRequest,
    /// A command line's configuration.
    Lines,
}

/// What somebody would have a switch do.
#[derive(Debug, Default)]
pub struct Brought {
    /// What is read of it, as the dialect reads what the switch shows.
    pub recorded: Recorded,
    /// The paths that it deletes or replaces, or makes have no effect.
    pub deleted: Vec<Elements>,
    /// What the reader leaves out, and what says nothing as it stands.
    pub unread: Unread,
    /// What cannot be meant at once, or is none.
    pub clashes: Clashes,
    /// Elements, and members of JSON, that are not in the namespace or module that the dialect has
    /// them in.
    pub strangers: Unread,
    /// Attributes `operation`, and a `default-operation`, that servers do not know or pass over.
    pub operations: Unread,
    /// The ports that it names beside those that were read.
    pub ports: BTreeSet<InterfaceName>,
}

impl Brought {
    /// Whether no port, VLAN or VNI was read of it, and none is taken away.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        let config = &self.recorded.running.config;
        let is_empty = config.interfaces.is_empty() && config.vlans.is_empty() && config.segments.is_empty();
        is_empty && self.deleted.is_empty()
    }
}

/// What somebody would have a switch do, read as its dialect reads what the switch shows;
/// and what of it is not.
///
/// # Errors
/// A sentence with line and column where they are known: it is not well-formed, there is
/// no room for it, or the dialect reads nothing in that form.
pub fn candidate(switch: &Switch, dialects: &[Arc<Dialect>], form: Form, text: &str) -> Result<Brought, String> {
    let dialect = dialect(switch, dialects).map_err(|error| error.to_string())?;
    let mut share = Budget::shared().share(MAX_REPLY);
    let no_reader = |what: &str| format!("dialect {} reads no {what}", dialect.name);
    if form == Form::Lines {
        let cli = dialect.cli.as_ref().ok_or_else(|| no_reader("lines of a command line"))?;
        let mercury_cli::Brought { recorded, deleted, unread, clashes } =
            mercury_cli::brought(cli, text, switch.rules.serves_vnis(), &mut share)?;
        return Ok(Brought { recorded, deleted, unread, clashes, ..Brought::default() });
    }
    // The tree is the same but for what only one protocol has; the form's own goes first.
    let netconf = dialect.netconf.as_ref().map(|_| Face::Netconf(NetconfSettings::default()));
    let gnmi = dialect.gnmi.as_ref().map(|_| Face::Gnmi(GnmiSettings::default()));
    let restconf = dialect.restconf.as_ref().map(|_| Face::Restconf(RestconfSettings::default()));
    let face = if form == Form::Xml { netconf.or(gnmi) } else { gnmi.or(netconf) }.or(restconf);
    let face = face.ok_or_else(|| no_reader("data"))?;
    let switch = Switch { face, ..switch.clone() };
    let (mapping, instance) = mapping(&switch, &dialect).ok_or_else(|| no_reader("data"))?;
    let (nodes, within) = looked_at(&mapping, &dialect, form, &instance);
    let arena = Bump::new();
    let mut made = DataTree::new(&arena, &mut share);
    let root = made.node("").map_err(|error| error.to_string())?;
    let decoded = if form == Form::SetRequest { decoded(text) } else { None };
    let shown = decoded.as_ref().map_or(text, |decoded| &decoded.text);
    let (mut brought, mut source, mut against) = (Brought::default(), Source::of(shown), Vec::new());
    match form {
        Form::Xml => {
            let edited = mercury_netconf::document::edited(text, &nodes);
            // Of what is not well-formed the other reader tells more.
            let none = Edited::default();
            mercury_netconf::document::lay_edit(text, edited.as_ref().unwrap_or(&none), &nodes, &mut made, root)?;
            let edited = edited?;
            (brought.deleted, brought.unread, brought.operations) = (edited.deleted, edited.unread, edited.operations);
            brought.strangers = edited.strangers;
        }
        Form::SetRequest => {
            mercury_gnmi::document::lay_set(text, &arena, &mut share, root)?;
            brought.strangers = mercury_gnmi::document::strangers_of_set(text, &nodes)?;
            let set = set_request(text)?;
            against = contradicted(shown, &set);
            source = Source::in_parts(shown, set.brought.iter().map(|one| one.at.clone()).collect());
            brought.deleted = set.deleted.into_iter().map(|one| one.path).collect();
        }
        Form::Json | Form::Lines => {
            mercury_gnmi::document::lay(text, &arena, &mut share, root)?;
            mercury_gnmi::document::once(text)?;
            // A system with bridges of its own shows them by its command line, too.
            brought.strangers = mercury_gnmi::document::strangers(text, &nodes, !matches!(mapping, Mapping::MacVrf))?;
        }
    }
    nodes.unread(within, form != Form::Xml, &source, root, &mut brought.unread);
    brought.clashes = nodes.merged(within, &source, root);
    against.into_iter().for_each(|left| brought.clashes.keys.add(|| left));
    if form == Form::SetRequest {
        // Its updates are made one after the other.
        brought.clashes.twice = Unread::default();
    }
    if let Mapping::Tree(tree) = &mapping {
        let entries = tree.beside_ports().flat_map(|path| find(root, path, &Names::default()));
        brought.ports = entries.filter_map(|(_, names)| names.found_interface()).collect();
        tree.idle(&instance, &source, false, root, (&mut brought.unread, &mut brought.clashes));
    }
    brought.recorded = read(&switch, &dialect, root)?;
    brought.unread.add_idle(&brought.recorded.running, &source);
    Ok(brought)
}

/// What nodes were looked at last, of which dialect, and whether in XML.
type Looked = (Weak<Dialect>, bool, Rc<Nodes>);

thread_local! {
    /// One dialect's candidates come one after the other.
    static LOOKED: RefCell<Option<Looked>> = const { RefCell::new(None) };
}

/// As [`Mapping::looked_at`], which is worked out once for all candidates of a dialect.
fn looked_at<'i>(
    mapping: &Mapping,
    dialect: &Arc<Dialect>,
    form: Form,
    instance: &'i str,
) -> (Rc<Nodes>, Option<&'i str>) {
    let (own, is_xml) = (Arc::downgrade(dialect), form == Form::Xml);
    let is_it = |looked: &&Looked| looked.1 == is_xml && Weak::ptr_eq(&looked.0, &own);
    let kept = LOOKED.with_borrow(|looked| looked.as_ref().filter(is_it).map(|(.., nodes)| Rc::clone(nodes)));
    let nodes = kept.unwrap_or_else(|| {
        let nodes = Rc::new(mapping.looked_at(instance).0);
        LOOKED.set(Some((own, is_xml, Rc::clone(&nodes))));
        nodes
    });
    (nodes, matches!(mapping, Mapping::Tree(_)).then_some(instance))
}

/// Where data of a switch with this face lies, and in which network instance.
fn mapping(switch: &Switch, dialect: &Dialect) -> Option<(Mapping, String)> {
    let (mapping, instance) = match &switch.face {
        Face::Netconf(_) => {
            let netconf = dialect.netconf.as_ref()?;
            (Mapping::Tree(Arc::clone(&netconf.tree)), &netconf.network_instance)
        }
        Face::Gnmi(_) => {
            let gnmi = dialect.gnmi.as_ref()?;
            (gnmi.mapping.clone(), &gnmi.network_instance)
        }
        Face::Restconf(_) => {
            let restconf = dialect.restconf.as_ref()?;
            (Mapping::Tree(Arc::clone(&restconf.tree)), &restconf.network_instance)
        }
        Face::Cli(_) | Face::Ovsdb(_) | Face::Nvue(_) => return None,
    };
    Some((mapping, switch.identity.network_instance.as_ref().unwrap_or(instance).clone()))
}

#[cfg(test)]
mod tests;
