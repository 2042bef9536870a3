//! The namespaces of the modules that Juniper publishes, which a device speaks in
//! that is set `system services netconf yang-compliant`: one for each module, by
//! the device's family, such as `http://yang.juniper.net/junos-qfx/conf/interfaces`.

use std::sync::Arc;

use crate::xml::{BASE_NS, Element, Node};

/// What any other Junos speaks in.
const OWN: &str = "http://xml.juniper.net/xnm/1.1/xnm";
const BEFORE: &str = "http://yang.juniper.net/";
/// What the elements of any release are said to be in (`show | display xml`).
const RELEASES: &str = "http://xml.juniper.net/";
const AFTER: &str = "/conf/";
/// The module of the top, and what of it is beside the containers of others.
const ROOT: &str = "root";
const ROOTS: [&str; 2] = ["apply-groups", "groups"];

/// Whether a device whose configuration is in the namespace `own` takes it in this one, too:
/// Junos does in that of its published modules as well.
pub(crate) fn is_spoken(namespace: &str, own: &str) -> bool {
    own == OWN && (is_junos(namespace) || namespace.starts_with(BEFORE))
}

/// Whether Junos takes its configuration in this namespace, whatever its modules are: its own or
/// that of its release, that of NETCONF around it, or none (empty).
#[must_use]
pub fn is_junos(namespace: &str) -> bool {
    namespace.is_empty() || namespace == BASE_NS || namespace.starts_with(RELEASES)
}

/// The modules of one family of devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    /// Such as `junos-qfx`.
    family: Arc<str>,
}

impl Published {
    /// Those of the family of the device that wrote this `<data>`, where it writes
    /// so. That a hello lists the modules is a setting of its own, and says nothing.
    pub(crate) fn shown(data: &str) -> Option<Self> {
        let top = data.split('<').skip(1).find(|tag| !tag.starts_with(['?', '!']) && !is_named(tag, "data"))?;
        let (top, _) = top.split_once('>').filter(|_| is_named(top, "configuration"))?;
        top.split(['"', '\'']).find_map(Self::of)
    }

    fn of(namespace: &str) -> Option<Self> {
        let family = namespace.strip_prefix(BEFORE)?.strip_suffix(ROOT)?.strip_suffix(AFTER)?;
        let is_family = !family.is_empty() && family.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        is_family.then(|| Self { family: family.into() })
    }

    fn namespace(&self, module: &str) -> Arc<str> {
        format!("{BEFORE}{}{AFTER}{module}", self.family).into()
    }

    /// Puts what is in Junos' own namespace into that of the module it is in.
    pub(crate) fn respell(&self, element: &mut Element) {
        if element.ns.as_deref() != Some(OWN) {
            below(element).for_each(|child| self.respell(child));
            return;
        }
        self.respell_top(element);
    }

    /// `configuration`, or one of its `groups`.
    fn respell_top(&self, top: &mut Element) {
        let root = self.namespace(ROOT);
        top.ns = Some(Arc::clone(&root));
        for child in below(top) {
            match &*child.name {
                "groups" => self.respell_top(child),
                // The key of a group.
                name if name == "name" || ROOTS.contains(&name) => into(child, &root),
                module => {
                    let namespace = self.namespace(module);
                    into(child, &namespace);
                }
            }
        }
    }
}

/// Whether a start tag, without its `<`, has this name behind any prefix.
fn is_named(tag: &str, name: &str) -> bool {
    let written = tag.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default();
    written.rsplit(':').next() == Some(name)
}

fn into(element: &mut Element, namespace: &Arc<str>) {
    if element.ns.as_deref() == Some(OWN) {
        element.ns = Some(Arc::clone(namespace));
    }
    below(element).for_each(|child| into(child, namespace));
}

