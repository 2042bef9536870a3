//! RFC 6242's framing: however a stream is cut, the same messages come out.

use mercury_netconf::framing::{Decoder, Framing, FramingError, encode_chunked, encode_eom};

use crate::bytes::{Bytes, cut};

const LIMITS: [usize; 6] = [0, 1, 16, 300, 4096, 1 << 20];
const END_OF_MESSAGE: &[u8] = b"]]>]]>";

/// The first byte chooses the largest message, the second whether base 1.1 is
/// agreed and after which message, the third the cuts; the rest is the stream.
pub fn framing(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let limit = *bytes.pick(&LIMITS);
    let agreed_after = *bytes.pick(&[Some(0), Some(1), Some(2), None]);
    let seed = bytes.byte();
    let stream = bytes.rest();

    let whole = decode([stream], limit, agreed_after);
    let single = decode(stream.chunks(1), limit, agreed_after);
    let cuts = decode(cut(stream, seed), limit, agreed_after);
    assert_eq!(whole, single, "one push and byte by byte differ");
    assert_eq!(whole, cuts, "one push and cuts differ");

    for message in &whole.messages {
        assert!(message.len() <= limit, "{} bytes with a limit of {limit}", message.len());
        assert!(!message.contains(&0), "a NUL octet came through");
    }
    let through: usize = whole.messages.iter().map(Vec::len).sum();
    assert!(through <= stream.len(), "more came out than went in");
    round_trip(stream);
}

#[derive(Debug, PartialEq, Eq)]
struct Decoded {
    messages: Vec<Vec<u8>>,
    error: Option<&'static str>,
    framing: Framing,
    mid_message: bool,
}

fn decode<'a>(pushes: impl IntoIterator<Item = &'a [u8]>, limit: usize, agreed_after: Option<usize>) -> Decoded {
    let mut decoder = Decoder::new(limit);
    let (mut messages, mut error) = (Vec::new(), None);
    // Octets that no message has taken yet.
    let mut pending = 0usize;
    if agreed_after == Some(0) {
        decoder.set_chunked();
    }
    for push in pushes {
        decoder.push(push);
        pending += push.len();
        while error.is_none() {
            match decoder.next_message() {
                Ok(Some(message)) => {
                    pending = pending.saturating_sub(message.len() + END_OF_MESSAGE.len());
                    messages.push(message);
                    if agreed_after == Some(messages.len()) {
                        decoder.set_chunked();
                    }
                }
                Ok(None) => break,
                Err(first) => {
                    assert_eq!(decoder.next_message(), Err(first.clone()), "an error must stay");
                    assert!(first.to_string().len() < 200, "an error quotes too much");
                    error = Some(match first {
                        FramingError::TooLarge { .. } => "too large",
                        FramingError::NotAChunk { .. } => "not a chunk",
                    });
                }
            }
        }
        // Blanks before a peer's first frame are not kept.
        if messages.is_empty() && error.is_none() && agreed_after != Some(0) {
            assert!(pending <= limit + END_OF_MESSAGE.len(), "{pending} bytes are kept with a limit of {limit}");
        }
    }
    Decoded { messages, mid_message: error.is_none() && decoder.is_mid_message(), error, framing: decoder.framing() }
}

/// What Mercury writes, Mercury reads.
fn round_trip(message: &[u8]) {
    let clean: Vec<u8> = message.iter().copied().filter(|byte| *byte != 0).collect();
    let mut decoder = Decoder::new(clean.len());
    if !clean.windows(END_OF_MESSAGE.len()).any(|window| window == END_OF_MESSAGE)
        // A marker that begins in the message's own last octets ends it early.
        && !clean.ends_with(b"]]>")
    {
        decoder.push(&encode_eom(&clean));
        assert_eq!(decoder.next_message().as_ref(), Ok(&Some(clean.clone())));
        assert!(!decoder.is_mid_message());
    }
    let mut decoder = Decoder::new(clean.len());
    decoder.set_chunked();
    decoder.push(&encode_chunked(&clean));
    assert_eq!(decoder.next_message().as_ref(), Ok(&Some(clean)));
    assert_eq!(decoder.next_message(), Ok(None));
    assert!(!decoder.is_mid_message());
}
