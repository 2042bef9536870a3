//! Python peers: one line of JSON in, one line of JSON out.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::Value;

/// A child that answers each line with a line; killed when this is dropped.
pub(crate) struct Answerer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Answerer {
    pub(super) fn start(script: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::of(&interpreter(), script, arguments, environment)
    }

    /// With a Python of one's own.
    pub(crate) fn of(python: &Path, script: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(python);
        command.arg("-B").arg(script).args(arguments).envs(environment.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    pub(crate) fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.input, "{question}").unwrap();
        self.read()
    }

    pub(crate) fn read(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}

impl Drop for Answerer {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// Below the checkout.
pub(crate) fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The Python that `tests/peers/install` has furnished.
pub(crate) fn interpreter() -> PathBuf {
    let folder = std::env::var_os("MERCURY_TEST_VENV").map_or_else(|| file("target/peers/venv"), PathBuf::from);
    folder.join("bin/python")
}

/// Another virtualenv of `tests/peers/install`, or another folder of its.
pub(crate) fn beside(name: &str) -> PathBuf {
    let interpreter = interpreter();
    interpreter.ancestors().nth(3).map(|peers| peers.join(name)).unwrap()
}

/// Where Python finds the package for OpenStack as it is here, and, as installed, its entry
/// points: what `PYTHONPATH` is to be.
pub(crate) fn openstack() -> String {
    format!("{}:{}", file("adapters/openstack").display(), beside("openstack").display())
}
