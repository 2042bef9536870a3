//! Framing under hostile splits and sloppy peers.

use proptest::prelude::*;

use super::*;

const LIMIT: usize = 1 << 20;

fn drain(decoder: &mut Decoder) -> Result<Vec<Vec<u8>>, FramingError> {
    let mut messages = Vec::new();
    while let Some(message) = decoder.next_message()? {
        messages.push(message);
    }
    Ok(messages)
}

fn decode(chunked: bool, limit: usize, bytes: &[u8]) -> Result<Vec<Vec<u8>>, FramingError> {
    let mut decoder = Decoder::new(limit);
    if chunked {
        decoder.set_chunked();
    }
    decoder.push(bytes);
    drain(&mut decoder)
}

#[test]
fn chunk_sizes_count_octets_not_characters() {
    let message = "<d>© ünï</d>".as_bytes();
    let framed = encode_chunked(message);
    assert!(framed.starts_with(format!("\n#{}\n", message.len()).as_bytes()));
    assert_eq!(decode(true, LIMIT, &framed).unwrap(), [message]);
}

#[test]
fn several_chunks_make_one_message() {
    let bytes = b"\n#4\n<rpc\n#18\n message-id=\"102\"\n\n#5\n></r>\n##\n";
    let bytes_ok = b"\n#4\n<rpc\n#17\n message-id=\"102\"\n#5\n></r>\n##\n";
    assert_eq!(decode(true, LIMIT, bytes_ok).unwrap(), [b"<rpc message-id=\"102\"></r>"]);
    assert_eq!(decode(true, LIMIT, bytes).unwrap(), [b"<rpc message-id=\"102\"\n></r>"]);
}

#[test]
fn line_feeds_around_frames_do_not_matter() {
    for bytes in [&b"\n\n\n#3\nabc\n##\n\n\n#1\nd\n##"[..], b"#3\nabc##\r\n#1\nd\n\n##\n\0\0\n"] {
        assert_eq!(decode(true, LIMIT, bytes).unwrap(), [&b"abc"[..], b"d"]);
    }
}

#[test]
fn nul_octets_are_dropped() {
    assert_eq!(decode(false, LIMIT, b"<a/>\0\0]]>]]>\0").unwrap(), [b"<a/>"]);
    assert_eq!(decode(true, LIMIT, b"\0\n#6\n<a/>\0\0\n##\n").unwrap(), [b"<a/>"]);
}

#[test]
fn a_peer_that_promised_chunks_may_stay_on_end_of_message() {
    let mut decoder = Decoder::new(LIMIT);
    decoder.push(b"<hello/>]]>]]>\n");
    assert_eq!(decoder.next_message().unwrap().unwrap(), b"<hello/>");
    decoder.set_chunked();
    assert_eq!(decoder.framing(), Framing::Agreed);
    decoder.push(b"<?xml?><a/>]]>]]><b>\n#3\nabc\n##\n</b>]]>]]>");
    let messages = drain(&mut decoder).unwrap();
    assert_eq!(messages, [&b"<?xml?><a/>"[..], b"<b>\n#3\nabc\n##\n</b>"]);
    assert_eq!(decoder.framing(), Framing::EndOfMessage);
}

#[test]
fn once_chunked_a_peer_may_not_change_back() {
    let error = decode(true, LIMIT, b"\n#1\na\n##\n<b/>]]>]]>").unwrap_err();
    assert!(error.to_string().contains("found \"<b/>]]>]]>\""), "{error}");
}

#[test]
fn wrong_chunk_sizes_are_refused() {
    for size in ["0", "", "-1", "4294967296", "99999999999", "1a", "+5", " 5"] {
        let bytes = format!("\n#{size}\nabc\n##\n");
        let error = decode(true, LIMIT, bytes.as_bytes()).unwrap_err();
        assert!(matches!(error, FramingError::NotAChunk { .. }), "{size}: {error}");
    }
}

#[test]
fn the_size_limit_holds_before_the_message_is_here() {
    let too_large = Err(FramingError::TooLarge { limit: 10 });
    assert_eq!(decode(true, 10, b"\n#11\n"), too_large);
    assert_eq!(decode(true, 10, b"\n#6\nabcdef\n#5\n"), too_large);
    assert_eq!(decode(false, 10, &[b'a'; 17]), too_large);
    assert_eq!(decode(false, 10, b"aaaaaaaaaaa]]>]]>"), too_large);
    assert_eq!(decode(false, 10, b"aaaaaaaaaa]]>]]>").unwrap().len(), 1);
    assert_eq!(decode(true, 10, b"\n#5\nabcde\n#5\nabcde\n##\n").unwrap().len(), 1);
}

#[test]
fn an_error_is_final() {
    let mut decoder = Decoder::new(LIMIT);
    decoder.set_chunked();
    decoder.push(b"#x\n");
    let first = decoder.next_message().unwrap_err();
    decoder.push(b"\n#1\na\n##\n");
    assert_eq!(decoder.next_message().unwrap_err(), first);
}

