//! HTTP Digest and Basic, as curl, Python's libraries and Go log in.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use super::{Stage, curl};
use crate::harness::{Client, Setup};

pub(super) const PASSWORD: &str = "secret: 'w/o=rd";

/// Lines that `mercury config digest` makes.
fn lines(words: &[&str], password: &str) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mercury"));
    let command = command.args(["config", "digest", "ironic"]).args(words);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

/// One that takes Digest, and Basic behind it, with these keys of `[digest]`.
pub(super) fn stage(more: &str) -> Stage {
    let both = "auth = [\"http_digest\", \"http_basic\"]\nhtpasswd = \"htpasswd\"";
    let digest = format!("[digest]\nusers = \"users\"\n{more}");
    Stage::set(both, &digest, |setup, _| with_users(setup))
}

pub(super) fn with_users(setup: Setup) -> Setup {
    let words = ["--algorithm", "SHA-256", "--algorithm", "SHA-512-256", "--algorithm", "MD5"];
    setup.write("users", &lines(&words, &format!("{PASSWORD}\n")).1);
    setup.write("htpasswd", &format!("ironic:{}\n", bcrypt::hash(PASSWORD, 4).unwrap()));
    setup
}

#[test]
fn lines_are_made_of_a_password_that_is_no_argument() {
    let (done, text) = lines(&[], "Circle of Life\n");
    assert!(done && text.lines().count() == 2 && !text.contains("Circle"), "{text}");
    assert_eq!(lines(&[], "Circle of Life").1, text, "a newline at the end is none of it");
    let (done, md5) = lines(&["--realm", "http-auth@example.org", "--algorithm", "MD5"], "Circle of Life");
    assert!(done && md5.starts_with("ironic:http-auth@example.org:MD5:"), "{md5}");
    for (words, password) in [(&[][..], ""), (&[], "two\nlines\n"), (&["--algorithm", "SHA-1"], "p")] {
        assert_eq!(lines(words, password), (false, String::new()), "{words:?}");
    }
}

#[test]
fn curl_logs_in_with_digest_and_with_basic_over_tls() {
    let stage = stage("");
    let user = format!("ironic:{PASSWORD}");
    for (way, words) in
        [("http_digest", &["--digest"][..]), ("http_digest", &["--anyauth"]), ("http_basic", &["--basic"])]
    {
        assert_eq!(stage.curl(&[words, &["-u", &user]].concat()).status, 200, "{words:?}");
        let line = stage.mercury.stderr.wait_json(way, |line| line["way"] == way);
        assert_eq!(line["caller"], "ironic", "{line}");
    }
    assert_eq!(stage.curl(&["--digest", "-u", "ironic:guess"]).status, 401);
    assert_eq!(stage.curl(&["--digest", "-u", "nobody:guess"]).status, 401);
    assert_eq!(stage.curl(&[]).status, 401);
    let log = stage.mercury.stderr.text();
    assert!(!log.contains("secret") && !log.contains("guess") && !log.contains("response="), "{log}");
}

#[test]
fn the_password_of_another_scheme_than_those_of_auth_is_refused() {
    let stage = Stage::set("auth = \"http_digest\"", "[digest]\nusers = \"users\"", |setup, _| with_users(setup));
    let user = format!("ironic:{PASSWORD}");
    assert_eq!(stage.curl(&["--basic", "-u", &user]).status, 401);
    assert_eq!(curl(&stage.url(), &["-k", "--digest", "-u", &user]).status, 200);
}

/// It is told of the one that is taken, and may take it.
#[test]
fn a_password_of_basic_is_answered_with_the_challenge_of_digest() {
    let setup = Setup::new().settings("auth = \"http_digest\"\n[digest]\nusers = \"users\"\n");
    let mercury = with_users(setup).serve();
    let answer = Client::of(&mercury).basic("ironic", PASSWORD).post("/", b"{}");
    assert_eq!(answer.status, 401);
    assert!(answer.headers["www-authenticate"].starts_with("Digest "), "{:?}", answer.headers);
    mercury.stderr.wait_json("its words", |line| line.to_string().contains("scheme is not taken"));
}

/// The same name by two ways is two callers to a policy.
#[test]
fn a_policy_tells_by_which_way_a_name_came() {
    let policy = "[[caller]]\nnames = [\"ironic\"]\nways = [\"http_digest\"]\nswitches = [\"*\"]\n\
                  [[caller]]\nnames = [\"ironic\"]\nways = [\"http_basic\"]\nswitches = [\"*\"]\noperations = [\"attach_port\"]\n";
    let both = "auth = [\"http_digest\", \"http_basic\"]\nhtpasswd = \"htpasswd\"\npolicy = \"policy.toml\"";
    let stage = Stage::set(both, "[digest]\nusers = \"users\"", |setup, _| {
        setup.write("policy.toml", policy);
        with_users(setup)
    });
    let user = format!("ironic:{PASSWORD}");
    for (way, granted) in [("--digest", true), ("--basic", false)] {
        let answer = stage.answer(&[way, "-u", &user]);
        assert_eq!(answer.contains("the policy does not grant ironic reset_port"), !granted, "{way}: {answer}");
        assert_eq!(answer.contains("\"result\""), granted, "{way}: {answer}");
    }
}

/// Whoever is challenged answers on the same connection, and writes its request in two pieces.
#[test]
fn a_challenge_leaves_the_connection_to_its_answer() {
    let setup = Setup::new().settings("auth = \"http_digest\"\n[digest]\nusers = \"users\"\n");
    let mercury = with_users(setup).serve();
    let post = |length: usize, more: &str| {
        format!(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{more}Content-Length: {length}\r\n\r\n"
        )
    };
    for _ in 0..50 {
        let mut client = Client::of(&mercury);
        for _ in 0..2 {
            client.send(post(2, "").as_bytes());
            client.send(b"{}");
            let answer = client.response().expect("the connection goes on");
            assert_eq!((answer.status, answer.headers.get("connection")), (401, None));
        }
    }
    // Who announces what it will not send, or waits to be asked, is told that it is over.
    for head in [post(2, ""), post(2, "Expect: 100-continue\r\n"), post(10 << 20, "")] {
        let mut client = Client::of(&mercury);
        client.send(head.as_bytes());
        let answer = client.response().expect("an answer");
        assert_eq!((answer.status, answer.headers["connection"].as_str()), (401, "close"), "{head}");
        assert!(client.response().is_none());
    }
}
