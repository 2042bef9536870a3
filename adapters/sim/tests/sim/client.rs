//! A NETCONF client made of strings, so that no encoder of ours is trusted.

use mercury_sim::{Handle, Mode, Options, Simulator};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};

pub(crate) const BASE: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";
const END: &[u8] = b"]]>]]>";

/// A switch without a socket.
pub(crate) async fn switch(mode: Mode) -> Simulator {
    start(Options { mode, ..Options::default() }).await
}

pub(crate) async fn start(options: Options) -> Simulator {
    Simulator::start(Options { listen: None, ports: 4, ..options }).await.unwrap()
}

pub(crate) struct Client<S = DuplexStream> {
    stream: S,
    input: Vec<u8>,
    chunked: bool,
    id: u32,
    pub(crate) hello: String,
}

impl Client {
    /// A session with chunked framing where the switch announces it.
    pub(crate) async fn open(handle: &Handle) -> Self {
        Self::over(connect(handle), true).await.expect("a hello")
    }
}

pub(crate) fn connect(handle: &Handle) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let handle = handle.clone();
    tokio::spawn(async move { handle.serve(theirs).await });
    ours
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Says hello; `None` if the switch does not.
    pub(crate) async fn over(stream: S, base_11: bool) -> Option<Self> {
        let mut client = Self { stream, input: Vec::new(), chunked: false, id: 0, hello: String::new() };
        client.hello = client.receive().await?;
        let more = if base_11 { "<capability>urn:ietf:params:netconf:base:1.1</capability>" } else { "" };
        client
            .write(&format!(
                "<hello xmlns='{BASE}'><capabilities><capability>urn:ietf:params:netconf:base:1.0\
                 </capability>{more}</capabilities></hello>"
            ))
            .await;
        client.chunked = base_11 && client.hello.contains("netconf:base:1.1");
        Some(client)
    }

    pub(crate) fn session_id(&self) -> u32 {
        let (_, rest) = self.hello.split_once("<session-id>").unwrap();
        rest.split_once('<').unwrap().0.parse().unwrap()
    }

    pub(crate) fn never_chunked(&mut self) {
        self.chunked = false;
    }

    /// Sends a request and returns its answer; `None` if the switch hangs up.
    pub(crate) async fn try_rpc(&mut self, operation: &str) -> Option<String> {
        self.send(operation).await;
        self.receive().await
    }

    pub(crate) async fn rpc(&mut self, operation: &str) -> String {
        let reply = self.try_rpc(operation).await.expect("an answer");
        assert!(reply.contains(&format!("message-id=\"{}\"", self.id)), "{reply}");
        reply
    }

    #[track_caller]
    fn must(ok: bool, operation: &str, reply: &str) {
        assert!(ok, "{operation}\n{reply}");
    }

    pub(crate) async fn ok(&mut self, operation: &str) {
        let reply = self.rpc(operation).await;
        Self::must(reply.contains("<ok/>"), operation, &reply);
    }

    /// Expects a refusal with this tag and returns the whole answer.
    pub(crate) async fn refused(&mut self, tag: &str, operation: &str) -> String {
        let reply = self.rpc(operation).await;
        let found = reply.contains(&format!("<error-tag>{tag}</error-tag>"));
        Self::must(found, operation, &reply);
        reply
    }

    pub(crate) async fn send(&mut self, operation: &str) {
        let message = self.request(operation);
        self.write(&message).await;
    }

    /// Sends all requests in one piece.
    pub(crate) async fn pipeline(&mut self, operations: &[&str]) {
        let bytes: Vec<u8> = operations
            .iter()
            .flat_map(|operation| {
                let message = self.request(operation);
                self.framed(&message)
            })
            .collect();
        self.stream.write_all(&bytes).await.unwrap();
    }

    fn request(&mut self, operation: &str) -> String {
        self.id += 1;
        format!("<rpc xmlns='{BASE}' xmlns:nc='{BASE}' message-id='{}'>{operation}</rpc>", self.id)
    }

    pub(crate) async fn write(&mut self, message: &str) {
        let bytes = self.framed(message);
        self.write_raw(&bytes).await;
    }

    pub(crate) async fn write_raw(&mut self, bytes: &[u8]) {
        // A switch that hung up is noticed by the next read.
        let _ = self.stream.write_all(bytes).await;
        let _ = self.stream.flush().await;
    }

    fn framed(&self, message: &str) -> Vec<u8> {
        if self.chunked {
            format!("\n#{}\n{message}\n##\n", message.len()).into_bytes()
        } else {
            [message.as_bytes(), END].concat()
        }
    }

    pub(crate) async fn receive(&mut self) -> Option<String> {
        let end: &[u8] = if self.chunked { b"\n##\n" } else { END };
        loop {
            if let Some(at) = self.input.windows(end.len()).position(|window| window == end) {
                let mut message: Vec<u8> = self.input.drain(..at + end.len()).collect();
                message.truncate(at);
                let text = String::from_utf8(message).unwrap();
                if !self.chunked {
                    return Some(text);
                }
                let (size, body) = text.strip_prefix("\n#").unwrap().split_once('\n').unwrap();
                assert_eq!(size.parse::<usize>().unwrap(), body.len(), "one whole chunk");
                return Some(body.to_owned());
            }
            match self.stream.read_buf(&mut self.input).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}

pub(crate) fn interfaces(inner: &str) -> String {
    format!("<interfaces xmlns='http://openconfig.net/yang/interfaces'>{inner}</interfaces>")
}

pub(crate) fn port(name: &str, inner: &str) -> String {
    interfaces(&format!("<interface><name>{name}</name>{inner}</interface>"))
}

pub(crate) fn described(name: &str, description: &str) -> String {
    port(name, &format!("<config><description>{description}</description></config>"))
}

pub(crate) fn switched(inner: &str) -> String {
    let ethernet = "http://openconfig.net/yang/interfaces/ethernet";
    format!(
        "<ethernet xmlns='{ethernet}'><switched-vlan xmlns='http://openconfig.net/yang/vlan'>\
         {inner}</switched-vlan></ethernet>"
    )
}

pub(crate) fn vlans(inner: &str) -> String {
    format!(
        "<network-instances xmlns='http://openconfig.net/yang/network-instance'>\
         <network-instance><name>default</name><vlans>{inner}</vlans></network-instance>\
         </network-instances>"
    )
}

pub(crate) fn edit(target: &str, config: &str) -> String {
    edit_with(target, "", config)
}

pub(crate) fn edit_with(target: &str, options: &str, config: &str) -> String {
    format!("<edit-config><target><{target}/></target>{options}<config>{config}</config></edit-config>")
}

pub(crate) const LOCK: &str = "<lock><target><candidate/></target></lock>";
pub(crate) const UNLOCK: &str = "<unlock><target><candidate/></target></unlock>";
pub(crate) const DISCARD: &str = "<discard-changes/>";
pub(crate) const COMMIT: &str = "<commit/>";
pub(crate) const GET: &str = "<get-config><source><running/></source></get-config>";
