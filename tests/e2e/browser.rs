//! The report in a real browser: Debian's Chromium, headless.

mod keys;

use std::{path::Path, process::Command};

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Setup, Simulated};

const CHROMIUM: &str = "/usr/bin/chromium";
const VIRTUAL_TIME: &str = "--virtual-time-budget=10000";

/// Put into a copy of the page, as nothing in the page itself may run: looks at what the
/// browser made of it, and tells what holds it.
const LOOK: &str = r##"
const found = [];
const isPaper = PAPER;
if (isPaper) {
  // As it is printed: by the rules for paper, and without what is behind words.
  for (const rule of [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).filter((rule) => rule.media)) {
    const media = rule.media.mediaText;
    if (media === "print") rule.media.mediaText = "all";
    else if (media.includes("screen")) rule.media.mediaText = "not all";
  }
  for (const element of document.querySelectorAll("*")) element.style.background = "none";
  for (const gone of ["nav", ".skip"]) {
    if (getComputedStyle(document.querySelector(gone)).display !== "none") found.push(`${gone} on paper`);
  }
}
const number = (text) => text.match(/[\d.]+/g).map(Number);
const light = ([r, g, b]) => {
  const one = (value) => (value /= 255) <= .03928 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4;
  return .2126 * one(r) + .7152 * one(g) + .0722 * one(b);
};
const paper = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = number(getComputedStyle(at).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const contrast = (a, b) => {
  const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
  return (high + .05) / (low + .05);
};
let texts = 0;
for (const element of document.body.querySelectorAll("*")) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const drawn = element.ownerSVGElement;
  if (!own || ["SCRIPT", "STYLE", "title", "desc"].includes(element.nodeName)) continue;
  texts += 1;
  const style = getComputedStyle(element);
  let behind = paper(element);
  if (drawn) {
    const box = element.previousElementSibling;
    const fill = box && box.nodeName === "rect" ? getComputedStyle(box).fill : "none";
    if (fill !== "none") behind = number(fill);
  }
  const ratio = contrast(number(drawn ? style.fill : style.color), behind);
  if (ratio < 4.5) found.push(`contrast ${ratio.toFixed(2)}: ${element.nodeName} ${element.textContent.trim().slice(0, 40)}`);
  if (parseFloat(style.fontSize) < 12) found.push(`small: ${element.nodeName} ${style.fontSize}`);
}
for (const line of document.querySelectorAll("svg line, svg rect")) {
  const ratio = contrast(number(getComputedStyle(line).stroke), paper(line));
  if (ratio < 3) found.push(`contrast of a line ${ratio.toFixed(2)}`);
}
for (const [what, many] of [["header", 1], ["nav[aria-label]", 1], ["main", 1], ["footer", 1], ["h1", 1], ["html[lang]", 1]]) {
  const there = document.querySelectorAll(what).length;
  if (there !== many) found.push(`${there} of ${what}`);
}
let level = 0;
for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
  const own = Number(heading.nodeName[1]);
  if (own > level + 1) found.push(`${heading.nodeName} after h${level}`);
  level = own;
}
for (const landmark of document.body.children) {
  const is = ["HEADER", "NAV", "MAIN", "FOOTER", "SCRIPT"].includes(landmark.nodeName) || landmark.matches("a.skip");
  if (!is) found.push(`${landmark.nodeName} outside of the landmarks`);
}
const stops = isPaper ? [] : [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
if (!isPaper && !stops[0].matches(".skip")) found.push("what comes first does not skip");
let above = 0;
for (const stop of stops) {
  const name = stop.textContent.slice(0, 40);
  if (stop.tabIndex !== 0) found.push(`out of the order of the page: ${name}`);
  stop.focus({focusVisible: true});
  if (document.activeElement !== stop) found.push(`not to be had by keyboard: ${name}`);
  const style = getComputedStyle(stop);
  const isSeen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  if (!isSeen || contrast(number(style.outlineColor), paper(stop.parentElement)) < 3) found.push(`focus is not seen: ${name}`);
  const box = stop.getBoundingClientRect();
  if (box.left < 0 || box.right > innerWidth || box.height < 1) found.push(`focus is off the page: ${name}`);
  // Focused, the first one moves down what is behind it.
  if (box.top + scrollY < above - 40) found.push(`not in the order in which it is read: ${name}`);
  above = box.top + scrollY;
  stop.blur();
}
for (const table of document.querySelectorAll("table")) {
  if (!table.caption) found.push("a table without a caption");
  for (const head of table.querySelectorAll("th")) if (!head.scope) found.push("a head without a scope");
}
for (const svg of document.querySelectorAll("svg")) {
  const named = (svg.getAttribute("aria-labelledby") || "").split(" ").every((id) => document.getElementById(id));
  if (svg.getAttribute("role") !== "img" || !named) found.push("a picture without words");
}
const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
if (new Set(ids).size !== ids.length) found.push("an id twice");
for (const link of document.querySelectorAll("a[href]")) {
  const to = link.getAttribute("href");
  if (!to.startsWith("#") || !document.getElementById(to.slice(1))) found.push(`a link to ${to}`);
}
for (const element of document.querySelectorAll("article, section, [aria-labelledby]")) {
  const by = element.getAttribute("aria-labelledby");
  if (!by || by.split(" ").some((id) => !document.getElementById(id))) found.push(`${element.nodeName} without a name`);
}
const width = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth > width) found.push(`${document.documentElement.scrollWidth} wide, of ${width}`);
parent.postMessage({width: innerWidth, texts, stops: stops.length, dark: matchMedia("(prefers-color-scheme: dark)").matches, pictures: document.querySelectorAll("svg").length, found}, "*");
"##;

