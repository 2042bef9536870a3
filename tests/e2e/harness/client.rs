//! A JSON-RPC client that hides nothing: HTTP/1.1 over a plain socket.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use base64::Engine;
use serde_json::{Value, json};

use super::{LIMIT, Mercury};

/// One connection, kept alive.
pub(crate) struct Client {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
    /// Lines of every request's head.
    more: String,
}

/// An HTTP response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&self.body)))
    }
}

/// A JSON-RPC error object.
#[derive(Clone, Debug)]
pub(crate) struct RpcError {
    pub(crate) code: i64,
    pub(crate) message: String,
    pub(crate) data: Value,
}

impl RpcError {
    /// The error object of a reply.
    pub(crate) fn of(error: &Value) -> Self {
        Self {
            code: error["code"].as_i64().unwrap_or_else(|| panic!("no code: {error}")),
            message: error["message"].as_str().unwrap_or_else(|| panic!("no message: {error}")).to_owned(),
            data: error["data"].clone(),
        }
    }

    pub(crate) fn kind(&self) -> &str {
        self.data["kind"].as_str().unwrap_or_default()
    }

    /// The exception that Ironic raises, without its module.
    pub(crate) fn class(&self) -> &str {
        self.data["class"].as_str().and_then(|class| class.strip_prefix("ironic.common.exception.")).unwrap_or_default()
    }
}

impl Client {
    pub(crate) fn of(mercury: &Mercury) -> Self {
        Self::at(mercury.address)
    }

    pub(crate) fn at(address: SocketAddr) -> Self {
        Self::connect(address).unwrap_or_else(|| panic!("nobody listens on {address}"))
    }

    /// `None` if nobody listens there.
    pub(crate) fn connect(address: SocketAddr) -> Option<Self> {
        Some(Self::over(TcpStream::connect(address).ok()?, address))
    }

    /// From an address of one's own, such as another of loopback's.
    pub(crate) fn from(own: [u8; 4], address: SocketAddr) -> Self {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((own, 0)).into()).unwrap();
        socket.connect(&address.into()).unwrap();
        Self::over(socket.into(), address)
    }

    fn over(stream: TcpStream, address: SocketAddr) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(LIMIT * 2)).unwrap();
        stream.set_write_timeout(Some(LIMIT)).unwrap();
        Self { address, stream: BufReader::new(stream), more: String::new() }
    }

    /// With HTTP Basic credentials.
    pub(crate) fn basic(self, user: &str, password: &str) -> Self {
        let word = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.with("Authorization", &format!("Basic {word}"))
    }

    /// With a preference (RFC 7240).
    pub(crate) fn preferring(self, prefer: &str) -> Self {
        self.with("Prefer", prefer)
    }

    /// With a header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.more += &format!("{name}: {value}\r\n");
        self
    }

    /// Calls a method and waits for its answer.
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Result<Value, RpcError> {
        let request = json!({"jsonrpc": "2.0", "id": "req-e2e", "method": method, "params": params});
        let response = self.post("/", request.to_string().as_bytes());
        assert_eq!(response.status, 200, "{response:?}");
        let reply = response.json();
        assert_eq!(reply["jsonrpc"], "2.0", "{reply}");
        assert_eq!(reply["id"], "req-e2e", "{reply}");
        match reply.get("error") {
            Some(error) => Err(RpcError::of(error)),
            None => Ok(reply["result"].clone()),
        }
    }

    /// Calls a method that must succeed.
    pub(crate) fn done(&mut self, method: &str, params: &Value) -> Value {
        self.call(method, params).unwrap_or_else(|error| panic!("{method} {params}: {error:?}"))
    }

    /// Calls a method that must fail.
    pub(crate) fn fails(&mut self, method: &str, params: &Value) -> RpcError {
        match self.call(method, params) {
            Ok(result) => panic!("{method} {params} succeeded: {result}"),
            Err(error) => error,
        }
    }

    pub(crate) fn post(&mut self, path: &str, body: &[u8]) -> Response {
        self.request("POST", path, body)
    }

    pub(crate) fn request(&mut self, method: &str, path: &str, body: &[u8]) -> Response {
        self.start(method, path, body);
        self.response().expect("an answer")
    }

    /// Sends a request and does not wait for its answer.
    pub(crate) fn start(&mut self, method: &str, path: &str, body: &[u8]) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n",
            self.address,
            self.more,
            body.len()
        );
        self.send(&[head.as_bytes(), body].concat());
    }

    /// Sends bytes as they are. A service that has had enough closes early, and
    /// its answer tells; says whether they were taken.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.get_mut().write_all(bytes).is_ok()
    }

    /// Who gives up sending when nothing is taken for a moment.
    pub(crate) fn impatient(self) -> Self {
        self.stream.get_ref().set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        self
    }

    /// The next response; `None` when the connection ends instead.
    pub(crate) fn response(&mut self) -> Option<Response> {
        let status = self.line()?;
        let status = status.split(' ').nth(1)?.parse().ok()?;
        let mut headers = BTreeMap::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).ok()?;
        Some(Response { status, headers, body })
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).ok()?;
        (read > 0).then(|| line.trim_end().to_owned())
    }
}
