//! `validate --on`: whether a switch itself would take candidates. Each is staged,
//! validated and discarded under the switch's lock; nothing is committed, and what is read
//! back afterwards shows that.

use std::{path::PathBuf, pin::pin, sync::Arc};

use mercury_adapter::{Answer, Datastore, Dialect, Flight, Recorded, Refusal, Session, Step};
use mercury_model::{Intended, Plan, Running};

use super::super::{Failure, findings::Checked, print, progress::Progress, signals::Signals};
use crate::{
    finding::{Code, Finding, Findings, Severity},
    inventory::Switch,
    registry::{self, Form},
};

/// What NETCONF calls it (RFC 6241 section 8.6).
const VALIDATE: &str = ":validate:";
/// So much is shown of what a switch says of its candidate.
const MAX_LINES: usize = 1000;

/// Asks the switch about each file, on one session.
pub(super) async fn asked(
    switch: &Arc<Switch>,
    dialects: &[Arc<Dialect>],
    files: &[PathBuf],
    limit: u64,
    form: impl Fn(&str) -> Option<Form>,
) -> Result<Vec<Checked>, Failure> {
    let name = &switch.identity.name;
    let cannot = |findings: Finding| {
        let findings = Findings::from(findings);
        vec![Checked::of(name.clone(), "switch", findings)]
    };
    // What was begun is discarded before anything ends the process.
    let mut signals = Signals::of_a_command()?;
    let connector = registry::connector(switch, dialects).map_err(Failure::because)?;
    let session = match connector.connect().await {
        Ok(session) => session,
        Err(error) => return Ok(cannot(Finding::error(Code::SwitchUnasked, format!("{name}: {error}")))),
    };
    let able = session.capabilities();
    let validates = able.announced.iter().any(|one| one.contains(VALIDATE));
    if able.datastore != Datastore::Candidate || !validates {
        session.close().await;
        let speaks = switch.protocol().title();
        let message = format!("{name} cannot be asked: over {speaks} it has no candidate that it validates");
        return Ok(cannot(Finding::error(Code::SwitchCannot, message)));
    }
    let mut desk = Desk { switch, session };
    let (mut all, mut interrupted) = (Vec::new(), None);
    let progress = Progress::of(files.len(), "files");
    for file in files {
        progress.step();
        // What cannot be read is told of elsewhere.
        let Ok(text) = super::super::read_bounded(file, limit) else { continue };
        let source = Some(Arc::from(text.as_str()));
        let mut checked = Checked { source, ..Checked::of(file.display().to_string(), "switch", Findings::default()) };
        match form(&text) {
            _ if interrupted.is_some() => {
                let message = format!("{name} was not asked: {}", interrupted.unwrap_or_default());
                checked.findings.push(Finding::error(Code::SwitchUnasked, message));
            }
            Some(Form::Xml) => {
                let mut judged = pin!(desk.judge(&text, &mut checked));
                tokio::select! {
                    () = &mut judged => {}
                    signal = signals.end() => {
                        interrupted = Some(signal);
                        progress.aside(|| print::talk(&format!("{signal}: discarding what was staged")));
                        judged.await;
                    }
                }
            }
            _ => {
                let message = format!("{name} speaks NETCONF, which stages XML alone");
                checked.findings.push(Finding::error(Code::SwitchCannot, message));
            }
        }
        checked.findings = checked.findings.iter().map(|finding| finding.clone().at(file, finding.line)).collect();
        all.push(checked);
    }
    desk.session.close().await;
    Ok(all)
}

/// A session with the switch.
struct Desk<'a> {
    switch: &'a Switch,
    session: Box<dyn Session>,
}

/// Running and candidate.
type Both = [Running; 2];