/// A page of the browser's own, so that nothing of others' is there.
fn chromium(folder: &Path) -> Command {
    let mut command = Command::new("timeout");
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    command
        .args(["120", CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--no-first-run", "--disable-extensions", "--window-size=1280,1000", VIRTUAL_TIME])
        .arg(profile);
    command
}

/// How many pages of paper it takes.
fn printed(page: &Path) -> usize {
    let folder = page.parent().unwrap();
    let file = folder.join("page.pdf");
    let to = format!("--print-to-pdf={}", file.display());
    let done = chromium(folder).args([&to, &format!("file://{}", page.display())]).output().unwrap();
    let pdf = std::fs::read(&file).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&done.stderr)));
    assert!(pdf.starts_with(b"%PDF-"));
    let text = String::from_utf8_lossy(&pdf);
    text.match_indices("/Type /Page").filter(|(at, word)| !text[at + word.len()..].starts_with('s')).count()
}

/// What the browser says of a page that is so wide.
fn looked(page: &Path, width: u16, is_dark: bool) -> Value {
    let folder = page.parent().unwrap();
    let frame = folder.join("frame.html");
    let listen = "addEventListener('message', (event) => { document.getElementById('told').textContent = JSON.stringify(event.data); });";
    let html = format!(
        "<!DOCTYPE html><html><body><pre id=\"told\"></pre><script>{listen}</script>\
         <iframe src=\"looked.html\" style=\"border: 0\" width=\"{width}\" height=\"900\"></iframe></body></html>"
    );
    std::fs::write(&frame, html).unwrap();
    let scheme = format!("--blink-settings=preferredColorScheme={}", if is_dark { 0 } else { 1 });
    let chromium =
        chromium(folder).args([&scheme, "--dump-dom", &format!("file://{}", frame.display())]).output().unwrap();
    let dom = String::from_utf8_lossy(&chromium.stdout);
    let told = dom.split_once("<pre id=\"told\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let told = told.map_or("", |(told, _)| told).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
    serde_json::from_str(&told).unwrap_or_else(|_| panic!("{dom} {}", String::from_utf8_lossy(&chromium.stderr)))
}

/// Where the focus is, and whether it is seen.
const FOCUS: &str = r#"(() => {
  const own = document.activeElement, style = getComputedStyle(own), box = own.getBoundingClientRect();
  const isSeen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.top >= 0 && box.bottom <= innerHeight;
  return [own.closest("main, nav, body").nodeName, own.getAttribute("href"), isSeen];
})()"#;

/// By the Tab key, which leaves the page at its end, and by Enter, on the page as it is.
fn walked_by_keys(page: &Path) {
    let mut browser = keys::Browser::open(&chromium(page.parent().unwrap()), page);
    let mut pressed = |key: &str| {
        browser.press(key);
        browser.evaluate(FOCUS)
    };
    let stops = [json!(["BODY", "#main", true]), json!(["NAV", "#switch-0", true]), json!(["MAIN", "#switch-0", true])];
    for stop in &stops {
        assert_eq!(&pressed("Tab"), stop);
    }
    assert_eq!(pressed("Tab")[1], json!(null), "it goes on behind the page");
    assert_eq!(pressed("Tab"), stops[0]);
    // What is to be skipped is.
    pressed("Enter");
    assert_eq!(pressed("Tab"), stops[2]);
}

