//! `mercury diff`: what two configurations mean differently.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use clap::Args;
use mercury_adapter::{Answer, Clashes, Connector, Dialect, Flight, Kept, Left, MAX_REPLY, Recorded, Refusal, Step};
use mercury_model::{Edit, Intended, Interface, Plan, Running, Scope};
use serde_json::{Value, json};
use similar::TextDiff;

use super::{
    Common, DONE, Ended, Failure, Output, found, print,
    validate::{Team, kind_of},
};
use crate::{
    inventory::{Face, Inventory, Switch},
    registry::{self, Brought, Shown},
};

/// What is compared.
#[derive(Clone, Debug, Args)]
pub(super) struct DiffArguments {
    /// A switch of the inventory (its running configuration), `SWITCH:running`,
    /// `SWITCH:candidate` or `SWITCH:startup`, or a file as `plan --running` or `validate`
    /// takes it; `SWITCH=FILE` where it is not clear whose dialect reads the file.
    a: String,
    /// What it is compared with.
    b: String,
    /// Compare by text: of a file its own; of a switch what it sends over NETCONF, each
    /// element on its line, or what its command line showed, with names and secrets masked.
    #[arg(long)]
    raw: bool,
    /// Files hold whole configurations: what they leave out is not configured. Otherwise
    /// only what a file holds is compared.
    #[arg(long, conflicts_with = "raw")]
    whole: bool,
    /// Whose words files are in that are of no switch in particular.
    #[arg(long, value_name = "NAME", conflicts_with = "raw")]
    dialect: Option<String>,
}

const STORES: [(&str, Kept); 3] =
    [("running", Kept::Running), ("candidate", Kept::Candidate), ("startup", Kept::Startup)];

/// One side.
enum Side {
    Switch(Arc<Switch>, Kept),
    File(Option<Arc<Switch>>, String),
}

pub(super) async fn run(common: &Common, arguments: &DiffArguments) -> Ended {
    let team = team(common, arguments)?;
    let inventory = &team.inventory;
    let dialects = inventory.dialects();
    if arguments.raw {
        return raw(common, arguments, inventory).await;
    }
    let made_up = arguments.dialect.as_ref().map(|dialect| team.made_up("files", None, dialect)).transpose()?;
    let sides = [side(inventory, &arguments.a), side(inventory, &arguments.b)];
    let of_sides = || {
        sides.iter().find_map(|side| match side {
            Side::Switch(switch, _) | Side::File(Some(switch), _) => Some(Arc::clone(switch)),
            Side::File(None, _) => inventory.iter().next().filter(|_| inventory.len() == 1).cloned(),
        })
    };
    let reader = made_up.map(Arc::new).or_else(of_sides);
    let [a, b] = &sides;
    let whole = arguments.whole;
    let read = |side| read(side, reader.as_ref(), dialects, whole);
    let ((a, a_left), (b, b_left)) = futures_util::future::try_join(read(a), read(b)).await?;
    let Compared { edits, common: has_common, alone } = compared(a, b);
    if !has_common {
        let reason = "hold no port, VLAN or VNI in common, so nothing was compared (--whole)";
        return Err(Failure::Other(format!("{} and {} {reason}", arguments.a, arguments.b)));
    }
    let lefts: Vec<Value> = [a_left, b_left].into_iter().flatten().collect();
    // Whether what is taken away is the same nobody knows. What else was not looked at is told,
    // and is most of what a switch shows: who logs in, and the time of day.
    let is_known = lefts.iter().all(|left| left["deleted"] == 0);
    let same = if edits.is_empty() { is_known.then_some(true) } else { Some(false) };
    match common.output {
        Output::Json => print::json(&json!({"a": arguments.a, "b": arguments.b, "same": same, "differences": edits,
                                            "on-one-side": alone, "not-compared": lefts})),
        Output::Human => {
            edits.iter().for_each(|edit| print::line(edit));
            if !alone.is_empty() {
                print::talk(&format!("not compared, as one side alone holds it: {}", alone.join(", ")));
            }
        }
    }
    match same {
        Some(true) => Ok(DONE),
        Some(false) => Ok(found()),
        None => Err(Failure::Other("nothing else differs, and what was not compared may".to_owned())),
    }
}

/// The switches; with their secrets where one is asked.
fn team(common: &Common, arguments: &DiffArguments) -> Result<Team, Failure> {
    // Two files may be compared without any.
    let team = Team::load(common)?;
    let is_switch = |text: &String| matches!(side(&team.inventory, text), Side::Switch(..));
    if ![&arguments.a, &arguments.b].into_iter().any(is_switch) {
        return Ok(team);
    }
    Team::to_be_asked(common)
}

