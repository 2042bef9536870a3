//! A secret that a command prints.

use std::{
    io::{self, Read as _},
    os::unix::process::CommandExt as _,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Condvar, Mutex, PoisonError,
        mpsc::{RecvTimeoutError, sync_channel},
    },
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use secrecy::SecretSlice;

/// How many commands run at a time.
const AT_A_TIME: usize = 8;

static RUNNING: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

/// A command that prints a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretCommand {
    /// The program, by its whole path, and its arguments; no shell reads them.
    pub argv: Vec<String>,
    /// How long it may take, 1 to 60 s.
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
        let _turn = Turn::wait();
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
        let (bytes, ended) = match heard.recv_timeout(self.timeout) {
            Ok(heard) => heard,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return Err(CommandError::Late(self.timeout));
            }
        };
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
struct Turn;

impl Turn {
    fn wait() -> Self {
        let (running, free) = &RUNNING;
        let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
        while *running >= AT_A_TIME {
            running = free.wait(running).unwrap_or_else(PoisonError::into_inner);
        }
        *running += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (running, free) = &RUNNING;
        *running.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        free.notify_one();
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
}
