//! Where the answer to each line ends, and what is asked on the way.

use std::{borrow::Cow, collections::VecDeque, sync::Arc, time::Duration};

use mercury_adapter::{CliSession, Level, When};
use secrecy::{ExposeSecret, SecretString};

use super::{
    echo::Echo,
    terminal::{Terminal, TooLong},
};

/// How long nothing may come behind what looks like a prompt, and is not that of a
/// host that is known, until it is one.
const QUIET: Duration = Duration::from_millis(500);

/// How long nothing may come before the first prompt until Enter is pressed.
const NUDGE: Duration = Duration::from_secs(3);

/// How often it is pressed without being asked to.
const MAX_NUDGES: usize = 2;

/// Questions that are answered in one go.
const MAX_QUESTIONS: usize = 8;

/// Octets of a line that may be a prompt or a question.
const MAX_PROMPT: usize = 400;

/// Pages of one answer: more than a configuration of [`mercury_adapter::MAX_REPLY`] has
/// in lines of 80.
const MAX_PAGES: usize = 100_000;

/// What is entered where it is asked for; in no answer and no log.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// The user, for a device that asks for it in the shell.
    pub username: String,
    /// That user's password.
    pub password: Option<SecretString>,
    /// What lets in where configuration is.
    pub enable: Option<SecretString>,
}

/// What a line brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The line; empty for what came before the first prompt.
    pub line: String,
    /// The lines between it and the prompt, and those that came unasked before it,
    /// each with a line feed behind it.
    pub text: String,
    /// How far one is in, by the prompt that ended it.
    pub level: Level,
}

/// Why nothing more can be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// A line without end.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// It never stops asking.
    #[error("more than {MAX_QUESTIONS} questions at {0:?}")]
    Questions(String),
    /// The answer never stops.
    #[error("more than {MAX_PAGES} pages at {0:?}")]
    Pages(String),
    /// Asked once more who one is, after it was told.
    #[error("the user and the password were not taken")]
    Login,
}

/// The conversation with one device.
#[derive(Debug)]
pub struct Machine {
    session: Arc<CliSession>,
    secrets: Secrets,
    terminal: Terminal,
    /// In the prompts so far.
    host: Option<String>,
    /// The line above a prompt, where each stands on two, if that is the last one.
    above: Option<String>,
    /// What was sent and is not answered.
    sent: VecDeque<Sent>,
    /// What came when nothing was asked, or before the line that was.
    unasked: String,
    answered: VecDeque<Answered>,
    output: Vec<u8>,
    /// Whether the first prompt has come.
    is_in: bool,
    /// When what looks like a prompt is one.
    prompt_at: Option<Duration>,
    nudge_at: Option<Duration>,
    nudges: usize,
}

/// A line on its way.
#[derive(Debug)]
struct Sent {
    line: String,
    when: Option<When>,
    echo: Echo,
    is_echoed: bool,
    text: String,
    /// The echo of the answer to a question.
    answer: Option<String>,
    /// The line that goes on may hold a secret.
    hides: bool,
    questions: usize,
    pages: usize,
    /// The password was told, which is done once: some lock an account that fails often.
    is_told: bool,
}

impl Machine {
    /// A conversation that begins now, before the first prompt.
    #[must_use]
    pub fn new(session: Arc<CliSession>, secrets: Secrets, now: Duration) -> Self {
        let before = Sent { is_echoed: true, ..Sent::of("", Some(When::Login)) };
        // Where it asks who one is, that would be the name of nobody.
        let nudge_at = session.login.is_none().then_some(now + NUDGE);
        Self {
            terminal: Terminal::new(session.columns),
            session,
            secrets,
            host: None,
            above: None,
            sent: VecDeque::from([before]),
            unasked: String::new(),
            answered: VecDeque::new(),
            output: Vec::new(),
            is_in: false,
            prompt_at: None,
            nudge_at,
            nudges: 0,
        }
    }

    /// Enters a line, which may bring questions of this kind.
    pub fn send(&mut self, line: &str, when: Option<When>) {
        self.write(line);
        self.sent.push_back(Sent::of(line, when));
    }

    /// Takes what is to be sent.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// The next answer that is complete, in the order of the lines.
    pub fn next_answer(&mut self) -> Option<Answered> {
        self.answered.pop_front()
    }

    /// The line that is being answered, and what has come of the answer.
    #[must_use]
    pub fn pending(&self) -> Option<(&str, &str)> {
        self.sent.front().map(|sent| (sent.line.as_str(), sent.text.as_str()))
    }

