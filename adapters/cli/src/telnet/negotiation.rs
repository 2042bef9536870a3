//! TELNET without a socket (RFC 854): commands are taken out of what comes and
//! answered, and what is sent is made fit for it.

const SE: u8 = 240;
const SB: u8 = 250;
const WILL: u8 = 251;
const WONT: u8 = 252;
const DO: u8 = 253;
const DONT: u8 = 254;
const IAC: u8 = 255;

/// RFC 857.
const ECHO: u8 = 1;
/// RFC 858.
const SUPPRESS_GO_AHEAD: u8 = 3;
/// RFC 1091.
const TERMINAL_TYPE: u8 = 24;
/// RFC 1073.
const WINDOW_SIZE: u8 = 31;

/// RFC 1091.
const IS: u8 = 0;
const SEND: u8 = 1;

/// A terminal that no device is tempted to colour.
const TERMINAL: &[u8] = b"vt100";

/// Rows of the terminal: as many as there are, so that nothing stops at its foot.
const ROWS: u16 = 10_000;

/// Octets of a subnegotiation that are kept; the one that is understood has two.
const MAX_SUBNEGOTIATION: usize = 16;

/// What the peer may do, and what it may ask for.
const THEIRS: [u8; 2] = [ECHO, SUPPRESS_GO_AHEAD];
const OURS: [u8; 3] = [SUPPRESS_GO_AHEAD, TERMINAL_TYPE, WINDOW_SIZE];

/// What has been agreed with one peer. It begins nothing: options are taken or refused
/// as the peer names them, and an answer follows a change only (RFC 854, general
/// considerations).
#[derive(Debug)]
pub struct Negotiation {
    columns: u16,
    state: State,
    /// Of [`THEIRS`] and [`OURS`], which are in effect.
    theirs: [bool; 2],
    ours: [bool; 3],
    subnegotiation: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Data,
    /// IAC.
    Command,
    /// IAC and one of WILL, WONT, DO and DONT.
    Option(u8),
    /// IAC SB.
    Subnegotiation,
    /// IAC in it.
    SubnegotiationCommand,
}

impl Negotiation {
    /// With one whose terminal is `columns` characters wide.
    #[must_use]
    pub fn new(columns: u32) -> Self {
        Self {
            columns: u16::try_from(columns).unwrap_or(u16::MAX),
            state: State::Data,
            theirs: [false; 2],
            ours: [false; 3],
            subnegotiation: Vec::new(),
        }
    }

    /// Takes what came: adds the data in it to `data`, and the answers to the rest to
    /// `answers`. They have at most five times the octets of what came.
    pub fn receive(&mut self, bytes: &[u8], data: &mut Vec<u8>, answers: &mut Vec<u8>) {
        for byte in bytes {
            self.state = match (self.state, *byte) {
                (State::Data, IAC) => State::Command,
                (State::Data, byte) => {
                    data.push(byte);
                    State::Data
                }
                (State::Command, IAC) => {
                    data.push(IAC);
                    State::Data
                }
                (State::Command, verb @ (WILL | WONT | DO | DONT)) => State::Option(verb),
                (State::Command, SB) => {
                    self.subnegotiation.clear();
                    State::Subnegotiation
                }
                // Nothing else that it may say asks for anything of a terminal.
                (State::Command, _) => State::Data,
                (State::Option(verb), option) => {
                    self.option(verb, option, answers);
                    State::Data
                }
                (State::Subnegotiation, IAC) => State::SubnegotiationCommand,
                (State::SubnegotiationCommand, SE) => {
                    self.end_of_subnegotiation(answers);
                    State::Data
                }
                (State::Subnegotiation | State::SubnegotiationCommand, byte) => {
                    if self.subnegotiation.len() < MAX_SUBNEGOTIATION {
                        self.subnegotiation.push(byte);
                    }
                    State::Subnegotiation
                }
            };
        }
    }

