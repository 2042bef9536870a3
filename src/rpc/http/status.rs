//! `GET /`: how the service is, for people. The page needs nothing but itself, nothing in it
//! runs, and it has no secrets; templates escape whatever is put into them.

use std::time::{Duration, SystemTime};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{
    inventory::{Broken, Switch},
    metrics,
    service::{Requester, Service},
    status::{self, Happened},
};

const STYLE: &str = include_str!("status.css");
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Switches that are shown, those where something went wrong before the others.
const MOST: usize = 500;

/// A switch, and what is known of it.
struct Row<'a> {
    switch: &'a Switch,
    last: Option<Happened>,
    has_session: bool,
    under_way: i64,
}

/// The page for somebody who was let in, with the switches that its caller may know of.
pub(super) fn page(service: &Service, who: &Requester) -> Response {
    let shown = |name: &str| service.shows(name, who);
    let switches = service.inventory().iter().filter(|switch| shown(&switch.identity.name));
    let mut rows: Vec<Row<'_>> = switches
        .map(|switch| {
            let name = &switch.identity.name;
            let (has_session, under_way) = metrics::of_switch(name);
            Row { switch, last: status::last(name), has_session, under_way }
        })
        .collect();
    let wrong = |row: &Row<'_>| row.last.as_ref().and_then(|last| last.wrong.as_ref()).map(|(at, _)| *at);
    rows.sort_by(|one, other| {
        wrong(other).cmp(&wrong(one)).then_with(|| one.switch.identity.name.cmp(&other.switch.identity.name))
    });
    let broken: Vec<&Broken> = service.inventory().all_broken().filter(|entry| shown(&entry.name)).collect();
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    (StatusCode::OK, headers, document(&rows, &broken, who).into_string()).into_response()
}

fn document(rows: &[Row<'_>], broken: &[&Broken], who: &Requester) -> Markup {
    let sessions = rows.iter().filter(|row| row.has_session).count();
    let under_way: i64 = rows.iter().map(|row| row.under_way).sum();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Mercury" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Mercury" }
                    dl {
                        dt { "Version" } dd { (env!("CARGO_PKG_VERSION")) }
                        dt { "You are" } dd { (who.caller) " (" (who.way) ")" }
                        dt { "Switches" } dd { (rows.len()) " served, " (broken.len()) " broken" }
                        dt { "Sessions" } dd { (sessions) }
                        dt { "Requests under way" } dd { (under_way) }
                    }
                }
                main { (switches(rows)) (broken_entries(broken)) }
                footer { p.quiet { "As it was when the page was asked for. " code { "/metrics" } " has numbers over time." } }
            }
        }
    }
}

fn switches(rows: &[Row<'_>]) -> Markup {
    let now = SystemTime::now();
    html! {
        div.wide {
            table {
                caption {
                    "Switches, those where something went wrong first"
                    @if rows.len() > MOST { "; " (rows.len() - MOST) " more are not shown" }
                }
                thead {
                    tr {
                        th scope="col" { "Switch" } th scope="col" { "System" } th scope="col" { "Session" }
                        th.number scope="col" { "Under way" } th scope="col" { "Last request" }
                        th scope="col" { "Last error" }
                    }
                }
                tbody {
                    @for row in rows.iter().take(MOST) {
                        tr {
                            th scope="row" { (row.switch.identity.name) }
                            td { (row.switch.device_type()) }
                            td { @if row.has_session { "open" } @else { "none" } }
                            td.number { (row.under_way) }
                            @if let Some(last) = &row.last {
                                td { (last.action) ": " (last.outcome) ", " (ago(now, last.at)) }
                                td.wrong { @if let Some((at, message)) = &last.wrong { (message) ", " (ago(now, *at)) } }
                            } @else {
                                td.quiet { "none since the start" }
                                td {}
                            }
                        }
                    }
                }
            }
        }
    }
}

fn broken_entries(broken: &[&Broken]) -> Markup {
    html! {
        @if !broken.is_empty() {
            h2 { "Entries that are not served" }
            ul {
                @for entry in broken.iter().take(MOST) {
                    li { strong { (entry.name) } @for finding in &entry.findings { div.wrong { (finding) } } }
                }
            }
        }
    }
}

/// How long ago something was, in the largest unit that fits.
fn ago(now: SystemTime, then: SystemTime) -> String {
    let seconds = now.duration_since(then).unwrap_or(Duration::ZERO).as_secs();
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}
