//! Keys that a person presses: a browser that is driven by its DevTools protocol, over pipes.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// A browser with one page open; it is ended when this is dropped.
pub(super) struct Browser {
    child: Child,
    asks: ChildStdin,
    tells: BufReader<ChildStdout>,
    session: Option<Value>,
    calls: u64,
}

impl Browser {
    /// `chromium`: with its flags.
    pub(super) fn open(chromium: &Command, page: &Path) -> Self {
        // It reads what it is asked from descriptor 3, and answers on 4.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1"]).arg(chromium.get_program());
        command.args(chromium.get_args().filter(|flag| *flag != super::VIRTUAL_TIME)).arg("--remote-debugging-pipe");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (asks, tells) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut own = Self { child, asks, tells, session: None, calls: 0 };
        let target = own.call("Target.createTarget", &json!({"url": "about:blank"}))["targetId"].take();
        let session =
            own.call("Target.attachToTarget", &json!({"targetId": target, "flatten": true}))["sessionId"].take();
        own.session = Some(session);
        own.call("Page.enable", &json!({}));
        own.call("Page.navigate", &json!({"url": format!("file://{}", page.display())}));
        while own.told()["method"] != "Page.loadEventFired" {}
        own
    }

    /// Presses a key and lets go of it.
    pub(super) fn press(&mut self, key: &str) {
        let (code, text) = if key == "Enter" { (13, "\r") } else { (9, "") };
        for kind in ["keyDown", "keyUp"] {
            let mut params = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            if kind == "keyDown" && !text.is_empty() {
                params["text"] = text.into();
            }
            self.call("Input.dispatchKeyEvent", &params);
        }
    }

    /// What an expression is on the page, whatever the page itself lets run.
    pub(super) fn evaluate(&mut self, expression: &str) -> Value {
        let mut told = self.call("Runtime.evaluate", &json!({"expression": expression, "returnByValue": true}));
        assert!(told.get("exceptionDetails").is_none(), "{told}");
        told["result"]["value"].take()
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.calls += 1;
        let mut said = json!({"id": self.calls, "method": method, "params": params});
        if let Some(session) = &self.session {
            said["sessionId"] = session.clone();
        }
        self.asks.write_all(format!("{said}\0").as_bytes()).unwrap();
        loop {
            let mut told = self.told();
            if told["id"] == self.calls {
                assert!(told.get("error").is_none(), "{method}: {told}");
                return told["result"].take();
            }
        }
    }

    fn told(&mut self) -> Value {
        let mut octets = Vec::new();
        self.tells.read_until(0, &mut octets).unwrap();
        assert_eq!(octets.pop(), Some(0), "the browser has ended");
        serde_json::from_slice(&octets).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _already_gone = self.asks.write_all(b"{\"id\": 0, \"method\": \"Browser.close\"}\0");
        let _is_over = self.child.wait();
    }
}
