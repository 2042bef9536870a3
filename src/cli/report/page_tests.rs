use std::collections::BTreeMap;

use quick_xml::{Reader, events::Event};

use super::*;

/// The colours of a scheme, by their names, in sRGB.
fn colours(text: &str) -> BTreeMap<String, [f64; 3]> {
    let named = text.lines().filter_map(|line| line.trim().strip_prefix("--")?.strip_suffix(';')?.split_once(": #"));
    let part = |hex: &str, at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
    named.map(|(name, hex)| (name.to_owned(), [part(hex, 0), part(hex, 2), part(hex, 4)])).collect()
}

/// As WCAG 2.2 has it (relative luminance, contrast ratio).
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let linear = |part: f64| if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
    let luminance =
        |[red, green, blue]: [f64; 3]| 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_ink_is_legible_on_every_paper_by_day_and_by_night() {
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 0.001);
    let (light, dark) = STYLE.split_once("prefers-color-scheme: dark").unwrap();
    let (dark, rest) = dark.split_once("\n}\n").unwrap();
    assert!(!rest.contains('#') && !rest.contains("rgb"), "a colour without a name");
    let (light, dark) = (colours(light), colours(dark));
    assert!(light.keys().eq(dark.keys()) && light.len() == 14, "{:?}", light.keys());
    let named = |scheme: &BTreeMap<String, [f64; 3]>, word: &str| -> Vec<(String, [f64; 3])> {
        scheme.iter().filter(|(name, _)| name.starts_with(word)).map(|(name, rgb)| (name.clone(), *rgb)).collect()
    };
    for (word, scheme) in [("light", &light), ("dark", &dark)] {
        for (paper, ground) in named(scheme, "paper") {
            // Text, and the lines of pictures (WCAG 2.2, 1.4.3 and 1.4.11).
            for (kind, least) in [("ink", 4.5), ("line", 3.0)] {
                for (name, colour) in named(scheme, kind) {
                    let found = contrast(colour, ground);
                    assert!(found >= least, "{word}: {name} on {paper}: {found:.2}");
                }
            }
        }
    }
}

const HOSTILE: &str = "<script>alert(1)</script>\"'&\u{202e}\u{7}";

fn saved() -> Saved {
    let port = |vlans: Value| serde_json::json!({"interfaces": {HOSTILE: {"name": HOSTILE, "description": HOSTILE, "switched-vlan": vlans}}, "vlans": {}});
    let switch = serde_json::json!({
        "switch": HOSTILE, "dialect": HOSTILE, "dialect_digest": "", "rules_digest": "",
        "before": port(serde_json::json!({"interface-mode": "ACCESS", "access-vlan": 5})),
        "after": port(serde_json::json!({"interface-mode": "TRUNK", "native-vlan": 7, "trunk-vlans": "10..20,30"})),
        "plan": [HOSTILE], "warnings": [HOSTILE],
        "findings": [{"severity": "error", "code": "rule-vlan-reserved", "message": HOSTILE, "help": HOSTILE}],
        "payload": HOSTILE,
    });
    let saved = serde_json::json!({"format": "mercury-plan-1", "mercury": "1", "at": HOSTILE, "by": HOSTILE,
        "requests": [{"method": HOSTILE, "params": {"port_name": HOSTILE}}], "switches": [switch]});
    serde_json::from_value(saved).unwrap()
}

