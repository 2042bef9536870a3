//! What the simulated command lines know.

use mercury_sim::{CommitGrammar, Grammar, LagGrammar, RowChange, RowGrammar, RowShow, SetGrammar, Show};

fn all(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Indented blocks, as Cisco's and many others'.
pub(super) fn indented() -> Grammar {
    Grammar {
        host: "access-1".into(),
        blocks: [("interface", "config-if"), ("vlan", "config-vlan")]
            .map(|(word, said)| (word.to_owned(), said.to_owned()))
            .to_vec(),
        inner: Vec::new(),
        values: all(&[
            "hostname",
            "description",
            "name",
            "switchport mode",
            "switchport access vlan",
            "switchport trunk native vlan",
            "channel-group",
            "lacp rate",
            "state",
        ]),
        lists: all(&["switchport trunk allowed vlan"]),
        others: all(&["shutdown", "spanning-tree portfast", "spanning-tree bpduguard"]),
        undo: "no".into(),
        user_prompt: Some("{host}>".into()),
        prompt: "{host}#".into(),
        configure_prompt: "{host}(config)#".into(),
        block_prompt: "{host}({block})#".into(),
        configure: "configure terminal".into(),
        end: "end".into(),
        exit: "exit".into(),
        save: ("write memory".into(), Some("Overwrite the previous NVRAM configuration?[confirm]".into())),
        no_pager: "terminal length 0".into(),
        page: 24,
        unknown: "          ^\r\n% Invalid input detected at '^' marker.\r\n".into(),
        shows: vec![
            ("show running-config".into(), Show::Running),
            (
                "show vlan brief".into(),
                Show::Table {
                    block: "vlan".into(),
                    head: "\nVLAN Name                             Status    Ports\n---- ------- --------- ----".into(),
                    row: "{id}  {name}   active    ".into(),
                    always: all(&["1    default                          active    Gi1/0/1, Gi1/0/2"]),
                },
            ),
        ],
        commit: None,
        lags: None,
        sets: None,
        rows: None,
    }
}

/// Indented blocks of ports and of VLANs that say which ports they have, and of aggregates that
/// list their members or are named in a block below each, as Force10's.
pub(super) fn members() -> Grammar {
    Grammar {
        host: "rack-4".into(),
        blocks: vec![("interface".into(), "conf-if".into())],
        inner: all(&["port-channel-protocol"]),
        values: all(&["hostname", "description", "mtu", "port-channel", "minimum-links"]),
        lists: Vec::new(),
        others: all(&[
            "switchport",
            "portmode hybrid",
            "shutdown",
            "tagged",
            "untagged",
            "channel-member",
            "lacp long-timeout",
        ]),
        configure_prompt: "{host}(conf)#".into(),
        save: ("write memory".into(), None),
        unknown: "                 ^\r\n% Error: Invalid input at \"^\" marker.\r\n".into(),
        shows: vec![("show running-config".into(), Show::Running)],
        ..indented()
    }
}

/// The same, of which a LAG's members stand in a block beside that of its settings, as FastIron's.
pub(super) fn lags() -> Grammar {
    let shows = ["show running-config vlan", "show running-config interface", "show running-config | begin lag"];
    let mut shows: Vec<(String, Show)> = shows.map(|line| (line.to_owned(), Show::Running)).to_vec();
    shows.push(("show version".into(), Show::Text("  HW: Stackable\n    SW: Version 08.0.95jT211 ".into())));
    Grammar {
        host: "rack-5".into(),
        blocks: [("interface", "config-if"), ("vlan", "config-vlan"), ("lag", "config-lag")]
            .map(|(word, said)| (word.to_owned(), said.to_owned()))
            .to_vec(),
        values: all(&["hostname", "port-name", "name"]),
        lists: Vec::new(),
        others: all(&["tagged", "untagged", "disable", "spanning-tree", "stp-bpdu-guard"]),
        user_prompt: None,
        prompt: "SSH@{host}#".into(),
        configure_prompt: "SSH@{host}(config)#".into(),
        block_prompt: "SSH@{host}({block})#".into(),
        save: ("write memory".into(), None),
        no_pager: "skip-page-display".into(),
        unknown: "Invalid input -> it is not taken\r\nType ? for a list".into(),
        shows,
        lags: Some(LagGrammar {
            block: "lag".into(),
            interface: "interface lag".into(),
            prefix: "lag ".into(),
            ports: "ports".into(),
            name: "port-name".into(),
            disabled: "disable".into(),
            enabled: "enable".into(),
            guards: all(&["spanning-tree", "stp-bpdu-guard"]),
        }),
        ..indented()
    }
}

/// Indented blocks whose lines wait for a commit, as VRP 8's.
pub(super) fn committed() -> Grammar {
    Grammar {
        host: "ce-6".into(),
        values: all(&["sysname", "description", "name", "port link-type", "port default vlan", "port trunk pvid"]),
        lists: Vec::new(),
        others: all(&["shutdown", "stp edged-port"]),
        undo: "undo".into(),
        user_prompt: None,
        prompt: "<{host}>".into(),
        configure_prompt: "[{waits}{host}]".into(),
        block_prompt: "[{waits}{host}-{block}]".into(),
        configure: "system-view".into(),
        end: "return".into(),
        exit: "quit".into(),
        save: ("save".into(), Some("Warning: The current configuration will be written to the device. Continue? [Y/N]:".into())),
        no_pager: "screen-length 0 temporary".into(),
        unknown: "              ^\r\nError: Unrecognized command found at '^' position.".into(),
        shows: vec![("display current-configuration".into(), Show::Running)],
        commit: Some(CommitGrammar {
            line: "commit".into(),
            question: "Warning: Uncommitted configurations found. Are you sure to commit them before exiting? [Y(yes)/N(no)/C(cancel)]:".into(),
        }),
        ..indented()
    }
}

/// Blocks each line of which is shown with the one that enters it, as Onyx's.
pub(super) fn flat() -> Grammar {
    Grammar {
        host: "mlx-8".into(),
        values: all(&["hostname", "description", "name", "switchport mode", "switchport access vlan"]),
        lists: Vec::new(),
        others: all(&["shutdown"]),
        user_prompt: None,
        prompt: "{host} [standalone: master] # ".into(),
        configure_prompt: "{host} [standalone: master] (config) # ".into(),
        block_prompt: "{host} [standalone: master] ({block}) # ".into(),
        end: "end".into(),
        save: ("configuration write".into(), None),
        no_pager: "no cli session paging enable".into(),
        unknown: "% Unrecognized command".into(),
        shows: vec![("show running-config".into(), Show::Flat)],
        ..indented()
    }
}

/// Lines that set and delete in a candidate of one's own, as SR Linux's.
pub(super) fn transactions() -> Grammar {
    let ways = ["interface", "network-instance"];
    let shows = |command: &str| ways.map(|way| (format!("{command} / {way} *"), format!("{way} *"))).to_vec();
    let junos = sets();
    Grammar {
        host: "leaf-9".into(),
        prompt: "--{ running }--[  ]--\r\nA:{host}# ".into(),
        configure_prompt: "--{ * candidate exclusive default }--[  ]--\r\nA:{host}# ".into(),
        configure: "enter candidate exclusive".into(),
        end: "enter running".into(),
        save: ("save startup".into(), None),
        no_pager: "environment cli-engine type basic".into(),
        unknown: "Parsing error: Unknown token".into(),
        sets: Some(SetGrammar {
            set: "set /".into(),
            delete: "delete /".into(),
            tops: all(&["system", "interface", "network-instance"]),
            values: all(&[
                "interface * description",
                "interface * admin-state",
                "interface * subinterface * type",
                "network-instance * type",
                "network-instance * description",
            ]),
            stays: Vec::new(),
            unknown: "Parsing error: Unknown token".into(),
            not_found: String::new(),
            locked: "Error: another session has the candidate".into(),
            discard: "discard stay".into(),
            abort: Some("discard now".into()),
            commit: "commit stay".into(),
            committed: "All changes have been committed. Starting new transaction.".into(),
            confirmed: None,
            end: "enter running".into(),
            inside: String::new(),
            shows: shows("info flat from running"),
            candidate: shows("info flat"),
            history: String::new(),
        }),
        ..junos
    }
}

/// Lines that set and delete in a candidate, as Junos'.
pub(super) fn sets() -> Grammar {
    Grammar {
        host: "leaf-7".into(),
        blocks: Vec::new(),
        inner: Vec::new(),
        values: Vec::new(),
        lists: Vec::new(),
        others: Vec::new(),
        undo: String::new(),
        user_prompt: None,
        prompt: "{master:0}\r\nmercury@{host}> ".into(),
        configure_prompt: "\r\n{master:0}[edit]\r\nmercury@{host}# ".into(),
        block_prompt: String::new(),
        configure: "configure exclusive".into(),
        end: "exit configuration-mode".into(),
        exit: String::new(),
        save: (String::new(), None),
        no_pager: "set cli screen-length 0".into(),
        page: 24,
        unknown: "\r\nerror: unknown command".into(),
        shows: Vec::new(),
        commit: None,
        lags: None,
        sets: Some(SetGrammar {
            set: "set".into(),
            delete: "delete".into(),
            tops: all(&["system", "version", "chassis", "interfaces", "vlans", "protocols", "groups", "apply-groups"]),
            values: all(&[
                "interfaces * description",
                "interfaces * mtu",
                "interfaces * native-vlan-id",
                "interfaces * ether-options 802.3ad",
                "interfaces * unit * family ethernet-switching interface-mode",
                "vlans * vlan-id",
            ]),
            stays: all(&[
                "interfaces *",
                "interfaces * unit *",
                "interfaces * unit * family ethernet-switching",
                "vlans *",
                "protocols rstp interface *",
            ]),
            unknown: "                ^\r\nsyntax error.".into(),
            not_found: "warning: statement not found".into(),
            locked: "error: configuration database locked by:\r\n  ops terminal p0 (pid 4711) on since 2026-11-28 17:00:00 UTC\r\n      exclusive [edit]"
                .into(),
            discard: "rollback 0".into(),
            abort: None,
            commit: "commit".into(),
            committed: "commit complete".into(),
            confirmed: Some("commit confirmed".into()),
            end: "exit configuration-mode".into(),
            inside: "run ".into(),
            shows: vec![("show configuration | display set".into(), String::new())],
            candidate: Vec::new(),
            history: "show system commit".into(),
        }),
        rows: None,
    }
}

/// Commands that say what ports a VLAN has, as Pluribus'.
pub(super) fn rows() -> Grammar {
    let change = |line: &str, needs: Option<&str>, removes: &[&str], adds: &[&str]| RowChange {
        line: line.into(),
        needs: needs.map(|row| (row.into(), "no such vlan, port or trunk: not found".into())),
        lacks: None,
        numbers: None,
        each: None,
        removes: all(removes),
        adds: all(adds),
    };
    // Whatever it is not asked for, it puts into VLAN 1.
    let made = RowChange {
        lacks: Some(("trunk {name} *".into(), "trunk: already exists".into())),
        numbers: Some(("trunk * {number}".into(), 128)),
        ..change(
            "switch-local trunk-create name {name} ports {ports,}",
            None,
            &["untagged * {ports}", "tagged * {ports}"],
            &[
                "trunk {name} {number}",
                "mode {name} off",
                "timeout {name} slow",
                "member {name} {ports}",
                "untagged 1 {number}",
            ],
        )
    };
    let gone = RowChange {
        each: Some("member {name} {port}".into()),
        ..change(
            "switch-local trunk-delete name {name}",
            Some("trunk {name} {number}"),
            &[
                "trunk {name} *",
                "mode {name} *",
                "timeout {name} *",
                "member {name} *",
                "untagged * {number}",
                "tagged * {number}",
            ],
            &["untagged 1 {port}"],
        )
    };
    let trunk = Some("trunk {name} *");
    let show = |what: &str, each: &str, row: &str, list: &[&str]| RowShow {
        command: format!("switch-local {what} parsable-delim :"),
        each: each.into(),
        row: row.into(),
        list: all(list),
        none: "none".into(),
    };
    let (scope, both) = ("scope {id} {scope}", ["tagged {id} {port}", "untagged {id} {port}"]);
    let there = Some("scope {id} *");
    Grammar {
        host: "leaf-7".into(),
        blocks: Vec::new(),
        inner: Vec::new(),
        values: Vec::new(),
        lists: Vec::new(),
        others: Vec::new(),
        undo: String::new(),
        user_prompt: None,
        prompt: "CLI (network-admin@{host}) > ".into(),
        configure_prompt: String::new(),
        block_prompt: String::new(),
        configure: String::new(),
        end: String::new(),
        exit: String::new(),
        save: (String::new(), None),
        no_pager: "pager off".into(),
        page: 24,
        unknown: String::new(),
        shows: Vec::new(),
        commit: None,
        lags: None,
        sets: None,
        rows: Some(RowGrammar {
            changes: vec![
                change("vlan-create id {id} scope {scope} ports none", None, &[], &[scope]),
                change("vlan-delete id {id}", there, &["scope {id} *", "tagged {id} *", "untagged {id} *"], &[]),
                change(
                    "port-vlan-add port {port} untagged-vlan {id}",
                    there,
                    &["untagged * {port}", both[0]],
                    &[both[1]],
                ),
                change("vlan-port-add vlan-id {id} ports {port} tagged", there, &[both[1]], &[both[0]]),
                change("vlan-port-remove vlan-id {id} ports {port}", there, &both, &[]),
                change(
                    "vlan-port-remove vlan-range all ports {port}",
                    None,
                    &["tagged * {port}", "untagged * {port}"],
                    &[],
                ),
                change(
                    "switch-local port-config-modify port {port} enable",
                    Some("port {port} *"),
                    &["port {port} *"],
                    &["port {port} on"],
                ),
                change(
                    "switch-local port-config-modify port {port} disable",
                    Some("port {port} *"),
                    &["port {port} *"],
                    &["port {port} off"],
                ),
                made,
                gone,
                change(
                    "switch-local trunk-modify name {name} ports {ports,}",
                    trunk,
                    &["member {name} *", "untagged * {ports}", "tagged * {ports}"],
                    &["member {name} {ports}"],
                ),
                change(
                    "switch-local trunk-modify name {name} lacp-mode {mode}",
                    trunk,
                    &["mode {name} *"],
                    &["mode {name} {mode}"],
                ),
                change(
                    "switch-local trunk-modify name {name} lacp-timeout {rate}",
                    trunk,
                    &["timeout {name} *"],
                    &["timeout {name} {rate}"],
                ),
            ],
            shows: vec![
                show("trunk-show format name,trunk-id", "trunk {name} {number}", "{name}:{number}", &[]),
                show("trunk-show format name,ports", "trunk {name} *", "{name}:{list}", &["member {name} *"]),
                show("trunk-show format name,lacp-mode", "mode {name} {mode}", "{name}:{mode}", &[]),
                show("trunk-show format name,lacp-timeout", "timeout {name} {rate}", "{name}:{rate}", &[]),
                show("trunk-show name {name} format trunk-id", "trunk {name} {number}", "{number}", &[]),
                show("port-config-show format port,enable", "port {port} {state}", "{port}:{state}", &[]),
                show("vlan-show format id,scope", scope, "{id}:{scope}", &[]),
                show("vlan-show format id,ports", scope, "{id}:{list}", &both),
                show("vlan-show format id,untagged-ports", scope, "{id}:{list}", &both[1..]),
            ],
            unknown: "invalid command".into(),
        }),
    }
}
