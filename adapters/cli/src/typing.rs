//! The lines of a script, one after the other, or as many as the switch takes ahead.

use mercury_adapter::{Lost, MAX_REPLY, Refusal, When};

use crate::{
    LineSession, NUMBER, Numbered, Script, judge,
    session::refused,
    wire::{Entry, Reply},
};

/// Digits that a number has at most.
const MAX_DIGITS: usize = 9;

/// Lines that are sent before the first is answered, where a dialect has lines pipelined: of what
/// stands behind a refused one, no more runs.
const BURST: usize = 8;

impl LineSession {
    /// Enters the lines of a script, up to one that is refused.
    pub(crate) async fn lines(&mut self, script: &Script) -> Result<Result<(), Refusal>, Lost> {
        let is_pipelined = self.dialect.session.pipelined;
        let of = script.lines.len();
        let (mut position, mut number) = (0, String::new());
        while let Some(burst) = script.lines.get(position..).filter(|rest| !rest.is_empty()) {
            if let [line, ..] = burst
                && line.numbered == Numbered::Asks
            {
                position += 1;
                let reply = self.answered(Entry::show(&line.text)).await?;
                let refusal = self.failed(&reply, judge::refusal_to_show);
                match refusal.map_or_else(|| numbered(&reply), Err) {
                    Ok(told) => number = told,
                    Err(words) => return Ok(Err(refused(&line.text, position, of, &words))),
                }
                continue;
            }
            // What stands behind a refused block would be entered in another one.
            let inner = burst.iter().take_while(|line| !line.is_block && line.numbered != Numbered::Asks).count();
            let at_once = if is_pipelined { inner.clamp(1, BURST) } else { 1 };
            let lines: Vec<String> = burst.iter().take(at_once).map(|line| typed(line, &number)).collect();
            let entries: Vec<Entry<'_>> = lines.iter().map(|line| Entry::of(line, Some(When::Configure))).collect();
            let mut share = self.budget.share(MAX_REPLY);
            let replies = self.wire.ask(&entries, &mut share).await?;
            for (reply, line) in replies.iter().zip(&lines) {
                position += 1;
                if let Some(words) = self.failed(reply, judge::refusal).or_else(|| self.is_out(reply)) {
                    return Ok(Err(refused(line, position, of, &words)));
                }
            }
        }
        Ok(Ok(()))
    }
}

/// A line as it is typed.
fn typed(line: &crate::Line, number: &str) -> String {
    match line.numbered {
        Numbered::Bears => line.text.replace(NUMBER, number),
        Numbered::No | Numbered::Asks => line.text.clone(),
    }
}

