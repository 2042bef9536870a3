use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::auth::{Authenticator, Recognised};
use crate::finding::Code;

const HERE: Origin = Origin::Host(IpAddr::V4(Ipv4Addr::LOCALHOST));
const REALM: &str = "Baremetal API";
const PASSWORD: &str = "pass:w\u{f6}rd";

struct Stage {
    folder: TempDir,
    auth: Authenticator,
}

impl Stage {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut DigestOptions)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut options = DigestOptions {
            users: folder.path().join("users"),
            realm: REALM.to_owned(),
            algorithms: vec![Algorithm::Sha512256, Algorithm::Sha256, Algorithm::Md5],
            cover: Cover::Request,
            nonce_lifetime: Duration::from_secs(300),
            reordering: 0,
        };
        change(&mut options);
        let stage = Self { auth: Authenticator::builder().digest(options).build(), folder };
        stage.user("ironic", PASSWORD);
        stage
    }

    fn user(&self, user: &str, password: &str) {
        let lines = Algorithm::ALL.map(|algorithm| line(user, REALM, algorithm, password).unwrap() + "\n");
        let path = self.folder.path().join("users");
        fs::write(&path, lines.concat()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    }

    fn nonce(&self) -> String {
        let challenges = self.auth.challenges(AuthError::Missing);
        challenges[0].split_once("nonce=\"").unwrap().1.split_once('"').unwrap().0.to_owned()
    }

    /// An answer to a new challenge.
    fn answer(&self) -> Given {
        Given {
            user: "ironic".to_owned(),
            password: PASSWORD,
            algorithm: Algorithm::Sha256,
            nonce: self.nonce(),
            count: 1,
            target: "/",
            method: "POST",
            body: None,
            more: "",
        }
    }

    async fn ask(&self, header: &str) -> Result<String, AuthError> {
        self.ask_with(header, "/", b"").await
    }

    async fn ask_with(&self, header: &str, target: &str, body: &[u8]) -> Result<String, AuthError> {
        let asked = Asked {
            authorization: Some(header.as_bytes()),
            token: None,
            method: "POST",
            target,
            origin: HERE,
            names: &[],
        };
        let principal = match self.auth.check(&asked).await? {
            Recognised::As(principal) => principal,
            Recognised::Unread(unjudged) => unjudged.judge(body).await?,
        };
        assert_eq!(principal.way(), "http_digest");
        Ok(principal.to_string())
    }
}

/// What a client answers with.
#[derive(Clone)]
struct Given {
    user: String,
    password: &'static str,
    algorithm: Algorithm,
    nonce: String,
    count: u32,
    target: &'static str,
    method: &'static str,
    body: Option<&'static [u8]>,
    more: &'static str,
}

impl Given {
    fn header(&self) -> String {
        let Given { user, algorithm, nonce, count, target, more, .. } = self;
        let secret = algorithm.hash(&[user.as_bytes(), REALM.as_bytes(), self.password.as_bytes()]);
        let answer = Answer {
            user: user.clone(),
            hashed: false,
            realm: REALM.to_owned(),
            nonce: nonce.clone(),
            target: (*target).to_owned(),
            algorithm: *algorithm,
            client_nonce: "c".to_owned(),
            count_text: format!("{count:08x}"),
            count: *count,
            with_body: self.body.is_some(),
            response: String::new(),
        };
        let hash = self.body.map(|body| algorithm.hash(&[body]));
        let response = expected(&answer, self.method, hash.as_deref(), &secret);
        let qop = if self.body.is_some() { "auth-int" } else { "auth" };
        format!(
            "Digest username=\"{user}\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"{target}\", \
             algorithm={}, cnonce=\"c\", nc={count:08x}, qop={qop}, response=\"{response}\"{more}",
            algorithm.word()
        )
    }
}

fn ironic() -> Result<String, AuthError> {
    Ok("ironic".to_owned())
}

