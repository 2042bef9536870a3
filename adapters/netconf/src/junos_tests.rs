use mercury_adapter::{Budget, MAX_REPLY};

use super::*;
use crate::{message::Inbound, xml::Limits};

fn reply(content: &str) -> Reply {
    let junos = "http://xml.juniper.net/junos/24.4R0/junos";
    let message = format!("<rpc-reply xmlns=\"{BASE_NS}\" xmlns:junos=\"{junos}\">{content}</rpc-reply>");
    match Inbound::parse(message.into_bytes(), Limits::default(), Budget::new(0).share(MAX_REPLY)).unwrap() {
        Inbound::Reply(reply) => *reply,
        other => panic!("{other:?}"),
    }
}

fn entry(number: u8, of: &str) -> String {
    format!(
        "<commit-history><sequence-number>{number}</sequence-number><user>noc</user><client>cli</client>\
         <date-time junos:seconds=\"1700000000\">2023-11-14 22:13:20 UTC</date-time>{of}</commit-history>"
    )
}

fn history(entries: &str) -> Reply {
    reply(&format!("<commit-information>{entries}</commit-information>"))
}

const WAITS: &str = "<comment>commit confirmed, rollback in 5mins</comment><log>mercury-1</log>";
const MARK: &str = "<commit-confirmed>rollback pending</commit-confirmed>";

/// What vSRX 24.4R2.21 shows, by the captures in junos-mcp-server.
#[test]
fn a_commit_that_waits_is_marked_in_the_newest_entry() {
    let marked = entry(0, &format!("{WAITS}{MARK}"));
    let Waiting::Yes(error) = waiting(&history(&marked), None) else { panic!("it waits") };
    let told = error.to_string();
    for part in ["noc by cli", "2023-11-14 22:13:20 UTC", "rollback in 5mins", "lock-denied"] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(waiting(&history(&marked), Some("mercury-1")), Waiting::No, "it is its own");
    assert!(matches!(waiting(&history(&marked), Some("mercury-2")), Waiting::Yes(_)));
    let bare = entry(0, MARK);
    assert!(matches!(waiting(&history(&bare), None), Waiting::Yes(_)), "a mark alone");
}

/// Where it was confirmed by `commit check`, or an older release has no mark.
#[test]
fn without_a_mark_it_waits_as_long_as_its_text_says() {
    let unmarked = entry(0, WAITS);
    assert!(matches!(waiting(&history(&unmarked), None), Waiting::Until(1_700_000_300, _)));
    let no_time = unmarked.replace("junos:seconds=\"1700000000\"", "");
    assert!(matches!(waiting(&history(&no_time), None), Waiting::Yes(_)));
    let clock = "<system-uptime-information><current-time><date-time junos:seconds=\"1700000301\">now</date-time>\
                 </current-time></system-uptime-information>";
    let members = format!(
        "<multi-routing-engine-results><multi-routing-engine-item>{clock}</multi-routing-engine-item>\
                           </multi-routing-engine-results>"
    );
    for told in [clock, &members] {
        assert_eq!(seconds(&reply(told)), Some(1_700_000_301));
    }
}

#[test]
fn nothing_waits_behind_a_later_commit() {
    let earlier = entry(1, WAITS);
    for newest in ["", "<log>earlier change</log>", "<comment>commit synchronize</comment>"] {
        assert_eq!(waiting(&history(&format!("{}{earlier}", entry(0, newest))), None), Waiting::No);
    }
    assert_eq!(waiting(&history(""), None), Waiting::No);
}

#[test]
fn a_history_that_is_not_shown_is_no_leave_to_commit() {
    let denied = "<rpc-error><error-severity>error</error-severity><error-message>permission denied</error-message>\
                  </rpc-error>";
    for told in [denied, "<ok/>"] {
        let Waiting::Yes(error) = waiting(&reply(told), None) else { panic!("{told}") };
        assert_eq!(error.tag, ErrorTag::AccessDenied);
        assert!(error.to_string().contains("permission view"), "{error}");
    }
}

#[test]
fn a_commit_counts_whole_minutes() {
    let minutes = |seconds| {
        let commit = commit_confirmed(Duration::from_secs(seconds), Some("mercury-1"));
        assert_eq!(commit.value_at(&["log"]), Some("mercury-1"));
        commit.value_at(&["confirm-timeout"]).map(str::to_owned).unwrap()
    };
    for (seconds, expected) in [(0, "1"), (1, "1"), (60, "1"), (61, "2"), (600, "10"), (u64::MAX, "65535")] {
        assert_eq!(minutes(seconds), expected, "{seconds} s");
    }
}

/// As the reference of `<commit-results>` shows them.
#[test]
fn results_of_a_commit_hold_its_errors() {
    let done = "<commit-results><output>commit confirmed will be automatically rolled back in 2 minutes unless \
                confirmed</output><routing-engine><name>re0</name><commit-success/></routing-engine></commit-results>";
    assert!(reply(done).is_success());
    let failed = "<commit-results><routing-engine><name>re0</name>\
                  <xnm:error xmlns:xnm='http://xml.juniper.net/xnm/1.1/xnm'><edit-path>[edit vlans]</edit-path>\
                  <message>vlan-id is taken</message></xnm:error></routing-engine></commit-results>";
    let reply = reply(failed);
    assert_eq!(
        reply.errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["operation-failed: vlan-id is taken at [edit vlans]"]
    );
}
