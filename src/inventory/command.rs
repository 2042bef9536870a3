//! A secret that a command prints.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read as _},
    os::unix::process::CommandExt as _,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError, mpsc::sync_channel},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use secrecy::SecretSlice;

/// How many commands run at a time.
const AT_A_TIME: usize = 32;
/// How many of those may be one command, or commands that did not end in time before.
const SHARE: usize = 8;
/// More commands than any inventory has.
const MAX_LATE: usize = 10_000;

static TURNS: LazyLock<Turns> = LazyLock::new(Turns::default);

/// A command that prints a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretCommand {
    /// The program, by its whole path, and its arguments; no shell reads them.
    pub argv: Vec<String>,
    /// How long it may take, 1 to 60 s, the waiting for its turn included.
    pub timeout: Duration,
}

/// Why a command gave no secret; what it printed is never told.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It could not be begun, or not be heard.
    #[error("it cannot be run")]
    Io(#[from] io::Error),
    /// It took longer than it may.
    #[error("it did not end within {} s", .0.as_secs())]
    Late(Duration),
    /// Others that are slow had all turns.
    #[error("it had no turn within {} s: other commands are slow", .0.as_secs())]
    NoTurn(Duration),
    /// It printed more than a secret may have.
    #[error("it printed more than {0} bytes")]
    TooLong(u64),
    /// It failed.
    #[error("it ended with {0}")]
    Failed(ExitStatus),
}

impl SecretCommand {
    /// Runs it, and what it prints; the process and all of its group are ended then,
    /// whatever came of it. It reads nothing, and what it says on standard error goes
    /// nowhere.
    ///
    /// # Errors
    /// [`CommandError`].
    pub(super) fn output(&self, limit: u64) -> Result<SecretSlice<u8>, CommandError> {
        let ends = Instant::now() + self.timeout;
        let turn = TURNS.take(&self.argv, ends).ok_or(CommandError::NoTurn(self.timeout))?;
        let mut argv = self.argv.iter();
        let mut command = Command::new(argv.next().map_or("", String::as_str));
        command.args(argv).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut running = Running { child: command.spawn()?, is_over: false };
        let (told, heard) = sync_channel(1);
        let (pid, output) = (running.pid(), running.child.stdout.take());
        let listen = move || {
            // Large enough at once, so that no copy of a part is left behind.
            let mut bytes = Vec::with_capacity(usize::try_from(limit).unwrap_or_default() + 1);
            let read = output.map_or(Ok(0), |output| output.take(limit + 1).read_to_end(&mut bytes));
            // It stays a zombie until the one who began it has ended its group.
            let ended = match pid {
                Some(pid) if bytes.len() as u64 <= limit => {
                    waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).map(|_| ())
                }
                _ => Ok(()),
            };
            let _gave_up = told.send((SecretSlice::from(bytes), read.and_then(|_| Ok(ended?))));
        };
        thread::Builder::new().name("secret".to_owned()).spawn(listen)?;
        let heard = heard.recv_timeout(ends.saturating_duration_since(Instant::now()));
        turn.ended(heard.is_ok());
        let (bytes, ended) = heard.map_err(|_| CommandError::Late(self.timeout))?;
        ended?;
        if secrecy::ExposeSecret::expose_secret(&bytes).len() as u64 > limit {
            return Err(CommandError::TooLong(limit));
        }
        match running.end()? {
            status if status.success() => Ok(bytes),
            status => Err(CommandError::Failed(status)),
        }
    }
}

/// A child, which ends with its group when this is dropped.
struct Running {
    child: Child,
    is_over: bool,
}

impl Running {
    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    /// Ends the group, before its number can become another's, and then waits for the child.
    fn end(&mut self) -> io::Result<ExitStatus> {
        if !std::mem::replace(&mut self.is_over, true)
            && let Some(pid) = self.pid()
        {
            let _nobody_left = kill_process_group(pid, Signal::KILL);
        }
        self.child.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.end();
    }
}

/// The right to run one.
struct Turn<'a> {
    turns: &'static Turns,
    argv: &'a [String],
    was_late: bool,
}

/// Who runs one.
#[derive(Default)]
struct Turns {
    state: Mutex<State>,
    free: Condvar,
}

#[derive(Default)]
struct State {
    /// How many run at a time, of each command and of all together.
    running: BTreeMap<Vec<String>, usize>,
    count: usize,
    /// Those that did not end in time when they ran last, and how many of them run.
    late: BTreeSet<Vec<String>>,
    running_late: usize,
}

impl State {
    fn has_room(&self, argv: &[String]) -> bool {
        let own = self.running.get(argv).copied().unwrap_or_default();
        self.count < AT_A_TIME && own < SHARE && !(self.late.contains(argv) && self.running_late >= SHARE)
    }
}

impl Turns {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn until `ends`.
    fn take<'a>(&'static self, argv: &'a [String], ends: Instant) -> Option<Turn<'a>> {
        let left = ends.saturating_duration_since(Instant::now());
        let waiting = self.free.wait_timeout_while(self.state(), left, |state| !state.has_room(argv));
        let (mut state, _) = waiting.unwrap_or_else(PoisonError::into_inner);
        if !state.has_room(argv) {
            return None;
        }
        let was_late = state.late.contains(argv);
        state.count += 1;
        state.running_late += usize::from(was_late);
        *state.running.entry(argv.to_vec()).or_default() += 1;
        Some(Turn { turns: self, argv, was_late })
    }
}

