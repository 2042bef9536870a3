//! The tree: hostile and sloppy documents in, deterministic ones out.

use proptest::prelude::*;

use super::*;

const OC: &str = "http://openconfig.net/yang/interfaces";

fn parse(text: &str) -> Result<Element, XmlError> {
    Element::parse(text.as_bytes(), Limits::default())
}

#[test]
fn namespaces_are_declared_where_they_change_and_prefixes_only_on_attributes() {
    let interface = Element::new(OC, "interface").operation("delete").leaf("name", "eth<0>");
    let inner = Element::new(OC, "interface").operation("remove").empty("config");
    let config = Element::new(BASE_NS, "config")
        .child(Element::new(OC, "interfaces").child(interface).child(inner))
        .empty("after");
    assert_eq!(
        config.to_xml().unwrap(),
        format!(
            "<config xmlns=\"{BASE_NS}\"><interfaces xmlns=\"{OC}\">\
             <interface xmlns:nc=\"{BASE_NS}\" nc:operation=\"delete\"><name>eth&lt;0&gt;</name></interface>\
             <interface xmlns:nc=\"{BASE_NS}\" nc:operation=\"remove\"><config/></interface>\
             </interfaces><after/></config>"
        )
    );
}

#[test]
fn a_prefix_in_scope_is_not_declared_again() {
    let tree = Element::new("", "a")
        .operation("merge")
        .child(Element::new("", "b").operation("delete").attr_ns("urn:x", "k", "1").attr_ns("urn:y", "k", "2"));
    assert_eq!(
        tree.to_xml().unwrap(),
        format!(
            "<a xmlns:nc=\"{BASE_NS}\" nc:operation=\"merge\">\
             <b nc:operation=\"delete\" xmlns:n1=\"urn:x\" n1:k=\"1\" xmlns:n2=\"urn:y\" n2:k=\"2\"/></a>"
        )
    );
    assert_eq!(parse(&tree.to_xml().unwrap()).unwrap(), tree);
}

#[test]
fn a_declared_prefix_is_not_taken_for_another_namespace() {
    let tree = Element::new("", "a").qname("nc", "urn:other", "x").operation("merge");
    let xml = tree.to_xml().unwrap();
    assert_eq!(xml, format!("<a xmlns:nc=\"urn:other\" xmlns:n2=\"{BASE_NS}\" n2:operation=\"merge\">nc:x</a>"));
    assert_eq!(parse(&xml).unwrap().attributes.len(), 2);
}

#[test]
fn identity_references_keep_their_prefix_declaration() {
    let leaf = Element::new(OC, "type").qname("ianaift", "urn:ianaift", "ethernetCsmacd");
    let xml = leaf.to_xml().unwrap();
    assert_eq!(xml, format!("<type xmlns=\"{OC}\" xmlns:ianaift=\"urn:ianaift\">ianaift:ethernetCsmacd</type>"));
    assert_eq!(parse(&xml).unwrap(), leaf);
    // Declared further up, it moves down to where it is needed.
    let far = parse("<a xmlns:i='urn:i'><b>i:x</b><c>j:x</c><d>2001:db8::1</d></a>").unwrap();
    assert_eq!(far.find("b").unwrap(), &Element::new("", "b").qname("i", "urn:i", "x"));
    assert!(far.find("c").unwrap().attributes.is_empty());
    assert!(far.find("d").unwrap().attributes.is_empty());
}

#[test]
fn leaving_a_namespace_is_written() {
    let tree = Element::new("urn:a", "a").child(Element::new("", "b").child(Element::new("urn:a", "c")));
    let xml = tree.to_xml().unwrap();
    assert_eq!(xml, "<a xmlns=\"urn:a\"><b xmlns=\"\"><c xmlns=\"urn:a\"/></b></a>");
    assert_eq!(parse(&xml).unwrap(), tree);
}

#[test]
fn control_characters_and_bad_names_are_refused_when_writing() {
    for bad in ["\u{0}", "\u{8}", "\u{1b}", "\u{ffff}"] {
        assert!(matches!(Element::new("", "d").text(bad).to_xml(), Err(XmlError::BadCharacter { .. })));
        assert!(Element::new("", "d").attr("a", bad).to_xml().is_err());
        assert!(Element::new(bad, "d").to_xml().is_err());
    }
    for bad in ["", "a b", "a><b", "1a", "nc:a", "-a"] {
        assert!(matches!(Element::new("", bad).to_xml(), Err(XmlError::BadName(_))), "{bad}");
        assert!(Element::new("", "d").attr(bad, "").to_xml().is_err());
        assert!(Element::new("", "d").qname(bad, "urn:x", "y").to_xml().is_err());
    }
}

