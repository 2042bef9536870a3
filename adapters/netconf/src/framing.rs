//! Message framing of NETCONF over SSH (RFC 6242 section 4): bytes in, whole
//! messages out. No socket, no clock.
//!
//! What is written is exactly the RFC; what is read may be sloppy, because
//! devices are: blank lines and NUL octets between frames, a missing last line
//! feed, and servers that promise chunks and keep using end-of-message.

use mercury_adapter::Pieces;

/// The end-of-message marker of base 1.0, also used for every hello.
const END_OF_MESSAGE: &[u8] = b"]]>]]>";
/// Octets of room that are kept between messages: thousands of sessions are idle, and a reply is read
/// again in pieces that are larger.
const KEPT: usize = 1 << 10;
/// Octets of a message that says nothing and is passed over; one of more is looked at like any other.
const MOST_BLANK: usize = 64 << 10;
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
    /// What has come of the message in progress.
    message: Pieces,
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
            message: Pieces::new(),
            chunk_left: 0,
            failed: None,
        }
    }

    /// Both sides announced base 1.1: chunks from here on, unless the peer's
    /// first frame shows otherwise.
    pub fn set_chunked(&mut self) {
        if self.framing == Framing::EndOfMessage {
            self.framing = Framing::Agreed;
            let mut all = std::mem::take(&mut self.message).into_vec();
            all.extend_from_slice(self.unread());
            (self.buffer, self.start) = (all, 0);
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
        let is_chunk = self.chunk_left > 0 || self.framing == Framing::Chunked && !self.message.is_empty();
        is_chunk || self.message.octets().chain(self.unread().iter().copied()).any(|byte| !is_filler(byte))
    }

    /// Takes what was read, however it was split.
    pub fn push(&mut self, mut bytes: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        if self.chunk_left > 0 && self.unread().is_empty() {
            let (own, rest) = bytes.split_at(bytes.len().min(self.chunk_left));
            self.message.push(own);
            self.chunk_left -= own.len();
            bytes = rest;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// As [`next_whole`](Self::next_whole), put together here.
    ///
    /// # Errors
    /// As of [`next_whole`](Self::next_whole).
    pub fn next_message(&mut self) -> Result<Option<Vec<u8>>, FramingError> {
        Ok(self.next_whole()?.map(Message::into_octets))
    }

    /// The next whole message, without its framing, or `None` until more bytes come. Call
    /// until `None` after each push.
    ///
    /// # Errors
    /// When the peer breaks the framing or the limit; then for ever.
    pub fn next_whole(&mut self) -> Result<Option<Message>, FramingError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let next = self.advance();
        self.compact();
        if let Err(error) = &next {
            self.failed = Some(error.clone());
            (self.buffer, self.start) = (Vec::new(), 0);
            self.message = Pieces::new();
        }
        next
    }

    fn advance(&mut self) -> Result<Option<Message>, FramingError> {
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

    fn next_marked(&mut self) -> Result<Option<Message>, FramingError> {
        let unread = self.buffer.get(self.start..).unwrap_or_default();
        let found = unread.windows(END_OF_MESSAGE.len()).position(|window| window == END_OF_MESSAGE);
        let length = self.message.len() + found.unwrap_or(unread.len());
        if length > self.limit.saturating_add(if found.is_none() { END_OF_MESSAGE.len() } else { 0 }) {
            return Err(self.too_large());
        }
        // The marker may have begun in the last five octets.
        let taken = found.unwrap_or_else(|| unread.len().saturating_sub(END_OF_MESSAGE.len() - 1));
        self.message.push(unread.get(..taken).unwrap_or_default());
        self.start += taken;
        if found.is_none() {
            return Ok(None);
        }
        self.start += END_OF_MESSAGE.len();
        Ok(Some(Message(std::mem::take(&mut self.message))))
    }

    fn next_chunked(&mut self) -> Result<Option<Message>, FramingError> {
        loop {
            if self.chunk_left > 0 {
                let unread = self.buffer.get(self.start..).unwrap_or_default();
                let part = unread.get(..self.chunk_left).unwrap_or(unread);
                self.message.push(part);
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
                    return Ok(Some(Message(std::mem::take(&mut self.message))));
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
            self.start = 0;
            if self.message.is_empty() {
                self.buffer.shrink_to(KEPT);
            }
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

/// A whole message, as it came.
#[derive(Debug)]
pub struct Message(Pieces);

impl Message {
    /// How many octets have come of it.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.0.len()
    }

    /// Whether it is little, and nothing that says anything.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.octets() <= MOST_BLANK && self.0.octets().all(|octet| octet == 0 || octet.is_ascii_whitespace())
    }

    /// Its octets without NUL; they are copied, which is not a worker's to do when they are many.
    #[must_use]
    pub fn into_octets(self) -> Vec<u8> {
        let mut octets = self.0.into_vec();
        if octets.contains(&0) {
            octets.retain(|octet| *octet != 0);
        }
        octets
    }
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