/// The one number of an answer, or why there is none.
fn numbered(reply: &Reply) -> Result<String, String> {
    let mut lines = reply.text.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_number =
        |line: &&str| (1..=MAX_DIGITS).contains(&line.len()) && line.bytes().all(|octet| octet.is_ascii_digit());
    match (lines.next().filter(is_number), lines.next()) {
        (Some(number), None) => Ok(number.to_owned()),
        _ => Err(format!("it was asked for one number, and said: {}", judge::words(&reply.text))),
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use mercury_adapter::{Budget, Payload, Session as _, Step, builtin};

    use super::*;
    use crate::sh::tests::{ask, sh};

    /// A shell with an `nv` that notes what it is asked for, takes nothing about the moon, and
    /// keeps what it has of the sun; what came of the lines, and whether the session is of use.
    async fn staged(is_pipelined: bool, lines: &[&str]) -> (Result<(), String>, u64, Vec<String>, bool) {
        let (mut sh, mut child) = sh().await;
        let notes = "noted=\"${noted}nv $*|\"";
        let moon = "*moon*) echo 'Error: it is full'; return 1;;";
        let sun = "*sun*) keeps=1;; *detach*) [ -z \"$keeps\" ] || { echo 'Error: it is locked'; return 1; };;";
        let nv = format!("nv() {{ {notes}; case \"$*\" in {moon} {sun} esac; }}");
        ask(&mut sh, &[&nv]).await.unwrap();
        let dialect = builtin().unwrap().into_iter().find(|one| one.name == "cumulus_nvue").unwrap();
        let mut dialect = dialect.cli.clone().unwrap();
        assert!(dialect.session.pipelined);
        Arc::make_mut(&mut dialect.session).pipelined = is_pipelined;
        let mut session = LineSession::new(Box::new(sh), Arc::new(dialect), Budget::new(1 << 20));
        let mut script = Script::default();
        lines.iter().for_each(|line| script.push((*line).to_owned(), 0, false));
        let before = session.traffic().flights;
        let mut flight = session.flight(&[Step::Stage(Payload::new(script))], Duration::from_secs(60)).await;
        assert!(flight.lost.is_none(), "{flight:?}");
        let is_usable = session.is_usable();
        let flights = session.traffic().flights - before;
        let answer = flight.results.pop().unwrap().map(|_| ()).map_err(|refusal| refusal.to_string());
        let notes = session.ask("printf '%s' \"$noted\"", None).await.unwrap().text;
        Box::new(session).close().await;
        child.wait().unwrap();
        (answer, flights, notes.split_terminator('|').map(str::to_owned).collect(), is_usable)
    }

    const GOOD: [&str; 4] = ["nv set a", "nv set b", "nv set c", "nv unset d"];
    const BAD: [&str; 4] = ["nv set a", "nv set the moon", "nv set c", "nv set moon"];

    /// Beside the script: what waits, the guard and its end, and the commit or what takes back.
    const AROUND: u64 = 4;

    #[tokio::test]
    async fn a_script_is_one_flight_where_what_was_not_committed_is_thrown_away() {
        let noted = |lines: &[&str], end: &str| lines.iter().chain(&[end]).map(|line| (*line).to_owned()).collect();
        for (is_pipelined, flights) in [(true, 1), (false, 4)] {
            let (answer, own, notes, is_usable) = staged(is_pipelined, &GOOD).await;
            assert_eq!((answer, own, is_usable), (Ok(()), AROUND + flights, true));
            let expected: Vec<String> = noted(&GOOD, "nv config apply --assume-yes");
            assert_eq!(notes, expected);
        }
        // The first that is refused is told, and all of them are taken back.
        for (is_pipelined, flights, entered) in [(true, 1, &BAD[..]), (false, 2, &BAD[..2])] {
            let (answer, own, notes, is_usable) = staged(is_pipelined, &BAD).await;
            let told = answer.unwrap_err();
            assert!(is_usable);
            assert!(told.contains("it is full") && told.contains("nv set the moon, line: 2 of 4"), "{told}");
            assert_eq!(own, AROUND + flights);
            let expected: Vec<String> = noted(entered, "nv config detach");
            assert_eq!(notes, expected);
        }
    }

    #[tokio::test]
    async fn what_is_not_thrown_away_is_said_and_ends_the_session() {
        for is_pipelined in [true, false] {
            let (answer, _, notes, is_usable) = staged(is_pipelined, &["nv set the sun", "nv set the moon"]).await;
            let told = answer.unwrap_err();
            assert!(told.contains("it is full") && told.contains("not thrown away: "), "{told}");
            assert!(told.contains("it is locked") && !is_usable, "{told}");
            assert_eq!(notes.last().map(String::as_str), Some("nv config detach"));
        }
    }

    #[tokio::test]
    async fn no_more_than_a_burst_runs_behind_a_line_that_is_refused() {
        let lines: Vec<String> =
            (0..3 * BURST).map(|n| format!("nv set {}", if n == 1 { "moon" } else { "a" })).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let (answer, _, notes, _) = staged(true, &lines).await;
        assert!(answer.unwrap_err().contains("line: 2 of 24"));
        assert_eq!(notes.len(), BURST + 1, "{notes:?}");
    }
}
