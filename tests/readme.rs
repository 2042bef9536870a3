//! The README's tables are the code's tables. `MERCURY_BLESS=1` writes them.
#![expect(clippy::unwrap_used, reason = "a README that cannot be read is a failed test")]

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _, path::Path};

use mercury::{
    config::{self, Limits, Overrides},
    fault::FaultKind,
};
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
    let mut table = String::from(
        "| dialect | system | NETCONF | gNMI | CLI | OVSDB | RESTCONF | NVUE | VNIs |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for dialect in mercury_adapter::builtin().unwrap() {
        let spoken = dialect.protocols();
        let cell = |name| if spoken.contains(&name) { dialect.standing(name) } else { "-".to_owned() };
        let on = |(name, said)| Some(format!("{said}: {}", dialect.overlay_standing(name)?));
        let named = [
            ("netconf", "NETCONF"),
            ("gnmi", "gNMI"),
            ("cli", "CLI"),
            ("ovsdb", "OVSDB"),
            ("restconf", "RESTCONF"),
            ("nvue", "NVUE"),
        ];
        let vnis: Vec<String> = named.into_iter().filter_map(on).collect();
        let line = format!(
            "| `{}` | {} {} | {} | {} | {} | {} | {} | {} | {} |\n",
            dialect.name,
            dialect.vendor,
            dialect.os,
            cell("netconf"),
            cell("gnmi"),
            cell("cli"),
            cell("ovsdb"),
            cell("restconf"),
            cell("nvue"),
            if vnis.is_empty() { "-".to_owned() } else { vnis.join("; ") }
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

/// The ```` ```toml ```` blocks of a page, and the lines that they begin on.
fn examples(page: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (at, fence) in page.match_indices("```toml\n") {
        let begin = at + fence.len();
        let (example, _) = page.get(begin..).unwrap().split_once("```").unwrap();
        found.push((page.get(..begin).unwrap().lines().count() + 1, example));
    }
    found
}

/// Writes what an example names, as it must be for somebody to read it.
fn provide(folder: &Path, example: &str) {
    let named = ["mercury.example", "mercury1.example.org"].map(str::to_owned);
    let own = rcgen::generate_simple_self_signed(named).unwrap();
    for name in example.split('"').skip(1).step_by(2).filter(|name| !name.contains(':')) {
        let text = match name.rsplit('/').next().unwrap() {
            _ if name.ends_with(".pem") => own.cert.pem(),
            _ if name.ends_with(".key") || name == "id_ed25519" => own.signing_key.serialize_pem(),
            "htpasswd" => "a:$2y$04$dqZWbpbGQ/mQSvguihqXH.MYpaEHeF7NG.UCWjHcJ07F24pnAMjwW\n".to_owned(),
            "digest-users" => format!("a:Baremetal API:SHA-256:{}\n", "0".repeat(64)),
            "known_hosts" => String::new(),
            "rules.toml" => "[[rule]]\nname = \"a\"\nreason = \"b\"\nprotected = true\n".to_owned(),
            "leaf1.password" | "leaf4.password" | "old1.password" | "old1.enable" | "keystone-password" => {
                "x\n".to_owned()
            }
            _ => continue,
        };
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    }
}

/// Whoever copies an example of a page has what `mercury config check` takes.
#[test]
fn the_examples_of_the_pages_are_what_config_check_reads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = std::fs::read_dir(root.join("config")).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|page| page.extension().is_some_and(|kind| kind == "md"));
    let mut wrong = Vec::new();
    let mut read = 0;
    for page in pages.chain([root.join("README.md")]) {
        for (line, example) in examples(&std::fs::read_to_string(&page).unwrap()) {
            let folder = tempfile::tempdir().unwrap();
            // What would be elsewhere is there too.
            let here = format!("\"{}/", folder.path().display());
            let example = &["\"/etc/mercury/", "\"/run/mercury/"]
                .iter()
                .fold(example.to_owned(), |text, elsewhere| text.replace(elsewhere, &here));
            provide(folder.path(), example);
            let write = |name: &str, text: &str| {
                let file = folder.path().join(name);
                std::fs::write(&file, text).unwrap();
                std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
                file
            };
            let is = |table: &str| example.lines().any(|line| line.starts_with(table));
            let settings = if is("[[switch]]") || is("[switch") {
                write("inventory.toml", example);
                write("mercury.toml", "switches = [\"inventory.toml\"]\n")
            } else if is("[[caller]]") {
                write("inventory.toml", "");
                write("policy.toml", example);
                write("mercury.toml", "switches = [\"inventory.toml\"]\npolicy = \"policy.toml\"\n")
            } else {
                write("inventory.toml", "");
                write("mercury.toml", &format!("switches = [\"inventory.toml\"]\n{example}"))
            };
            let (_, _, findings) = config::check(Some(&settings), &Overrides::default());
            wrong.extend(findings.errors().iter().map(|finding| format!("{}:{line}: {finding}", page.display())));
            read += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(read > 10, "{read} examples");
}
