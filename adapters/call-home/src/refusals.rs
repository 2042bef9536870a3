//! Logins that a switch has refused, which are not tried again at each of its calls: it
//! may lock the user out.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use mercury_adapter::ConnectError;
use mercury_ssh::SshOptions;
use tokio::time::Instant;

/// How long a login is not tried again after it was refused once; twice as long after each
/// further time, up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(600);

/// A login, with the secrets that it has now.
pub(crate) struct Login {
    pub(crate) options: SshOptions,
    /// When the file of its key was changed.
    key_changed: Option<SystemTime>,
}

impl Login {
    /// What the entry says now; blocks while secrets are read.
    pub(crate) fn read(read: impl Fn() -> Result<SshOptions, ConnectError>) -> Result<Self, ConnectError> {
        let options = read()?;
        let file = options.key.as_ref().and_then(|key| std::fs::metadata(&key.path).ok());
        Ok(Self { key_changed: file.and_then(|file| file.modified().ok()), options })
    }

    fn is_as(&self, other: &Self) -> bool {
        self.key_changed == other.key_changed && self.options.logs_in_as(&other.options)
    }
}

/// What a switch refused last.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<Option<Refused>>);

struct Refused {
    login: Login,
    times: u32,
    until: Instant,
}

impl Refusals {
    /// Whether a login may be tried.
    ///
    /// # Errors
    /// It was refused shortly before, in a sentence.
    pub(crate) fn check(&self, login: &Login) -> Result<(), String> {
        let refused = self.locked();
        let same = refused.as_ref().filter(|refused| refused.login.is_as(login) && refused.until > Instant::now());
        same.map_or(Ok(()), |refused| Err(refused.told()))
    }

    /// It was refused.
    pub(crate) fn refused(&self, login: Login) {
        let mut last = self.locked();
        let before = last.as_ref().filter(|before| before.login.is_as(&login)).map_or(0, |before| before.times);
        let pause = FIRST.saturating_mul(1 << before.min(10)).min(LONGEST);
        *last = Some(Refused { login, times: before.saturating_add(1), until: Instant::now() + pause });
    }

    /// The switch has let Mercury in.
    pub(crate) fn forget(&self) {
        *self.locked() = None;
    }

    /// What there is to tell of the last refusal, if it was the last that happened.
    pub(crate) fn told(&self) -> Option<String> {
        self.locked().as_ref().map(Refused::told)
    }

    /// Nothing in between can panic.
    fn locked(&self) -> MutexGuard<'_, Option<Refused>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Refused {
    fn told(&self) -> String {
        let left = self.until.saturating_duration_since(Instant::now()).as_secs();
        let user = &self.login.options.username;
        format!(
            "{user} was not let in, {} times one after another; tried again after {left} s, or when its entry or its \
             secret is another",
            self.times
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(password: &str) -> Login {
        let password = Some(password.to_owned().into());
        Login::read(|| Ok(SshOptions { password: password.clone(), ..SshOptions::new("leaf1", "mercury") })).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn the_pause_grows_and_ends_and_is_no_other_secrets() {
        let refusals = Refusals::default();
        let mut pauses = Vec::new();
        for _ in 0..9 {
            assert_eq!(refusals.check(&login("wrong")), Ok(()));
            refusals.refused(login("wrong"));
            let before = Instant::now();
            assert!(refusals.check(&login("wrong")).unwrap_err().contains("mercury was not let in"));
            assert_eq!(refusals.check(&login("right")), Ok(()));
            while refusals.check(&login("wrong")).is_err() {
                tokio::time::advance(Duration::from_secs(1)).await;
            }
            pauses.push(before.elapsed().as_secs());
        }
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 600, 600, 600]);
        // Another secret begins anew, and so does who was let in.
        refusals.refused(login("as wrong"));
        assert!(refusals.told().unwrap().contains("1 times one after another; tried again after 10 s"));
        refusals.forget();
        assert!(refusals.told().is_none() && refusals.check(&login("as wrong")).is_ok());
    }

    #[test]
    fn a_key_that_was_changed_is_another_secret() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let key = mercury_ssh::KeyFile { path: file.path().to_owned(), passphrase: None };
        let login = || {
            Login::read(|| Ok(SshOptions { key: Some(key.clone()), ..SshOptions::new("leaf1", "mercury") })).unwrap()
        };
        let refusals = Refusals::default();
        refusals.refused(login());
        assert!(refusals.check(&login()).is_err());
        file.as_file().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert!(refusals.check(&login()).is_ok());
    }
}
