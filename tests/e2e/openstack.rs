//! The Python package in `adapters/openstack`: its client, Ironic's network interface and
//! Neutron's mechanism driver, each before a Mercury and a simulated switch.

mod client;
mod drops;
mod ironic;
mod keystone;
mod neutron;

use std::path::{Path, PathBuf};

pub(crate) use drops::{Between, Does, proxies};

use serde_json::{Value, json};

use crate::harness::python::{Answerer, beside, file, openstack};

/// A Python that knows the package, and what else its virtualenv holds.
struct Python(Answerer);

impl Python {
    fn start(venv: &Path, script: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let installed = beside("openstack");
        assert!(installed.exists(), "tests/peers/install was not run: {} is missing", installed.display());
        let path = openstack();
        let environment = [environment, &[("PYTHONPATH", path.as_str())]].concat();
        let script = file(&format!("tests/peers/{script}"));
        Self(Answerer::of(&venv.join("bin/python"), &script, arguments, &environment))
    }

    /// The answer to one line, and what was raised.
    fn ask(&mut self, question: &Value) -> Result<Value, Value> {
        let mut answer = self.0.ask(question);
        if answer.get("error").is_none() {
            return Ok(answer);
        }
        let mut error = answer["error"].take();
        error["waited"] = answer["waited"].take();
        Err(error)
    }
}

/// The package's client.
pub(crate) struct Caller(Python);

impl Caller {
    pub(crate) fn to(url: &str, words: &[&str], password: &str) -> Self {
        let words = [&[url], words].concat();
        Self(Python::start(&callers(), "openstack_client.py", &words, &[("MERCURY_PASSWORD", password)]))
    }

    pub(crate) fn call(&mut self, method: &str, args: Value) -> Result<Value, Value> {
        let mut answer = self.answer(method, args)?;
        Ok(answer["result"].take())
    }

    /// The result and what was waited for.
    fn answer(&mut self, method: &str, args: Value) -> Result<Value, Value> {
        self.0.ask(&match args {
            Value::Array(args) => json!({"method": method, "args": args}),
            more => json!({"method": method, "more": more}),
        })
    }

    /// All that was logged and shown.
    pub(crate) fn told(&mut self) -> String {
        self.0.ask(&json!({"told": true})).unwrap()["told"].as_str().unwrap().to_owned()
    }
}

fn callers() -> PathBuf {
    beside("callers")
}

/// A port with these links.
fn port(id: &str, links: &[(&str, &str)]) -> Value {
    let links: Vec<Value> = links.iter().map(|(switch, port)| json!({"switch_id": switch, "port_id": port})).collect();
    json!({"id": id, "binding:vnic_type": "baremetal", "binding:profile": {"local_link_information": links}})
}
