//! A relay between Mercury and a database, which is told of each message before it goes
//! on, and may end the connection instead.

use std::{
    io::Write as _,
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Deserializer, Value};

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// It goes on.
    Pass,
    /// The connection ends before it.
    CutBefore,
    /// The connection ends behind it.
    CutBehind,
}

type Hook = Arc<Mutex<dyn FnMut(&Message) -> Act + Send>>;

/// A message as the relay sees it.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) object: Value,
}

impl Message {
    /// The operations of a transaction.
    pub(crate) fn operations(&self) -> Vec<String> {
        let params = self.object["params"].as_array().filter(|_| self.object["method"] == "transact");
        let operations = params.into_iter().flatten().filter_map(|operation| operation["op"].as_str());
        operations.map(str::to_owned).collect()
    }

    /// Whether it changes something.
    pub(crate) fn is_commit(&self) -> bool {
        self.operations().iter().any(|operation| operation == "mutate")
    }

    /// Whether it waits until something is applied.
    pub(crate) fn is_applied(&self) -> bool {
        self.operations().first().is_some_and(|first| first == "wait") && !self.is_commit()
    }
}

/// Listens at a socket of its own.
pub(crate) struct Relay {
    path: PathBuf,
}

impl Relay {
    pub(crate) fn start(database: &Path, path: PathBuf, hook: impl FnMut(&Message) -> Act + Send + 'static) -> Self {
        let listener = UnixListener::bind(&path).unwrap();
        let (database, hook): (PathBuf, Hook) = (database.to_owned(), Arc::new(Mutex::new(hook)));
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                // The server may be gone at this moment.
                let Ok(server) = UnixStream::connect(&database) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to, hook) = (from.try_clone().unwrap(), to.try_clone().unwrap(), Arc::clone(&hook));
                    thread::spawn(move || carry(&from, &to, &hook));
                }
            }
        });
        Self { path }
    }

    pub(crate) fn address(&self) -> String {
        format!("unix:{}", self.path.display())
    }
}

fn carry(from: &UnixStream, mut to: &UnixStream, hook: &Hook) {
    for object in Deserializer::from_reader(from).into_iter::<Value>() {
        let Ok(object) = object else { break };
        let message = Message { object };
        let act = hook.lock().unwrap()(&message);
        if act == Act::CutBefore
            || to.write_all(message.object.to_string().as_bytes()).is_err()
            || act == Act::CutBehind
        {
            break;
        }
    }
    for end in [from, to] {
        let _gone = end.shutdown(Shutdown::Both);
    }
}
