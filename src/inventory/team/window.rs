//! When a change may be made: some hours of some days of the week, in UTC.

use std::{
    fmt,
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTES: u64 = 24 * 60;

/// `mon-fri 22:00-04:00`: from its `from` on each of its days until the next `to`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Window {
    written: String,
    /// Monday first.
    days: [bool; 7],
    /// Minutes of the day; `to` is 1440 at most.
    from: u64,
    to: u64,
}

impl Window {
    pub(super) fn is_open(&self, at: SystemTime) -> bool {
        let (day, minute) = day_and_minute(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs());
        let is_on = |day: u64| self.days.iter().zip(0..).any(|(on, index)| *on && index == day);
        if self.from < self.to {
            return is_on(day) && (self.from..self.to).contains(&minute);
        }
        (is_on(day) && minute >= self.from) || (is_on((day + 6) % 7) && minute < self.to)
    }
}

/// The day of the week, Monday first, and the minute of the day, of a time in seconds.
const fn day_and_minute(unix: u64) -> (u64, u64) {
    let minutes = unix / 60;
    // 1970-01-01 was a Thursday.
    ((minutes / MINUTES + 3) % 7, minutes % MINUTES)
}

/// A time in UTC: the day of the week as windows write it, the minute of the day, and the
/// seconds since 1970.
pub(super) fn moment(at: SystemTime) -> (&'static str, u64, u64) {
    let unix = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (day, minute) = day_and_minute(unix);
    let day = DAYS.iter().zip(0..).find_map(|(name, index)| (index == day).then_some(*name));
    (day.unwrap_or_default(), minute, unix)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no window, as \"mon-fri 22:00-04:00\" and \"daily 02:00-03:00\" are");
        let (days, hours) = text.split_once(' ').ok_or_else(wrong)?;
        let (from, to) = hours.trim().split_once('-').ok_or_else(wrong)?;
        let days = days_of(days).ok_or_else(wrong)?;
        let (from, to) = (minute(from).ok_or_else(wrong)?, minute(to).ok_or_else(wrong)?);
        if from == MINUTES || from == to {
            return Err(format!("{text:?} has no time in it"));
        }
        Ok(Self { written: text.to_owned(), days, from, to })
    }
}

fn days_of(text: &str) -> Option<[bool; 7]> {
    if text == "daily" {
        return Some([true; 7]);
    }
    let number = |word: &str| DAYS.iter().position(|day| *day == word);
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        // `fri-mon` goes over the end of the week.
        let many = (last + 7 - first) % 7;
        for (index, day) in days.iter_mut().enumerate() {
            *day |= (index + 7 - first) % 7 <= many;
        }
    }
    Some(days)
}

fn minute(text: &str) -> Option<u64> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |digits: &str| digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
    if !two(hours) || !two(minutes) {
        return None;
    }
    let (hours, minutes): (u64, u64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= MINUTES).then_some(all)
}
