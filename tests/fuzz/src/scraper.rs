//! Whatever a switch shows at its command line: lines in blocks, lines that set, commands,
//! rows, and JSON, read by every dialect; and what was recorded of one.

use std::sync::{Arc, LazyLock};

use mercury_adapter::{Budget, Capabilities, CliTransport, Dialect, MAX_REPLY, Render};
use mercury_cli::{CliRenderer, Script, Transcript};
use mercury_model::{Intended, Plan, Running, Scope, SwitchedVlan, VlanId};

use crate::{
    bytes::Bytes,
    dialects::{dialects, inside, scopes, short},
};

static DIALECTS: LazyLock<Vec<Arc<Dialect>>> = LazyLock::new(|| dialects(20, |dialect| dialect.cli.is_some()));

/// The first byte chooses the dialect; the rest is what is shown, to each command alike,
/// or to each its part where a NUL stands between.
pub fn scraper(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let dialect = bytes.pick(&DIALECTS);
    let cli = dialect.cli.as_ref().unwrap();
    let shown = String::from_utf8_lossy(bytes.rest()).into_owned();
    let parts: Vec<&str> = shown.split('\0').collect();
    let answer = |number: usize| parts.get(number).or(parts.last()).copied().unwrap_or_default().to_owned();
    for scope in scopes(&["swp1", "ethernet-1/1", "GigabitEthernet1/0/1", "Ethernet0"], &[1, 10, 4094]) {
        let answers: Vec<String> = (0..cli.words.shows().len()).map(answer).collect();
        let mut share = Budget::new(MAX_REPLY).share(MAX_REPLY);
        match mercury_cli::running(cli, &scope, &answers, &mut share) {
            Ok(running) => read(dialect, &running, &scope),
            Err(error) => short(&error.to_string()),
        }
    }
    for (number, table) in cli.states.iter().enumerate() {
        if let Err(error) = mercury_cli::port_states(cli, table, &answer(number)) {
            short(&error.to_string());
        }
    }
    let mut share = Budget::new(MAX_REPLY).share(MAX_REPLY);
    if let Err(sentence) = mercury_cli::recorded(cli, &parts, true, &mut share) {
        short(&sentence);
    }
    if let Ok(transcript) = shown.parse::<Transcript>() {
        assert_eq!(transcript.to_string().parse::<Transcript>().as_ref(), Ok(&transcript));
    }
}

/// What was read is inside the scope, and a port of it can be moved to a VLAN by lines
/// that are lines, or the dialect says why not.
fn read(dialect: &Arc<Dialect>, running: &Running, scope: &Scope) {
    inside(running, scope);
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
            let is_shell = dialect.cli.as_ref().is_some_and(|cli| cli.session.transport != CliTransport::Shell);
            assert!(!is_shell || script.lines.iter().all(|line| is_one_command(&line.text)), "{script}");
            assert!(script.lines.iter().all(|line| !line.text.chars().any(char::is_control)), "{script}");
        }
        Err(refused) => assert!(!refused.reason.is_empty()),
    }
}

/// Whether a shell takes a line for one command, whatever it holds.
fn is_one_command(line: &str) -> bool {
    let outside = line.split('\'').step_by(2);
    line.matches('\'').count() % 2 == 0
        && !outside.collect::<String>().contains([';', '&', '|', '<', '>', '$', '`', '(', ')', '\\'])
}
