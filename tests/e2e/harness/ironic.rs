//! Ironic's own client.

use serde_json::{Value, json};

use super::{
    Mercury,
    python::{self, Answerer},
};

/// `ironic.networking.rpcapi.NetworkingAPI`, and the driver that calls it, in a
/// process of their own.
pub(crate) struct Ironic(Answerer);

/// What Ironic's code would see raised.
#[derive(Clone, Debug)]
pub(crate) struct Exception {
    /// With its module.
    pub(crate) class: String,
    pub(crate) message: String,
    pub(crate) code: Option<i64>,
}

impl Exception {
    /// Whether it is this exception of `ironic.common.exception`, with this code.
    pub(crate) fn is(&self, class: &str, code: i64) -> bool {
        self.class.strip_prefix("ironic.common.exception.") == Some(class) && self.code == Some(code)
    }
}

impl Ironic {
    pub(crate) fn of(mercury: &Mercury) -> Self {
        Self::start(mercury, &[], "")
    }

    /// With HTTP Basic credentials.
    pub(crate) fn basic(mercury: &Mercury, user: &str, password: &str) -> Self {
        Self::start(mercury, &["--auth", "http_basic", "--username", user], password)
    }

    /// With HTTP Basic credentials over https, believing this file of certificates.
    pub(crate) fn encrypted(mercury: &Mercury, ca: Option<&str>, user: &str, password: &str) -> Self {
        Self::at(mercury.address.port(), ca, user, password)
    }

    /// The same, by the port of a Mercury that was started in another way.
    pub(crate) fn at(port: u16, ca: Option<&str>, user: &str, password: &str) -> Self {
        let mut words = vec!["--host", "localhost", "--tls", "--auth", "http_basic", "--username", user];
        words.extend(ca.iter().flat_map(|ca| ["--cafile", ca]));
        Self::begin(port, &words, password)
    }

    fn start(mercury: &Mercury, more: &[&str], password: &str) -> Self {
        Self::begin(mercury.address.port(), more, password)
    }

    fn begin(port: u16, more: &[&str], password: &str) -> Self {
        let port = port.to_string();
        let arguments = [&["--port", port.as_str()], more].concat();
        let script = python::file("tests/peers/ironic_client.py");
        Self(Answerer::start(&script, &arguments, &[("MERCURY_PASSWORD", password)]))
    }

    pub(crate) fn call(&mut self, method: &str, args: &Value) -> Result<Value, Exception> {
        self.answer(&json!({"method": method, "args": args}))
    }

    /// With a request context.
    pub(crate) fn call_as(&mut self, context: &Value, method: &str, args: &Value) -> Result<Value, Exception> {
        self.answer(&json!({"method": method, "args": args, "context": context}))
    }

    /// Has the node's network interface do something about these ports.
    pub(crate) fn drive(&mut self, driver: &str, ports: &[Value]) -> Result<Value, Exception> {
        let idle = json!({"idle_network": "access/native_vlan=190", "cleaning_network": "access/native_vlan=120"});
        self.answer(&json!({"driver": driver, "ports": ports, "driver_info": idle}))
    }

    fn answer(&mut self, question: &Value) -> Result<Value, Exception> {
        let answer = self.0.ask(question);
        match answer.get("error") {
            None => Ok(answer["result"].clone()),
            Some(error) => Err(Exception {
                class: error["class"].as_str().unwrap_or_default().to_owned(),
                message: error["message"].as_str().unwrap_or_default().to_owned(),
                code: error["code"].as_i64(),
            }),
        }
    }

    pub(crate) fn done(&mut self, method: &str, args: &Value) -> Value {
        self.call(method, args).unwrap_or_else(|error| panic!("{method} {args}: {error:?}"))
    }

    pub(crate) fn fails(&mut self, method: &str, args: &Value) -> Exception {
        match self.call(method, args) {
            Ok(result) => panic!("{method} {args} succeeded: {result}"),
            Err(error) => error,
        }
    }
}
