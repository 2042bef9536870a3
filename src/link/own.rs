//! Mercury's own sessions with one switch: the open one, and those that were
//! lost. The switch may not have noticed the end of such a one, and keep the
//! lock for it for hours.

use std::time::Duration;

use mercury_adapter::ListedSession;

/// Lost sessions that are remembered, per switch.
const REMEMBERED: usize = 16;
/// A login time is told in whole seconds.
const SECOND: f64 = 1.0;

/// A session, by Mercury's clock: time since the link was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Opened {
    session_id: u64,
    /// When it was begun to connect.
    begun: Duration,
    /// When the hello had been read: the login lies between.
    done: Duration,
}

/// What is known of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnSessions {
    open: Option<Opened>,
    /// Each with the time of its loss, the oldest first.
    lost: Vec<(Opened, Duration)>,
}

impl OwnSessions {
    /// One is open, which it was begun to open at `begun`. One that was given no
    /// number cannot be told from others'.
    pub(super) fn opened(&mut self, session_id: Option<u64>, begun: Duration, done: Duration) {
        self.open = session_id.map(|session_id| Opened { session_id, begun, done });
    }

    /// One that is open, and one with the other number that was lost a while before.
    #[cfg(test)]
    pub(crate) fn of(open: u64, lost: u64) -> Self {
        let mut own = Self::default();
        own.opened(Some(lost), Duration::ZERO, Duration::ZERO);
        own.is_lost(Duration::from_secs(50));
        own.opened(Some(open), Duration::from_secs(100), Duration::from_secs(100));
        own
    }

    /// The open one has ended in good order.
    pub(super) const fn closed(&mut self) {
        self.open = None;
    }

    /// The open one is lost: what the switch has of it is not known.
    pub(super) fn is_lost(&mut self, now: Duration) {
        let Some(open) = self.open.take() else { return };
        if self.lost.len() == REMEMBERED {
            self.lost.remove(0);
        }
        self.lost.push((open, now));
    }

    /// The switch has told which sessions there are.
    pub(super) fn told(&mut self, listed: &[ListedSession]) {
        self.lost.retain(|(lost, _)| listed.iter().any(|session| session.session_id == lost.session_id));
    }

    /// The switch has ended the one with this number.
    pub(super) fn killed(&mut self, session_id: u64) {
        self.lost.retain(|(lost, _)| lost.session_id != session_id);
    }

    /// Whether the open one has this number.
    #[must_use]
    pub fn is_open(&self, session_id: u64) -> bool {
        self.open.is_some_and(|open| open.session_id == session_id)
    }

    /// Whether one was lost that the switch may still have.
    #[must_use]
    pub const fn any_lost(&self) -> bool {
        !self.lost.is_empty()
    }

    /// Whether one with this number was lost.
    #[must_use]
    pub fn lost(&self, session_id: u64) -> bool {
        self.lost.iter().any(|(lost, _)| lost.session_id == session_id)
    }

