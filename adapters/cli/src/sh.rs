//! Lines as commands of one `sh` that stays, each with its exit status.
//!
//! Nothing is echoed and there is no prompt: behind each command the shell is told to
//! print a word that nobody else knows, and the status. All commands go out at once and
//! are carried out one after the other.

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{Lost, Pace, Share, Traffic};
use rand::RngExt as _;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};

use crate::{
    shell::FAREWELL,
    wire::{End, Entry, Reply, Wire, as_text, make_room, no_room},
};

/// How much is read at once, in bytes.
const READ_SIZE: usize = 32 << 10;
/// The digits of a status, and what stands around them.
const STATUS: usize = 16;

/// Of the shell's ends, all but one that nobody can do anything at.
const ENDS: &str = "EXIT HUP PIPE TERM";

/// The command after which a shell runs these commands where it ends: when the connection is
/// lost, or who asks is gone, there is nobody else to do it.
pub(crate) fn guarded(commands: &[String]) -> String {
    let commands = commands.join("; ").replace('\'', "'\\''");
    format!("trap 'trap - {ENDS}; {{ {commands}; }} </dev/null >/dev/null 2>&1; exit' {ENDS}")
}

/// The command after which it ends as it did before.
pub(crate) fn unguarded() -> String {
    format!("trap - {ENDS}")
}

/// A command, and what prints its end behind it. What one shows is one answer, and what was
/// said beside it the next: nothing tells the two apart once they are one.
fn command(entry: &Entry<'_>, mark: &str) -> String {
    // A line break ends whatever comment a command ends in.
    let (line, end) = (entry.line, format!("printf '\\n%s %s\\n' {mark}"));
    if !entry.shows {
        return format!("{{\n{line}\n}} </dev/null 2>&1\n{end} \"$?\"\n");
    }
    format!("beside=$({{\n{line}\n}} </dev/null 2>&1 >&3 3>&-)\n{end} \"$?\"\nprintf '%s' \"$beside\"\n{end} 0\n")
}