#[test]
fn the_report_can_be_read_at_two_widths_by_day_and_by_night_by_keyboard_and_on_paper() {
    if !Path::new(CHROMIUM).exists() {
        assert!(std::env::var_os("MERCURY_PEERS").is_none(), "there is no chromium; tests/peers/install has it");
        eprintln!("left out: there is no {CHROMIUM}");
        return;
    }
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1"), switch.entry("leaf2").text("address", "127.0.0.2")]);
    let rules = "[[rule]]\nname = \"storage\"\nreason = \"they are for storage\"\nreserved_vlans = \"150\"\nseverity = \"warning\"\n\
                 [[rule]]\nname = \"phones\"\nreason = \"they are for phones\"\nreserved_vlans = \"120\"\nports = [\"Ethernet3\"]\n";
    let rules = setup.write("rules.toml", rules).to_str().unwrap().to_owned();
    let request = |port: &str, more: Value| {
        let mut params = json!({"switch_id": "leaf1", "port_name": port, "description": "a server of which much can be said, in one word_after_the_other"});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"method": "update_port", "params": params})
    };
    for (name, vlan) in [("made", 120), ("refused", 110)] {
        let requests = json!([
            request("Ethernet1", json!({"mode": "access", "native_vlan": 150})),
            request("Ethernet2", json!({"mode": "trunk", "native_vlan": 110, "allowed_vlans": [120, 150]})),
            request("Ethernet3", json!({"mode": "access", "native_vlan": 230 - vlan})),
        ]);
        let requests = setup.write("requests.json", &requests.to_string()).to_str().unwrap().to_owned();
        let page = setup.path().join(format!("{name}.html"));
        let words = ["report", "--request", &requests, "--to", page.to_str().unwrap(), "--rules", &rules];
        let finished = setup.run(&words);
        assert_eq!(finished.code(), i32::from(name == "refused"), "{} {}", finished.stdout, finished.stderr);
        let text = std::fs::read_to_string(&page).unwrap();
        let policy =
            text.split_once("<meta http-equiv=\"Content-Security-Policy\"").unwrap().1.split_once('>').unwrap().0;
        let open = |is_paper: bool| {
            let look = LOOK.replace("PAPER", if is_paper { "true" } else { "false" });
            text.replace(policy, "").replace("</body>", &format!("<script>{look}</script></body>"))
        };
        let copy = setup.path().join("looked.html");
        let looks = [(1200, false), (360, true), (1200, true), (360, false)];
        for (width, is_dark) in looks.into_iter().take(if name == "made" { 4 } else { 2 }) {
            std::fs::write(&copy, open(false)).unwrap();
            let told = looked(&copy, width, is_dark);
            assert_eq!((&told["width"], &told["dark"]), (&json!(width), &json!(is_dark)), "{told}");
            assert_eq!(told["found"], json!([]), "{name} at {width}, dark {is_dark}");
            assert!(told["texts"].as_u64().unwrap() > 40, "{told}");
            assert_eq!((&told["pictures"], &told["stops"]), (&json!(2), &json!(3)), "{told}");
        }
        if name == "refused" {
            continue;
        }
        walked_by_keys(&page);
        // Its own pages for each switch, and nothing of the night on them.
        assert!(printed(&page) > 1);
        std::fs::write(&copy, open(true)).unwrap();
        let told = looked(&copy, 720, true);
        assert_eq!((&told["found"], &told["dark"]), (&json!([]), &json!(true)), "on paper: {told}");
        std::fs::write(&copy, open(false)).unwrap();
        // Where something is wrong, it is seen.
        let pale = std::fs::read_to_string(&copy).unwrap().replace("--ink: #1a1f25", "--ink: #c0c0c0");
        std::fs::write(
            &copy,
            pale.replace("table-layout: fixed", "min-width: 50rem")
                .replace("<main", "<div")
                .replace("outline: 3px solid", "outline: none; color"),
        )
        .unwrap();
        let told = looked(&copy, 360, false)["found"].to_string();
        for wrong in ["contrast ", "0 of main", " wide, of ", "focus is not seen", "outside of the landmarks"] {
            assert!(told.contains(wrong), "{wrong}: {told}");
        }
    }
}