    /// The lost ones that the switch still has: the same user from the same
    /// host, who logged in when Mercury did. What logged in later, or may have
    /// after the loss, is somebody else with a number that was free again.
    ///
    /// The switch's clock is held against Mercury's by the open session, so nothing
    /// is found where that is not listed; a clock that was set since finds
    /// nothing either.
    #[must_use]
    pub fn still_there(&self, listed: &[ListedSession]) -> Vec<u64> {
        let with = |session_id: u64| {
            let mut named = listed.iter().filter(|session| session.session_id == session_id);
            named.next().filter(|_| named.next().is_none())
        };
        let Some((open, own)) = self.open.and_then(|open| Some((open, with(open.session_id)?))) else {
            return Vec::new();
        };
        // The login was within the second that is told, and while it was connected.
        let earliest = login(own) - open.done.as_secs_f64();
        let latest = login(own) + SECOND - open.begun.as_secs_f64();
        let is_it = |(lost, at): &&(Opened, Duration)| {
            let Some(session) = with(lost.session_id) else { return false };
            let same = lost.session_id != open.session_id
                && session.username == own.username
                && session.source_host == own.source_host;
            let then = login(session);
            same && then + SECOND >= lost.begun.as_secs_f64() + earliest
                && then <= lost.done.as_secs_f64() + latest
                && then + SECOND <= at.as_secs_f64() + earliest
        };
        self.lost.iter().filter(is_it).map(|(lost, _)| lost.session_id).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact below 2^53")]
const fn login(session: &ListedSession) -> f64 {
    session.login_time as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn listed(session_id: u64, login_time: i64) -> ListedSession {
        ListedSession {
            session_id,
            username: "mercury".to_owned(),
            source_host: Some("192.0.2.9".to_owned()),
            login_time,
        }
    }

    /// Session 4, opened in the second 10 of Mercury's clock, lost in the second
    /// 100, and session 5, opened in the second 200.
    fn own() -> OwnSessions {
        let mut own = OwnSessions::default();
        own.opened(Some(4), at(10), at(11));
        own.is_lost(at(100));
        own.opened(Some(5), at(200), at(201));
        own
    }

    /// The switch's clock is this much ahead.
    const AHEAD: i64 = 1_700_000_000;

    #[test]
    fn a_lost_session_is_known_by_its_number_its_user_its_host_and_its_login() {
        let now = listed(5, AHEAD + 200);
        let there = |other: ListedSession| own().still_there(&[other, now.clone()]);
        for login in [AHEAD + 10, AHEAD + 11] {
            assert_eq!(there(listed(4, login)), [4], "{login}");
        }
        // Before, and after a time when the number was free again.
        for login in [AHEAD + 5, AHEAD + 15, AHEAD + 100, AHEAD + 150, AHEAD + 200] {
            assert!(there(listed(4, login)).is_empty(), "{login}");
        }
        assert!(there(ListedSession { username: "ann".to_owned(), ..listed(4, AHEAD + 10) }).is_empty());
        let elsewhere = Some("192.0.2.10".to_owned());
        assert!(there(ListedSession { source_host: elsewhere, ..listed(4, AHEAD + 10) }).is_empty());
        assert!(there(ListedSession { source_host: None, ..listed(4, AHEAD + 10) }).is_empty());
        assert!(there(listed(6, AHEAD + 10)).is_empty());
    }

    #[test]
    fn nothing_is_known_where_the_switch_does_not_list_the_session_that_asks() {
        assert!(own().still_there(&[listed(4, AHEAD + 10)]).is_empty());
        let twice = [listed(4, AHEAD + 10), listed(4, AHEAD + 10), listed(5, AHEAD + 200)];
        assert!(own().still_there(&twice).is_empty());
        let mut unnumbered = own();
        unnumbered.opened(None, at(200), at(201));
        assert!(unnumbered.still_there(&[listed(4, AHEAD + 10), listed(5, AHEAD + 200)]).is_empty());
    }

    /// Its number may have been given to another at once.
    #[test]
    fn one_that_was_lost_as_soon_as_it_was_open_is_not_known_again() {
        let mut own = OwnSessions::default();
        own.opened(Some(4), at(10), at(11));
        own.is_lost(at(11));
        own.opened(Some(5), at(12), at(13));
        assert!(own.still_there(&[listed(4, AHEAD + 10), listed(5, AHEAD + 12)]).is_empty());
    }

    #[test]
    fn what_the_switch_has_no_more_is_forgotten_and_so_is_the_oldest() {
        let mut own = own();
        own.told(&[listed(5, AHEAD + 200)]);
        assert!(!own.any_lost());
        for number in 0..40 {
            own.opened(Some(number), at(number), at(number));
            own.is_lost(at(number));
        }
        assert_eq!(own.lost.len(), REMEMBERED);
        assert!(own.lost(39) && !own.lost(0));
        own.killed(39);
        assert!(!own.lost(39));
    }
}
