//! TELNET: whatever a device negotiates, and however that is cut.

use mercury_cli::conformance::Negotiation;

use crate::bytes::{Bytes, cut};

/// The first two bytes are the width of the terminal, the third the cuts; the rest is what
/// the device sends, and then what is sent to it.
pub fn telnet(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let columns = u32::from(bytes.byte()) << 8 | u32::from(bytes.byte());
    let seed = bytes.byte();
    let sent = bytes.rest();

    let (heard, answers) = hear(columns, &[sent]);
    assert_eq!((&heard, &answers), (&hear(columns, &cut(sent, seed)).0, &hear(columns, &cut(sent, seed)).1), "cut");
    assert!(heard.len() <= sent.len() && answers.len() <= 5 * sent.len(), "more came out than went in");

    // Whoever is answered hears no data in it, and has nothing more to say that is answered:
    // two that only answer do not go on for ever.
    let (data, mut last) = hear(columns, &[&answers]);
    assert_eq!(data, b"", "an answer holds data");
    for _ in 0..2 {
        last = hear(columns, &[&last]).1;
    }
    assert!(last.len() <= answers.len() * 5, "answers to answers grow");

    // What is said arrives, and negotiates nothing.
    let said: Vec<u8> = sent.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect();
    let mut encoded = Vec::new();
    Negotiation::encode(&said, &mut encoded);
    assert_eq!(hear(columns, &cut(&encoded, seed)), (said, Vec::new()), "what is said is not what is heard");
}

/// The data in these pieces, and what is answered to the rest.
fn hear(columns: u32, pieces: &[&[u8]]) -> (Vec<u8>, Vec<u8>) {
    let (mut own, mut data, mut answers) = (Negotiation::new(columns), Vec::new(), Vec::new());
    pieces.iter().for_each(|piece| own.receive(piece, &mut data, &mut answers));
    (data, answers)
}
