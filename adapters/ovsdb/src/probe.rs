//! What a database shows of its bridges, whose they are, and their ports.

use mercury_adapter::{ConnectError, ConnectFault};
use mercury_model::{InterfaceScope, Scope};

use crate::{
    client::{Client, Reply},
    connect::{OvsdbOptions, aside, failed_error, lost_error},
    datum::NoDatum,
    owner::{self, MARK},
    rows::{Row, Rows, select},
    transaction::Transaction,
};

/// Ports of a bridge that are told; a probe is for people.
const MAX_PORTS: usize = 64;

/// What there is, one fact a line.
pub(crate) async fn facts(client: &mut Client, options: &OvsdbOptions) -> Result<Vec<(String, String)>, ConnectError> {
    let protocol = |message: String| ConnectError { fault: ConnectFault::Protocol, message };
    let mut transaction = Transaction::default();
    select(&mut transaction, &Scope { interfaces: InterfaceScope::All, ..Scope::default() });
    let answer = client.ask("transact", &transaction.params(), options.connect_timeout).await;
    let Reply { text, mut share } = answer.map_err(|lost| lost_error(&lost))?.map_err(protocol)?;
    let bridges = options.bridges.clone();
    let told = aside(text.len(), move || {
        let answers = transaction.rows_as(&text, &mut share, Row::counted).map_err(|failed| failed_error(&failed))?;
        let rows = Rows::read(answers.into_iter());
        rows.and_then(|rows| told(&rows, &bridges)).map_err(|error| protocol(error.to_string()))
    });
    told.await?
}

fn told(rows: &Rows, allowed: &[String]) -> Result<Vec<(String, String)>, NoDatum> {
    let applied = rows.applied;
    let state = match applied.current < applied.next {
        false => format!("applied change {}, the last", applied.current),
        true => format!("applied change {} of {}: it is busy, or stopped", applied.current, applied.next),
    };
    let mut facts = vec![("ovs-vswitchd".to_owned(), state)];
    for bridge in &rows.bridges {
        let name = bridge.text("name")?.unwrap_or_default();
        let owner = match owner::of_bridge(bridge)? {
            None => "nobody else's".to_owned(),
            Some(owner) if allowed.iter().any(|own| own == name) => format!("of {owner}, and allowed by the entry"),
            Some(owner) => format!("of {owner}: Mercury changes nothing there unless foreign_bridges names it"),
        };
        facts.push((format!("bridge {name}"), owner));
        let own = bridge.uuids("ports")?;
        let is_own = |port: &&Row| port.uuid().is_ok_and(|uuid| own.contains(&uuid));
        let ports: Vec<&Row> = rows.ports.values().filter(is_own).collect();
        for port in ports.iter().take(MAX_PORTS) {
            let named = port.text("name")?.unwrap_or_default();
            facts.push((format!("{name} port {named}"), self::port(rows, port, named)?));
        }
        if ports.len() > MAX_PORTS {
            facts.push((format!("{name} ports"), format!("{} more", ports.len() - MAX_PORTS)));
        }
    }
    Ok(facts)
}

/// Whose a port is, and how its link is.
fn port(rows: &Rows, port: &Row, name: &str) -> Result<String, NoDatum> {
    let interface = rows.interfaces.get(name);
    let owner = match owner::of_port(port, interface)? {
        Some(owner) => format!("of {owner}"),
        None if port.map("external_ids")?.contains_key(MARK) => "configured by Mercury".to_owned(),
        None => "nobody's".to_owned(),
    };
    let Some(interface) = interface else {
        let count = port.uuids("interfaces")?.len();
        return Ok(format!("{owner}, a bond of {count}"));
    };
    let link = match interface.text("error")?.filter(|error| !error.is_empty()) {
        Some(error) => format!("not usable: {error}"),
        None => format!("link {}", interface.text("link_state")?.unwrap_or("unknown")),
    };
    Ok(format!("{owner}, {link}"))
}