impl Turn<'_> {
    /// Whether it ended in time; the next turn of one that did not is among those few that
    /// such commands share.
    fn ended(&self, in_time: bool) {
        let mut state = self.turns.state();
        if in_time {
            state.late.remove(self.argv);
        } else if state.late.len() < MAX_LATE {
            state.late.insert(self.argv.to_vec());
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.state();
        state.count -= 1;
        state.running_late -= usize::from(self.was_late);
        match state.running.get_mut(self.argv) {
            Some(more) if *more > 1 => *more -= 1,
            _ => _ = state.running.remove(self.argv),
        }
        drop(state);
        // Who is woken may be one that has no room yet.
        self.turns.free.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use secrecy::ExposeSecret as _;

    use super::*;

    /// What a script prints, which is told its folder.
    fn run(folder: &Path, script: &str, timeout: Duration) -> Result<String, CommandError> {
        let argv = ["/bin/sh", "-c", script, "sh", folder.to_str().unwrap()].map(str::to_owned).to_vec();
        let output = SecretCommand { argv, timeout }.output(64)?;
        Ok(String::from_utf8(output.expose_secret().to_vec()).unwrap())
    }

    const LIMIT: Duration = Duration::from_secs(60);

    #[test]
    fn what_a_command_prints_is_the_secret_and_a_failure_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(run(folder.path(), "printf 'a b'; cat", LIMIT).unwrap(), "a b", "standard input is empty");
        let failed = run(folder.path(), "echo secret; echo why >&2; exit 3", LIMIT).unwrap_err();
        assert!(matches!(failed, CommandError::Failed(_)) && !failed.to_string().contains("secret"), "{failed}");
        assert!(matches!(run(folder.path(), "yes", LIMIT), Err(CommandError::TooLong(64))));
        let argv = vec!["/nowhere/at/all".to_owned()];
        assert!(matches!(SecretCommand { argv, timeout: LIMIT }.output(64), Err(CommandError::Io(_))));
        // No shell has a look at it.
        let argv = vec!["/bin/echo".to_owned(), "$HOME; `id`".to_owned()];
        let output = SecretCommand { argv, timeout: LIMIT }.output(64).unwrap();
        assert_eq!(output.expose_secret(), b"$HOME; `id`\n");
    }

    #[test]
    fn a_command_that_takes_too_long_is_ended_with_all_that_it_began() {
        let folder = tempfile::tempdir().unwrap();
        let script = "sleep 1000 & echo $! > \"$1/child\"; echo $$ > \"$1/own\"; sleep 1000";
        let late = run(folder.path(), script, Duration::from_secs(1)).unwrap_err();
        assert!(matches!(late, CommandError::Late(_)), "{late}");
        for name in ["own", "child"] {
            let pid = fs::read_to_string(folder.path().join(name)).unwrap();
            let stat = Path::new("/proc").join(pid.trim()).join("stat");
            // A zombie that nobody has waited for yet is ended too.
            let is_over = || fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
            while !is_over() {
                thread::yield_now();
            }
        }
    }

    /// Whoever has closed its output is waited for, and what is left behind is ended.
    #[test]
    fn what_a_command_leaves_behind_is_ended_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let script = "sleep 1000 >/dev/null & echo $! > \"$1/child\"; echo word";
        assert_eq!(run(folder.path(), script, LIMIT).unwrap(), "word\n");
        let pid = fs::read_to_string(folder.path().join("child")).unwrap();
        let stat = Path::new("/proc").join(pid.trim()).join("stat");
        while fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
            thread::yield_now();
        }
    }

    /// Whoever asks for a turn that is not there at once has waited long enough.
    #[test]
    fn what_hangs_has_a_share_of_the_turns_and_no_more() {
        let turns: &'static Turns = Box::leak(Box::default());
        let argv = |name: String| vec!["/bin/vault".to_owned(), name];
        let (now, own) = (Instant::now(), argv("leaf99".to_owned()));
        let hanging: Vec<_> = (0..24).map(|number| argv(format!("leaf{number}"))).collect();
        let others: Vec<_> = (0..AT_A_TIME).map(|number| argv(format!("spine{number}"))).collect();
        for one in &hanging {
            turns.take(one, now).unwrap().ended(false);
        }
        let mut held: Vec<_> = hanging.iter().filter_map(|one| turns.take(one, now)).collect();
        assert_eq!(held.len(), SHARE, "of those that hang");
        held.extend((0..AT_A_TIME).map_while(|_| turns.take(&own, now)));
        assert_eq!(held.len(), 2 * SHARE, "of one command");
        held.extend(others.iter().map_while(|one| turns.take(one, now)));
        assert_eq!(held.len(), AT_A_TIME);
        assert!(turns.take(&argv("other".to_owned()), now).is_none(), "all turns are taken");
        held.clear();
        let later = now + LIMIT;
        let last = turns.take(&hanging[0], later).unwrap();
        last.ended(true);
        drop(last);
        let state = turns.state();
        assert_eq!((state.count, state.running_late, state.running.len(), state.late.len()), (0, 0, 0, 23));
    }
}
