use std::path::Path;

use mercury_model::{DeviceConfig, Intended, Interface, Plan, Running, Scope, Segment, SwitchedVlan, TrunkVlans};

use super::super::{Proposed, TeamRules};
use super::*;

fn read(text: &str) -> (TeamRules, Findings) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.rego");
    std::fs::write(&file, text).unwrap();
    let mut findings = Findings::default();
    let rules = TeamRules::load(&[file], &mut findings);
    (rules.of("leaf1", Some("leaf")), findings)
}

fn body(text: &str) -> String {
    format!("package mercury.test\n{text}\n")
}

fn port(mtu: Option<u16>, vlans: &str) -> DeviceConfig {
    let vlans = match vlans {
        "all" => TrunkVlans::All,
        some => TrunkVlans::only(some.parse().unwrap()),
    };
    let name: mercury_model::InterfaceName = "Ethernet1".parse().unwrap();
    let vlans = SwitchedVlan::Trunk { native: None, vlans };
    let port = Interface { mtu, switched_vlan: Some(vlans), ..Interface::new(name.clone()) };
    DeviceConfig { interfaces: [(name, port)].into(), ..DeviceConfig::default() }
}

fn judged(rules: &TeamRules, after: DeviceConfig) -> Findings {
    let before = DeviceConfig::default();
    let after = Intended(after);
    let plan = Plan::between(&Running::new(&before, Scope::all()), &after);
    rules.judge(&Proposed { before: &before, after: &after.0, plan: &plan, ports: 1 })
}

/// What a rule makes of a port with an MTU of 9000 and VLANs 100 to 199.
fn verdict(text: &str) -> String {
    let (rules, findings) = read(&body(text));
    assert!(findings.is_empty() && rules.len() == 1, "{text}: {findings}");
    let found = judged(&rules, port(Some(9000), "100-199"));
    found.iter().map(|one| format!("{}: {}", one.code, one.message)).collect::<Vec<_>>().join("\n")
}

/// Nothing but `true` lets a change pass: not what is undefined, nor an error, nor a text.
#[test]
fn whatever_is_not_true_refuses() {
    let every = |body: &str| format!("allow if every port in input.ports {{ {body} }}");
    for (text, told) in [
        (every("port.after.mtu == 9000"), ""),
        (every("port.after.mtu == 9001"), "rule-rego: mercury.test.allow is undefined"),
        // What is not there is undefined, whoever mistyped it.
        (every("port.after.mtuu < 9001"), "rule-rego: mercury.test.allow is undefined"),
        (every("port.before.mtu < 9001"), "rule-rego: mercury.test.allow is undefined"),
        (every("port.after.native_vlan < 9001"), "rule-rego: mercury.test.allow is undefined"),
        (every("object.get(port.after, \"native_vlan\", 1) == 1"), ""),
        // But its negation holds: rules.md says so.
        (every("not port.after.mtuu"), ""),
        ("allow := false if input.port_count > 0".to_owned(), "rule-rego: mercury.test.allow is false"),
        ("allow := \"true\" if input.port_count > 0".to_owned(), "rule-rego: mercury.test.allow is \"true\""),
        ("default allow := false\nallow if input.port_count == 1".to_owned(), ""),
        // Errors are errors, inside of a negation too.
        (
            every("port.after.mtu / (port.after.mtu - 9000) > 0"),
            "rule-rego-failed: mercury.test.allow, line 2: divide by zero",
        ),
        (
            every("not port.after.mtu / (port.after.mtu - 9000) > 0"),
            "rule-rego-failed: mercury.test.allow, line 2: divide by zero",
        ),
        (
            every("to_number(port.name) > 0"),
            "rule-rego-failed: mercury.test.allow, line 2: could not parse string as number",
        ),
        (
            "allow if input.port_count == 1\nallow := false if input.port_count == 1".to_owned(),
            "rule-rego-failed: mercury.test.allow, line 3: rule conflicts with rule at",
        ),
        // Reasons and warnings must be texts.
        (
            every("port.after.mtu == 1") + "\nreasons := 5",
            "rule-rego-failed: mercury.test.reasons: a set of texts is wanted, and there is 5",
        ),
        (
            every("port.after.mtu == 1") + "\nreasons contains 5 if true",
            "rule-rego-failed: mercury.test.reasons: a text is wanted",
        ),
        (
            every("port.after.mtu == 9000") + "\nwarnings contains 1 / 0 if true",
            "rule-rego-failed: mercury.test.warnings, line 3: divide by zero",
        ),
        (
            every("port.after.mtu == 1") + "\nreasons contains \"too big\" if true",
            "rule-rego: too big; rule \"mercury.test.allow\"",
        ),
        (every("port.after.mtu == 9000") + "\nwarnings contains \"big\" if true", "rule-rego: big; rule"),
    ] {
        let found = verdict(&text);
        assert!(if told.is_empty() { found.is_empty() } else { found.starts_with(told) }, "{text}\n{found}");
    }
}

