//! One session: prompts, echoes, pages, and what goes wrong.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::{CLI_PASSWORD, CliHandle, LineFault, Show, State, candidate};

/// What stands at the foot of a page.
const MORE: &str = " --More-- ";

/// How far somebody is in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    User,
    Enable,
    Configure(Option<String>),
}

/// Serves a session until the client leaves.
///
/// # Errors
/// The connection ended, or is to end without a word.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(switch: &CliHandle, stream: S) -> io::Result<()> {
    let mode = if switch.0.grammar.user_prompt.is_some() { Mode::User } else { Mode::Enable };
    let number = {
        let mut state = switch.state();
        state.sessions += 1;
        state.sessions
    };
    let _goes = Holder { switch, number };
    Session { switch, stream, input: Vec::new(), mode, is_paged: true, number }.serve().await
}

/// What it holds goes with it, however it ends.
struct Holder<'a> {
    switch: &'a CliHandle,
    number: u64,
}

impl Drop for Holder<'_> {
    fn drop(&mut self) {
        candidate::leave(self.switch, self.number);
        self.switch.state().staged.take_if(|(own, _)| *own == self.number);
    }
}

struct Session<'a, S> {
    switch: &'a CliHandle,
    stream: S,
    input: Vec<u8>,
    mode: Mode,
    is_paged: bool,
    number: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    async fn serve(&mut self) -> io::Result<()> {
        self.say("\r\nAuthorised users only\r\n").await?;
        loop {
            let prompt = self.prompt();
            self.say(&prompt).await?;
            let Some(line) = self.line(true).await? else { return Ok(()) };
            let latency = self.switch.state().latency;
            if !latency.is_zero() {
                tokio::time::sleep(latency).await;
            }
            if !self.run(line.trim()).await? {
                return Ok(());
            }
        }
    }

    fn prompt(&self) -> String {
        let grammar = &self.switch.0.grammar;
        let host = self.switch.state().host.clone().unwrap_or_else(|| grammar.host.clone());
        let prompt = match &self.mode {
            Mode::User => grammar.user_prompt.as_ref().unwrap_or(&grammar.prompt).clone(),
            Mode::Enable => grammar.prompt.clone(),
            Mode::Configure(None) => grammar.configure_prompt.clone(),
            Mode::Configure(Some(place)) => {
                let said = grammar.blocks.iter().find(|(word, _)| place.split_whitespace().next() == Some(word));
                grammar.block_prompt.replace("{block}", said.map_or("", |(_, said)| said))
            }
        };
        let waits = if self.switch.state().waits() { "*" } else { "~" };
        prompt.replace("{host}", &host).replace("{waits}", waits)
    }

    async fn run(&mut self, line: &str) -> io::Result<bool> {
        let grammar = &self.switch.0.grammar;
        if let Mode::Configure(_) = self.mode {
            return self.configure(line).await.map(|()| true);
        }
        if let Some(sets) = &grammar.sets {
            let lines = candidate::shown(&self.switch.state().candidates, sets, line);
            if let Some(lines) = lines {
                return self.page(&lines).await.map(|()| true);
            }
        }
        if let Some(rows) = &grammar.rows
            && !matches!(line, "" | "exit")
            && line != grammar.no_pager
        {
            let lines = self.switch.state().rows.show(rows, line);
            return match lines {
                Some(lines) => self.page(&lines).await.map(|()| true),
                None => self.configure(line).await.map(|()| true),
            };
        }
        let shown = grammar.shows.iter().find(|(command, _)| command == line).map(|(_, show)| show);
        match (line, shown) {
            ("", _) => {}
            ("exit", _) => return Ok(false),
            ("enable", _) if self.mode == Mode::User => {
                self.say("Password: ").await?;
                let Some(secret) = self.line(false).await? else { return Ok(false) };
                if secret.trim() == CLI_PASSWORD {
                    self.mode = Mode::Enable;
                } else {
                    self.say("% Bad secrets\r\n").await?;
                }
            }
            (line, _) if line == grammar.no_pager => self.is_paged = false,
            (line, _) if line == grammar.configure && self.mode == Mode::Enable => {
                let entered = grammar.sets.as_ref().map(|sets| candidate::enter(self.switch, sets, self.number));
                match entered {
                    Some(Err(words)) => self.say(&format!("{words}\r\n")).await?,
                    _ => self.mode = Mode::Configure(None),
                }
            }
            (line, _) if line == grammar.save.0 && self.mode == Mode::Enable => {
                if let Some(question) = &grammar.save.1 {
                    self.say(question).await?;
                    if self.line(true).await?.is_none() {
                        return Ok(false);
                    }
                }
                self.switch.save();
            }
            // Until the client has had enough.
            (_, Some(Show::Silent)) => while self.line(false).await?.is_some() {},
            (_, Some(Show::Endless)) => self.flood().await?,
            (_, Some(Show::Closes)) => return Ok(false),
            (_, Some(show)) if self.mode == Mode::Enable => {
                let lines = self.switch.state().running.show(show);
                self.page(&lines).await?;
            }
            _ => self.say(&format!("{}\r\n", grammar.unknown)).await?,
        }
        Ok(true)
    }

    /// Says lines until the client has had enough.
    async fn flood(&mut self) -> io::Result<()> {
        loop {
            self.say(&"x".repeat(8 << 10)).await?;
            self.say("\r\n").await?;
        }
    }

    async fn configure(&mut self, line: &str) -> io::Result<()> {
        let grammar = &self.switch.0.grammar;
        let fault = {
            let mut state = self.switch.state();
            let nth = state.entered.len();
            state.entered.push(line.to_owned());
            state.fault.take_if(|(at, _)| *at == nth).map(|(_, fault)| fault)
        };
        match &fault {
            Some(LineFault::Others { enter, words }) => {
                self.switch.enter(enter);
                return self.say(&format!("{words}\r\n")).await;
            }
            Some(LineFault::Refuse(words)) => return self.say(&format!("{words}\r\n")).await,
            Some(LineFault::DropBefore) => return Err(io::ErrorKind::ConnectionAborted.into()),
            Some(LineFault::Closed(words)) => {
                self.say(&format!("\r\n{words}\r\n")).await?;
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            _ => {}
        }
        let is_asked = *line == grammar.end && self.switch.state().waits();
        if let Some(commit) = grammar.commit.as_ref().filter(|_| is_asked) {
            self.say(&commit.question).await?;
            let Some(answer) = self.line(true).await? else { return Err(io::ErrorKind::ConnectionAborted.into()) };
            self.switch.state().settle(answer.trim().eq_ignore_ascii_case("y"));
        }
        let said = self.done(line);
        match fault {
            Some(LineFault::DropAfter) => return Err(io::ErrorKind::ConnectionAborted.into()),
            // Until the client has had enough.
            Some(LineFault::Hang) => while self.line(false).await?.is_some() {},
            Some(LineFault::Flood) => self.flood().await?,
            Some(LineFault::Rename(host)) => self.switch.state().host = Some(host),
            _ => {}
        }
        if said.is_empty() { Ok(()) } else { self.page(&said).await }
    }

    /// Does what a line of configuration says; what is said of it.
    fn done(&mut self, line: &str) -> Vec<String> {
        let grammar = &self.switch.0.grammar;
        if let Some(sets) = &grammar.sets {
            if line == grammar.save.0 && !line.is_empty() {
                self.switch.save();
                return Vec::new();
            }
            let (said, is_left) = candidate::configure(self.switch, sets, self.number, line);
            if is_left {
                self.mode = Mode::Enable;
            }
            return said;
        }
        if let Some(rows) = &grammar.rows {
            return self.switch.state().rows.enter(rows, line).into_iter().collect();
        }
        let Mode::Configure(place) = &mut self.mode else { return Vec::new() };
        let mut is_known = true;
        if grammar.commit.as_ref().is_some_and(|commit| commit.line == line) {
            self.switch.state().settle(true);
        } else if line == grammar.save.0 && place.is_none() {
            self.switch.save();
        } else if line == grammar.end || (line == grammar.exit && place.is_none()) {
            self.mode = Mode::Enable;
        } else if !line.is_empty() {
            let mut state = self.switch.state();
            let State { running, staged, .. } = &mut *state;
            let blocks = match &grammar.commit {
                Some(_) => &mut staged.get_or_insert_with(|| (self.number, running.clone())).1,
                None => running,
            };
            is_known = blocks.enter(grammar, place, line);
        }
        if is_known { Vec::new() } else { vec![grammar.unknown.clone()] }
    }

    async fn page(&mut self, lines: &[String]) -> io::Result<()> {
        let at_once = if self.is_paged { self.switch.0.grammar.page.max(1) } else { lines.len().max(1) };
        for (number, page) in lines.chunks(at_once).enumerate() {
            if number > 0 {
                self.say(MORE).await?;
                let mut key = [0];
                self.stream.read_exact(&mut key).await?;
                let (back, blank) = ("\u{8}".repeat(MORE.len()), " ".repeat(MORE.len()));
                self.say(&format!("{back}{blank}{back}")).await?;
            }
            self.say(&format!("{}\r\n", page.join("\r\n"))).await?;
        }
        Ok(())
    }

    /// The next line, echoed as it is typed; `None` at the end.
    async fn line(&mut self, is_echoed: bool) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.input.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
                let line: Vec<u8> = self.input.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
                if is_echoed {
                    self.say(&line).await?;
                }
                self.say("\r\n").await?;
                return Ok(Some(line));
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer).await? {
                0 => return Ok(None),
                read => self.input.extend(buffer.iter().take(read)),
            }
        }
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes()).await?;
        self.stream.flush().await
    }
}