fn side(inventory: &Inventory, text: &str) -> Side {
    if let Some(switch) = inventory.find(text) {
        return Side::Switch(Arc::clone(switch), Kept::Running);
    }
    let stored = text.rsplit_once(':').and_then(|(switch, word)| {
        let store = STORES.iter().find(|(name, _)| *name == word)?.1;
        Some(Side::Switch(Arc::clone(inventory.find(switch)?), store))
    });
    let named = || {
        let (switch, file) = text.split_once('=')?;
        Some(Side::File(Some(Arc::clone(inventory.find(switch)?)), file.to_owned()))
    };
    stored.or_else(named).unwrap_or_else(|| Side::File(None, text.to_owned()))
}

async fn read(
    side: &Side,
    reader: Option<&Arc<Switch>>,
    dialects: &[Arc<Dialect>],
    is_whole: bool,
) -> Result<(Recorded, Option<Value>), Failure> {
    match side {
        Side::Switch(switch, store) => {
            let running = asked(switch, *store, dialects).await.map_err(|error| at(switch, *store, &error))?;
            Ok((Recorded { running, is_whole: true, ..Recorded::default() }, None))
        }
        Side::File(own, name) => {
            let switch = own.as_ref().or(reader).ok_or_else(|| {
                let reason = "of which switch it is must be said: SWITCH=FILE, or --dialect";
                Failure::Other(format!("{name}: {reason}"))
            })?;
            let text =
                super::read_bounded(name.as_ref(), MAX_REPLY as u64).map_err(|failure| nowhere(name, failure))?;
            let (form, shown) = (kind_of(&text), Shown { name: name.clone(), text });
            let (recorded, brought) =
                registry::told(switch, dialects, form, &shown, is_whole).map_err(Failure::Other)?;
            let left = brought.map(|brought| comparable(name, &brought)).transpose()?.flatten();
            let running = recorded.running.narrowed(&scope(switch));
            Ok((Recorded { running, ..recorded }, left))
        }
    }
}

/// What is neither a file nor of a switch may be meant as one of them.
fn nowhere(name: &str, failure: Failure) -> Failure {
    match name.rsplit_once(':').filter(|_| !Path::new(name).exists()) {
        None => failure,
        Some((switch, _)) => {
            let (one, other) = (format!("{switch}:running"), format!("{switch}:candidate"));
            Failure::Other(format!(
                "{failure}; nor is it {one}, {other} or, where it keeps one, {switch}:startup of a switch of the inventory"
            ))
        }
    }
}

/// What of a file is not compared, if anything is; told to people, too.
///
/// # Errors
/// A sentence with the place: a value is none, or is there twice, is in another namespace or
/// under an unknown operation, or there is nothing to compare.
fn comparable(name: &str, brought: &Brought) -> Result<Option<Value>, Failure> {
    let Brought { clashes: Clashes { twice, leaves, keys, values }, strangers, operations, .. } = brought;
    let place = |left: &Left| left.line.map(|line| format!(":{line}")).unwrap_or_default();
    let all = [values, leaves, keys, twice, strangers, operations];
    if let Some(left) = all.into_iter().find_map(|lefts| lefts.told.first()) {
        return Err(Failure::Other(format!("{name}{}: {}, so it cannot be compared", place(left), left.what)));
    }
    let (deleted, unread) = (brought.deleted.len(), brought.unread.count);
    if deleted > 0 {
        let count = print::counted(deleted, "path", "paths");
        print::talk(&format!("{name}: it deletes or replaces {count}, which is not compared"));
    }
    let first = brought.unread.told.first();
    if let Some(left) = first {
        let count = print::counted(unread, "line or node", "lines or nodes");
        print::talk(&format!("{name}{}: {count} not compared, such as {}", place(left), left.what));
    }
    if brought.is_nothing() {
        return Err(Failure::Other(format!("{name}: the dialect sees no port and no VLAN in it")));
    }
    let such_as = first.map(|left| json!({"line": left.line, "text": left.what}));
    let left = json!({"file": name, "deleted": deleted, "unread": unread, "such-as": such_as});
    Ok((deleted > 0 || unread > 0).then_some(left))
}

/// What is compared of a switch: all that its entry has Mercury know.
fn scope(switch: &Switch) -> Scope {
    Scope::all().with_stp(switch.rules.manages_stp()).with_overlays(switch.rules.serves_vnis())
}

fn at(switch: &Switch, store: Kept, error: &str) -> Failure {
    let word = STORES.iter().find(|(_, one)| *one == store).map_or("", |(name, _)| *name);
    Failure::Other(format!("{}: {word} cannot be read: {error}", switch.identity.name))
}

