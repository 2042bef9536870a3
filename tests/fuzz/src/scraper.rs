//! Whatever a switch shows at its command line: lines in blocks, lines that set, commands,
//! rows, and JSON, read by every dialect; and what was recorded of one.

use std::sync::{Arc, OnceLock};

use mercury_adapter::{Budget, Capabilities, Dialect, MAX_REPLY, Render};
use mercury_cli::{CliRenderer, Script, Transcript};
use mercury_model::{Intended, InterfaceScope, Plan, Running, Scope, SwitchedVlan, VlanId, VlanScope};

use crate::bytes::Bytes;

/// The first byte chooses the dialect; the rest is what is shown, to each command alike,
/// or to each its part where a NUL stands between.
pub fn scraper(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let dialects = dialects();
    let dialect = &dialects[usize::from(bytes.byte()) % dialects.len()];
    let cli = dialect.cli.as_ref().unwrap();
    let shown = String::from_utf8_lossy(bytes.rest()).into_owned();
    let parts: Vec<&str> = shown.split('\0').collect();
    let answer = |number: usize| parts.get(number).or(parts.last()).copied().unwrap_or_default().to_owned();
    for scope in scopes() {
        let answers: Vec<String> = (0..cli.words.shows().len()).map(answer).collect();
        let mut share = Budget::new(MAX_REPLY).share(MAX_REPLY);
        match mercury_cli::running(cli, &scope, &answers, &mut share) {
            Ok(running) => read(dialect, &running, &scope),
            Err(error) => short(&error.to_string()),
        }
    }
    let mut share = Budget::new(MAX_REPLY).share(MAX_REPLY);
    if let Err(sentence) = mercury_cli::recorded(cli, &parts, &mut share) {
        short(&sentence);
    }
    if let Ok(transcript) = shown.parse::<Transcript>() {
        assert_eq!(transcript.to_string().parse::<Transcript>().as_ref(), Ok(&transcript));
    }
}

fn short(sentence: &str) {
    assert!(sentence.len() < 2000, "an error of {} bytes", sentence.len());
    assert!(!sentence.chars().any(char::is_control), "a control character in {sentence:?}");
}

fn dialects() -> &'static [Arc<Dialect>] {
    static DIALECTS: OnceLock<Vec<Arc<Dialect>>> = OnceLock::new();
    DIALECTS.get_or_init(|| {
        let all = mercury_adapter::builtin().unwrap();
        let found: Vec<_> = all.into_iter().filter(|dialect| dialect.cli.is_some()).collect();
        assert!(found.len() > 20);
        found
    })
}

fn scopes() -> [Scope; 2] {
    let names = ["swp1", "ethernet-1/1", "GigabitEthernet1/0/1", "Ethernet0"].map(|name| name.parse().unwrap());
    let vlans = [1u16, 10, 4094].map(|id| VlanId::try_from(id).unwrap());
    let (interfaces, vlans) = (InterfaceScope::Named(names.into()), VlanScope::Named(vlans.into()));
    [Scope::all(), Scope { interfaces, vlans, stp: true }]
}

/// What was read is inside the scope, and a port of it can be moved to a VLAN by lines
/// that are lines, or the dialect says why not.
fn read(dialect: &Arc<Dialect>, running: &Running, scope: &Scope) {
    assert!(running.interfaces.keys().all(|name| scope.interfaces.covers(name)), "outside the scope");
    assert!(running.vlans.keys().all(|id| scope.vlans.covers(*id)), "outside the scope");
    let mut wanted = running.config.clone();
    for interface in wanted.interfaces.values_mut().take(3) {
        interface.switched_vlan = Some(SwitchedVlan::access(VlanId::MAX));
        interface.enabled = true;
        interface.stp = None;
    }
    let plan = Plan::between(running, &Intended(wanted));
    match CliRenderer::new(dialect).unwrap().render(&plan, &Capabilities::unknown()) {
        Ok(payload) => {
            let script: &Script = payload.body().unwrap();
            assert!(script.lines.iter().all(|line| !line.text.chars().any(char::is_control)), "{script}");
        }
        Err(refused) => assert!(!refused.reason.is_empty()),
    }
}
