//! Takes out of answers what is nobody's: secrets, and names and texts that people gave.
//! The same text has the same mask wherever it stands, so that what an answer means stays.

use std::collections::BTreeMap;

use mercury_adapter::{CliDialect, Hole, MASK as SECRET, is_secret};
use serde_json::Value;

use super::Exchange;
use crate::judge;

/// Words behind which a text stands, to the end of the line.
const TEXTS: [&str; 8] = ["description", "alias", "port-name", "contact", "location", "banner", "motd", "remark"];

/// Words behind which a name stands.
const NAMES: [&str; 7] = ["hostname", "host-name", "sysname", "username", "user", "login", "vlan-name"];

/// Masks all answers.
pub(super) fn all(dialect: &CliDialect, exchanges: &mut [Exchange]) {
    let mut masks = Masks::default();
    for exchange in exchanges.iter_mut() {
        let text = exchange.answer.join("\n");
        if let Ok(mut value) = serde_json::from_str::<Value>(&text) {
            masks.value(&mut value);
            exchange.answer = vec![value.to_string()];
            continue;
        }
        let row = dialect.words.shows().iter().find(|shown| shown.command == exchange.line);
        let row = row.and_then(|shown| shown.table.as_ref()).map(|table| &table.row);
        let mut is_private = false;
        let heads: Vec<bool> =
            exchange.answer.iter().enumerate().map(|(at, line)| is_head(line, exchange.answer.get(at + 1))).collect();
        for (line, is_head) in exchange.answer.iter_mut().zip(heads) {
            // Keys and certificates go over several lines.
            is_private |= line.contains("-----BEGIN");
            if is_private {
                is_private = !line.contains("-----END");
                SECRET.clone_into(line);
                continue;
            }
            if is_head {
                continue;
            }
            // SONiC and others print several values of JSON, one a line.
            if let Ok(mut value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str::<Value>(line) {
                masks.value(&mut value);
                *line = value.to_string();
                continue;
            }
            let name = row.and_then(|row| row.read(line)?.get(Hole::VlanName).map(str::to_owned));
            *line = match name {
                Some(name) => line.replacen(&name, &masks.name(&name), 1),
                None => masks.line(line),
            };
        }
    }
    // It is in nobody's words but the system's own where it is a refusal, and needs no others.
    for line in exchanges.iter_mut().flat_map(|exchange| &mut exchange.beside) {
        *line = match judge::marked(&dialect.session, line) {
            Some(_) => masks.refusal(line),
            None => masks.of("text-", line),
        };
    }
}

/// Whether a line heads the columns of a table: below each column there is a line of
/// dashes that begins where it does; or three or more columns, blanks apart, have names of
/// letters that begin with a capital, as no configuration's line does.
fn is_head(line: &str, next: Option<&String>) -> bool {
    let columns = columns(line);
    let is_ruled = next.is_some_and(|next| {
        let is_rule = |text: &str| text.len() >= 2 && text.bytes().all(|octet| matches!(octet, b'-' | b'='));
        let rules: Vec<(usize, &str)> = words(next).collect();
        let begins = |at: usize| words(line).any(|(begin, _)| begin == at);
        rules.len() >= 2 && rules.iter().all(|(at, text)| is_rule(text) && begins(*at))
    });
    let is_name = |column: &&str| {
        column.starts_with(|letter: char| letter.is_ascii_uppercase())
            && column.chars().all(|letter| letter.is_ascii_alphabetic() || " /-.#?".contains(letter))
    };
    is_ruled || (columns.len() >= 3 && columns.iter().all(is_name))
}

/// What two blanks or a tab part.
fn columns(line: &str) -> Vec<&str> {
    line.split("  ").flat_map(|part| part.split('\t')).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// The words of a line, each with where it begins.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    line.split_whitespace().map(|word| (word.as_ptr().addr() - line.as_ptr().addr(), word))
}

#[derive(Default)]
struct Masks(BTreeMap<String, String>);

impl Masks {
    /// The mask of a text.
    fn of(&mut self, kind: &str, text: &str) -> String {
        let next = self.0.len() + 1;
        self.0.entry(text.to_owned()).or_insert_with(|| format!("{kind}{next}")).clone()
    }

    fn name(&mut self, text: &str) -> String {
        self.of("name-", text)
    }

    /// What the answers call things is called the same in a refusal.
    fn refusal(&mut self, line: &str) -> String {
        let known = self.0.iter().filter(|(text, _)| text.len() > 2);
        let line = known.fold(line.to_owned(), |line, (text, mask)| line.replace(text.as_str(), mask));
        self.line(&line)
    }

    fn line(&mut self, line: &str) -> String {
        let mut at = 0;
        let mut is_first = true;
        for word in line.split_whitespace() {
            // It is a part of the line, behind those before it.
            let begin = line.get(at..).and_then(|rest| rest.find(word)).map_or(at, |found| at + found);
            at = begin + word.len();
            let bare = word.trim_matches(['"', '\'', ':']).to_ascii_lowercase();
            let (before, rest) = line.split_at_checked(at).unwrap_or((line, ""));
            let behind = rest.trim_start();
            if behind.is_empty() {
                break;
            }
            if is_secret(&bare) || (bare == "version" && line.trim_start().starts_with("snmp-server host")) {
                return format!("{before} {SECRET}");
            }
            if TEXTS.contains(&bare.as_str()) {
                return format!("{before} {}", self.of("text-", behind.trim_matches(['"', '\''])));
            }
            // `name` begins a line of a VLAN, and stands in one that begins with it.
            let is_name = bare == "name" && (is_first || line.trim_start().starts_with("vlan"));
            if is_name || NAMES.contains(&bare.as_str()) {
                let (name, after) = quoted(behind);
                let masked = self.name(name.trim_matches(['"', '\'']));
                return format!("{before} {masked}{}", self.line(after));
            }
            is_first = false;
        }
        line.to_owned()
    }

    fn value(&mut self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    self.said(&key.to_ascii_lowercase(), value);
                }
            }
            Value::Array(values) => match values.as_mut_slice() {
                // Open vSwitch's maps.
                [Value::String(key), said @ Value::String(_)] => {
                    let key = key.to_ascii_lowercase();
                    self.said(&key, said);
                }
                values => values.iter_mut().for_each(|value| self.value(value)),
            },
            _ => {}
        }
    }

    /// What JSON says of a key.
    fn said(&mut self, key: &str, value: &mut Value) {
        let Value::String(text) = value else { return self.value(value) };
        if is_secret(key) || key.rsplit('_').next().is_some_and(is_secret) {
            SECRET.clone_into(text);
        } else if TEXTS.contains(&key) {
            *text = self.of("text-", text);
        } else if NAMES.contains(&key) {
            *text = self.name(text);
        }
    }
}

