//! A switch's prompt: however what it prints is cut, the same answer comes out.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use mercury_adapter::{CliSession, When};
use mercury_cli::{
    judge,
    prompt::{Answered, Machine, Secrets},
};

use crate::bytes::{Bytes, cut};

const SECRET: &str = "never-to-be-seen";

/// With all that may be asked on the way.
static ASKING: LazyLock<Arc<CliSession>> = LazyLock::new(|| {
    let enable = "[enable]\nline = 'enable'\nask = '^Password:$'\n";
    let question = "[[question]]\nwhen = 'save'\nask = '\\[confirm\\]$'\nanswer = 'y'\n";
    session("pager = '--More--'\npress = 'any key'", &format!("{enable}{question}"))
});

/// With nothing to answer before the prompt.
static PLAIN: LazyLock<Arc<CliSession>> = LazyLock::new(|| session("", ""));

fn session(more: &str, tables: &str) -> Arc<CliSession> {
    let text = format!(
        "{more}\nconfigure = ['configure']\nend = ['end']\nrefused = ['^% ']\nharmless = ['^% Access']\n\
         noise = ['^\\[edit']\n[prompts]\nuser = '(?<host>[\\w.-]+)>'\nenable = '(?<host>[\\w.-]+)#'\n\
         configure = '(?<host>[\\w.-]+)\\(\\S+\\)#'\n{tables}"
    );
    Arc::new(text.parse().expect("the session of the target"))
}

/// The first byte chooses the line that is answered, the second the cuts; the rest is
/// what the switch prints.
pub fn prompt(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let line = *bytes.pick(&["show running-config", "enable", "write", ""]);
    let seed = bytes.byte();
    let printed = bytes.rest();

    let (answers, is_typed) = hear(&ASKING, line, &cut(printed, seed));
    // What the switch prints of its own, with whatever between the letters, is no secret.
    let mut letters = printed.iter();
    let is_said = SECRET.bytes().all(|letter| letters.any(|own| *own == letter));
    for answer in &answers {
        assert!(answer.text.len() <= 4 * (printed.len() + 16), "more came out than went in");
        assert!(!is_typed || is_said || !answer.text.contains(SECRET), "the secret is in an answer");
        for words in [judge::refusal(&PLAIN, &answer.text), judge::refusal_to_show(&PLAIN, &answer.text)] {
            let error = words.map(|words| judge::error(line, 1, 1, &words).to_string());
            assert!(error.is_none_or(|error| error.len() < 4000 && !error.contains('\n')), "not a short line");
        }
    }

    // Where nothing looks like a prompt before the last one, the cuts do not matter.
    let plain: Vec<u8> = printed.iter().map(|byte| if b"#>".contains(byte) { b'x' } else { *byte }).collect();
    let whole = [format!("{line}\r\n").as_bytes(), &plain, b"\r\nsw1#"].concat();
    let at_once = hear(&PLAIN, line, &[&whole]);
    assert_eq!(at_once, hear(&PLAIN, line, &cut(&whole, seed)), "one piece and cuts differ");
    assert_eq!(at_once, hear(&PLAIN, line, &whole.chunks(1).collect::<Vec<_>>()), "one piece and bytes differ");
}

/// What is answered to a line, at the prompt of a switch that prints these pieces, and whether
/// the secret was typed.
fn hear(session: &Arc<CliSession>, line: &str, pieces: &[&[u8]]) -> (Vec<Answered>, bool) {
    let secrets = Secrets { enable: Some(SECRET.to_owned().into()), ..Secrets::default() };
    let mut now = Duration::ZERO;
    let mut machine = Machine::new(Arc::clone(session), secrets, now);
    machine.receive(b"sw1#", now).expect("a prompt");
    now = machine.wakes_at().expect("a prompt may go on");
    machine.wake(now).expect("a prompt");
    machine.next_answer().expect("the first prompt");
    machine.send(line, Some(When::Save));
    let (mut answers, mut is_typed) = (Vec::new(), false);
    let mut typed = |machine: &mut Machine| {
        is_typed |= machine.take_output().windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
    };
    for piece in pieces {
        if machine.receive(piece, now).is_err() {
            return (answers, is_typed);
        }
        typed(&mut machine);
        answers.extend(std::iter::from_fn(|| machine.next_answer()));
    }
    while let Some(at) = machine.wakes_at() {
        if machine.wake(at).is_err() {
            return (answers, is_typed);
        }
        typed(&mut machine);
        answers.extend(std::iter::from_fn(|| machine.next_answer()));
    }
    (answers, is_typed)
}
