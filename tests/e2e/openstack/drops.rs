//! What lies between a caller and a Mercury, or in a Mercury's place.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::{Value, json};

/// What is done about one request.
pub(crate) enum Does {
    /// Nothing: the connection ends without an answer.
    Hangs,
    /// Mercury is asked, and its answer is thrown away.
    Loses(SocketAddr),
    /// Mercury is asked, and answers.
    Passes(SocketAddr),
    /// It is answered with this `result` or `error`.
    Answers(Value),
    /// Mercury is asked, and its answer replaced by one that nobody knows what became of it.
    Doubts(SocketAddr),
    /// It is answered with this status, and these lines of a head, as Mercury does.
    Says(&'static str, &'static str),
    /// It is answered with this status, these lines of a head and this body, as a proxy does.
    Proxies(&'static str, &'static str, &'static str),
}

/// Listens on loopback, and counts the requests that it was sent. The last of `does` is for
/// all that follow.
pub(crate) struct Between {
    address: SocketAddr,
    seen: Arc<AtomicUsize>,
}

impl Between {
    pub(crate) fn new(does: Vec<Does>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&seen);
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut stream = BufReader::new(stream);
                while let Some((head, body)) = request(&mut stream) {
                    let place = counted.fetch_add(1, Ordering::SeqCst).min(does.len() - 1);
                    let Some(answer) = does[place].answer(&head, &body) else { break };
                    if stream.get_mut().write_all(answer.as_bytes()).is_err() {
                        break;
                    }
                }
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }
}

impl Does {
    fn answer(&self, head: &str, body: &str) -> Option<String> {
        match self {
            Self::Hangs => None,
            Self::Loses(mercury) => {
                passed(*mercury, head, body);
                None
            }
            Self::Passes(mercury) => Some(passed(*mercury, head, body)),
            Self::Answers(answer) => Some(answered(body, answer)),
            Self::Doubts(mercury) => {
                passed(*mercury, head, body);
                let data = json!({"kind": "unknown", "retry": false});
                Some(answered(body, &json!({"error": {"code": 500, "message": "no", "data": data}})))
            }
            Self::Says(status, lines) => {
                let code: u16 = status.split(' ').next().unwrap().parse().unwrap();
                Some(response(status, lines, &json!({"error": {"code": code, "message": "no"}}).to_string()))
            }
            Self::Proxies(status, lines, body) => Some(response(status, lines, body)),
        }
    }
}

/// JSON-RPC's response to the request of this body.
fn answered(body: &str, answer: &Value) -> String {
    let request: Value = serde_json::from_str(body).unwrap();
    let mut whole = json!({"jsonrpc": "2.0", "id": request["id"]});
    whole.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
    response("200 OK", "", &whole.to_string())
}

/// What a proxy says that could not ask, or did and had no answer.
pub(crate) fn proxies() -> Vec<Does> {
    let google = r#"{"error": {"code": 503, "message": "no", "status": "UNAVAILABLE"}}"#;
    let other = r#"{"error": {"code": 500, "message": "no"}}"#;
    vec![
        Does::Proxies("503 Service Unavailable", "Retry-After: 0\r\n", ""),
        Does::Proxies("503 Service Unavailable", "Retry-After: 0\r\n", google),
        Does::Proxies("503 Service Unavailable", "Retry-After: 0\r\n", other),
        Does::Proxies("502 Bad Gateway", "", "<html>502</html>"),
        Does::Proxies("504 Gateway Timeout", "", "[]"),
        Does::Proxies("202 Accepted", "", ""),
    ]
}

pub(super) fn response(status: &str, lines: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{lines}Content-Length: {length}\r\n\r\n{body}")
}

/// A head and a body; `None` at the end.
pub(super) fn request(stream: &mut impl BufRead) -> Option<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).ok()?))
}

fn passed(mercury: SocketAddr, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(mercury).unwrap();
    write!(stream, "{head}{body}").unwrap();
    let (head, body) = request(&mut BufReader::new(stream)).unwrap();
    head + &body
}