/// What is open in a page, as its tags say; the whole is checked to be balanced.
fn walk(page: &str, mut seen: impl FnMut(&str, &BTreeMap<String, String>, &str)) {
    const VOID: [&str; 4] = ["meta", "br", "link", "wbr"];
    let body = page.strip_prefix("<!DOCTYPE html>").unwrap();
    let mut reader = Reader::from_str(body);
    reader.config_mut().check_end_names = false;
    let (mut open, mut last) = (Vec::<String>::new(), None);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                let name = tag.name().as_ref().to_owned();
                let attributes = tag.attributes().map(|one| {
                    let one = one.unwrap();
                    (one.key.as_ref().to_owned(), one.value.to_string())
                });
                last = Some((name.clone(), attributes.collect::<BTreeMap<_, _>>()));
                seen(&name, &last.as_ref().unwrap().1, "");
                if !VOID.contains(&name.as_str()) {
                    open.push(name);
                }
            }
            Event::Text(text) => {
                if let Some((name, attributes)) = &last {
                    seen(name, attributes, &text.xml10_content());
                }
            }
            Event::End(tag) => assert_eq!(open.pop().as_deref(), Some(tag.name().as_ref())),
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn nothing_that_is_put_into_the_page_is_more_than_text() {
    let page = page(&saved());
    assert!(!page.contains("<script") && !page.contains('\u{202e}') && !page.contains('\u{7}'), "{page}");
    assert!(page.matches("&lt;script&gt;").count() > 12 && page.contains("\\u{202e}\\u{7}"));
    for away in ["http://", "https://", "url(", "@import", "<link", "<img", "<iframe", " src=", "onload"] {
        assert!(!page.contains(away), "{away}");
    }
}

#[test]
fn the_page_has_landmarks_headings_in_order_and_heads_of_its_tables() {
    let (mut names, mut heading, mut ids, mut labels, mut hrefs) = (Vec::new(), 0, Vec::new(), Vec::new(), Vec::new());
    walk(&page(&saved()), |name, attributes, text| {
        if !text.is_empty() {
            return;
        }
        names.push(name.to_owned());
        if let Some(level) = name.strip_prefix('h').and_then(|level| level.parse::<u32>().ok()) {
            assert!(level <= heading + 1, "h{level} below h{heading}");
            heading = level;
        }
        match name {
            "html" => assert_eq!(attributes["lang"], "en"),
            "th" => assert!(["col", "row"].contains(&attributes["scope"].as_str())),
            "svg" => assert_eq!(attributes["role"], "img"),
            "nav" => assert!(attributes.contains_key("aria-label")),
            _ => {}
        }
        ids.extend(attributes.get("id").cloned());
        labels.extend(attributes.get("aria-labelledby").into_iter().flat_map(|all| all.split(' ')).map(str::to_owned));
        hrefs.extend(attributes.get("href").map(|href| href.strip_prefix('#').unwrap().to_owned()));
    });
    for (landmark, times) in
        [("header", 1), ("nav", 1), ("main", 1), ("footer", 1), ("h1", 1), ("svg", 2), ("title", 3)]
    {
        assert_eq!(names.iter().filter(|name| *name == landmark).count(), times, "{landmark}");
    }
    assert_eq!(
        names.iter().filter(|name| *name == "table").count(),
        names.iter().filter(|name| *name == "caption").count()
    );
    assert!(labels.len() > 3 && labels.iter().chain(&hrefs).all(|id| ids.contains(id)), "{labels:?} {hrefs:?} {ids:?}");
    let mut once = ids.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "an id twice");
}

#[test]
fn the_picture_says_in_words_what_it_shows() {
    let page = page(&saved());
    for words in
        ["carries VLAN 5 untagged", "carries VLAN 7 untagged", "carries VLANs 10-20 tagged", "carries VLAN 30 tagged"]
    {
        assert_eq!(page.matches(words).count(), 1, "{words}");
    }
}

#[test]
fn a_plan_of_an_earlier_mercury_is_shown_without_what_it_lacks() {
    let mut saved = saved();
    (saved.switches[0].after, saved.switches[0].findings) = (Value::Null, Value::Null);
    let page = page(&saved);
    assert!(page.contains("of an earlier Mercury") && !page.contains("<svg"));
}

#[test]
fn edits_are_in_the_order_of_the_ports() {
    let mut saved = saved();
    saved.switches[0].plan =
        ["Ethernet10: mtu none -> 9000", "Ethernet2: mtu none -> 9000"].map(str::to_owned).to_vec();
    let page = page(&saved);
    assert!(page.find("Ethernet2: mtu").unwrap() < page.find("Ethernet10: mtu").unwrap(), "{page}");
}