fn below(element: &mut Element) -> impl Iterator<Item = &mut Element> {
    element.children.iter_mut().filter_map(|node| match node {
        Node::Element(element) => Some(element),
        Node::Text(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use mercury_adapter::{Session as _, Step, builtin};
    use mercury_model::{Scope, VlanScope};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;
    use crate::{
        NetconfSession,
        client::{Client, ClientOptions},
        framing::{Decoder, encode_eom},
        xml::Limits,
    };

    /// Answers each of these reads with this data, and gives what was asked.
    async fn serve(mut stream: DuplexStream, data: [&'static str; 3]) -> Vec<String> {
        let capability = |name: &str| format!("<capability>urn:ietf:params:netconf:{name}</capability>");
        let capabilities = capability("base:1.0") + &capability("capability:candidate:1.0");
        let base = "urn:ietf:params:xml:ns:netconf:base:1.0";
        let hello = format!(
            "<hello xmlns='{base}'><capabilities>{capabilities}</capabilities><session-id>4</session-id></hello>"
        );
        stream.write_all(&encode_eom(hello.as_bytes())).await.unwrap();
        let (mut decoder, mut asked, mut said) = (Decoder::new(1 << 20), Vec::new(), false);
        while asked.len() < data.len() {
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).await.unwrap();
            decoder.push(&buffer[..read]);
            while let Some(message) = decoder.next_message().unwrap() {
                if !std::mem::replace(&mut said, true) {
                    continue;
                }
                let rpc = Element::parse(&message, Limits::default()).unwrap();
                let (id, data) = (rpc.attribute("message-id").unwrap(), data[asked.len()]);
                let reply = format!("<rpc-reply xmlns='{base}' message-id='{id}'><data>{data}</data></rpc-reply>");
                stream.write_all(&encode_eom(reply.as_bytes())).await.unwrap();
                asked.push(rpc.to_xml().unwrap());
            }
        }
        asked
    }

    /// Who answers in them is asked in them from then on, also when an answer shows
    /// nothing.
    #[tokio::test]
    async fn a_device_is_spoken_to_as_it_speaks() {
        let (ours, theirs) = duplex(1 << 16);
        let shown = "<configuration xmlns='http://yang.juniper.net/junos/conf/root'/>";
        let server = tokio::spawn(serve(theirs, [shown, "", shown]));
        let dialect =
            builtin().unwrap().into_iter().find(|one| one.name == "juniper_junos").unwrap().netconf.clone().unwrap();
        let client = Client::connect(ours, ClientOptions::default()).await.unwrap();
        let mut session = NetconfSession::new(client, &dialect, "default".to_owned(), true).unwrap();
        let mut scope = Scope { vlans: VlanScope::Named(BTreeSet::new()), ..Scope::default() };
        scope.add_interface("xe-0/0/1".parse().unwrap());
        for _ in 0..3 {
            let flight = session.flight(&[Step::Read(scope.clone())], Duration::from_secs(20)).await;
            assert!(flight.lost.is_none(), "{flight:?}");
        }
        let asked = server.await.unwrap();
        let namespaces = ["http://yang.juniper.net/junos/conf/interfaces", OWN];
        let found = asked.iter().map(|asked| namespaces.map(|namespace| asked.contains(namespace)));
        assert_eq!(found.collect::<Vec<_>>(), [[false, true], [true, false], [true, false]], "{asked:#?}");
    }

    #[test]
    fn a_family_is_known_by_its_root() {
        let qfx = || Some(Published { family: "junos-qfx".into() });
        let root = "http://yang.juniper.net/junos-qfx/conf/root";
        let shown = |top: &str| Published::shown(&format!("<data>\n<{top}><interfaces/></configuration></data>"));
        assert_eq!(shown(&format!("configuration xmlns=\"{root}\" junos:changed-seconds=\"1\"")), qfx());
        assert_eq!(shown(&format!("configuration xmlns='{root}'")), qfx());
        assert_eq!(shown(&format!("configuration xmlns=\"{OWN}\"")), None);
        let prefixed = format!("<nc:data xmlns:nc='x'><!-- a --><jc:configuration xmlns:jc='{root}'/></nc:data>");
        assert_eq!(Published::shown(&prefixed), qfx());
        for none in ["", "<data/>", &format!("<data><x y='{root}'/></data>"), &format!("<data><a>{root}</a></data>")] {
            assert_eq!(Published::shown(none), None, "{none}");
        }
        for none in ["http://yang.juniper.net/junos-qfx/conf/interfaces", "http://yang.juniper.net//conf/root"] {
            assert_eq!(shown(&format!("configuration xmlns='{none}'")), None, "{none}");
        }
    }

    #[test]
    fn each_module_has_its_own() {
        let own = |name: &str| Element::new(OWN, name);
        let operation = own("unit").operation("remove").child(own("name").text("0"));
        let group = own("groups").child(own("name")).child(own("vlans").child(own("vlan")));
        let top = own("configuration").child(own("interfaces").child(operation)).child(group);
        let mut edit = Element::new("urn:other", "config").child(top.child(own("apply-groups")));
        Published { family: "junos".into() }.respell(&mut edit);
        let written = edit.to_xml().unwrap();
        let at = "xmlns=\"http://yang.juniper.net/junos/conf/";
        for part in [
            format!("<config xmlns=\"urn:other\"><configuration {at}root\"><interfaces {at}interfaces\"><unit "),
            "<name>0</name></unit></interfaces>".to_owned(),
            format!("<groups><name/><vlans {at}vlans\"><vlan/></vlans></groups><apply-groups/></configuration>"),
        ] {
            assert!(written.contains(&part), "{written} has no {part}");
        }
        assert!(!written.contains(OWN), "{written}");
    }
}