    /// Adds what is to be sent to `output`: an octet 255 twice (RFC 854), the end of a line
    /// as CR LF, and a CR that ends none as CR NUL.
    pub fn encode(bytes: &[u8], output: &mut Vec<u8>) {
        let mut before = 0;
        for (position, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' if before != b'\r' => output.extend_from_slice(b"\r\n"),
                b'\r' if bytes.get(position + 1) != Some(&b'\n') => output.extend_from_slice(b"\r\0"),
                &IAC => output.extend_from_slice(&[IAC, IAC]),
                other => output.push(*other),
            }
            before = *byte;
        }
    }

    fn option(&mut self, verb: u8, option: u8, answers: &mut Vec<u8>) {
        let wanted = matches!(verb, WILL | DO);
        let (yes, no) = if matches!(verb, WILL | WONT) { (DO, DONT) } else { (WILL, WONT) };
        let (known, state): (&[u8], &mut [bool]) =
            if yes == DO { (&THEIRS, &mut self.theirs) } else { (&OURS, &mut self.ours) };
        let place = known.iter().position(|own| *own == option).and_then(|at| state.get_mut(at));
        match place {
            Some(state) if *state != wanted => {
                *state = wanted;
                answers.extend_from_slice(&[IAC, if wanted { yes } else { no }, option]);
                if wanted && yes == WILL && option == WINDOW_SIZE {
                    self.window_size(answers);
                }
            }
            None if wanted => answers.extend_from_slice(&[IAC, no, option]),
            Some(_) | None => {}
        }
    }

    fn window_size(&self, answers: &mut Vec<u8>) {
        answers.extend_from_slice(&[IAC, SB, WINDOW_SIZE]);
        for byte in [self.columns, ROWS].into_iter().flat_map(u16::to_be_bytes) {
            answers.extend(std::iter::repeat_n(byte, if byte == IAC { 2 } else { 1 }));
        }
        answers.extend_from_slice(&[IAC, SE]);
    }

    fn end_of_subnegotiation(&self, answers: &mut Vec<u8>) {
        if self.subnegotiation == [TERMINAL_TYPE, SEND] {
            answers.extend_from_slice(&[IAC, SB, TERMINAL_TYPE, IS]);
            answers.extend_from_slice(TERMINAL);
            answers.extend_from_slice(&[IAC, SE]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn heard(pieces: &[&[u8]]) -> (Vec<u8>, Vec<u8>) {
        let (mut own, mut data, mut answers) = (Negotiation::new(511), Vec::new(), Vec::new());
        pieces.iter().for_each(|piece| own.receive(piece, &mut data, &mut answers));
        (data, answers)
    }

    #[test]
    fn options_are_taken_or_refused_and_are_no_data() {
        for (said, data, answers) in [
            (&b"sw1>"[..], &b"sw1>"[..], &b""[..]),
            (
                &[IAC, WILL, ECHO, b'a', IAC, WILL, SUPPRESS_GO_AHEAD],
                b"a",
                &[IAC, DO, ECHO, IAC, DO, SUPPRESS_GO_AHEAD],
            ),
            // Said again, it is no question.
            (
                &[IAC, WILL, ECHO, IAC, WILL, ECHO, IAC, WONT, ECHO, IAC, WONT, ECHO],
                b"",
                &[IAC, DO, ECHO, IAC, DONT, ECHO],
            ),
            // Nor is what was never so, and what nobody here has.
            (&[IAC, WONT, ECHO, IAC, DONT, TERMINAL_TYPE, IAC, WONT, 99, IAC, DONT, 99], b"", b""),
            (&[IAC, WILL, 0, IAC, DO, ECHO, IAC, DO, 39], b"", &[IAC, DONT, 0, IAC, WONT, ECHO, IAC, WONT, 39]),
            (
                &[IAC, DO, TERMINAL_TYPE, IAC, SB, TERMINAL_TYPE, SEND, IAC, SE],
                b"",
                &[IAC, WILL, TERMINAL_TYPE, IAC, SB, TERMINAL_TYPE, IS, b'v', b't', b'1', b'0', b'0', IAC, SE],
            ),
            // 511 is 0x01ff, and an octet 255 is said twice.
            (
                &[IAC, DO, WINDOW_SIZE],
                b"",
                &[IAC, WILL, WINDOW_SIZE, IAC, SB, WINDOW_SIZE, 1, IAC, IAC, 0x27, 0x10, IAC, SE],
            ),
            // 255 as data, a command that asks for nothing, and a subnegotiation of anything.
            (&[b'a', IAC, IAC, b'b', IAC, 241, IAC, SB, 5, IAC, IAC, 7, IAC, SE, b'c'], &[b'a', IAC, b'b', b'c'], b""),
        ] {
            assert_eq!(heard(&[said]), (data.to_vec(), answers.to_vec()), "{said:?}");
        }
    }

    #[test]
    fn what_is_sent_is_fit_for_it() {
        for (bytes, sent) in [
            (&b"end\n"[..], &b"end\r\n"[..]),
            (b"end\r\n", b"end\r\n"),
            (b"end\r", b"end\r\0"),
            (b"\n\nx", b"\r\n\r\nx"),
            (&[b'x', 255], &[b'x', 255, 255]),
        ] {
            let mut output = Vec::new();
            Negotiation::encode(bytes, &mut output);
            assert_eq!(output, sent, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn it_is_the_same_however_it_is_cut_and_what_was_sent_is_heard(
            said in proptest::collection::vec(prop_oneof![Just(IAC), Just(SB), Just(SE), 251..=254_u8, any::<u8>()], 0..200),
            at in any::<prop::sample::Index>(),
        ) {
            let cut = at.index(said.len() + 1);
            let (data, answers) = heard(&[&said]);
            prop_assert_eq!(heard(&[&said[..cut], &said[cut..]]), (data.clone(), answers.clone()));
            prop_assert!(data.len() <= said.len() && answers.len() <= 5 * said.len());
            let lines: Vec<u8> = said.into_iter().filter(|byte| !b"\r\n".contains(byte)).collect();
            let mut sent = Vec::new();
            Negotiation::encode(&lines, &mut sent);
            prop_assert_eq!(heard(&[&sent]), (lines, Vec::new()));
        }
    }
}