#[test]
fn a_half_message_is_noticed() {
    let mut decoder = Decoder::new(LIMIT);
    decoder.push(b"<a/>]]>]]>\n");
    assert_eq!(drain(&mut decoder).unwrap().len(), 1);
    assert!(!decoder.is_mid_message());
    decoder.push(b"<b");
    assert!(decoder.is_mid_message());
}

#[test]
fn a_chunk_that_is_announced_and_missing_is_half_a_message() {
    let mut decoder = Decoder::new(LIMIT);
    decoder.set_chunked();
    decoder.push(b"\n#4\n");
    assert_eq!(drain(&mut decoder).unwrap().len(), 0);
    assert!(decoder.is_mid_message());
    decoder.push(b"<a/>\n##\n");
    assert_eq!(drain(&mut decoder).unwrap().len(), 1);
    assert!(!decoder.is_mid_message());
}

/// Quadratic search would take hours here.
#[test]
fn a_large_message_fed_byte_by_byte_is_decoded_in_linear_time() {
    let message = vec![b'x'; 1 << 20];
    for chunked in [false, true] {
        let framed = if chunked { encode_chunked(&message) } else { encode_eom(&message) };
        let mut decoder = Decoder::new(2 << 20);
        if chunked {
            decoder.set_chunked();
        }
        let mut messages = Vec::new();
        for byte in &framed {
            decoder.push(std::slice::from_ref(byte));
            messages.extend(drain(&mut decoder).unwrap());
        }
        assert_eq!(messages, std::slice::from_ref(&message));
    }
}

#[test]
fn many_small_messages_in_one_push_are_decoded_in_linear_time() {
    let framed = encode_chunked(b"<a/>").repeat(200_000);
    assert_eq!(decode(true, LIMIT, &framed).unwrap().len(), 200_000);
}

/// Without NUL and without the marker, which no XML message contains.
fn message() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(
        prop_oneof![4 => 1u8..=255, 1 => Just(b']'), 1 => Just(b'>'), 1 => Just(b'#'), 1 => Just(b'\n')],
        1..200,
    )
    .prop_filter("holds the marker", |m| {
        let framed = encode_eom(m);
        framed.windows(6).position(|w| w == END_OF_MESSAGE) == Some(m.len())
    })
}

proptest! {
    #[test]
    fn messages_survive_any_split(
        messages in proptest::collection::vec(message(), 1..6),
        cuts in proptest::collection::vec(1usize..40, 0..60),
        chunked in any::<bool>(),
    ) {
        let encode = if chunked { encode_chunked } else { encode_eom };
        let stream: Vec<u8> = messages.iter().flat_map(|m| encode(m)).collect();
        let mut decoder = Decoder::new(LIMIT);
        if chunked {
            decoder.set_chunked();
        }
        let (mut rest, mut decoded) = (stream.as_slice(), Vec::new());
        for cut in cuts {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            decoder.push(now);
            decoded.extend(drain(&mut decoder).unwrap());
            rest = later;
        }
        decoder.push(rest);
        decoded.extend(drain(&mut decoder).unwrap());
        prop_assert_eq!(decoded, messages);
        prop_assert!(!decoder.is_mid_message());
    }

    #[test]
    fn chunks_of_any_size_join_to_the_same_message(
        message in message(),
        size in 1usize..50,
    ) {
        let mut stream = Vec::new();
        for chunk in message.chunks(size) {
            stream.extend(format!("\n#{}\n", chunk.len()).into_bytes());
            stream.extend_from_slice(chunk);
        }
        stream.extend(b"\n##\n");
        prop_assert_eq!(decode(true, LIMIT, &stream).unwrap(), vec![message]);
    }

    #[test]
    fn garbage_never_panics_and_never_loops(
        pieces in proptest::collection::vec(proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'#'), Just(b'\n'), Just(b'1')], 0..40), 0..20),
        chunked in any::<bool>(),
    ) {
        let mut decoder = Decoder::new(64);
        if chunked {
            decoder.set_chunked();
        }
        for piece in pieces {
            decoder.push(&piece);
            if drain(&mut decoder).is_err() {
                break;
            }
        }
    }
}

/// A session lives on after the one large reply that it had.
#[test]
fn little_is_kept_of_a_large_message_when_it_is_over() {
    let message = vec![b'x'; 8 << 20];
    let marked = [&message[..], b"]]>]]>"].concat();
    for (chunked, framed) in [(false, marked), (true, encode_chunked(&message))] {
        let mut decoder = Decoder::new(16 << 20);
        if chunked {
            decoder.set_chunked();
        }
        let mut whole = 0;
        for piece in framed.chunks(5000) {
            decoder.push(piece);
            whole += drain(&mut decoder).unwrap().iter().map(Vec::len).sum::<usize>();
        }
        assert_eq!(whole, message.len());
        assert!(decoder.message.is_empty());
        let kept = decoder.buffer.capacity();
        assert!(kept <= 256 << 10, "chunked {chunked}: {kept} bytes");
    }
}
