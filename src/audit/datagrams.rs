//! A daemon that takes a line a datagram: syslog (RFC 5424, over its socket or UDP), or
//! journald by its own protocol.

use std::{
    fs, io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    os::unix::net::UnixDatagram,
    path::PathBuf,
    process,
    time::Duration,
};

use serde_json::{Map, Value};

/// Facility 13 (log audit) and severity 5 (notice), RFC 5424 section 6.2.1.
const FACILITY: u8 = 13;
const SEVERITY: u8 = 5;
/// Who says so, which tells the audit log from the log of the service.
const NAME: &str = "mercury-audit";
/// A line may be this long, in bytes: with its head it fits into a datagram of UDP.
const MAX_LINE: usize = 60 * 1024;
/// How long a daemon whose queue is full is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct Datagrams {
    to: To,
    form: Form,
    connected: Option<Connected>,
}

enum To {
    Local(PathBuf),
    Udp(SocketAddr),
}

enum Connected {
    Local(UnixDatagram),
    Udp(UdpSocket),
}

/// How a datagram is written.
pub(super) enum Form {
    /// With the name of this machine.
    Syslog {
        host: String,
    },
    Journald,
}

impl Form {
    pub(super) fn syslog() -> Self {
        let read = |path| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
        let host = read("/proc/sys/kernel/hostname").or_else(|| read("/etc/hostname")).unwrap_or_default();
        let is_name = (1..=255).contains(&host.len()) && host.bytes().all(|byte| byte.is_ascii_graphic());
        Self::Syslog { host: if is_name { host } else { "-".to_owned() } }
    }

    fn datagram(&self, time: &str, event: &str, line: &str) -> String {
        match self {
            Self::Syslog { host } => {
                let priority = FACILITY * 8 + SEVERITY;
                format!("<{priority}>1 {time} {host} {NAME} {} {event} - {line}", process::id())
            }
            Self::Journald => format!(
                "MESSAGE={line}\nPRIORITY={SEVERITY}\nSYSLOG_FACILITY={FACILITY}\nSYSLOG_IDENTIFIER={NAME}\n\
                 MERCURY_EVENT={event}\n"
            ),
        }
    }
}

impl Datagrams {
    pub(super) fn local(path: PathBuf, form: Form) -> Self {
        Self { to: To::Local(path), form, connected: None }
    }

    pub(super) fn udp(address: SocketAddr, form: Form) -> Self {
        Self { to: To::Udp(address), form, connected: None }
    }

    /// Leaves plans and messages out of a record that does not fit into a datagram.
    pub(super) fn fit(&self, record: &mut Map<String, Value>) {
        let length = |record: &Map<String, Value>| serde_json::to_string(record).map_or(0, |text| text.len());
        if length(record) <= MAX_LINE {
            return;
        }
        record.insert("cut".to_owned(), true.into());
        let switches = record.get_mut("switches").and_then(Value::as_array_mut);
        for switch in switches.into_iter().flatten().filter_map(Value::as_object_mut) {
            switch.remove("plan");
            switch.remove("message");
        }
    }

    /// Sends a line; a daemon that was started anew is found again.
    pub(super) fn send(&mut self, time: &str, event: &str, line: &str) -> io::Result<()> {
        let datagram = self.form.datagram(time, event, line);
        if let Some(connected) = &self.connected {
            match connected.send(datagram.as_bytes()) {
                Err(error) if is_gone(&error) => self.connected = None,
                ended => return ended,
            }
        }
        let connected = self.connect()?;
        let ended = connected.send(datagram.as_bytes());
        self.connected = Some(connected);
        ended
    }

    /// Whether somebody listens; of UDP nobody can say.
    pub(super) fn is_there(&self) -> io::Result<()> {
        self.connect().map(|_| ())
    }

    fn connect(&self) -> io::Result<Connected> {
        let connected = match &self.to {
            To::Local(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.set_write_timeout(Some(PATIENCE))?;
                let about = |error| io::Error::other(format!("{}: {error}", path.display()));
                socket.connect(path).map_err(about)?;
                Connected::Local(socket)
            }
            To::Udp(address) => {
                let any = match address {
                    SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
                    SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
                };
                let socket = UdpSocket::bind(any)?;
                socket.set_write_timeout(Some(PATIENCE))?;
                socket.connect(address)?;
                Connected::Udp(socket)
            }
        };
        Ok(connected)
    }
}

impl Connected {
    fn send(&self, datagram: &[u8]) -> io::Result<()> {
        match self {
            Self::Local(socket) => socket.send(datagram),
            Self::Udp(socket) => socket.send(datagram),
        }
        .map(|_| ())
    }
}

/// Whether whoever listened does no more: a new one may.
fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, NotConnected};
    matches!(error.kind(), ConnectionRefused | ConnectionReset | NotConnected | BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// RFC 5424 section 6: priority, version, time, host, name, process, message ID, no
    /// structured data, message.
    #[test]
    fn a_line_is_one_message_of_syslog_and_one_entry_of_journald() {
        let form = Form::Syslog { host: "leaf".to_owned() };
        let text = form.datagram("2026-11-29T01:02:03.000004Z", "asked", "{\"a\":1}");
        let id = process::id();
        assert_eq!(text, format!("<109>1 2026-11-29T01:02:03.000004Z leaf mercury-audit {id} asked - {{\"a\":1}}"));
        let text = Form::Journald.datagram("-", "done", "{\"a\":1}");
        let fields: Vec<_> = text.lines().map(|line| line.split_once('=').unwrap()).collect();
        assert_eq!(fields[0], ("MESSAGE", "{\"a\":1}"));
        assert!(fields.contains(&("SYSLOG_IDENTIFIER", NAME)) && text.ends_with('\n'), "{text}");
    }

    #[test]
    fn what_fits_into_no_datagram_is_cut_to_what_does() {
        let daemon = Datagrams::local("/nowhere".into(), Form::Journald);
        let switch = json!({"switch": "leaf1", "outcome": "committed", "plan": "x".repeat(2000), "message": null});
        let small: Map<String, Value> = [("switches".to_owned(), json!([switch]))].into_iter().collect();
        let mut same = small.clone();
        daemon.fit(&mut same);
        assert_eq!(same, small);
        let mut large: Map<String, Value> = [("switches".to_owned(), json!(vec![switch; 64]))].into_iter().collect();
        daemon.fit(&mut large);
        assert_eq!((&large["cut"], &large["switches"][63]["outcome"]), (&json!(true), &json!("committed")));
        assert!(serde_json::to_string(&large).unwrap().len() < MAX_LINE / 4);
    }
}
