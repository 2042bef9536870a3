//! The page. Templates escape whatever is put into them; what would not be seen, or would
//! turn what is seen around, is shown as what it is.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use super::{
    super::{
        print,
        review::{NO_RULES, Saved, SavedSwitch},
    },
    picture::Pictures,
    rows::{Row, rows},
};

/// What is between a finding and its help where both are one line.
const HELP: &str = "; help: ";
const STYLE: &str = include_str!("style.css");
/// The page asks for nothing, and nothing in it runs.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// A change as a document of HTML.
pub(super) fn page(saved: &Saved) -> String {
    let switches = print::counted(saved.switches.len(), "switch", "switches");
    let title = format!("Change review: {switches}");
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the change" }
                header {
                    h1 { (title) }
                    dl {
                        dt { "Worked out" } dd { (visible(&saved.at)) }
                        @if let Some(by) = &saved.by { dt { "Worked out by" } dd { (visible(by)) } }
                        dt { "Mercury" } dd { (visible(&saved.mercury)) }
                        @if let Some(files) = saved.shown_by() { dt { "Offline" } dd { "from " (visible(&files)) ": no switch was asked" } }
                        @if saved.ruled == Some(false) { dt { "Rules" } dd { (NO_RULES) } }
                        dt { "Digest of the plan" }
                        dd { (saved.digest.as_deref().map_or_else(|| "none: it is not saved".to_owned(), visible)) }
                    }
                }
                nav aria-label="Switches" {
                    ul {
                        @for (index, switch) in saved.switches.iter().enumerate() {
                            li { a href={ "#switch-" (index) } { (visible(&switch.switch)) } }
                        }
                    }
                }
                main id="main" {
                    (summary(saved))
                    @for (index, switch) in saved.switches.iter().enumerate() { (one(index, switch)) }
                }
                footer {
                    p.quiet {
                        @if saved.digest.is_some() {
                            "What is reviewed here is made by " code { "mercury apply" }
                            " of the plan with this digest, or refused."
                        } @else {
                            "Nothing holds anybody to what is reviewed here: "
                            code { "mercury plan --save" } " makes a plan that " code { "mercury apply" } " keeps to."
                        }
                    }
                }
            }
        }
    };
    document.into_string()
}

fn summary(saved: &Saved) -> Markup {
    html! {
        section aria-labelledby="summary" {
            h2 id="summary" { "Summary" }
            table.summary {
                caption { "What would change, by switch" }
                thead { tr {
                    th scope="col" { "Switch" } th scope="col" { "Edits" } th scope="col" { "Findings" } th scope="col" { "Outcome" }
                } }
                tbody {
                    @for (index, switch) in saved.switches.iter().enumerate() {
                        tr {
                            th scope="row" { a href={ "#switch-" (index) } { (visible(&switch.switch)) } }
                            td { (switch.plan.len()) }
                            td { (counted(switch)) }
                            td { (outcome(switch)) }
                        }
                    }
                }
            }
            h3 { "Requests" }
            ol { @for request in &saved.requests { li { code { (visible(&in_words(request))) } } } }
        }
    }
}

fn one(index: usize, switch: &SavedSwitch) -> Markup {
    let id = format!("switch-{index}");
    let rows = rows(&switch.before, &switch.after);
    let pictures = Pictures::of(&switch.before, &switch.after).filter(|_| !switch.after.is_null());
    html! {
        article aria-labelledby=(id) {
            h2 id=(id) { (visible(&switch.switch)) }
            dl {
                dt { "Dialect" } dd { (visible(&switch.dialect)) }
                @if let Some(files) = &switch.shown_by { dt { "Offline" } dd { "from " (visible(files)) } }
                dt { "Outcome" } dd { (outcome(switch)) }
            }
            @if let Some(reason) = &switch.refused { div.finding.error { strong { "Refused" } p { (visible(reason)) } } }
            h3 { "Edits" }
            @if switch.plan.is_empty() { p { "Nothing would change." } } @else {
                ol { @for edit in print::in_order(switch.plan.iter().map(String::as_str)) { li { (visible(edit)) } } }
            }
            @if let Some(pictures) = &pictures {
                h3 { "Picture" }
                p.quiet { "Solid lines are untagged, dashed lines tagged, thick lines differ. Dashed boxes are ports that are not there, pale ones VLANs that none of these ports carries." }
                div.pictures { (pictures.before(&format!("{id}-before"))) (pictures.after(&format!("{id}-after"))) }
            }
            h3 { "Difference" }
            (difference(switch, &rows))
            h3 { "Findings" }
            (findings(switch))
            h3 { "Payload" }
            @match &switch.payload {
                Some(payload) => pre { (visible(payload)) },
                None => p { "Nothing would be sent." },
            }
        }
    }
}