/// RFC 7616 section 3.9.1, and the names and texts of 3.9.2, whose own hashes are no
/// SHA-512/256 (erratum 4897), as OpenSSL hashes them.
#[test]
fn the_examples_of_the_standard_come_out() {
    let cases = [
        (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
        (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ];
    for (algorithm, response) in cases {
        let header = format!(
            "username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", algorithm={}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
             cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, response=\"{response}\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
            algorithm.word()
        );
        let line = line("Mufasa", "http-auth@example.org", algorithm, "Circle of Life").unwrap();
        let answer = Answer::parse(&header).unwrap();
        assert_eq!(expected(&answer, "GET", None, line.rsplit(':').next().unwrap()), response);
    }
    let line = line("J\u{e4}s\u{f8}n Doe", "api@example.org", Algorithm::Sha512256, "Secret, or not?").unwrap();
    let (users, findings) = DigestUsers::parse(Path::new("users"), &line);
    assert!(findings.is_empty(), "{findings}");
    let hashed = "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b";
    assert_eq!(users.unhashed(Algorithm::Sha512256, hashed), Some("J\u{e4}s\u{f8}n Doe"));
    let answer = Answer::parse(&format!(
        "username=\"{hashed}\", userhash=true, realm=\"api@example.org\", uri=\"/doe.json\", \
         algorithm=SHA-512-256, nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", nc=00000001, \
         cnonce=\"NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm\", qop=auth, response=\"00\""
    ));
    let response = expected(&answer.unwrap(), "GET", None, line.rsplit(':').next().unwrap());
    assert_eq!(response, "7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c");
}

#[tokio::test]
async fn whoever_knows_the_password_is_let_in_with_each_algorithm_and_name() {
    let stage = Stage::new();
    for algorithm in Algorithm::ALL {
        assert_eq!(stage.ask(&Given { algorithm, ..stage.answer() }.header()).await, ironic());
        let hash = algorithm.hash(&[b"ironic", REALM.as_bytes()]);
        let header = Given { algorithm, ..stage.answer() }.header();
        let hashed = header.replace("username=\"ironic\"", &format!("username=\"{hash}\", userhash=true"));
        assert_eq!(stage.ask(&hashed).await, ironic(), "{algorithm:?}");
    }
    stage.user("J\u{e4}s", PASSWORD);
    let named = Given { user: "J\u{e4}s".to_owned(), ..stage.answer() }.header();
    let extended = named.replace("username=\"J\u{e4}s\"", "username*=UTF-8''J%C3%A4s");
    assert_eq!(stage.ask(&extended).await, Ok("J\u{e4}s".to_owned()));
}

#[tokio::test]
async fn one_nonce_serves_many_requests_and_none_of_them_twice() {
    let stage = Stage::new();
    let first = stage.answer();
    let numbered = |count| Given { count, ..first.clone() }.header();
    assert_eq!(stage.ask(&numbered(1)).await, ironic());
    assert_eq!(stage.ask(&numbered(1)).await, Err(AuthError::Stale), "replayed");
    assert_eq!(stage.ask(&numbered(3)).await, ironic());
    assert_eq!(stage.ask(&numbered(2)).await, Err(AuthError::Stale), "reordered");
    assert_eq!(stage.ask(&numbered(4)).await, ironic());
    let lenient = Stage::with(|options| options.reordering = 8);
    let first = lenient.answer();
    let numbered = |count| Given { count, ..first.clone() }.header();
    let mut taken = Vec::new();
    for count in [3, 1, 1, 2, 3] {
        taken.push(lenient.ask(&numbered(count)).await.is_ok());
    }
    assert_eq!(taken, [true, true, false, true, false]);
}

#[tokio::test(start_paused = true)]
async fn an_old_nonce_and_one_of_another_process_are_stale_for_who_knows_the_password() {
    let stage = Stage::new();
    let old = stage.answer();
    tokio::time::advance(Duration::from_secs(301)).await;
    assert_eq!(stage.ask(&old.header()).await, Err(AuthError::Stale));
    let other = Given { nonce: Stage::new().nonce(), ..stage.answer() };
    assert_eq!(stage.ask(&other.header()).await, Err(AuthError::Stale));
    assert_eq!(stage.ask(&Given { password: "guess", ..other }.header()).await, Err(AuthError::Wrong));
    let challenges = stage.auth.challenges(AuthError::Stale);
    assert!(challenges.iter().all(|challenge| challenge.ends_with(", stale=true")), "{challenges:?}");
    assert!(!stage.auth.challenges(AuthError::Wrong).concat().contains("stale"));
}

#[tokio::test]
async fn a_forged_answer_is_refused_whatever_was_forged() {
    let stage = Stage::new();
    for user in ["nobody", "Ironic", ""] {
        let given = Given { user: user.to_owned(), ..stage.answer() };
        assert_eq!(stage.ask(&given.header()).await, Err(AuthError::Wrong), "{user}");
    }
    assert_eq!(stage.ask(&Given { password: "guess", ..stage.answer() }.header()).await, Err(AuthError::Wrong));
    assert_eq!(stage.ask(&Given { method: "GET", ..stage.answer() }.header()).await, Err(AuthError::Wrong));
    let elsewhere = Given { target: "/v1/actions", ..stage.answer() }.header();
    assert_eq!(stage.ask(&elsewhere).await, Err(AuthError::OtherTarget));
    assert_eq!(stage.ask_with(&elsewhere, "/v1/actions", b"").await, ironic());
    let header = stage.answer().header();
    for (from, to) in [
        ("nc=00000001", "nc=00000002"),
        ("cnonce=\"c\"", "cnonce=\"d\""),
        ("algorithm=SHA-256", "algorithm=MD5"),
        ("algorithm=SHA-256", "algorithm=SHA-512-256"),
        ("response=\"", "response=\"0"),
    ] {
        assert_eq!(stage.ask(&header.replace(from, to)).await, Err(AuthError::Wrong), "{to}");
    }
    for (from, to) in [("realm=\"Baremetal API\"", "realm=\"x\""), ("qop=auth", "qop=auth-int")] {
        assert_eq!(stage.ask(&header.replace(from, to)).await, Err(AuthError::Missing), "asked again: {to}");
    }
    let old_only = Stage::with(|options| options.algorithms = vec![Algorithm::Sha256]);
    let md5 = Given { algorithm: Algorithm::Md5, ..old_only.answer() }.header();
    assert_eq!(old_only.ask(&md5).await, Err(AuthError::Missing), "it was not offered");
}

#[tokio::test]
async fn a_truncated_or_garbled_answer_is_refused() {
    let stage = Stage::new();
    let header = stage.answer().header();
    for length in 0..header.len() {
        let (cut, answer) = (&header[..length], stage.ask(&header[..length]).await);
        let refused = matches!(answer, Err(AuthError::Malformed | AuthError::Wrong | AuthError::OtherScheme));
        assert!(refused, "{cut}: {answer:?}");
        if answer == Err(AuthError::Wrong) {
            assert!(length + 1 == header.len(), "a response that is not closed is none: {cut}");
        }
    }
    for (from, to) in [
        (", nc=00000001", ""),
        (", nc=00000001", ", nc=1"),
        (", nc=00000001", ", nc=00000000"),
        (", nc=00000001", ", nc=+0000001"),
        (", nc=00000001", ", nc=00000001, nc=00000002"),
        (", cnonce=\"c\"", ", cnonce=\"\""),
        (", cnonce=\"c\"", ""),
        (", qop=auth", ""),
        (", qop=auth", ", qop=\"auth,auth-int\""),
        (", algorithm=SHA-256", ", algorithm=SHA-1"),
        ("username=\"ironic\"", "username=\"ironic\", username*=UTF-8''ironic"),
        ("username=\"ironic\"", "username*=UTF-8''%zz"),
        ("username=\"ironic\"", "username=\"ironic\", userhash=maybe"),
        ("username=\"ironic\"", "username=\"ironic"),
        ("username=\"ironic\"", "username=\"iro\u{7}nic\""),
        ("response=", "response "),
        ("response=\"", "response=\"xyz"),
        ("Digest ", "Digest , ,"),
    ] {
        let changed = header.replace(from, to);
        assert_ne!(changed, header, "{from}");
        assert_eq!(stage.ask(&changed).await, Err(AuthError::Malformed), "{to}");
    }
    assert_eq!(stage.ask(&format!("{header}, unknown=\"a\\\"b\", x=y,,")).await, ironic(), "more is passed over");
}

#[tokio::test]
async fn an_answer_that_covers_the_body_covers_every_octet_of_it() {
    let stage = Stage::with(|options| options.cover = Cover::Body);
    let given = || Given { body: Some(b"{\"a\": 1}"), ..stage.answer() }.header();
    assert_eq!(stage.ask_with(&given(), "/", b"{\"a\": 1}").await, ironic());
    for body in [&b"{\"a\": 2}"[..], b"{\"a\": 1}\n", b""] {
        assert_eq!(stage.ask_with(&given(), "/", body).await, Err(AuthError::Wrong));
    }
    assert_eq!(stage.ask(&stage.answer().header()).await, Err(AuthError::Missing), "without");
    let unknown = Given { nonce: "AAAA".to_owned(), body: Some(b""), ..stage.answer() }.header();
    let asked = Asked {
        authorization: Some(unknown.as_bytes()),
        token: None,
        method: "POST",
        target: "/",
        origin: HERE,
        names: &[],
    };
    assert!(matches!(stage.auth.check(&asked).await, Err(AuthError::Stale)), "no body is read for it");
    let either = Stage::with(|options| options.cover = Cover::Either);
    assert_eq!(either.ask(&either.answer().header()).await, ironic());
}

#[tokio::test(start_paused = true)]
async fn failures_slow_down_who_failed_and_nobody_else() {
    let stage = Stage::new();
    let begin = tokio::time::Instant::now();
    for _ in 0..4 {
        let guess = Given { password: "guess", ..stage.answer() }.header();
        assert_eq!(stage.ask(&guess).await, Err(AuthError::Wrong));
    }
    // 0.1, 0.2 and 0.4 s after the first three.
    assert!(begin.elapsed() >= Duration::from_millis(700), "{:?}", begin.elapsed());
    let begin = tokio::time::Instant::now();
    let header = stage.answer().header();
    let elsewhere = Origin::Host(IpAddr::from([192, 0, 2, 1]));
    let asked = Asked {
        authorization: Some(header.as_bytes()),
        token: None,
        method: "POST",
        target: "/",
        origin: elsewhere,
        names: &[],
    };
    assert!(stage.auth.check(&asked).await.is_ok());
    assert!(begin.elapsed() < Duration::from_millis(100), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn failures_count_for_the_name_that_was_given_whether_there_is_such_a_user_or_not() {
    let stage = Stage::new();
    let failures = &stage.auth.0.failures;
    for user in failures.apart(HERE, "ironic") {
        assert!(!failures.has(failures.who(HERE, &user)), "{user}: others failed");
        let given = Given { user: user.clone(), password: "guess", ..stage.answer() };
        assert_eq!(stage.ask(&given.header()).await, Err(AuthError::Wrong));
        assert!(failures.has(failures.who(HERE, &user)), "{user}");
    }
}

#[tokio::test]
async fn a_changed_file_counts_from_the_next_request_on() {
    let stage = Stage::new();
    assert_eq!(stage.ask(&stage.answer().header()).await, ironic());
    stage.user("other", PASSWORD);
    assert_eq!(stage.ask(&stage.answer().header()).await, Err(AuthError::Wrong));
    fs::remove_file(stage.folder.path().join("users")).unwrap();
    let other = Given { user: "other".to_owned(), ..stage.answer() }.header();
    assert_eq!(stage.ask(&other).await, Err(AuthError::Wrong), "no file, no users");
}

#[test]
fn each_wrong_line_is_found_and_no_hash_is_shown() {
    let hash = "0".repeat(64);
    let text = format!(
        "# users\na:r:SHA-256:{hash}\na:r:SHA-512-256:{hash}\n\nb:r:SHA-1:{hash}\nc:r:MD5:{hash}\nhunter2\n\
         a:r:SHA-256:{hash}\n:r:MD5:{hash}\nd:r:MD5:{}\ne:r\"s:SHA-256:{hash}\n",
        "g".repeat(32)
    );
    let (users, findings) = DigestUsers::parse(Path::new("users"), &text);
    let found: Vec<_> = findings.iter().map(|finding| (finding.line.unwrap(), finding.code)).collect();
    assert_eq!(
        found,
        [
            (5, Code::UnsupportedHash),
            (6, Code::BadValue),
            (7, Code::Syntax),
            (8, Code::DuplicateKey),
            (9, Code::Syntax),
            (10, Code::BadValue),
            (11, Code::Syntax),
        ]
    );
    assert_eq!(users.realms(), ["r"]);
    let shown = format!("{users:?} {findings}");
    assert!(!shown.contains("hunter2") && !shown.contains("000"), "{shown}");
    assert_eq!(DigestUsers::parse(Path::new("x"), "# none\n").1.iter().next().unwrap().code, Code::MissingKey);
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("users");
    fs::write(&path, text.lines().nth(1).unwrap()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let (users, findings) = DigestUsers::read(&path);
    assert_eq!(findings.iter().next().unwrap().code, Code::FilePermissions);
    assert!(users.realms().is_empty(), "a hash that anybody may have read lets nobody in: {users:?}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(DigestUsers::read(&path).0.realms(), ["r"]);
}

#[test]
fn only_what_the_file_can_say_becomes_a_line() {
    for (user, realm, password, error) in [
        ("", "r", "p", NotAUser::Name),
        ("a:b", "r", "p", NotAUser::Name),
        ("#a", "r", "p", NotAUser::Name),
        ("a", "", "p", NotAUser::Realm),
        ("a", "r\"", "p", NotAUser::Realm),
        ("a", "r", "", NotAUser::Password),
        ("a", "r", "p\nq", NotAUser::Password),
    ] {
        assert_eq!(line(user, realm, Algorithm::Sha256, password), Err(error), "{user} {realm} {password}");
    }
    // As `printf 'a:r:p' | sha256sum` says.
    let known = "a:r:SHA-256:f79dd1defae67cfca563ce2105b092453724ca1ce80d6b16ef1800fc5307dd14";
    assert_eq!(line("a", "r", Algorithm::Sha256, "p").unwrap(), known);
}