/// A shell that waits for commands.
#[derive(Debug)]
pub(crate) struct Sh<S> {
    io: S,
    /// What stands before a status.
    mark: String,
    received: Vec<u8>,
    traffic: Traffic,
    is_open: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Sh<S> {
    /// Makes sure that there is one.
    ///
    /// # Errors
    /// What is there does not do what POSIX says of `sh`.
    pub(crate) async fn open(io: S, share: &mut Share) -> Result<Self, Lost> {
        let mark = format!("{:032x}", rand::rng().random::<u128>());
        let mut sh = Self { io, mark, received: Vec::new(), traffic: Traffic::default(), is_open: false };
        let hello = [Entry::of("exec 3>&1; printf '%s' ready && (exit 3)", None)];
        let replies = sh.answers(&hello, share).await?;
        match replies.first() {
            Some(reply) if reply.text == "ready" && reply.end == End::Status(Some(3)) => {}
            other => return Err(Lost::Protocol(format!("asked for a word, it says {other:?}"))),
        }
        (sh.is_open, sh.traffic.flights) = (true, 0);
        Ok(sh)
    }

    async fn answers(&mut self, lines: &[Entry<'_>], share: &mut Share) -> Result<Vec<Reply>, Lost> {
        let closed = |error: std::io::Error| Lost::Closed(error.to_string());
        let mark = &self.mark;
        let commands: String = lines.iter().map(|entry| command(entry, mark)).collect();
        self.io.write_all(commands.as_bytes()).await.map_err(closed)?;
        self.io.flush().await.map_err(closed)?;
        self.traffic.flights += 1;
        self.traffic.sent += commands.len() as u64;
        let (mut replies, mut buffer, mut pace) = (Vec::new(), vec![0; READ_SIZE], Pace::default());
        let (mut searched, mut shown) = (0, None);
        while let Some(entry) = lines.get(replies.len()) {
            if let Some(reply) = self.next(&mut searched)? {
                match shown.take() {
                    None if entry.shows => shown = Some(reply),
                    None => replies.push(reply),
                    Some(shown) => replies.push(Reply { beside: reply.text, ..shown }),
                }
                continue;
            }
            let read = self.io.read(&mut buffer).await.map_err(closed)?;
            if read == 0 {
                return Err(Lost::Closed("the shell there has ended".to_owned()));
            }
            pace.took(read).await;
            share.arrive(read).map_err(|error| no_room(&error))?;
            self.traffic.received += read as u64;
            make_room(&mut self.received, read);
            self.received.extend_from_slice(buffer.get(..read).unwrap_or_default());
        }
        Ok(replies)
    }

    /// The next answer, where it is whole; `searched` octets hold no mark.
    fn next(&mut self, searched: &mut usize) -> Result<Option<Reply>, Lost> {
        let mark = format!("\n{} ", self.mark);
        let rest = self.received.get(*searched..).unwrap_or_default();
        let Some(at) = rest.windows(mark.len()).position(|window| window == mark.as_bytes()) else {
            *searched = self.received.len().saturating_sub(mark.len());
            return Ok(None);
        };
        let at = *searched + at;
        let status = self.received.get(at + mark.len()..).unwrap_or_default();
        let Some(end) = status.iter().position(|byte| *byte == b'\n') else {
            *searched = at;
            let is_short = status.len() < STATUS;
            return if is_short { Ok(None) } else { Err(Lost::Protocol("a status has no end".to_owned())) };
        };
        let number = status.get(..end).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        let number = number.ok_or_else(|| Lost::Protocol("a status is no number".to_owned()))?;
        let rest = self.received.split_off(at + mark.len() + end + 1);
        let mut said = std::mem::replace(&mut self.received, rest);
        said.truncate(at);
        let text = as_text(said);
        *searched = 0;
        Ok(Some(Reply::of(text, End::Status(Some(number)))))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Wire for Sh<S> {
    fn ask<'a>(&'a mut self, lines: &'a [Entry<'a>], share: &'a mut Share) -> BoxFuture<'a, Result<Vec<Reply>, Lost>> {
        async move {
            // Until all is answered: what is abandoned in between is of no use.
            self.is_open = false;
            for entry in lines {
                tracing::debug!(line = entry.line, "run");
            }
            let replies = self.answers(lines, share).await?;
            self.is_open = true;
            Ok(replies)
        }
        .boxed()
    }

    fn is_open(&self) -> bool {
        self.is_open
    }

    fn traffic(&self) -> Traffic {
        self.traffic
    }

    fn close(mut self: Box<Self>) -> BoxFuture<'static, ()> {
        async move {
            // Nobody is left to tell where it is gone already.
            let _gone = timeout(FAREWELL, self.io.shutdown()).await;
        }
        .boxed()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{
        os::{fd::OwnedFd, unix::net::UnixStream as Pair},
        process::{Child, Command, Stdio},
    };

    use mercury_adapter::{Budget, MAX_REPLY};
    use tokio::net::UnixStream;

    use super::*;

    /// The sh of this machine.
    pub(crate) async fn sh() -> (Sh<UnixStream>, Child) {
        let (ours, theirs) = Pair::pair().unwrap();
        let other = theirs.try_clone().unwrap();
        let mut command = Command::new("sh");
        command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::from(OwnedFd::from(other)));
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        ours.set_nonblocking(true).unwrap();
        let mut share = Budget::new(MAX_REPLY).share(MAX_REPLY);
        (Sh::open(UnixStream::from_std(ours).unwrap(), &mut share).await.unwrap(), child)
    }

    pub(crate) async fn ask(sh: &mut Sh<UnixStream>, lines: &[&str]) -> Result<Vec<(String, Option<u32>)>, Lost> {
        let entries: Vec<_> = lines.iter().map(|line| Entry::of(line, None)).collect();
        let mut share = Budget::new(MAX_REPLY).share(MAX_REPLY);
        let replies = sh.ask(&entries, &mut share).await?;
        let told = |reply: Reply| match reply.end {
            End::Status(status) => (reply.text, status),
            End::Prompt(_) => panic!("there is no prompt"),
        };
        Ok(replies.into_iter().map(told).collect())
    }

    fn all(expected: &[(&str, u32)]) -> Vec<(String, Option<u32>)> {
        expected.iter().map(|(text, status)| ((*text).to_owned(), Some(*status))).collect()
    }

    #[tokio::test]
    async fn each_command_has_what_it_printed_and_how_it_ended() {
        let (mut sh, mut child) = sh().await;
        let lines = ["echo one; echo two >&2", "false", "printf 'no line feed'", "cat", "echo x # and a comment", ":"];
        let expected = [("one\ntwo\n", 0), ("", 1), ("no line feed", 0), ("", 0), ("x\n", 0), ("", 0)];
        assert_eq!(ask(&mut sh, &lines).await.unwrap(), all(&expected));
        assert_eq!(sh.traffic().flights, 1);
        let many = ask(&mut sh, &["i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done"]).await.unwrap();
        assert_eq!((many[0].0.lines().count(), many[0].1), (20_000, Some(0)));
        Box::new(sh).close().await;
        assert!(child.wait().unwrap().success());
    }

    #[tokio::test]
    async fn a_warning_is_no_part_of_what_is_shown() {
        let (mut sh, mut child) = sh().await;
        let entries = [
            Entry::show("echo 'cannot resolve leaf1' >&2; printf '{\"a\":1}'; (exit 4) # shown"),
            Entry::of("echo done; echo beside >&2", None),
            Entry::show("i=0; while [ $i -lt 9000 ]; do echo $i; echo warn >&2; i=$((i+1)); done"),
        ];
        let mut share = Budget::new(MAX_REPLY).share(MAX_REPLY);
        let replies = sh.ask(&entries, &mut share).await.unwrap();
        let [shown, done, many] = &replies[..] else { panic!("{replies:?}") };
        assert_eq!(
            (&*shown.text, &*shown.beside, shown.end),
            (r#"{"a":1}"#, "cannot resolve leaf1", End::Status(Some(4)))
        );
        assert_eq!((&*done.text, &*done.beside, done.end), ("done\nbeside\n", "", End::Status(Some(0))));
        assert_eq!((many.text.lines().count(), many.beside.lines().count()), (9000, 9000));
        assert_eq!(sh.traffic().flights, 1);
        Box::new(sh).close().await;
        assert!(child.wait().unwrap().success());
    }

    #[tokio::test]
    async fn a_shell_that_ends_is_lost() {
        for line in ["exit 0", "kill -9 $$"] {
            let (mut sh, mut child) = sh().await;
            let answered = ask(&mut sh, &["echo before", line, "echo behind"]).await;
            assert!(matches!(answered, Err(Lost::Closed(_))), "{line}: {answered:?}");
            assert!(!sh.is_open());
            child.wait().unwrap();
        }
    }

    /// Whoever asks is gone, in the middle of a command or between two.
    #[tokio::test]
    async fn what_is_guarded_is_done_when_nobody_is_left() {
        for (lines, is_done) in [
            (&["printf 'is said to nobody'"][..], true),
            (&["exit 0"], true),
            (&["kill -TERM $$"], true),
            (&[&*unguarded()], false),
        ] {
            let folder = std::env::temp_dir().join(format!("mercury-sh-{:x}", rand::rng().random::<u64>()));
            let (mut sh, mut child) = sh().await;
            let guard = guarded(&[format!("echo it\\'s > '{}'", folder.display())]);
            assert_eq!(ask(&mut sh, &[&guard]).await.unwrap(), all(&[("", 0)]));
            let _gone = ask(&mut sh, lines).await;
            drop(sh);
            child.wait().unwrap();
            assert_eq!(std::fs::read_to_string(&folder).ok().as_deref(), is_done.then_some("it's\n"), "{lines:?}");
            let _removed = std::fs::remove_file(&folder);
        }
    }

    #[tokio::test]
    async fn what_is_no_shell_is_found_out() {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        theirs.write_all(b"This service allows nothing.\n").await.unwrap();
        theirs.shutdown().await.unwrap();
        let mut share = Budget::new(MAX_REPLY).share(MAX_REPLY);
        assert!(matches!(Sh::open(ours, &mut share).await, Err(Lost::Closed(_))));
    }
}
