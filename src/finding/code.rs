//! The codes of findings, each with what it means and what to do about it.

use serde::{Serialize, Serializer};
use std::fmt;

macro_rules! codes {
    ($($name:ident $word:literal: $what:literal, $help:literal;)*) => {
        /// What kind of mistake a finding is; the kebab-case spelling is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $what] $name,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// Its stable spelling.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Code::$name => $word,)* }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Code::$name => $what,)* }
            }

            /// What to do about it, in a sentence or two.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self { $(Code::$name => $help,)* }
            }
        }
    };
}

codes! {
    Unreadable "unreadable":
        "The file cannot be read, is not a regular file, or is too big.",
        "Look at its path, its permissions and its size; a pipe or a folder is never read.";
    FilePermissions "file-permissions":
        "A file that holds a secret may be read by others.",
        "`chmod 600` it, put the secret in a file of its own, or say with `secret_files` who may read it.";
    Syntax "syntax":
        "The text is not what its format allows: TOML, INI, htpasswd, XML, JSON.",
        "Nothing of what follows that place was read. Mend it there first.";
    UnknownKey "unknown-key":
        "A key or section that Mercury does not know.",
        "A mistyped key would otherwise be a setting that silently is not made. The nearest known one is proposed.";
    DuplicateKey "duplicate-key":
        "A key, section or file that is given twice.",
        "Which of the two is meant nobody can tell. Leave one.";
    MissingKey "missing-key":
        "A key that must be there and is not.",
        "The samples under config/ show every key with its default.";
    WrongType "wrong-type":
        "A value of another type than the key takes.",
        "In TOML text is in quotes, numbers and true or false are not.";
    OutOfRange "out-of-range":
        "A number or duration outside its range.",
        "The message says the range.";
    BadValue "bad-value":
        "A value of the right type that means nothing.",
        "The message says what was expected.";
    Conflict "conflict":
        "Settings that exclude or need one another.",
        "Each is right by itself; together they cannot be meant.";
    DuplicateSwitch "duplicate-switch":
        "Two switches carry the same name.",
        "Neither is served until one of them is renamed.";
    AmbiguousId "ambiguous-id":
        "One identifier would find two switches.",
        "Requests name switches by name, MAC address or address; each must find one.";
    UnknownDeviceType "unknown-device-type":
        "A device type or dialect nobody knows.",
        "`mercury dialect list` shows those there are.";
    UnsupportedDeviceType "unsupported-device-type":
        "A device type that is known but whose protocol Mercury does not speak yet.",
        "Use another of the switch's protocols, if it has one.";
    DialectRefused "dialect-refused":
        "A dialect that is not complete, or says what cannot be.",
        "Every leaf has a place or a deviation with its reason; the message names the key. `mercury dialect check` reads one file.";
    SecretUnavailable "secret-unavailable":
        "A secret's file or environment variable is not usable.",
        "The switch is not served without it.";
    WeakSecret "weak-secret":
        "A password, a hash or a key that is easily guessed.",
        "Use another: long, by chance, and of nobody else; `htpasswd -B -C 10` and keys of 2,048 bits of RSA, or Ed25519.";
    InsecureHostKey "insecure-host-key":
        "The switch's host key is not checked.",
        "Whoever is in between reads the password. Take `insecure` away and name the key.";
    NoHostKeys "no-host-keys":
        "Switches are spoken to over SSH, and no file of host keys is there.",
        "Each login ends with `host-key`. Name a file with `known_hosts`, or pin `host_key_fingerprints`.";
    SwitchSocket "switch-socket":
        "The socket by which a switch is spoken to is not there, or closed to this user.",
        "Start what serves it, or let the user that Mercury runs as write to it.";
    InsecureCertificate "insecure-certificate":
        "The switch's certificate is not checked.",
        "Whoever is in between reads the password. Use `tls_ca` or `tls_pins`.";
    Plaintext "plaintext":
        "The switch, etcd, Keystone or a collector of traces is spoken to without TLS, or a switch by TELNET.",
        "Passwords and configuration travel readable.";
    RemoteNoauth "remote-noauth":
        "Requests without credentials would be taken from other machines.",
        "Use `http_basic`, or say both `auth = \"noauth\"` and `allow_remote_noauth = true`.";
    PlaintextPasswords "plaintext-passwords":
        "Callers' passwords would be taken from other machines without TLS.",
        "Write a `[tls]` table, use `http_digest`, or say both `auth = \"http_basic\"` and `allow_plaintext_passwords = true`.";
    Certificate "certificate":
        "A certificate or private key that cannot be served.",
        "The message says whether it cannot be read, or does not belong to its key.";
    CertificateLifetime "certificate-lifetime":
        "A certificate that has expired, soon does, or is not valid yet.",
        "It is served all the same, and callers may refuse it. Renew it: the files are read again when they change.";
    UnsupportedHash "unsupported-hash":
        "A password hash other than bcrypt.",
        "`htpasswd -B -C 10` writes bcrypt.";
    NoSwitches "no-switches":
        "There is nothing to manage.",
        "Name an inventory file with `switches`.";
    NotBuilt "not-built":
        "An option that this build of Mercury was made without.",
        "The message says which cargo feature it takes.";
    NotCarriedOver "not-carried-over":
        "An option of another service's file that means something there and nothing here.",
        "The message says what Mercury does instead, or what takes its place.";
    Machine "machine":
        "The machine does not give what the settings take.",
        "Raise the limit that is named, or lower the setting.";
    CandidateKind "candidate-kind":
        "It is not seen what kind of candidate a file is.",
        "Say it with `--as`: xml, json, set-request or lines.";
    CandidateSwitch "candidate-switch":
        "It is not known whose candidate a file is.",
        "Name the file after a switch of the inventory (leaf1.xml), or say --switch or --dialect.";
    ReadingUnread "reading-unread":
        "The dialect reads nothing in this form.",
        "Nothing was judged. `mercury dialect list` shows which protocols a dialect has words for.";
    ReadingNothing "reading-nothing":
        "The dialect sees no port and no VLAN in a candidate.",
        "Rules have nothing to judge there. It may be written for another system, or be about other things.";
    ReadingForeign "reading-foreign":
        "A candidate holds a value that the dialect's reader has no word for.",
        "It is not judged by rules. It may be right for the switch all the same.";
    ReadingUnknown "reading-unknown":
        "A candidate holds a line, a node or an attribute that the dialect's reader does not look at, or that says nothing as it stands: a trunk's VLANs of an access port, an aggregate's VLANs of a port that is no aggregate.",
        "It is not judged by rules, and where there are any that is an error. Send it by itself to those who may, or leave it out.";
    ReadingDuplicate "reading-duplicate":
        "A candidate holds more than one entry of a list with the same key (RFC 7950 section 7.8.2), or several values of one leaf.",
        "A switch may take all of them, one after the other, or refuse them. The rules are asked about all of them together; leave one that says what is meant.";
    ReadingValue "reading-value":
        "A candidate holds a value that is not valid on any system: a VLAN 9999, an MTU of 99999, a leaf without a value, a line that ends too early, a mark of quotation that is not closed.",
        "What cannot be read is not guessed, and no rule is asked about it. VLANs are 1 to 4094, in decimal.";
    ReadingKey "reading-key":
        "An entry of a list repeats its key in its `config` with another value.",
        "OpenConfig's leaf there is a reference to the key. A switch refuses it, or takes one of the two; say the same twice.";
    ReadingNamespace "reading-namespace":
        "An element of a candidate is in another namespace than the dialect has it in, or in none; or a member of its JSON in another module.",
        "Readers of data go by names alone, and a switch does not: it refuses such a node, or passes it over. Declare the namespace that the message says, or name that module (RFC 7951 section 4).";
    ReadingOperation "reading-operation":
        "An `operation` without NETCONF's namespace, or one, or a `default-operation`, that RFC 6241 section 7.2 does not have.",
        "Servers pass over the first, and what was to be deleted is merged. Write nc:operation, with the base namespace of RFC 6241 declared as nc.";
    ReadingDeletes "reading-deletes":
        "A candidate deletes or replaces paths, and what is there is not known.",
        "Rules judge what a candidate brings. What it takes away only the switch can tell.";
    SchemaUnknownNode "schema-unknown-node":
        "No module has a node of that name there, or none that is configuration.",
        "Look at the name, at its namespace or module prefix, and at what is around it; state is not configured.";
    SchemaNamespace "schema-namespace":
        "A namespace, a module prefix or the lack of one: no loaded module is meant by it.",
        "In XML each top element declares its module's namespace; in JSON it begins with the module's name.";
    SchemaValue "schema-value":
        "A value that is not of its leaf's type: range, enumeration, pattern, identity.",
        "The message says what was found. In JSON (RFC 7951) numbers of up to 32 bits are numbers, and larger ones texts.";
    SchemaMissingKey "schema-missing-key":
        "An entry of a list without one of its keys.",
        "Without all keys it is not known which entry is meant.";
    SchemaDuplicate "schema-duplicate":
        "The same leaf, or two entries with the same keys.",
        "Only one of them can be meant.";
    SchemaReference "schema-reference":
        "A leafref whose target is not in the candidate.",
        "In a whole configuration (--whole) it must be there. Of a part nothing is said where the target is left out, or is in a list, of which the switch may have other entries; that the part has another value there is a warning.";
    SchemaMandatory "schema-mandatory":
        "A node that must be there is not.",
        "It is told of a whole configuration (--whole) alone: of a part it may be on the switch already.";
    SchemaWhen "schema-when":
        "A node that the model has only where another says so (`when`).",
        "An access-vlan goes with interface-mode ACCESS, say. It is an error with --whole; of a part nothing is said where what decides is left out, as it may be on the switch, and else it is a warning.";
    SchemaMust "schema-must":
        "A condition of the model (`must`) does not hold.",
        "The message has the model's own words. It may hold on the switch, so it is a warning, and an error with --whole.";
    SchemaOperation "schema-operation":
        "An attribute `operation` without NETCONF's namespace.",
        "Servers pass it over, and what was to be deleted is merged (RFC 6241 section 7.2). Write nc:operation.";
    SchemaOther "schema-other":
        "Something else that the modules do not allow.",
        "The message has libyang's own words.";
    SchemaModules "schema-modules":
        "Modules cannot be loaded.",
        "Every import must be in a --yang-dir. A deviation that removes a leafref's target is refused by strict compilers: leave that statement, or that module of load.json, out.";
    SwitchCannot "switch-cannot":
        "A switch cannot be asked whether it would take a candidate.",
        "That takes NETCONF with a candidate and `<validate>` (RFC 6241 sections 8.3 and 8.6). Over gNMI and at a command line nothing is checked that is not done.";
    SwitchUnasked "switch-unasked":
        "A switch could not be asked: not reached, locked by somebody else, or lost on the way.",
        "Nothing was committed. A lost session's candidate is discarded by the switch; look at it if the message says so.";
    SwitchRefused "switch-refused":
        "The switch itself does not take a candidate.",
        "The message has the switch's own words. It was discarded, and nothing was committed.";
    SwitchChanged "switch-changed":
        "Running or candidate was not read back as before.",
        "Nothing was committed by this command: somebody else may have changed it meanwhile. Look at the switch.";
    RuleExample "rule-example":
        "An example of the team's own did not come out as it says.",
        "Either the rule or the example is not what was meant.";
    RequestRefused "request-refused":
        "A request is refused for another reason than a rule.",
        "The message says which: an entry's own allow-lists go before the rules.";
    RuleVlanNotAllowed "rule-vlan-not-allowed":
        "A change brings a VLAN that a rule's `allowed_vlans` leaves out.",
        "A rule is about what a change brings: VLANs that the port carries already do not count. VLANs of an aggregate are those of its members, too. Use an allowed VLAN, or have the network team widen the rule.";
    RuleVlanReserved "rule-vlan-reserved":
        "A change brings, makes or removes a VLAN that a rule reserves.",
        "Such VLANs belong to the network team: management, peer links, what a system keeps for itself. Use another.";
    RulePortProtected "rule-port-protected":
        "A change touches a port that a rule protects.",
        "Nothing of such a port is changed: uplinks, peer links, management. An aggregate is protected with its members.";
    RuleTrunkTooWide "rule-trunk-too-wide":
        "A trunk would carry more VLANs than a rule's `max_trunk_vlans`.",
        "A trunk that is too wide already may be made narrower. One of all VLANs has 4,094.";
    RuleMtuOutOfRange "rule-mtu-out-of-range":
        "A port's MTU would be outside a rule's `mtu`.",
        "The number is in octets as the switch itself counts them.";
    RuleDescriptionPattern "rule-description-pattern":
        "A port's description would not be as a rule's `description` wants it.",
        "The whole text must match. Taking a description away is a change to none, which no pattern is about.";
    RuleVlanNamePattern "rule-vlan-name-pattern":
        "A VLAN's name would not be as a rule's `vlan_name` wants it.",
        "The whole name must match; a VLAN without a name is not judged.";
    RuleTooManyPorts "rule-too-many-ports":
        "One change touches more ports of a switch than a rule's `max_ports`.",
        "Send it in parts. Requests of several callers that share a commit are counted one by one.";
    RuleOutsideWindow "rule-outside-window":
        "A change comes outside a rule's change windows.",
        "Windows are in UTC. A plan may be made and saved at any time and is told of it; `apply`, `attach` and the service refuse until the window opens.";
    RuleUnjudged "rule-unjudged":
        "A candidate takes away what is of no one port or VLAN, or says something that the reader does not look at or that means nothing as it stands: the rules cannot be asked.",
        "Name the ports and VLANs that are to go, one by one, instead of what holds them all, and leave out what Mercury has no words for.";
    RuleRego "rule-rego":
        "A rule in Rego does not allow the change: its `allow` is not `true`.",
        "The package's `reasons` say why; without any it is told what `allow` is. Undefined is what something that was asked for and is not there makes of it.";
    RuleRegoFailed "rule-rego-failed":
        "A rule in Rego could not be evaluated, so the change is refused.",
        "The message names the rule, its line and the error. The network team's own examples (`mercury rules test`) find such rules before callers do.";
}

impl Code {
    /// The code of that spelling.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.word() == word)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_and_spelled_once() {
        let mut words = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(words.insert(code.word()), "{code} twice");
            assert_eq!(Code::of(code.word()), Some(*code));
            assert!(code.word().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
            for text in [code.meaning(), code.advice()] {
                assert!(text.ends_with('.') && text.len() > 10, "{code}: {text:?}");
            }
        }
    }
}