#[test]
fn text_comes_back_exactly() {
    for text in [" \r\n\t x ", "]]>]]>", "\r", "<&>\"'", "ünï©ode 𝄞", "   "] {
        let leaf = Element::new("", "d").text(text).attr("a", text);
        let back = parse(&leaf.to_xml().unwrap()).unwrap();
        assert_eq!(back, leaf, "{text:?}");
    }
}

#[test]
fn pretty_output_changes_no_text() {
    let tree = Element::new(OC, "a").child(Element::new(OC, "b").leaf("c", " x ").empty("d"));
    let pretty = tree.to_pretty().unwrap();
    assert_eq!(pretty, format!("<a xmlns=\"{OC}\">\n  <b>\n    <c> x </c>\n    <d/>\n  </b>\n</a>\n"));
    assert_eq!(parse(&pretty).unwrap(), tree);
}

#[test]
fn references_and_cdata_join_the_text_around_them() {
    let tree = parse("<a b='1&amp;2&#65;'>x &amp; y &#65;&#x42;<![CDATA[<z>&amp;]]> end</a>").unwrap();
    assert_eq!(tree.raw_text(), "x & y AB<z>&amp; end");
    assert_eq!(tree.attribute("b"), Some("1&2A"));
    assert_eq!(tree.children.len(), 1);
}

#[test]
fn documents_that_are_not_one_tree_are_refused() {
    for bad in [
        "",
        "  ",
        "text",
        "<a>",
        "<a><b></a>",
        "<a/><b/>",
        "<a/>x",
        "x<a/>",
        "</a>",
        "<a></a></a>",
        "<a b=1/>",
        "<a b='1' b='2'/>",
        "<a b/>",
        "<a>&nbsp;</a>",
        "<a b='&x;'/>",
        "<a>&#xD800;</a>",
        "<a",
        "<a b='",
        "<!-- ",
        "<a><![CDATA[x</a>",
        "&amp;<a/>",
    ] {
        assert!(matches!(parse(bad), Err(XmlError::Malformed { .. })), "{bad:?}: {:?}", parse(bad));
    }
}

#[test]
fn a_doctype_is_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY x \"aaaa\"><!ENTITY y \"&x;&x;\">]><a>&y;</a>";
    assert_eq!(parse(bomb), Err(XmlError::Doctype));
    assert_eq!(parse("<a/><!DOCTYPE a>"), Err(XmlError::Doctype));
}

#[test]
fn limits_hold() {
    let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    assert!(parse(&deep(64)).is_ok());
    assert_eq!(parse(&deep(65)), Err(XmlError::TooLarge { what: "levels", limit: 64 }));
    assert!(parse(&"<a>".repeat(1_000_000)).is_err());
    let limits = Limits { max_bytes: 10, max_nodes: 3, ..Limits::default() };
    assert!(Element::parse(b"<a><b/></a>", limits).is_err());
    let limits = Limits { max_nodes: 3, ..Limits::default() };
    assert!(Element::parse(b"<a><b/><c/></a>", limits).is_ok());
    assert!(Element::parse(b"<a><b/><c d=''/></a>", limits).is_err());
    let many: String = (0..2_000).map(|n| format!(" xmlns:p{n}='u'")).collect();
    assert!(parse(&format!("<a{many}/>")).is_err());
}

#[test]
fn characters_xml_forbids_are_dropped_when_reading() {
    let tree = parse("<a\u{0} b='\u{8}x'>\u{8}in\u{1}ter\u{0}face&#8;\u{fffe}</a>").unwrap();
    assert_eq!((tree.raw_text(), tree.attribute("b")), ("interface", Some("x")));
}

#[test]
fn encodings_are_understood() {
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><d>caf\xe9</d>";
    let utf8_said_latin = "<?xml version=\"1.0\" encoding=\"utf-8\"?><d>café</d>".as_bytes();
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend("<?xml version='1.0' encoding='UTF-16'?><d>café</d>".encode_utf16().flat_map(u16::to_le_bytes));
    let bom = [&b"\xef\xbb\xbf"[..], "<d>café</d>".as_bytes()].concat();
    for document in [&latin[..], utf8_said_latin, &utf16, &bom] {
        assert_eq!(Element::parse(document, Limits::default()).unwrap().value(), "café");
    }
    let broken = Element::parse(b"<?xml version='1.0' encoding='GB2312'?><d>caf\xe9</d>", Limits::default());
    assert_eq!(broken.unwrap().value(), "caf\u{fffd}");
}

