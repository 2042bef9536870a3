//! One NETCONF session as a state machine: bytes in and out, no socket, no
//! clock.

use crate::{
    framing::{Decoder, Framing, FramingError, Message, encode_chunked, encode_eom},
    hello::{HelloError, ServerHello, client_hello},
    message::{Inbound, Reply, rpc},
    xml::{Element, Limits, XmlError},
};

/// How messages are framed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FramingChoice {
    /// Announce base 1.1 and use what both sides have (RFC 6242 section 4.1).
    #[default]
    Auto,
    /// Announce base 1.0 only, for devices whose chunks are broken.
    ForceEom,
}

/// The peer breaks the protocol. The session cannot be used any more.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// The bytes are not messages.
    #[error("the server breaks message framing")]
    Framing(#[from] FramingError),
    /// The message is not XML.
    #[error("the server sent a message that cannot be read")]
    Xml(#[from] XmlError),
    /// The session did not begin with a hello.
    #[error("the server's greeting is unusable")]
    Hello(#[from] HelloError),
    /// A reply to a question nobody asked.
    #[error("the server answered message-id \"{}\", which is not outstanding", .0.escape_debug())]
    UnknownMessageId(String),
    /// A reply without message-id while it could belong to several requests.
    #[error("the server answered without message-id while {outstanding} requests are outstanding")]
    Unidentified {
        /// How many.
        outstanding: usize,
    },
    /// Neither reply nor notification.
    #[error("the server sent <{}> where a reply was due", .0.escape_debug())]
    Unexpected(String),
}

/// The largest hello accepted, in bytes: more than any device has to announce.
const MAX_HELLO: usize = 4 << 20;

/// The number of a request within its session.
pub type MessageId = u64;

/// The session's state.
#[derive(Debug)]
pub struct Protocol {
    decoder: Decoder,
    max_message_bytes: usize,
    choice: FramingChoice,
    last_id: MessageId,
    outstanding: Vec<MessageId>,
    /// A request of the client's own whose reply interests nobody.
    unheeded: Option<MessageId>,
}

impl Protocol {
    /// A session that has not begun. Messages over `max_message_bytes` are refused.
    #[must_use]
    pub fn new(choice: FramingChoice, max_message_bytes: usize) -> Self {
        Self {
            decoder: Decoder::new(max_message_bytes.min(MAX_HELLO)),
            max_message_bytes,
            choice,
            last_id: 0,
            outstanding: Vec::new(),
            unheeded: None,
        }
    }

    /// The client's greeting, always with the end-of-message marker.
    #[must_use]
    pub fn client_hello(&self) -> Vec<u8> {
        encode_eom(client_hello(self.choice == FramingChoice::Auto).as_bytes())
    }

    /// Takes what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    /// The server's hello once it is complete. After it the framing is settled,
    /// so the client's own hello must be on its way before the next request.
    ///
    /// # Errors
    /// When the peer sends something else.
    pub fn poll_hello(&mut self) -> Result<Option<ServerHello>, ProtocolError> {
        let Some(message) = self.decoder.next_message()? else { return Ok(None) };
        let hello = ServerHello::parse(&message, Limits::default())?;
        self.decoder.set_limit(self.max_message_bytes);
        if self.choice == FramingChoice::Auto && hello.has_base_1_1() {
            self.decoder.set_chunked();
        }
        Ok(Some(hello))
    }

    /// A request ready to be sent, from then on outstanding.
    ///
    /// # Errors
    /// When the operation holds what XML cannot carry; nothing is outstanding then.
    pub fn request(&mut self, operation: &Element) -> Result<(MessageId, Vec<u8>), XmlError> {
        let id = self.last_id + 1;
        let message = rpc(&id.to_string(), operation)?;
        self.last_id = id;
        self.outstanding.push(id);
        let frame = match self.decoder.framing() {
            Framing::EndOfMessage => encode_eom(message.as_bytes()),
            Framing::Agreed | Framing::Chunked => encode_chunked(message.as_bytes()),
        };
        Ok((id, frame))
    }

    /// As [`Protocol::request`], but the reply will be dropped.
    ///
    /// # Errors
    /// As [`Protocol::request`].
    pub fn unheeded_request(&mut self, operation: &Element) -> Result<Vec<u8>, XmlError> {
        let (id, frame) = self.request(operation)?;
        self.unheeded = Some(id);
        Ok(frame)
    }

    /// Forgets all outstanding requests, because they were not sent after all.
    pub fn withdraw(&mut self) {
        self.outstanding.clear();
    }

    /// The next message, to be read and then [`accepted`](Protocol::accept). Call
    /// until `None` after each push.
    ///
    /// # Errors
    /// When the peer breaks message framing.
    pub fn next_message(&mut self) -> Result<Option<Message>, ProtocolError> {
        while let Some(message) = self.decoder.next_whole()? {
            if !message.is_blank() {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// The reply that a message is and the request it belongs to; `None` if it
    /// interests nobody.
    ///
    /// # Errors
    /// When the peer breaks the protocol.
    pub fn accept(&mut self, message: Inbound) -> Result<Option<(MessageId, Reply)>, ProtocolError> {
        let reply = match message {
            Inbound::Notification => return Ok(None),
            Inbound::Other(name) => return Err(ProtocolError::Unexpected(name)),
            Inbound::Reply(reply) => reply,
        };
        let id = self.answered(&reply)?;
        if self.unheeded == Some(id) {
            self.unheeded = None;
            return Ok(None);
        }
        Ok(Some((id, *reply)))
    }

    /// How many bytes are kept of messages that have not ended.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.decoder.kept()
    }

    fn answered(&mut self, reply: &Reply) -> Result<MessageId, ProtocolError> {
        let position = match &reply.message_id {
            Some(text) => {
                let is_it = |id: &MessageId| id.to_string() == *text;
                let unknown = || ProtocolError::UnknownMessageId(text.chars().take(80).collect());
                self.outstanding.iter().position(is_it).ok_or_else(unknown)?
            }
            None => self.only_one()?,
        };
        Ok(self.outstanding.remove(position))
    }

    /// Some servers leave out the message-id, always or when they could not
    /// parse the request. One outstanding request leaves no doubt.
    fn only_one(&self) -> Result<usize, ProtocolError> {
        let heeded = |id: &MessageId| self.unheeded != Some(*id);
        let outstanding = self.outstanding.iter().filter(|id| heeded(id)).count();
        match (outstanding, self.outstanding.len()) {
            (1, _) => Ok(self.outstanding.iter().position(heeded).unwrap_or_default()),
            (0, 1) => Ok(0),
            (outstanding, _) => Err(ProtocolError::Unidentified { outstanding }),
        }
    }

    /// True when the stream may not end here.
    #[must_use]
    pub fn is_mid_message(&self) -> bool {
        self.decoder.is_mid_message()
    }
}

#[cfg(test)]
mod tests {
    use mercury_adapter::{Budget, MAX_REPLY};

    use super::*;
    use crate::operation;

    fn poll(protocol: &mut Protocol) -> Result<Option<(MessageId, Reply)>, ProtocolError> {
        while let Some(message) = protocol.next_message()? {
            let message = Inbound::parse(message.into_octets(), Limits::default(), Budget::new(0).share(MAX_REPLY))?;
            if let Some(reply) = protocol.accept(message)? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    fn hello(capability: &str) -> Vec<u8> {
        encode_eom(
            format!("<hello><capabilities><capability>{capability}</capability></capabilities></hello>").as_bytes(),
        )
    }

    fn session(capability: &str) -> Protocol {
        let mut protocol = Protocol::new(FramingChoice::Auto, 1 << 20);
        protocol.push(&hello(capability));
        protocol.poll_hello().unwrap().unwrap();
        protocol
    }

    #[test]
    fn chunks_are_used_only_when_both_sides_announced_them() {
        let request = |p: &mut Protocol| p.request(&operation::discard_changes()).unwrap().1;
        assert!(request(&mut session("urn:ietf:params:netconf:base:1.1")).starts_with(b"\n#"));
        assert!(request(&mut session("urn:ietf:params:netconf:base:1.0")).ends_with(b"]]>]]>"));
        let mut forced = Protocol::new(FramingChoice::ForceEom, 1 << 20);
        forced.push(&hello("urn:ietf:params:netconf:base:1.1"));
        forced.poll_hello().unwrap().unwrap();
        assert!(request(&mut forced).ends_with(b"]]>]]>"));
        assert!(!String::from_utf8(forced.client_hello()).unwrap().contains("base:1.1"));
    }

    #[test]
    fn requests_follow_a_peer_that_fell_back_to_end_of_message() {
        let mut protocol = session("urn:ietf:params:netconf:base:1.1");
        protocol.request(&operation::discard_changes()).unwrap();
        protocol.push(b"<rpc-reply message-id=\"1\"><ok/></rpc-reply>]]>]]>");
        assert_eq!(poll(&mut protocol).unwrap().unwrap().0, 1);
        assert!(protocol.request(&operation::discard_changes()).unwrap().1.ends_with(b"]]>]]>"));
    }

    #[test]
    fn a_reply_without_message_id_needs_exactly_one_outstanding_request() {
        let mut protocol = session("base:1.0");
        protocol.request(&operation::discard_changes()).unwrap();
        protocol.push(b"<rpc-reply><ok/></rpc-reply>]]>]]>");
        assert_eq!(poll(&mut protocol).unwrap().unwrap().0, 1);
        protocol.request(&operation::discard_changes()).unwrap();
        protocol.request(&operation::discard_changes()).unwrap();
        protocol.push(b"<rpc-reply><ok/></rpc-reply>]]>]]>");
        assert!(matches!(poll(&mut protocol), Err(ProtocolError::Unidentified { outstanding: 2 })));
    }

    #[test]
    fn an_unheeded_request_neither_shows_nor_confuses() {
        let mut protocol = session("base:1.0");
        protocol.request(&operation::discard_changes()).unwrap();
        protocol.unheeded_request(&operation::read_nothing()).unwrap();
        protocol.push(b"<rpc-reply><ok/></rpc-reply>]]>]]><rpc-reply><data/></rpc-reply>]]>]]>");
        assert_eq!(poll(&mut protocol).unwrap().unwrap().0, 1);
        assert!(poll(&mut protocol).unwrap().is_none());
        protocol.push(b"<rpc-reply/>]]>]]>");
        assert!(matches!(poll(&mut protocol), Err(ProtocolError::Unidentified { outstanding: 0 })));
    }

    #[test]
    fn notifications_and_blank_messages_are_passed_over() {
        let mut protocol = session("base:1.0");
        protocol.request(&operation::discard_changes()).unwrap();
        protocol.push(b"<notification/>]]>]]>\n ]]>]]><rpc-reply message-id='1'/>]]>]]>");
        assert_eq!(poll(&mut protocol).unwrap().unwrap().0, 1);
    }

    #[test]
    fn answers_nobody_asked_for_break_the_session() {
        for (text, expected) in
            [("<rpc-reply message-id='9'/>", "\"9\""), ("<hello/>", "<hello>"), ("<rpc-reply", "cannot be read")]
        {
            let mut protocol = session("base:1.0");
            protocol.request(&operation::discard_changes()).unwrap();
            protocol.push(&encode_eom(text.as_bytes()));
            let error = poll(&mut protocol).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
