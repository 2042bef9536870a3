//! Message framing of NETCONF over SSH (RFC 6242 section 4): bytes in, whole
//! messages out. No socket, no clock.
//!
//! What is written is exactly the RFC; what is read may be sloppy, because
//! devices are: blank lines and NUL octets between frames, a missing last line
//! feed, and servers that promise chunks and keep using end-of-message.

/// The end-of-message marker of base 1.0, also used for every hello.
const END_OF_MESSAGE: &[u8] = b"]]>]]>";
/// Octets of room that are kept between messages: thousands of sessions are idle, and a reply is read
/// again in pieces that are larger.
const KEPT: usize = 1 << 10;
/// Ten digits hold the largest chunk size the RFC allows, 4294967295.
const MAX_SIZE_DIGITS: usize = 10;

/// How the peer marks the end of its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `]]>]]>` after each message (RFC 6242 section 4.3).
    EndOfMessage,
    /// Chunks are agreed; the peer's first frame decides, because some servers
    /// announce base 1.1 and stay on [`Framing::EndOfMessage`].
    Agreed,
    /// Chunks (RFC 6242 section 4.2).
    Chunked,
}

/// Why a byte stream cannot be cut into messages. The stream is useless after it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// The message is larger than the caller allows.
    #[error("the message is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Something else stood where a chunk had to begin.
    #[error("expected a chunk, found {}", printable(.found))]
    NotAChunk {
        /// The first bytes of what was found.
        found: Vec<u8>,
    },
}

fn printable(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}

/// Cuts a byte stream into messages. Starts with [`Framing::EndOfMessage`], as
/// every session does.
#[derive(Debug)]
pub struct Decoder {
    framing: Framing,
    limit: usize,
    /// What was pushed; the octets before `start` are used up.
    buffer: Vec<u8>,
    start: usize,
    /// How far behind `start` no end-of-message marker begins.
    searched: usize,
    /// The chunks of the message in progress.
    message: Vec<u8>,
    /// How much of the current chunk is still to come.
    chunk_left: usize,
    failed: Option<FramingError>,
}

impl Decoder {
    /// A decoder that refuses messages of more than `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            framing: Framing::EndOfMessage,
            limit,
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            message: Vec::new(),
            chunk_left: 0,
            failed: None,
        }
    }

    /// Both sides announced base 1.1: chunks from here on, unless the peer's
    /// first frame shows otherwise.
    pub fn set_chunked(&mut self) {
        if self.framing == Framing::EndOfMessage {
            self.framing = Framing::Agreed;
            self.searched = 0;
        }
    }

    /// Refuses messages of more than `limit` bytes from here on.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// How many bytes are kept of messages that have not ended.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.message.len() + self.unread().len()
    }

    /// How the peer frames, as far as it is known.
    #[must_use]
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// True when a message has begun and not ended: the stream may not end here.
    #[must_use]
    pub fn is_mid_message(&self) -> bool {
        self.chunk_left > 0 || !self.message.is_empty() || self.unread().iter().any(|byte| !is_filler(*byte))
    }

    /// Takes what was read, however it was split.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next whole message, without its framing and without NUL octets, or
    /// `None` until more bytes come. Call until `None` after each push.
    ///
    /// # Errors
    /// When the peer breaks the framing or the limit; then for ever.
    pub fn next_message(&mut self) -> Result<Option<Vec<u8>>, FramingError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let next = self.advance();
        self.compact();
        if let Err(error) = &next {
            self.failed = Some(error.clone());
            self.buffer = Vec::new();
            self.start = 0;
        }
        next
    }

    fn advance(&mut self) -> Result<Option<Vec<u8>>, FramingError> {
        if self.framing == Framing::Agreed {
            self.skip_filler();
            match self.unread().first() {
                None => return Ok(None),
                Some(b'#') => self.framing = Framing::Chunked,
                Some(_) => self.framing = Framing::EndOfMessage,
            }
        }
        match self.framing {
            Framing::Chunked => self.next_chunked(),
            Framing::EndOfMessage | Framing::Agreed => self.next_marked(),
        }
    }

    fn next_marked(&mut self) -> Result<Option<Vec<u8>>, FramingError> {
        let unread = self.unread();
        let tail = unread.get(self.searched..).unwrap_or_default();
        let found = tail.windows(END_OF_MESSAGE.len()).position(|window| window == END_OF_MESSAGE);
        let length = found.map_or(unread.len(), |at| self.searched + at);
        if length > self.limit.saturating_add(if found.is_none() { END_OF_MESSAGE.len() } else { 0 }) {
            return Err(self.too_large());
        }
        if found.is_none() {
            // The marker may have begun in the last five octets.
            self.searched = length.saturating_sub(END_OF_MESSAGE.len() - 1);
            return Ok(None);
        }
        self.searched = 0;
        Ok(Some(without_nul(self.cut(length))))
    }

    /// Takes a message of so many octets, and its end. What is the most of the
    /// buffer is not copied, but the rest of it is.
    fn cut(&mut self, length: usize) -> Vec<u8> {
        let end = self.start + length + END_OF_MESSAGE.len();
        if self.start > 0 || end < self.buffer.len() / 2 {
            let message = self.unread().get(..length).unwrap_or_default().to_vec();
            self.start = end;
            return message;
        }
        let rest = self.buffer.split_off(end);
        let mut message = std::mem::replace(&mut self.buffer, rest);
        message.truncate(length);
        message
    }

    fn next_chunked(&mut self) -> Result<Option<Vec<u8>>, FramingError> {
        loop {
            if self.chunk_left > 0 {
                let unread = self.buffer.get(self.start..).unwrap_or_default();
                let part = unread.get(..self.chunk_left).unwrap_or(unread);
                self.message.extend_from_slice(part);
                self.start += part.len();
                self.chunk_left -= part.len();
                if self.chunk_left > 0 {
                    return Ok(None);
                }
            }
            self.skip_filler();
            match chunk_header(self.unread())? {
                Header::Incomplete => return Ok(None),
                Header::End { length } => {
                    self.start += length;
                    return Ok(Some(without_nul(std::mem::take(&mut self.message))));
                }
                Header::Chunk { length, size } => {
                    if size > self.limit.saturating_sub(self.message.len()) {
                        return Err(self.too_large());
                    }
                    self.start += length;
                    self.chunk_left = size;
                }
            }
        }
    }

    fn too_large(&self) -> FramingError {
        FramingError::TooLarge { limit: self.limit }
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn skip_filler(&mut self) {
        let filler = self.unread().iter().take_while(|byte| is_filler(**byte)).count();
        self.start += filler;
    }

    /// Moving the rest to the front only when it is the smaller half keeps the
    /// cost per byte constant, whatever the pushes look like.
    fn compact(&mut self) {
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.buffer.shrink_to(KEPT);
            self.start = 0;
        } else if self.start > self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
    }
}