impl Desk<'_> {
    async fn judge(&mut self, text: &str, checked: &mut Checked) {
        if let Err(finding) = self.locked(text, checked).await {
            checked.findings.push(finding);
        }
    }

    /// The whole of it under the lock.
    async fn locked(&mut self, text: &str, checked: &mut Checked) -> Result<(), Finding> {
        let payload = registry::edit(text).map_err(|reason| Finding::error(Code::Syntax, reason))?;
        self.done(Step::Lock(None), Code::SwitchUnasked).await?;
        let tried = self.staged(Step::Stage(payload), checked).await;
        // Whatever came of it, the lock is given back; a lost session has none.
        let unlocked = self.done(Step::Unlock, Code::SwitchUnasked).await;
        tried.and(unlocked)
    }

    async fn staged(&mut self, stage: Step, checked: &mut Checked) -> Result<(), Finding> {
        let [running, candidate] = self.both().await?;
        if running.config != candidate.config {
            let message = format!("{}: somebody has staged changes in its candidate", self.switch.identity.name);
            return Err(Finding::error(Code::SwitchUnasked, message));
        }
        let taken = self.validated(stage, checked).await;
        let discarded = self.done(Step::Discard, Code::SwitchUnasked).await;
        let after = self.both().await;
        taken?;
        discarded?;
        let [running_after, candidate_after] = after?;
        for (what, before, after) in
            [("running", &running, &running_after), ("candidate", &candidate, &candidate_after)]
        {
            if before.config != after.config {
                let message = format!("{}: {what} was not read back as before", self.switch.identity.name);
                checked.findings.push(Finding::error(Code::SwitchChanged, message));
            }
        }
        if !checked.findings.has_errors() {
            checked.told.push("discarded; running and candidate were read back as before".to_owned());
        }
        Ok(())
    }

    /// Stages it, and has it validated; what it would change by the switch's own candidate.
    async fn validated(&mut self, stage: Step, checked: &mut Checked) -> Result<(), Finding> {
        for step in [stage, Step::Validate] {
            if let Err(finding) = self.done(step, Code::SwitchRefused).await {
                if finding.code != Code::SwitchRefused {
                    return Err(finding);
                }
                checked.findings.push(finding);
                return Ok(());
            }
        }
        let [running, candidate] = self.both().await?;
        let edits = Plan::between(&running, &Intended(candidate.config)).edits;
        if !edits.is_empty() {
            checked.told.push(format!("staged on {}:", self.switch.identity.name));
        }
        checked.told.extend(print::edits(&edits));
        match self.answer(Step::Compare, Code::SwitchCannot).await {
            Ok(Answer::Difference(Some(own))) => {
                checked.told.push(format!("by {} itself:", self.switch.identity.name));
                let mut lines = own.lines();
                checked.told.extend(lines.by_ref().take(MAX_LINES).map(|line| format!("  {line}")));
                let more = lines.count();
                checked.told.extend((more > 0).then(|| format!("  and {more} more lines")));
            }
            Ok(_) => {}
            // It has said already that what is staged is valid.
            Err(finding) if finding.code == Code::SwitchCannot => {
                checked.findings.push(Finding { severity: Severity::Warning, ..finding });
            }
            Err(lost) => return Err(lost),
        }
        Ok(())
    }

    async fn both(&mut self) -> Result<Both, Finding> {
        let scope = || Recorded::scope(self.switch.rules.serves_vnis());
        let running = self.read(Step::Read(scope())).await?;
        Ok([running, self.read(Step::ReadCandidate(scope())).await?])
    }

    async fn read(&mut self, step: Step) -> Result<Running, Finding> {
        match self.answer(step, Code::SwitchUnasked).await? {
            Answer::Running(running) => Ok(*running),
            _ => Err(self.unasked("no configuration in the answer")),
        }
    }

    async fn done(&mut self, step: Step, code: Code) -> Result<(), Finding> {
        self.answer(step, code).await.map(drop)
    }

    async fn answer(&mut self, step: Step, code: Code) -> Result<Answer, Finding> {
        let what = step.name();
        let name = &self.switch.identity.name;
        let Flight { results, lost } = self.session.flight(&[step], self.switch.timing.reply_timeout).await;
        match (results.into_iter().next(), lost) {
            (Some(Ok(answer)), None) => Ok(answer),
            (Some(Err(refusal)), None) => {
                let path = match &refusal {
                    Refusal::Errors(errors) | Refusal::Outdated(errors) => {
                        errors.iter().find_map(|error| error.path.clone())
                    }
                    Refusal::Unreadable(_) | Refusal::Unknown(_) => None,
                };
                let finding = Finding::error(code, format!("{name}: {what}: {refusal}"));
                Err(finding.field(path.unwrap_or_default()))
            }
            (_, Some(lost)) => Err(self.unasked(&format!("{what}: {lost}"))),
            (None, None) => Err(self.unasked("there was no answer")),
        }
    }

    fn unasked(&self, reason: &str) -> Finding {
        Finding::error(Code::SwitchUnasked, format!("{}: {reason}", self.switch.identity.name))
    }
}
