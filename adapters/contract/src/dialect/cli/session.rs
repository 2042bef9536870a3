//! How a command line is talked to: its prompts, its modes, and what its answers mean.

use std::str::FromStr;

use serde::Deserialize;

use crate::dialect::{Pattern, raw::RawCliSession};

/// How sessions at a system's command line go.
#[derive(Clone, Debug)]
pub struct CliSession {
    /// What lines are given to.
    pub transport: CliTransport,
    /// Characters of a line of the terminal; lines longer than this wrap.
    pub columns: u32,
    /// What ends a line that is sent.
    pub enter: String,
    /// Whether the lines of a block, or of a script without any, are sent before the first is
    /// answered. Those behind one that is refused are entered too: it is for systems where what
    /// was not committed is thrown away.
    pub pipelined: bool,
    /// How its prompts look; `None` where there are none.
    pub prompts: Option<Prompts>,
    /// How it asks in its shell who one is; `None` where SSH has told.
    pub login: Option<ShellLogin>,
    /// What it says at login when it waits for any key.
    pub press: Option<Pattern>,
    /// What it says at the foot of a page; a blank goes on.
    pub pager: Option<Pattern>,
    /// Lines that are no part of any answer.
    pub noise: Vec<Pattern>,
    /// Lines sent once at the beginning, such as those that end paging; that it
    /// refuses one is no failure.
    pub prepare: Vec<String>,
    /// How to be let in where configuration is; `None` where everybody is.
    pub enable: Option<Enable>,
    /// Into configuration mode.
    pub configure: Vec<String>,
    /// In configuration mode, makes what was entered so; empty where every line is
    /// so at once.
    pub commit: Vec<String>,
    /// Out of configuration mode without what was entered since the commit; as
    /// `end` where empty.
    pub abort: Vec<String>,
    /// Out of configuration mode.
    pub end: Vec<String>,
    /// How it is told that somebody entered what a commit of ours would make so too;
    /// `None` where nobody can, or [`CliSession::candidate`] keeps others out.
    pub waiting: Option<Waiting>,
    /// How what is entered waits for its commit; `None` where every line is so at once,
    /// or is committed as soon as it was entered.
    pub candidate: Option<Candidate>,
    /// Makes running survive a reboot; empty where it does.
    pub save: Vec<String>,
    /// What it asks, and what is answered.
    pub questions: Vec<Question>,
    /// What a line of an answer holds that means refusal.
    pub refused: Vec<Pattern>,
    /// Lines that mean no refusal whatever they hold.
    pub harmless: Vec<Pattern>,
    /// All lines that may be in the answer to a line of configuration; where not
    /// empty, any other means refusal.
    pub known_good: Vec<Pattern>,
}

impl FromStr for CliSession {
    type Err = Vec<String>;

    /// Reads the text of a dialect's `[cli.session]`.
    ///
    /// # Errors
    /// Everything wrong with it, each with its key.
    fn from_str(text: &str) -> Result<Self, Vec<String>> {
        toml::from_str::<RawCliSession>(text).map_err(|error| vec![error.message().to_owned()])?.build()
    }
}

/// What takes the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CliTransport {
    /// A shell on a terminal, with prompts.
    #[default]
    Shell,
    /// The user's shell, one command at a time, each with its exit status.
    Exec,
    /// One POSIX `sh` that stays, for a system that has one: commands as with
    /// [`CliTransport::Exec`], without a new process of the SSH server for each.
    Sh,
}

/// How far one is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// May look at little.
    User,
    /// May look at everything, and enter configuration mode.
    Enable,
    /// In configuration mode, or in a mode below it.
    Configure,
}

/// Prompts, each matched with a whole line without the blanks around it. A group
/// named `host` is the part that stays the same in every mode.
#[derive(Clone, Debug)]
pub struct Prompts {
    /// Where each stands on two lines, the line above; the prompts below are then both
    /// lines, with a blank between.
    pub above: Option<Pattern>,
    /// Of [`Level::User`].
    pub user: Option<Pattern>,
    /// Of [`Level::Enable`].
    pub enable: Pattern,
    /// Of [`Level::Configure`].
    pub configure: Option<Pattern>,
}

impl Prompts {
    /// The level a line is the prompt of, and the host name in it, if it is one.
    #[must_use]
    pub fn find<'a>(&self, line: &'a str) -> Option<(Level, Option<&'a str>)> {
        let of = |level, pattern: Option<&Pattern>| {
            let found = pattern?.captures(line)?;
            (found.get(0)?.as_str() == line).then(|| (level, found.name("host").map(|host| host.as_str())))
        };
        of(Level::Configure, self.configure.as_ref())
            .or_else(|| of(Level::Enable, Some(&self.enable)))
            .or_else(|| of(Level::User, self.user.as_ref()))
    }
}

/// How a user logs in once more, in the shell.
#[derive(Clone, Debug)]
pub struct ShellLogin {
    /// How the name is asked for.
    pub name: Pattern,
    /// How the password is asked for.
    pub password: Pattern,
}

/// From [`Level::User`] to [`Level::Enable`].
#[derive(Clone, Debug)]
pub struct Enable {
    /// The line that asks for it.
    pub line: String,
    /// How the secret is asked for.
    pub ask: Pattern,
}

/// A question that is answered without anybody being asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Where it may come.
    pub when: When,
    /// The end of what it says.
    pub ask: Pattern,
    /// What is answered; `enter` follows.
    pub answer: String,
}

/// What a question may come with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Before the first prompt.
    Login,
    /// A line of configuration, or one into it or out of it.
    Configure,
    /// A line that saves.
    Save,
}

/// What waits for a commit, of one user and not of one session.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The command that shows it.
    pub show: String,
    /// What its answer holds if there is something.
    pub holds: Pattern,
}

/// A candidate at the prompt. [`CliSession::configure`] enters it and keeps others out,
/// where there is such a mode, and [`CliSession::commit`] commits it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Throws away what was entered since the last commit.
    pub discard: Vec<String>,
    /// What stands before a command that shows something, in configuration mode.
    pub inside: String,
    /// The commands that show the candidate, in the order of those that show running;
    /// empty where none does.
    pub shows: Vec<String>,
    /// The command that shows, in configuration mode, what is at a `{way}`; nothing where
    /// nothing is.
    pub fresh: String,
    /// What a refusal to enter holds where somebody else keeps one out.
    pub locked: Vec<Pattern>,
    /// What the answer to a commit holds, or it failed.
    pub committed: Pattern,
    /// How a commit waits to be confirmed; `None` where none does.
    pub confirming: Option<Confirming>,
}

/// A commit that is undone unless another follows in time, whoever makes that
/// ([`ConfirmedCommit::AnyCommit`]).
///
/// [`ConfirmedCommit::AnyCommit`]: crate::ConfirmedCommit::AnyCommit
#[derive(Clone, Debug)]
pub struct Confirming {
    /// The line, with `{minutes}` to wait and the `{name}` by which the history has it.
    pub line: String,
    /// Shows the history, the newest first.
    pub history: String,
    /// How its entries begin.
    pub entry: Pattern,
    /// What the newest holds if that waits.
    pub waits: Pattern,
}