/// What devices put between frames although the RFC does not.
fn is_filler(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b' ' | b'\t' | 0)
}

fn without_nul(mut message: Vec<u8>) -> Vec<u8> {
    if message.contains(&0) {
        message.retain(|byte| *byte != 0);
    }
    message
}

enum Header {
    Incomplete,
    Chunk { length: usize, size: usize },
    End { length: usize },
}

/// Reads `#<size>LF` or `##`. The end marker is taken before its line feed
/// arrives: some servers forget it, and the next frame skips it otherwise.
fn chunk_header(bytes: &[u8]) -> Result<Header, FramingError> {
    let wrong = || FramingError::NotAChunk { found: bytes.iter().take(24).copied().collect() };
    let after = match bytes {
        [] | [b'#'] => return Ok(Header::Incomplete),
        [b'#', b'#', ..] => return Ok(Header::End { length: 2 }),
        [b'#', after @ ..] => after,
        _ => return Err(wrong()),
    };
    let digits: Vec<u8> = after.iter().copied().take_while(u8::is_ascii_digit).take(MAX_SIZE_DIGITS + 1).collect();
    let size = std::str::from_utf8(&digits).ok().and_then(|text| text.parse::<u32>().ok());
    match (size, after.get(digits.len())) {
        (None, None) if digits.is_empty() => Ok(Header::Incomplete),
        (Some(size), Some(b'\n')) if size > 0 => {
            Ok(Header::Chunk { length: 1 + digits.len() + 1, size: usize::try_from(size).unwrap_or(usize::MAX) })
        }
        (Some(_), None) => Ok(Header::Incomplete),
        _ => Err(wrong()),
    }
}

/// The message with the end-of-message marker and nothing after it: one stray
/// line feed makes some servers wait for a message that never comes.
#[must_use]
pub fn encode_eom(message: &[u8]) -> Vec<u8> {
    [message, END_OF_MESSAGE].concat()
}

/// The message as one chunk and the end of chunks.
#[must_use]
pub fn encode_chunked(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 24);
    for chunk in message.chunks(u32::MAX as usize) {
        out.extend_from_slice(format!("\n#{}\n", chunk.len()).as_bytes());
        out.extend_from_slice(chunk);
    }
    out.extend_from_slice(b"\n##\n");
    out
}

#[cfg(test)]
#[path = "framing_tests.rs"]
mod tests;