#[test]
fn numbers_are_whole_at_any_size_and_vlans_are_ranges() {
    for (text, holds) in [
        (
            "every port in input.ports { every range in port.after.allowed_vlans { range.first >= 100; range.last <= 199 } }",
            true,
        ),
        (
            "every port in input.ports { every range in port.after.allowed_vlans { range.first >= 101; range.last <= 199 } }",
            false,
        ),
        (
            "every port in input.ports { every range in port.after.allowed_vlans { range.first >= 100; range.last <= 198 } }",
            false,
        ),
        ("input.port_count; 9007199254740993 != 9007199254740992", true),
        ("input.port_count; 99999999999999999999 * 10 == 999999999999999999990", true),
        ("input.port_count; 0 - 1 < 0", true),
        ("input.port_count == 1.0", true),
        ("input.port_count; 0.1 + 0.2 == 0.3", false),
    ] {
        let found = verdict(&format!("allow if {{ {text} }}"));
        assert_eq!(found.is_empty(), holds, "{text}: {found}");
    }
    let (rules, _) =
        read(&body("allow if every p in input.ports { p.after.allowed_vlans == [{\"first\": 1, \"last\": 4094}] }"));
    assert!(judged(&rules, port(None, "all")).is_empty());
    assert!(judged(&rules, port(None, "1-4093")).has_errors());
}

/// What would pass by a slip, or end the process, is refused when the file is read.
#[test]
fn a_file_with_a_slip_is_refused_whole_by_line_and_column() {
    let long = (0..150).map(|n| format!("r{n} := {n}\n")).collect::<String>();
    for (text, code, line, told) in [
        ("allow if {", Code::Syntax, Some(3), "expecting expression"),
        ("default allow := true", Code::BadValue, None, "allows a change of which nothing is known"),
        (
            "allow if not bad\nbad if some p in input.ports",
            Code::BadValue,
            None,
            "allows a change of which nothing is known",
        ),
        ("permit if input.port_count", Code::MissingKey, None, "package mercury.test has no rule `allow`"),
        ("allow if input.port == 1", Code::BadValue, Some(2), "there is no input.port in"),
        ("allow if input.now.month == 1", Code::BadValue, Some(2), "there is no input.now.month in"),
        ("allow if input[\"swich\"].name == 1", Code::BadValue, Some(2), "there is no input.swich in"),
        ("allow if every p in input.ports { p.after.mtu <= \"9000\" }", Code::BadValue, Some(2), "compared by size"),
        ("allow if every p in input.ports { null <= p.after.mtu }", Code::BadValue, Some(2), "compared by size"),
        ("allow if f(input.port_count)\nf(x) if f(x + 1)", Code::BadValue, Some(3), "function f calls itself"),
        (
            "allow if f(input.port_count)\nf(x) if g(x + 1)\ng(x) if f(x)",
            Code::BadValue,
            Some(3),
            "function f calls itself",
        ),
        ("allow if numbers.range(1, 1e12)[0] == 1", Code::BadValue, Some(2), "lists of any length"),
        ("allow if nosuch(1)", Code::BadValue, Some(2), "could not find function nosuch"),
        (
            "allow if http.send({\"url\": \"http://127.0.0.1\"}).x",
            Code::BadValue,
            Some(2),
            "could not find function http.send",
        ),
        ("allow if time.now_ns() > 1", Code::BadValue, Some(2), "could not find function time.now_ns"),
        (&format!("allow if input.port_count\n{long}"), Code::OutOfRange, None, "151 rules, and 128 may be"),
    ] {
        let (rules, findings) = read(&body(text));
        assert!(rules.is_empty(), "{text}");
        let first = findings.iter().next().unwrap();
        assert_eq!((first.code, first.line), (code, line), "{text}: {findings}");
        assert!(first.message.contains(told), "{text}: {findings}");
        assert!(line.is_none() || first.file.as_deref().is_some_and(|file| file.ends_with(Path::new("rules.rego"))));
    }
    let (rules, findings) = read("package other\nallow if input.port_count");
    assert!(rules.is_empty() && findings.to_string().contains("none would be asked"), "{findings}");
}