async fn asked(switch: &Arc<Switch>, store: Kept, dialects: &[Arc<Dialect>]) -> Result<Running, String> {
    let connector: Box<dyn Connector> = registry::connector(switch, dialects).map_err(|error| error.to_string())?;
    let mut session = connector.connect().await.map_err(|error| error.to_string())?;
    let scope = scope(switch);
    let step = match store {
        Kept::Running => Step::Read(scope),
        Kept::Candidate => Step::ReadCandidate(scope),
        Kept::Startup => Step::ReadStartup(scope),
    };
    let Flight { results, lost } = session.flight(&[step], switch.timing.reply_timeout).await;
    session.close().await;
    match (results.into_iter().next(), lost) {
        (Some(Ok(Answer::Running(running))), _) => Ok(*running),
        // That it cannot be read is said before it.
        (Some(Err(Refusal::Unreadable(reason))), _) => Err(reason),
        (Some(Err(refusal)), _) => Err(refusal.to_string()),
        (_, Some(lost)) => Err(lost.to_string()),
        _ => Err("there was no answer".to_owned()),
    }
}

/// What came of comparing two sides.
struct Compared {
    /// What makes `b` of `a`, in the order of the ports.
    edits: Vec<String>,
    /// Whether anything was compared.
    common: bool,
    /// Of what a part does not hold nothing is said: what that is.
    alone: Vec<String>,
}

fn compared(mut a: Recorded, mut b: Recorded) -> Compared {
    let mut alone = within(&mut a, &b);
    alone.extend(within(&mut b, &a));
    alone.sort_by(|one, other| print::port_order(Some(one), Some(other)));
    let is_empty = |side: &Recorded| {
        let config = &side.running.config;
        config.interfaces.is_empty() && config.vlans.is_empty() && config.segments.is_empty()
    };
    let common = a.is_whole && b.is_whole || !is_empty(&a) || !is_empty(&b);
    // A port of which nothing is configured may be listed or not.
    for name in a.running.config.interfaces.keys().cloned().collect::<BTreeSet<_>>() {
        let port = || Interface::new(name.clone());
        let is_aggregate = a.running.config.interfaces.get(&name).is_some_and(Interface::is_aggregate);
        if !is_aggregate {
            b.running.config.interfaces.entry(name.clone()).or_insert_with(port);
        }
    }
    let mut edits = Plan::between(&a.running, &Intended(b.running.config)).edits;
    let port = |edit: &Edit| edit.interface().map(ToString::to_string);
    edits.sort_by(|one, other| print::port_order(port(one).as_deref(), port(other).as_deref()));
    Compared { edits: edits.iter().map(ToString::to_string).collect(), common, alone }
}

/// Leaves of `found` only what `other` holds, where that is a part. What of another part it takes
/// out is told; a whole has much that nobody asks about.
fn within(found: &mut Recorded, other: &Recorded) -> Vec<String> {
    let mut out = Vec::new();
    if other.is_whole {
        return out;
    }
    let (own, held) = (&mut found.running.config, &other.running.config);
    let mut keep = |is_held: bool, name: &dyn Fn() -> String| {
        out.extend((!is_held && !found.is_whole).then(name));
        is_held
    };
    own.interfaces.retain(|name, _| keep(held.interfaces.contains_key(name), &|| name.to_string()));
    own.vlans.retain(|id, _| keep(held.vlans.contains_key(id), &|| format!("VLAN {id}")));
    own.segments.retain(|id, _| keep(other.tells_vni(*id), &|| format!("the VNI of VLAN {id}")));
    out
}

async fn raw(common: &Common, arguments: &DiffArguments, inventory: &Inventory) -> Ended {
    let of = async |name: &str| match side(inventory, name) {
        Side::Switch(switch, store) => {
            let text = shown(&switch, store, inventory.dialects()).await;
            text.map_err(|error| at(&switch, store, &error))
        }
        Side::File(_, file) => super::read_bounded(file.as_ref(), MAX_REPLY as u64),
    };
    let (a, b) = futures_util::future::try_join(of(&arguments.a), of(&arguments.b)).await?;
    let diff = TextDiff::from_lines(&a, &b);
    let text = diff.unified_diff().header(&arguments.a, &arguments.b).to_string();
    match common.output {
        Output::Json => print::json(&json!({"a": arguments.a, "b": arguments.b, "same": a == b, "text": text})),
        Output::Human if a != b => print::line(text.trim_end()),
        Output::Human => {}
    }
    Ok(if a == b { DONE } else { found() })
}

/// What a switch has, as text.
async fn shown(switch: &Arc<Switch>, store: Kept, dialects: &[Arc<Dialect>]) -> Result<String, String> {
    if let (Face::Cli(_), Kept::Running) = (&switch.face, store) {
        let recording = registry::record(switch, dialects).await?;
        return Ok(recording.transcript.to_string());
    }
    let connector = registry::connector(switch, dialects).map_err(|error| error.to_string())?;
    let text = connector.text(store, switch.timing.reply_timeout).await?;
    let speaks = switch.protocol().title();
    text.map(|text| on_lines(&text)).ok_or_else(|| format!("over {speaks} it has no text to be compared"))
}

