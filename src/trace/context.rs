//! Which trace something belongs to (W3C Trace Context, level 1).

use std::{fmt, str::FromStr};

use ring::rand::{SecureRandom as _, SystemRandom};

/// A span of a trace; neither number is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The trace.
    pub trace: u128,
    /// The span.
    pub span: u64,
}

/// What a caller says in `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Its own span.
    pub context: Context,
    /// Whether it records the trace.
    pub is_sampled: bool,
}

impl FromStr for Parent {
    type Err = ();

    /// Section 3.2: version, trace, span and flags, in small hexadecimal digits; versions to
    /// come may have more behind those.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.trim().split('-');
        let mut next = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits)?;
            let is_hexadecimal = part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            is_hexadecimal.then(|| u128::from_str_radix(part, 16).ok())?
        };
        let (version, trace, span, flags) = (next(2), next(32), next(16), next(2));
        let version = version.filter(|version| *version != 0xff).ok_or(())?;
        if version == 0 && parts.next().is_some() {
            return Err(());
        }
        let trace = trace.filter(|trace| *trace != 0).ok_or(())?;
        let span = span.and_then(|span| u64::try_from(span).ok()).filter(|span| *span != 0).ok_or(())?;
        Ok(Self { context: Context { trace, span }, is_sampled: flags.ok_or(())? & 1 == 1 })
    }
}

impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { context: Context { trace, span }, is_sampled } = self;
        write!(f, "00-{trace:032x}-{span:016x}-{:02x}", u8::from(*is_sampled))
    }
}

/// So many random bytes that are not all 0.
pub(super) fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes).filter(|bytes| bytes.iter().any(|byte| *byte != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_traceparent_is_read_as_the_recommendation_has_it() {
        let parent: Parent = format!("00-{TRACE}-00f067aa0ba902b7-01").parse().unwrap();
        assert_eq!(format!("{:032x}", parent.context.trace), TRACE);
        assert_eq!((parent.context.span, parent.is_sampled), (0x00f0_67aa_0ba9_02b7, true));
        assert!(!format!("00-{TRACE}-00f067aa0ba902b7-00").parse::<Parent>().unwrap().is_sampled);
        assert!(format!("01-{TRACE}-00f067aa0ba902b7-03-more").parse::<Parent>().is_ok(), "of a version to come");
    }

    #[test]
    fn what_is_no_traceparent_is_none() {
        let zero = "0".repeat(32);
        for text in [
            String::new(),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{zero}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-+0f067aa0ba902b7-01"),
        ] {
            assert_eq!(text.parse::<Parent>(), Err(()), "{text}");
        }
    }
}
