//! What the simulated command lines know.

use mercury_sim::{Grammar, Show};

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
    }
}