#[test]
fn the_vnis_of_a_change_are_shown_with_their_vlans() {
    let segment = Segment::new(10_500_u64.try_into().unwrap()).of_vtep("vtep1".parse().ok());
    let after = || {
        let mut after = port(None, "50-52");
        after.segments.insert(50_u16.try_into().unwrap(), segment.clone());
        after.segments.insert(60_u16.try_into().unwrap(), Segment::new(777_u64.try_into().unwrap()));
        after
    };
    let bound =
        "[{\"vlan\": 50, \"after\": {\"vni\": 10500, \"vtep\": \"vtep1\"}}, {\"vlan\": 60, \"after\": {\"vni\": 777}}]";
    for (text, holds) in [
        ("every port in input.ports { port.after.vnis == [{\"vlan\": 50, \"vni\": 10500}] }".to_owned(), true),
        (format!("input.segments == {bound}"), true),
        ("every one in input.segments { one.after.vni >= 10000 }".to_owned(), false),
    ] {
        let (rules, findings) = read(&body(&format!("allow if {{ {text} }}")));
        assert!(findings.is_empty(), "{text}: {findings}");
        assert_eq!(judged(&rules, after()).is_empty(), holds, "{text}");
    }
}

#[test]
fn a_rule_that_would_never_end_is_given_up() {
    let digits = "[1, 2, 3, 4, 5, 6, 7, 8, 9]";
    let text = format!(
        "allow if {{ input.ports; count([1 | some a in x; some b in x; some c in x; some d in x; a + b + c + d < 0]) == 0 }}\n\
         x := [n | some m in {digits}; some k in {digits}; n := (m * k) + input.port_count]"
    );
    let found = verdict(&text);
    assert!(found.starts_with("rule-rego-failed: mercury.test.allow: execution exceeded time limit"), "{found}");
    // All that is asked about one change has one time.
    let found = verdict(&format!("{text}\nwarnings contains \"late\""));
    assert!(found.contains("rule-rego-failed: mercury.test.warnings: all rules together took more than"), "{found}");
}

/// The deepest that is taken needs no more of a stack than there is.
#[test]
fn the_deepest_rules_end_no_process() {
    let nested = |mut text: String, depth: usize| {
        (0..depth).for_each(|_| text = format!("[y | y := {text}][0]"));
        text
    };
    let is_taken = |depth: &usize| {
        let text = format!("allow if input.port_count == a\na := {}", nested("1".to_owned(), *depth));
        read(&body(&text)).1.is_empty()
    };
    let depth = (1..40).take_while(is_taken).last().unwrap();
    let mut text = "allow if r0(input.port_count)\n".to_owned();
    for n in 0..126 {
        text.push_str(&format!("r{n}(x) := {}\n", nested(format!("r{}(x)", n + 1), depth - 2)));
    }
    text.push_str("r126(x) := true\n");
    assert_eq!(verdict(&text), "");
}

#[test]
fn the_sample_is_right() {
    let (rules, findings) = read(include_str!("../../../../config/rules.rego"));
    assert!(findings.is_empty(), "{findings}");
    let found = judged(&rules, port(None, "all"));
    let told: Vec<_> = found.iter().map(|one| (one.severity, one.message.as_str())).collect();
    assert_eq!(
        told,
        [
            (Severity::Error, "Ethernet1 would be a trunk that its switch may not have; rule \"mercury.trunks.allow\""),
            (Severity::Warning, "Ethernet1 would carry every VLAN; rule \"mercury.trunks.allow\""),
        ]
    );
}
