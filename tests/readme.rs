//! The README's tables are the code's tables. `MERCURY_BLESS=1` writes them.
#![expect(clippy::unwrap_used, reason = "a README that cannot be read is a failed test")]

use mercury::{config::Limits, fault::FaultKind};
use mercury_adapter::{Budget, MAX_REPLY};

fn actor(kind: FaultKind) -> String {
    serde_json::to_value(kind.row().actor).unwrap().as_str().unwrap().replace('-', " ")
}

fn errors() -> String {
    let mut table =
        String::from("| kind | code | Ironic raises | /v1/actions | who acts | retry |\n|---|---|---|---|---|---|\n");
    for kind in FaultKind::ALL {
        let row = kind.row();
        let retry = if row.retry { "yes" } else { "no" };
        let line = format!(
            "| `{}` | {} | {} | {} | {} | {retry} |\n",
            kind.name(),
            row.code,
            row.class,
            row.http,
            actor(kind)
        );
        table.push_str(&line);
    }
    table
}

fn matrix() -> String {
    let mut table = String::from("| dialect | system | NETCONF | gNMI | CLI | OVSDB |\n|---|---|---|---|---|---|\n");
    for dialect in mercury_adapter::builtin().unwrap() {
        let spoken = dialect.protocols();
        let cell = |name| if spoken.contains(&name) { dialect.standing(name) } else { "-".to_owned() };
        let line = format!(
            "| `{}` | {} {} | {} | {} | {} | {} |\n",
            dialect.name,
            dialect.vendor,
            dialect.os,
            cell("netconf"),
            cell("gnmi"),
            cell("cli"),
            cell("ovsdb")
        );
        table.push_str(&line);
    }
    table
}

fn check(name: &str, table: &str) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let text = std::fs::read_to_string(file).unwrap();
    let (before, rest) = text.split_once(&format!("<!-- {name} -->\n")).unwrap();
    let (found, after) = rest.split_once(&format!("<!-- /{name} -->\n")).unwrap();
    if std::env::var_os("MERCURY_BLESS").is_some() {
        std::fs::write(file, format!("{before}<!-- {name} -->\n{table}<!-- /{name} -->\n{after}")).unwrap();
        return;
    }
    assert_eq!(found, table, "README.md's table of {name} is not the code's; MERCURY_BLESS=1 writes it");
}

#[test]
fn the_tables_of_the_readme_are_those_of_the_code() {
    check("errors", &errors());
    check("matrix", &matrix());
}

/// What tests/e2e/driver.rs shows with Ironic's own driver, of every kind.
#[test]
fn no_kind_keeps_ironics_driver_from_the_nodes_other_ports() {
    for kind in FaultKind::ALL {
        assert!(["NetworkError", "InvalidParameterValue"].contains(&kind.row().class), "{}", kind.name());
    }
}

/// What one caller or switch may take is said as it is.
#[test]
fn the_limits_of_the_readme_are_those_of_the_code() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let limits = Limits::default();
    let mib = |octets: usize| octets >> 20;
    assert_eq!(limits.max_replies_bytes, Budget::DEFAULT);
    for said in [
        format!("One reply of a switch up to {} MiB", mib(MAX_REPLY)),
        format!("take at most {} MiB of memory (`max_replies_bytes`)", mib(Budget::DEFAULT)),
        format!("Bodies up to {} KiB", limits.max_body_bytes >> 10),
        format!("waits at most `request_timeout` ({} s)", limits.request_timeout.as_secs()),
        format!("a body {} s", limits.body_timeout.as_secs()),
        format!("an answer {} s to be taken", limits.answer_timeout.as_secs()),
        format!("One switch has a quarter of what one address may have, {} requests", limits.per_switch()),
    ] {
        assert!(text.contains(&said), "README.md does not say: {said}");
    }
}
