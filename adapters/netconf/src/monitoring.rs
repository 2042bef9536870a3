//! Who has a session with a server, as its monitoring tells (RFC 6022).

use mercury_adapter::{Data, DataNode, ListedSession};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{hello::ServerHello, operation, xml::Element};

pub(crate) const NS: &str = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring";

/// Whether the server says that it has it.
pub(crate) fn is_announced(hello: &ServerHello) -> bool {
    hello.capabilities.iter().any(|uri| uri.split('?').next() == Some(NS))
}

/// `<get>` for the sessions.
pub(crate) fn question() -> Element {
    operation::get(vec![Element::new(NS, "netconf-state").child(Element::new(NS, "sessions"))], None)
}

/// The sessions that are told with all that is mandatory of them.
pub(crate) fn sessions(data: &DataNode<'_>) -> Vec<ListedSession> {
    let mut nodes: Vec<&DataNode<'_>> = vec![data];
    for name in ["netconf-state", "sessions", "session"] {
        nodes = nodes.into_iter().flat_map(Data::below).filter(|below| below.name() == name).collect();
    }
    nodes.into_iter().filter_map(session).collect()
}

fn session(node: &DataNode<'_>) -> Option<ListedSession> {
    let value = |name: &str| node.below().find(|below| below.name() == name).map(|leaf| leaf.value().trim());
    Some(ListedSession {
        session_id: value("session-id")?.parse().ok()?,
        username: value("username")?.to_owned(),
        source_host: value("source-host").map(str::to_owned),
        login_time: seconds(value("login-time")?)?,
    })
}

/// Whole seconds since 1970-01-01T00:00:00Z of a `date-and-time` (RFC 6991
/// section 3, which is RFC 3339's); fractions are left out.
fn seconds(text: &str) -> Option<i64> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        message::Inbound,
        xml::{BASE_NS, Limits},
    };
    use mercury_adapter::Budget;

    #[test]
    fn a_login_time_is_understood_in_every_form() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:00:00Z", Some(951_825_600)),
            ("2000-03-01T00:00:00Z", Some(951_868_800)),
            ("2024-12-31T23:59:59.25Z", Some(1_735_689_599)),
            ("2025-01-01T01:59:59+02:00", Some(1_735_689_599)),
            ("2024-12-31T18:29:59.000-05:30", Some(1_735_689_599)),
            ("2024-12-31T23:59:59-00:00", Some(1_735_689_599)),
            ("2024-12-31 23:59:59", None),
            ("2024-13-01T00:00:00Z", None),
            ("2024-12-31T25:00:00Z", None),
            ("yesterday", None),
            ("--T::Z", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn a_session_that_lacks_what_is_mandatory_is_left_out() {
        let reply = format!(
            "<rpc-reply xmlns='{BASE_NS}' message-id='1'><data><netconf-state xmlns='{NS}'><sessions>
               <session><session-id> 7 </session-id><transport>netconf-ssh</transport><username>mercury</username>
                 <source-host>192.0.2.9</source-host><login-time>1970-01-01T00:01:00Z</login-time></session>
               <session><session-id>8</session-id><username>mercury</username></session>
               <session><session-id>9</session-id><username>ann</username><login-time>1970-01-01T01:00:00+01:00\
             </login-time></session></sessions></netconf-state></data></rpc-reply>"
        );
        let share = Budget::new(0).share(mercury_adapter::MAX_REPLY);
        let Ok(Inbound::Reply(reply)) = Inbound::parse(reply.into_bytes(), Limits::default(), share) else {
            panic!("no reply")
        };
        let listed = |session_id, username: &str, source_host: Option<&str>, login_time| ListedSession {
            session_id,
            username: username.to_owned(),
            source_host: source_host.map(str::to_owned),
            login_time,
        };
        let expected = [listed(7, "mercury", Some("192.0.2.9"), 60), listed(9, "ann", None, 0)];
        assert_eq!(reply.data.unwrap().with_tree(sessions).unwrap(), expected);
    }
}