/// The first word, or all in its marks, and what stands behind it.
fn quoted(text: &str) -> (&str, &str) {
    let mark = text.chars().next().filter(|letter| ['"', '\''].contains(letter));
    let end = match mark {
        Some(mark) => text.get(1..).and_then(|rest| rest.find(mark)).map(|end| end + 2),
        None => text.find(char::is_whitespace),
    };
    text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_names_have_one_mask_each_and_secrets_none_of_their_own() {
        let mut masks = Masks::default();
        for (line, expected) in [
            (" description to rack 7", " description text-1"),
            ("set interfaces xe-0/0/0 description \"to rack 7\"", "set interfaces xe-0/0/0 description text-1"),
            ("hostname leaf-7", "hostname name-2"),
            (" name tenant-a", " name name-3"),
            ("vlan 10 name tenant-a by port", "vlan 10 name name-3 by port"),
            ("username admin secret 5 $1$abc", "username name-4 secret masked"),
            ("enable secret 5 $1$abc", "enable secret masked"),
            ("snmp-server community public ro", "snmp-server community masked"),
            ("snmp-server host 192.0.2.5 version 2c s3cret", "snmp-server host 192.0.2.5 version masked"),
            (" client 192.0.2.9 server-key 7 0822455D0A16", " client 192.0.2.9 server-key masked"),
            (" radius-server shared-key cipher %^%#x", " radius-server shared-key masked"),
            (" authentication-password s3cret", " authentication-password masked"),
            (" switchport access vlan 10", " switchport access vlan 10"),
            ("interface GigabitEthernet1/0/1", "interface GigabitEthernet1/0/1"),
            (" name", " name"),
            ("", ""),
        ] {
            assert_eq!(masks.line(line), expected, "{line}");
        }
    }

    #[test]
    fn heads_of_tables_stay_and_a_secret_is_none() {
        let next = |text: &str| Some(text.to_owned());
        for (line, below, expected) in [
            (
                "VLAN Name                             Status    Ports",
                next("---- -------------------------------- --------- -----"),
                true,
            ),
            ("User      Password", next("----      --------"), true),
            ("Hostname     Port      Status", None, true),
            ("Username  Role  Secret", None, true),
            // Nothing begins where the dashes do, or there is one line of them.
            ("enable secret hunter2", next("---- ------"), false),
            ("community public", next("----------------"), false),
            ("hostname leaf-7", next("interface Ethernet1"), false),
            ("username admin secret Hunter", None, false),
            ("  Name  Leaf", None, false),
            ("Port   Name      vlan-10", None, false),
        ] {
            assert_eq!(is_head(line, below.as_ref()), expected, "{line}");
        }
    }

    #[test]
    fn values_are_masked_by_their_keys() {
        let text = r#"{"PORT":{"Ethernet0":{"description":"to rack 7","mtu":"9100"}},"hostname":"leaf-7",
            "USER":{"snmp_password":"s3cret"},"data":[["p1",["map",[["description","to rack 7"]]],"trunk"]]}"#;
        let mut value = serde_json::from_str(text).unwrap();
        Masks::default().value(&mut value);
        let shown = value.to_string();
        for gone in ["rack 7", "leaf-7", "s3cret"] {
            assert!(!shown.contains(gone), "{shown}");
        }
        assert_eq!(shown.matches("text-").count(), 2);
        assert!(shown.contains("\"p1\"") && shown.contains("9100"));
    }
}