#[test]
fn odd_prefixes_and_indentation_do_not_hide_names() {
    let tree = parse(
        "\n<?xml version='1.0'?>\n<q:rpc-reply xmlns:nc='u'>\n  <nc:data>\n   <a> x </a>\n  </nc:data>\n</q:rpc-reply>\n",
    )
    .unwrap();
    assert_eq!((tree.name.as_str(), tree.ns.as_deref()), ("rpc-reply", None));
    assert_eq!(tree.find("data").unwrap().ns.as_deref(), Some("u"));
    assert_eq!(tree.value_at(&["data", "a"]), Some("x"));
    assert_eq!(tree.path(&["data", "b"]), None);
    assert_eq!(tree.find("data").unwrap().children.len(), 1);
}

fn name() -> impl Strategy<Value = String> {
    proptest::sample::select(vec!["a", "b-c", "_x", "vlan.1", "interface"]).prop_map(str::to_owned)
}

fn namespace() -> impl Strategy<Value = String> {
    proptest::sample::select(vec!["", BASE_NS, OC, "urn:x?a=1&b=2", "urn:<\"'>"]).prop_map(str::to_owned)
}

/// Any characters XML can carry, and now and then one that needs escaping.
fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            any::<char>().prop_filter("not XML", |c| is_xml_char(*c)),
            proptest::sample::select(vec!['<', '>', '&', '"', '\'', '\r', '\n', '\t', ' ', ']', ':']),
        ],
        0..12,
    )
    .prop_map(String::from_iter)
    // A prefix in scope would, rightly, come back with its declaration.
    .prop_filter("uses a prefix", |t| !t.trim().split_once(':').is_some_and(|(p, _)| p == "nc" || p.starts_with('n')))
}

fn element() -> impl Strategy<Value = Element> {
    let attributes = || proptest::collection::vec((namespace(), name(), text()), 0..3);
    let build = |ns: String, name: String, attributes: Vec<(String, String, String)>| {
        attributes.into_iter().fold(Element::new(&ns, &name), |element, (ns, name, value)| {
            if ns.is_empty() { element.attr(&name, value) } else { element.attr_ns(&ns, &name, value) }
        })
    };
    let leaf = (namespace(), name(), attributes(), text(), any::<bool>()).prop_map(
        move |(ns, name, attributes, text, reference)| {
            let leaf = build(ns, name, attributes);
            if reference { leaf.qname("idt", "urn:identities", "one") } else { leaf.text(text) }
        },
    );
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let content = proptest::collection::vec((inner, text()), 1..5);
        (namespace(), name(), attributes(), content).prop_map(move |(ns, name, attributes, content)| {
            content.into_iter().fold(build(ns, name, attributes), |element, (child, text)| {
                let mixed = if text.trim().is_empty() { "" } else { &text };
                element.child(child).text(mixed)
            })
        })
    })
}

#[test]
fn what_prefixes_hide_is_read_so_that_it_can_be_written() {
    let twins = "<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2' x='3' r:x='4'/>";
    let forbidden = "<a xmlns='u&#x14;v'/>";
    let disguised = "<a x:xmlns='u'/>";
    for (text, written) in
        [(twins, "<a xmlns:n1=\"u\" n1:x=\"1\" x=\"3\"/>"), (forbidden, "<a xmlns=\"uv\"/>"), (disguised, "<a/>")]
    {
        let tree = parse(text).unwrap();
        assert_eq!(tree.to_xml().unwrap(), written);
        assert_eq!(parse(written).unwrap(), tree);
    }
}

#[test]
fn an_error_is_one_short_line_whatever_the_document_quotes() {
    let long = format!("<a\u{7f}\u{202e}{}></b>", "x".repeat(10_000));
    let text = parse(&long).unwrap_err().to_string();
    assert!(text.len() < 1000 && text.contains("a\\u{7f}\\u{202e}x"), "{text}");
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(element in element()) {
        let xml = element.to_xml().unwrap();
        prop_assert!(!xml.contains("]]>"));
        prop_assert_eq!(parse(&xml).unwrap(), element);
    }

    #[test]
    fn pretty_output_reads_back_to_the_same_tree(element in element()) {
        prop_assert_eq!(parse(&element.to_pretty().unwrap()).unwrap(), element);
    }

    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Element::parse(&bytes, Limits::default());
    }

    #[test]
    fn what_was_read_can_be_written(pieces in proptest::collection::vec(
        proptest::sample::select(vec!["<a>", "</a>", "<b:c xmlns:b='u'", ">", "/>", " d='1'", "x", "&lt;", "<![CDATA[", "]]>", "&#8;", "\u{1}", "<é/>"]),
        0..16,
    )) {
        if let Ok(tree) = parse(&pieces.concat()) {
            let xml = tree.to_xml().unwrap();
            prop_assert_eq!(parse(&xml).unwrap(), tree);
        }
    }
}