/// Each element on its own line, one in another indented; a leaf's value and end beside it.
fn on_lines(xml: &str) -> String {
    let (mut text, mut depth, mut rest) = (String::new(), 0_usize, xml.trim());
    let mut line = |depth: usize, parts: &[&str]| {
        text.push_str(&"  ".repeat(depth));
        parts.iter().for_each(|part| text.push_str(part));
        text.push('\n');
    };
    while !rest.is_empty() {
        let (tag, after) = cut(rest);
        let is_open =
            tag.starts_with('<') && !tag.ends_with("/>") && !["</", "<?", "<!"].iter().any(|it| tag.starts_with(it));
        let (value, end) = after.split_at_checked(after.find('<').unwrap_or(after.len())).unwrap_or((after, ""));
        rest = if is_open && end.starts_with("</") {
            let (end, after) = cut(end);
            line(depth, &[tag, value, end]);
            after
        } else {
            depth -= usize::from(tag.starts_with("</") && depth > 0);
            line(depth, &[tag]);
            depth += usize::from(is_open);
            after
        };
        rest = rest.trim_start();
    }
    text
}

/// The tag that a text begins with, or what stands before the next one; and the rest.
fn cut(text: &str) -> (&str, &str) {
    let end = match text.starts_with('<') {
        true => text.find('>').map(|end| end + 1),
        false => text.find('<'),
    };
    text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use mercury_model::{DeviceConfig, Segment, Vlan, VlanId, VlanStatus, Vni};

    use super::*;

    /// Two files that differ in nothing but what binds VLANs to VNIs.
    #[test]
    fn another_vni_is_a_difference_and_what_a_part_leaves_out_is_none() {
        let read = |segments: &[(u16, u64)], is_whole| {
            let bound = |(vlan, vni): &(u16, u64)| {
                (VlanId::try_from(*vlan).unwrap(), Segment::new(Vni::try_from(*vni).unwrap()))
            };
            let config = DeviceConfig { segments: segments.iter().map(bound).collect(), ..DeviceConfig::default() };
            let running = Running::found(config, Recorded::scope(true));
            Recorded { running, is_whole, ..Recorded::default() }
        };
        let differences = |a, b| compared(a, b).edits;
        let (there, other) = ([(120, 10_120), (3000, 777)], [(120, 10_120), (3007, 10_100)]);
        let told = differences(read(&there, true), read(&other, true)).join("\n");
        assert!(told.contains("VNI 777") && told.contains("VNI 10100") && !told.contains("10120"), "{told}");
        assert!(differences(read(&there, false), read(&other, false)).is_empty());
        let told = differences(read(&there, true), read(&[(3000, 778)], false));
        assert!(told.iter().any(|edit| edit.contains("VNI 778")) && !told.concat().contains("120"), "{told:?}");
    }

    #[test]
    fn parts_that_have_nothing_in_common_are_not_the_same() {
        let read = |vlans: &[u16], is_whole| {
            let id = |id: &u16| VlanId::try_from(*id).unwrap();
            let vlan = |own: &u16| (id(own), Vlan { id: id(own), name: None, status: VlanStatus::Active });
            let config = DeviceConfig { vlans: vlans.iter().map(vlan).collect(), ..DeviceConfig::default() };
            Recorded { running: Running::found(config, Recorded::scope(false)), is_whole, ..Recorded::default() }
        };
        assert!(!compared(read(&[10], false), read(&[11], false)).common);
        let Compared { edits, common, alone } = compared(read(&[10, 12], false), read(&[11, 12], false));
        assert_eq!((edits, common, alone.join(" ").as_str()), (Vec::new(), true, "VLAN 10 VLAN 11"));
        let Compared { edits, common, alone } = compared(read(&[10], true), read(&[11], false));
        assert!(edits.len() == 1 && common && alone.is_empty(), "{edits:?} {alone:?}");
        assert!(compared(read(&[], true), read(&[], true)).common);
    }

    #[test]
    fn each_element_is_on_its_line_and_a_leafs_value_with_it() {
        let xml = "<data xmlns=\"a\"><b><c>one &lt; two </c><d/><e></e></b>\n<f>\n  <g>x</g></f></data>";
        let expected = "<data xmlns=\"a\">\n  <b>\n    <c>one &lt; two </c>\n    <d/>\n    <e></e>\n  </b>\n  <f>\n    <g>x</g>\n  </f>\n</data>\n";
        assert_eq!(on_lines(xml), expected);
        assert_eq!(on_lines(expected), expected);
    }
}