    /// Whether the password was asked for and told, and no prompt has come since.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        !self.is_in && self.sent.front().is_some_and(|sent| sent.is_told)
    }

    /// When to call [`Machine::wake`] if nothing comes before.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Duration> {
        self.prompt_at.into_iter().chain(self.nudge_at).min()
    }

    /// Takes what came.
    ///
    /// # Errors
    /// Nothing more can be believed.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) -> Result<(), PromptError> {
        self.prompt_at = None;
        let is_nudged = !self.is_in && self.nudges < MAX_NUDGES && self.session.login.is_none();
        self.nudge_at = is_nudged.then_some(now + NUDGE);
        for byte in bytes {
            if let Some(line) = self.terminal.push(*byte)? {
                self.line(&line);
            }
        }
        self.look(Some(now))
    }

    /// Time has passed.
    ///
    /// # Errors
    /// Nothing more can be believed.
    pub fn wake(&mut self, now: Duration) -> Result<(), PromptError> {
        if self.prompt_at.is_some_and(|at| at <= now) {
            self.prompt_at = None;
            self.look(None)?;
        }
        if self.nudge_at.is_some_and(|at| at <= now) {
            self.nudges += 1;
            self.nudge_at = (self.nudges < MAX_NUDGES).then_some(now + NUDGE);
            self.write("");
        }
        Ok(())
    }

    fn write(&mut self, line: &str) {
        self.output.extend_from_slice(line.as_bytes());
        self.output.extend_from_slice(self.session.enter.as_bytes());
    }

    /// A line has ended.
    fn line(&mut self, line: &str) {
        if self.ends_by_next_echo(line) || self.is_above(line) {
            return;
        }
        let is_noise = line.is_empty() || self.session.noise.iter().any(|noise| noise.is_match(line));
        let Some(sent) = self.sent.front_mut() else {
            if !is_noise {
                put(&mut self.unasked, line);
            }
            return;
        };
        if std::mem::take(&mut sent.hides) {
            return;
        }
        if !sent.is_echoed {
            sent.is_echoed = sent.echo.ends_with(line);
            if !sent.is_echoed && !sent.echo.is_begun() && !is_noise {
                put(&mut self.unasked, line);
            }
        } else if sent.answer.take_if(|answer| line.trim() == answer).is_none() && !is_noise {
            put(&mut sent.text, line);
        }
    }

    /// Whether a line is the first of a prompt's two.
    fn is_above(&mut self, line: &str) -> bool {
        let above = self.session.prompts.as_ref().and_then(|prompts| prompts.above.as_ref());
        let is_above = above.is_some_and(|above| above.is_match(line));
        if is_above {
            self.above = Some(line.trim().to_owned());
        } else if !line.trim().is_empty() {
            self.above = None;
        }
        is_above
    }

    /// Whether a line is a prompt with the next line behind it, as it is where lines
    /// are sent before the one before was answered.
    fn ends_by_next_echo(&mut self, line: &str) -> bool {
        let [Some(now), Some(next)] = [0, 1].map(|position| self.sent.get(position)) else { return false };
        let before = if now.is_echoed { line.strip_suffix(next.line.as_str()) } else { None };
        let Some((level, host)) = before.and_then(|before| self.prompt(before.trim())) else { return false };
        self.host = host.or(self.host.take());
        self.answer(level);
        if let Some(next) = self.sent.front_mut() {
            next.is_echoed = true;
        }
        true
    }

    /// Looks at the line that has not ended; without `now`, nothing more will come.
    fn look(&mut self, now: Option<Duration>) -> Result<(), PromptError> {
        if self.terminal.octets() > MAX_PROMPT || self.terminal.is_blank() {
            return Ok(());
        }
        let partial = self.terminal.partial();
        let partial = partial.trim();
        if self.sent.front().is_none_or(|sent| !sent.is_echoed) || self.replied(partial)? {
            return Ok(());
        }
        let Some((level, host)) = self.prompt(partial) else { return Ok(()) };
        let is_known = match (&self.host, &host) {
            (Some(known), Some(host)) => is_same_host(known, host),
            (Some(_), None) => true,
            (None, _) => false,
        };
        if let (Some(now), false) = (now, is_known) {
            self.prompt_at = Some(now + QUIET);
            return Ok(());
        }
        self.host = if is_known { self.host.take() } else { host };
        self.host.get_or_insert_default();
        self.terminal.take();
        (self.is_in, self.nudge_at) = (true, None);
        self.answer(level);
        Ok(())
    }

    fn prompt(&self, line: &str) -> Option<(Level, Option<String>)> {
        let prompts = self.session.prompts.as_ref()?;
        let whole = match &prompts.above {
            Some(_) => Cow::Owned(format!("{} {line}", self.above.as_ref()?)),
            None => Cow::Borrowed(line),
        };
        let (level, host) = prompts.find(&whole)?;
        Some((level, host.map(str::to_owned)))
    }

    fn answer(&mut self, level: Level) {
        let Some(sent) = self.sent.pop_front() else { return };
        let mut text = sent.text;
        text.insert_str(0, &std::mem::take(&mut self.unasked));
        // It is all there, and what is made of it needs the room.
        text.shrink_to_fit();
        self.answered.push_back(Answered { line: sent.line, text, level });
    }

    /// Replies where the device waits for something else than the next line.
    fn replied(&mut self, partial: &str) -> Result<bool, PromptError> {
        let Some(reply) = self.reply(partial) else { return Ok(false) };
        let Some(sent) = self.sent.front_mut() else { return Ok(false) };
        let shown = self.terminal.take();
        match reply {
            Reply::Page => {
                sent.pages += 1;
                if sent.pages > MAX_PAGES {
                    return Err(PromptError::Pages(sent.line.clone()));
                }
                self.output.push(b' ');
                return Ok(true);
            }
            Reply::Line(answer) => {
                self.output.extend_from_slice(answer.as_bytes());
                put(&mut sent.text, &shown);
                sent.answer = Some(answer);
            }
            // Nobody's to read, on a device that echoes it either.
            Reply::Secret(secret) => {
                self.output.extend_from_slice(secret.expose_secret().as_bytes());
                sent.hides = true;
            }
            Reply::Name if !sent.is_told => {
                self.output.extend_from_slice(self.secrets.username.as_bytes());
                sent.answer = Some(self.secrets.username.clone());
            }
            Reply::Password if !sent.is_told => {
                let password = self.secrets.password.as_ref();
                self.output.extend_from_slice(password.map_or("", |own| own.expose_secret()).as_bytes());
                (sent.hides, sent.is_told) = (true, true);
            }
            Reply::Name | Reply::Password => return Err(PromptError::Login),
        }
        sent.questions += 1;
        if sent.questions > MAX_QUESTIONS {
            return Err(PromptError::Questions(sent.line.clone()));
        }
        self.output.extend_from_slice(self.session.enter.as_bytes());
        Ok(true)
    }

    fn reply(&self, partial: &str) -> Option<Reply> {
        let session = &*self.session;
        let sent = self.sent.front()?;
        if session.pager.as_ref().is_some_and(|pager| pager.is_match(partial)) {
            return Some(Reply::Page);
        }
        if let Some(enable) = &session.enable
            && sent.line == enable.line
            && enable.ask.is_match(partial)
        {
            // Asked again, it was wrong: an empty one leads back to the prompt.
            let secret = self.secrets.enable.clone().filter(|_| sent.questions == 0);
            return Some(Reply::Secret(secret.unwrap_or_default()));
        }
        let when = sent.when?;
        if when == When::Login {
            if session.press.as_ref().is_some_and(|press| press.is_match(partial)) {
                return Some(Reply::Line(String::new()));
            }
            if let Some(login) = &session.login {
                if login.name.is_match(partial) {
                    return Some(Reply::Name);
                }
                if login.password.is_match(partial) {
                    return Some(Reply::Password);
                }
            }
        }
        let asked =
            session.questions.iter().find(|question| question.when == when && question.ask.is_match(partial))?;
        Some(Reply::Line(asked.answer.clone()))
    }
}

enum Reply {
    Page,
    Line(String),
    Secret(SecretString),
    /// Who one is.
    Name,
    /// What proves it.
    Password,
}

impl Sent {
    fn of(line: &str, when: Option<When>) -> Self {
        Self {
            line: line.to_owned(),
            when,
            echo: Echo::of(line),
            is_echoed: false,
            text: String::new(),
            answer: None,
            hides: false,
            questions: 0,
            pages: 0,
            is_told: false,
        }
    }
}

/// Adds a line. What doubles would be half empty when it is most of what there is.
fn put(text: &mut String, line: &str) {
    if text.capacity() - text.len() <= line.len() {
        text.reserve_exact((line.len() + 1).max(text.len() / 4));
    }
    text.push_str(line);
    text.push('\n');
}

/// Some cut a long name where a mode stands behind it.
fn is_same_host(known: &str, host: &str) -> bool {
    const SHORTEST: usize = 8;
    known == host
        || (host.len() >= SHORTEST && known.starts_with(host))
        || (known.len() >= SHORTEST && host.starts_with(known))
}
