//! NETCONF framing (RFC 6242 section 4), fed with bytes.

/// Largest message taken. A configuration of a thousand ports is well below.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;
const END_OF_MESSAGE: &[u8] = b"]]>]]>";

/// How messages are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// `]]>]]>` ends a message (section 4.3).
    EndOfMessage,
    /// Counted chunks (section 4.2).
    Chunked,
}

/// Bytes that cannot be taken apart. The session cannot go on after this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FramingError {
    #[error("a message of more than {MAX_MESSAGE} bytes")]
    TooBig,
    #[error("not a chunk of RFC 6242 section 4.2")]
    BadChunk,
    #[error("a chunk where end-of-message framing was agreed")]
    UnexpectedChunk,
}

/// Takes a byte stream apart.
#[derive(Debug)]
pub(crate) struct Decoder {
    framing: Framing,
    /// Bytes not yet consumed.
    pub(crate) input: Vec<u8>,
    /// Where the search for the end of message goes on.
    searched: usize,
    /// Chunks of the message at hand.
    message: Vec<u8>,
}

impl Decoder {
    /// Every session begins with end-of-message framing.
    pub(crate) fn new() -> Self {
        Self { framing: Framing::EndOfMessage, input: Vec::new(), searched: 0, message: Vec::new() }
    }

    pub(crate) fn switch_to(&mut self, framing: Framing) {
        self.framing = framing;
        self.searched = 0;
    }

    /// The next whole message, if there is one.
    pub(crate) fn message(&mut self) -> Result<Option<Vec<u8>>, FramingError> {
        let message = match self.framing {
            Framing::EndOfMessage => self.until_end_of_message()?,
            Framing::Chunked => self.until_end_of_chunks()?,
        };
        if message.is_none() && self.input.len() + self.message.len() > MAX_MESSAGE {
            return Err(FramingError::TooBig);
        }
        Ok(message)
    }

    fn until_end_of_message(&mut self) -> Result<Option<Vec<u8>>, FramingError> {
        let blank = self.input.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if self.input.get(blank) == Some(&b'#') {
            // Waiting for an end that never comes helps nobody.
            return Err(FramingError::UnexpectedChunk);
        }
        let from = self.searched.saturating_sub(END_OF_MESSAGE.len());
        let rest = self.input.get(from..).unwrap_or_default();
        let found = rest.windows(END_OF_MESSAGE.len()).position(|window| window == END_OF_MESSAGE);
        let Some(at) = found.map(|at| from + at) else {
            self.searched = self.input.len();
            return Ok(None);
        };
        self.searched = 0;
        let mut message: Vec<u8> = self.input.drain(..at + END_OF_MESSAGE.len()).collect();
        message.truncate(at);
        Ok(Some(message))
    }

    fn until_end_of_chunks(&mut self) -> Result<Option<Vec<u8>>, FramingError> {
        loop {
            let Some(header) = chunk_header(&self.input)? else { return Ok(None) };
            match header {
                Header::End { length } => {
                    self.input.drain(..length);
                    if self.message.is_empty() {
                        return Err(FramingError::BadChunk);
                    }
                    return Ok(Some(std::mem::take(&mut self.message)));
                }
                Header::Chunk { length, size } => {
                    if self.message.len() + size > MAX_MESSAGE {
                        return Err(FramingError::TooBig);
                    }
                    let Some(data) = self.input.get(length..length + size) else {
                        return Ok(None);
                    };
                    self.message.extend_from_slice(data);
                    self.input.drain(..length + size);
                }
            }
        }
    }
}

enum Header {
    Chunk { length: usize, size: usize },
    End { length: usize },
}

/// `LF # 1-9[0-9]* LF` or `LF # # LF`, to the byte.
fn chunk_header(input: &[u8]) -> Result<Option<Header>, FramingError> {
    /// chunk-size is at most 4294967295.
    const MAX_DIGITS: usize = 10;
    for (expected, byte) in b"\n#".iter().zip(input) {
        if expected != byte {
            return Err(FramingError::BadChunk);
        }
    }
    let Some(rest) = input.get(2..) else { return Ok(None) };
    match rest {
        [] | [b'#'] => return Ok(None),
        [b'#', b'\n', ..] => return Ok(Some(Header::End { length: 4 })),
        [b'1'..=b'9', ..] => {}
        _ => return Err(FramingError::BadChunk),
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > MAX_DIGITS {
        return Err(FramingError::TooBig);
    }
    match rest.get(digits) {
        None => return Ok(None),
        Some(b'\n') => {}
        Some(_) => return Err(FramingError::BadChunk),
    }
    let size = rest
        .get(..digits)
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
        .ok_or(FramingError::TooBig)?;
    Ok(Some(Header::Chunk { length: 2 + digits + 1, size }))
}

/// Appends a framed message.
pub(crate) fn encode(framing: Framing, message: &str, output: &mut Vec<u8>) {
    match framing {
        Framing::EndOfMessage => {
            output.extend_from_slice(message.as_bytes());
            output.extend_from_slice(END_OF_MESSAGE);
        }
        Framing::Chunked => {
            output.extend_from_slice(format!("\n#{}\n", message.len()).as_bytes());
            output.extend_from_slice(message.as_bytes());
            output.extend_from_slice(b"\n##\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn byte_by_byte(framing: Framing, input: &[u8]) -> Result<Vec<String>, FramingError> {
        let mut decoder = Decoder::new();
        decoder.switch_to(framing);
        let mut messages = Vec::new();
        for byte in input {
            decoder.input.push(*byte);
            while let Some(message) = decoder.message()? {
                messages.push(String::from_utf8(message).unwrap());
            }
        }
        Ok(messages)
    }

    #[test]
    fn messages_are_found_however_the_bytes_arrive() {
        let eom = b"<a/>]]>]]><b>]]]>]]></b>]]>]]>";
        assert_eq!(byte_by_byte(Framing::EndOfMessage, eom).unwrap(), ["<a/>", "<b>]", "</b>"]);
        let chunks = "\n#3\n<a>\n#6\n\u{a9}</a>\n##\n\n#4\n<b/>\n##\n";
        assert_eq!(byte_by_byte(Framing::Chunked, chunks.as_bytes()).unwrap(), ["<a>\u{a9}</a>", "<b/>"]);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for framing in [Framing::EndOfMessage, Framing::Chunked] {
            let mut bytes = Vec::new();
            encode(framing, "<x>\u{fc}</x>", &mut bytes);
            encode(framing, "<y/>", &mut bytes);
            assert_eq!(byte_by_byte(framing, &bytes).unwrap(), ["<x>\u{fc}</x>", "<y/>"]);
        }
    }

    #[test]
    fn a_chunk_that_is_not_exact_is_refused() {
        for bad in ["#4\n", "\n\n#4\n", "\n#04\n", "\n# 4\n", "\n#4 \n", "\n##\n", "\n#0\n", "\n#4x"] {
            let result = byte_by_byte(Framing::Chunked, bad.as_bytes());
            assert_eq!(result, Err(FramingError::BadChunk), "{bad:?}");
        }
        let result = byte_by_byte(Framing::Chunked, b"\n#4294967295\n");
        assert_eq!(result, Err(FramingError::TooBig));
        let result = byte_by_byte(Framing::EndOfMessage, b"\n#4\n<a/>\n##\n");
        assert_eq!(result, Err(FramingError::UnexpectedChunk));
    }
}