/// Side by side; what stays as it is is there, too, as a reviewer may miss it otherwise.
fn difference(switch: &SavedSwitch, rows: &[Row]) -> Markup {
    if switch.after.is_null() && switch.refused.is_none() {
        return html! { p { "The plan is of an earlier Mercury, which did not keep what there would be: see the edits." } };
    }
    let shown = switch.shown_by.as_deref().map(visible);
    html! {
        table {
            caption {
                @match &shown {
                    Some(files) => { "What " (files) " shows, and what there would be, of what the change is about" },
                    None => "What the switch has and would have of what the change is about",
                }
            }
            thead { tr { th scope="col" { "Where" } th scope="col" { "Before" } th scope="col" { "After" } } }
            tbody {
                @for row in rows {
                    tr {
                        th scope="row" { (visible(&row.what)) @if !row.leaf.is_empty() { br; span.quiet.leaf { (leaf(&row.leaf)) } } }
                        (cell(row.before.as_deref(), row.differs(), false))
                        (cell(row.after.as_deref(), row.differs(), true))
                    }
                }
            }
        }
    }
}

/// A path that may be broken behind each of its steps.
fn leaf(path: &str) -> Markup {
    let mut steps = path.split('/');
    html! {
        (visible(steps.next().unwrap_or_default()))
        @for step in steps { "/" wbr; (visible(step)) }
    }
}

/// A sign beside the colour says what the colour says.
fn cell(value: Option<&str>, differs: bool, is_after: bool) -> Markup {
    let (class, sign) = if is_after { ("new", "+ ") } else { ("gone", "− ") };
    match value {
        None => html! { td { span.quiet { "none" } } },
        Some(value) if !differs => html! { td { (visible(value)) } },
        Some(value) => html! { td.(class) { (sign) (visible(value)) } },
    }
}

fn findings(switch: &SavedSwitch) -> Markup {
    let found = switch.findings.as_array().map(Vec::as_slice).unwrap_or_default();
    let told: Vec<&str> = found.iter().filter_map(|finding| finding.get("message")?.as_str()).collect();
    let is_told = |warning: &&String| {
        let helped =
            |text: &&str| warning.strip_prefix(text).is_some_and(|rest| rest.is_empty() || rest.starts_with(HELP));
        told.iter().any(helped)
    };
    let others: Vec<&String> = switch.warnings.iter().filter(|warning| !is_told(warning)).collect();
    html! {
        @if found.is_empty() && others.is_empty() { p { "None." } }
        @for finding in found {
            div class={ "finding " (severity(finding)) } {
                strong { (severity(finding)) ": " (text(finding, "code")) }
                p { (text(finding, "message")) }
                @if finding.get("help").is_some_and(Value::is_string) { p { "Help: " (text(finding, "help")) } }
            }
        }
        @for warning in others { div.finding.warning { strong { "warning" } p { (visible(warning)) } } }
    }
}

fn text(finding: &Value, member: &str) -> String {
    finding.get(member).and_then(Value::as_str).map(visible).unwrap_or_default()
}

fn severity(finding: &Value) -> &'static str {
    if finding.get("severity").and_then(Value::as_str) == Some("error") { "error" } else { "warning" }
}

fn counted(switch: &SavedSwitch) -> String {
    let found = switch.findings.as_array().map(Vec::as_slice).unwrap_or_default();
    let errors = found.iter().filter(|finding| severity(finding) == "error").count();
    let warnings = switch.warnings.len();
    format!("{}, {}", print::counted(errors, "error", "errors"), print::counted(warnings, "warning", "warnings"))
}

fn outcome(switch: &SavedSwitch) -> &'static str {
    match (&switch.refused, switch.plan.is_empty()) {
        (Some(_), _) => "refused",
        (None, true) => "unchanged",
        (None, false) => "planned",
    }
}

/// `update_port {"switch_id": …}`.
fn in_words(request: &Value) -> String {
    let method = request.get("method").and_then(Value::as_str).unwrap_or_default();
    format!("{method} {}", request.get("params").cloned().unwrap_or_default())
}

/// A text in which everything is seen: controls, and what turns the direction of writing
/// around, as their numbers.
pub(super) fn visible(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match is_hidden(c) {
            true => shown.extend(c.escape_unicode()),
            false => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
