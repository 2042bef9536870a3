//! The lines of a script, one after the other, or as many as the switch takes ahead.

use mercury_adapter::{Lost, MAX_REPLY, Refusal, When};

use crate::{
    LineSession, NUMBER, Numbered, Script, judge,
    session::refused,
    wire::{Entry, Reply},
};

/// Digits that a number has at most.
const MAX_DIGITS: usize = 9;

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
            let at_once = if is_pipelined { inner.max(1) } else { 1 };
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
