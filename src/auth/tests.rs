use super::*;
use crate::finding::{Code, Severity};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// How many errors this thread logged.
#[derive(Clone, Default)]
pub(super) struct Errors(Arc<AtomicUsize>);

impl Errors {
    /// Counts until what it returns is dropped.
    pub(super) fn count(&self) -> tracing::subscriber::DefaultGuard {
        tracing::subscriber::set_default(self.clone())
    }

    pub(super) fn so_far(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl tracing::Subscriber for Errors {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::ERROR
    }

    fn new_span(&self, _span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn event(&self, _event: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn record(&self, _span: &tracing::span::Id, _values: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _span: &tracing::span::Id, _follows: &tracing::span::Id) {}
    fn enter(&self, _span: &tracing::span::Id) {}
    fn exit(&self, _span: &tracing::span::Id) {}
}

/// bcrypt, counted, with the costs that were paid, the most at a time, and how nice each
/// was to the rest of the machine.
#[derive(Default)]
struct Counted {
    calls: AtomicUsize,
    niceness: Mutex<Vec<i32>>,
    running: AtomicUsize,
    most: AtomicUsize,
    costs: Mutex<Vec<String>>,
}

impl Verify for Counted {
    fn verify(&self, password: &[u8], hash: &str) -> bool {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        self.costs.lock().unwrap().push(hash[4..6].to_owned());
        self.niceness.lock().unwrap().push(rustix::process::nice(0).unwrap());
        let answer = Bcrypt.verify(password, hash);
        self.running.fetch_sub(1, Ordering::SeqCst);
        answer
    }
}

struct Setup {
    dir: TempDir,
    auth: Authenticator,
    counted: Arc<Counted>,
}

impl Setup {
    fn new(file: &str) -> Self {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("htpasswd"), file).unwrap();
        allow(&dir.path().join("htpasswd"), 0o640);
        let counted = Arc::new(Counted::default());
        let auth = Authenticator::builder()
            .verified(&dir.path().join("htpasswd"), Arc::clone(&counted) as Arc<dyn Verify>)
            .build();
        Setup { dir, auth, counted }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("htpasswd")
    }

    async fn ask(&self, user: &str, password: &str) -> Result<Principal, AuthError> {
        who(&self.auth, Some(basic(user, password.as_bytes()).as_bytes()), HERE).await
    }

    fn calls(&self) -> usize {
        self.counted.calls.load(Ordering::SeqCst)
    }
}

fn basic(user: &str, password: &[u8]) -> String {
    format!("Basic {}", STANDARD.encode([user.as_bytes(), b":", password].concat()))
}

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

async fn who(auth: &Authenticator, authorization: Option<&[u8]>, peer: IpAddr) -> Result<Principal, AuthError> {
    match auth
        .check(&Asked {
            authorization,
            token: None,
            method: "POST",
            target: "/",
            origin: Origin::Host(peer),
            names: &[],
        })
        .await?
    {
        Recognised::As(principal) => Ok(principal),
        Recognised::Unread(_) => panic!("no password covers a body"),
    }
}

fn hash(password: &str) -> String {
    bcrypt::hash(password, 4).unwrap()
}

fn ironic() -> Result<Principal, AuthError> {
    Ok(Principal::User("ironic".to_owned()))
}

#[tokio::test]
async fn noauth_takes_everybody_whatever_they_send() {
    let auth = Authenticator::noauth();
    for header in [None, Some(&b"Basic !"[..]), Some(b"Bearer x"), Some(b"\xff")] {
        assert_eq!(who(&auth, header, HERE).await, Ok(Principal::Anonymous));
    }
}

#[tokio::test]
async fn a_header_is_refused_for_what_is_wrong_with_it_without_bcrypt() {
    let setup = Setup::new(&format!("ironic:{}\n", hash("secret")));
    let no_colon = format!("Basic {}", STANDARD.encode("ironic"));
    let control = basic("ironic", b"sec\0ret");
    let bad_name = format!("Basic {}", STANDARD.encode(b"\xff:x"));
    let long = basic("ironic", &[b'x'; 9000]);
    for (header, error) in [
        (None, AuthError::Missing),
        (Some("".as_bytes()), AuthError::Malformed),
        (Some(b"Basic"), AuthError::Malformed),
        (Some(b"Basic "), AuthError::Malformed),
        (Some(b"Basic !!!"), AuthError::Malformed),
        (Some(b"Basic aXJvbmljOnNlY3JldA== x"), AuthError::Malformed),
        (Some(b"Basic \xff"), AuthError::Malformed),
        (Some(no_colon.as_bytes()), AuthError::Malformed),
        (Some(control.as_bytes()), AuthError::Malformed),
        (Some(bad_name.as_bytes()), AuthError::Malformed),
        (Some(long.as_bytes()), AuthError::Malformed),
        (Some(b"Bearer abc"), AuthError::OtherScheme),
        (Some(b"Digest username=x"), AuthError::OtherScheme),
        (Some(b"BasicaXJvbmljOnNlY3JldA=="), AuthError::OtherScheme),
    ] {
        assert_eq!(who(&setup.auth, header, HERE).await, Err(error), "{header:?}");
    }
    assert_eq!(setup.calls(), 0);
}

#[tokio::test]
async fn a_success_is_remembered_and_a_failure_pays_each_time() {
    let setup = Setup::new(&format!("# comment\n\nironic:{}\n", hash("sec:ret \u{e9}")));
    for _ in 0..3 {
        assert_eq!(setup.ask("ironic", "sec:ret \u{e9}").await, ironic());
    }
    assert_eq!(setup.calls(), 1);
    for tries in 1..=3 {
        assert_eq!(setup.ask("ironic", "wrong").await, Err(AuthError::Wrong));
        assert_eq!(setup.calls(), 1 + tries);
    }
    assert_eq!(setup.ask("ironic", "sec:ret \u{e9}").await, ironic());
    assert_eq!(setup.calls(), 4);
}

#[tokio::test]
async fn whoever_failed_gives_way_to_everybodys_work() {
    let setup = Setup::new(&format!("ironic:{}\n", hash("secret")));
    assert_eq!(setup.ask("ironic", "wrong").await, Err(AuthError::Wrong));
    assert_eq!(setup.ask("ironic", "wrong again").await, Err(AuthError::Wrong));
    assert_eq!(setup.ask("ironic", "secret").await, ironic());
    assert_eq!(setup.ask("nobody", "secret").await, Err(AuthError::Wrong), "another, who never failed");
    let own = rustix::process::nice(0).unwrap();
    let gave_way: Vec<bool> = setup.counted.niceness.lock().unwrap().iter().map(|&nice| nice > own).collect();
    let less = own < 19;
    assert_eq!(gave_way, [false, less, less, false]);
}

#[tokio::test]
async fn the_scheme_is_of_any_case_and_any_blanks_follow_it() {
    let setup = Setup::new(&format!("ironic:{}\n", hash("secret")));
    for header in ["basic aXJvbmljOnNlY3JldA==", "BASIC   aXJvbmljOnNlY3JldA==", " Basic\taXJvbmljOnNlY3JldA== "] {
        assert_eq!(who(&setup.auth, Some(header.as_bytes()), HERE).await, ironic(), "{header}");
    }
}

#[tokio::test]
async fn an_unknown_user_pays_as_much_as_the_dearest_known_one() {
    let dear = bcrypt::hash("x", 6).unwrap();
    let setup = Setup::new(&format!("ironic:{}\nother:{dear}\n", hash("secret")));
    for user in ["nobody", "Ironic", "ironic ", "iro", "", "# comment"] {
        assert_eq!(setup.ask(user, "secret").await, Err(AuthError::Wrong), "{user:?}");
    }
    assert_eq!(*setup.counted.costs.lock().unwrap(), ["06"; 6]);
    let empty = Setup::new("");
    assert_eq!(empty.ask("nobody", "secret").await, Err(AuthError::Wrong));
    assert_eq!(*empty.counted.costs.lock().unwrap(), ["10"], "also where there is no user");
}

#[tokio::test]
async fn each_bcrypt_prefix_and_what_htpasswd_writes_are_taken() {
    // What `htpasswd -nbB -C 4 ironic secret` printed.
    let printed = "$2y$04$dqZWbpbGQ/mQSvguihqXH.MYpaEHeF7NG.UCWjHcJ07F24pnAMjwW".to_owned();
    let made = bcrypt::hash_with_result("secret", 4).unwrap();
    let versions = [bcrypt::Version::TwoY, bcrypt::Version::TwoA, bcrypt::Version::TwoB];
    for hash in versions.map(|version| made.format_for_version(version)).iter().chain([&printed]) {
        let setup = Setup::new(&format!("ironic:{hash}\n"));
        assert_eq!(setup.ask("ironic", "secret").await, ironic(), "{hash}");
    }
}

#[tokio::test]
async fn bytes_after_the_72nd_do_not_count_as_in_htpasswd() {
    let password = "p".repeat(72);
    let setup = Setup::new(&format!("ironic:{}\n", hash(&password)));
    for (tail, right) in [("", true), ("x", true), (&"y".repeat(100), true)] {
        assert_eq!(setup.ask("ironic", &format!("{password}{tail}")).await.is_ok(), right);
    }
    assert_eq!(setup.ask("ironic", &password[..71]).await, Err(AuthError::Wrong));
}

#[tokio::test]
async fn a_changed_file_counts_from_the_next_request_on() {
    let setup = Setup::new(&format!("ironic:{}\n", hash("first")));
    assert_eq!(setup.ask("ironic", "first").await, ironic());
    // As long as before, in place: only the times tell.
    fs::write(setup.path(), format!("ironic:{}\n", hash("second"))).unwrap();
    assert_eq!(setup.ask("ironic", "first").await, Err(AuthError::Wrong));
    assert_eq!(setup.ask("ironic", "second").await, ironic());
    // Replaced whole, as Kubernetes and careful editors do.
    fs::write(setup.dir.path().join("new"), "other:x\n").unwrap();
    fs::rename(setup.dir.path().join("new"), setup.path()).unwrap();
    assert_eq!(setup.ask("ironic", "second").await, Err(AuthError::Wrong), "a remembered user who is gone");
    fs::write(setup.path(), format!("ironic:{}\n", hash("second"))).unwrap();
    assert_eq!(setup.ask("ironic", "second").await, ironic());
    fs::remove_file(setup.path()).unwrap();
    assert_eq!(setup.ask("ironic", "second").await, Err(AuthError::Wrong), "no file, no users");
    fs::write(setup.path(), format!("ironic:{}\n", hash("third"))).unwrap();
    assert_eq!(setup.ask("ironic", "third").await, ironic());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn few_bcrypts_run_at_a_time_and_those_who_waited_share_the_answer() {
    let setup = Arc::new(Setup::new(&format!("ironic:{}\n", hash("secret"))));
    let ask_all = |password: &'static str, from: fn(u8) -> IpAddr| {
        let asks: Vec<_> = (0..40)
            .map(|number| {
                let setup = Arc::clone(&setup);
                let header = basic("ironic", password.as_bytes());
                tokio::spawn(async move { who(&setup.auth, Some(header.as_bytes()), from(number)).await })
            })
            .collect();
        asks
    };
    for ask in ask_all("secret", |_| HERE) {
        assert_eq!(ask.await.unwrap(), ironic());
    }
    assert!(setup.calls() <= 2, "{} for one password", setup.calls());
    let before = setup.calls();
    for ask in ask_all("wrong", |number| IpAddr::from([192, 0, 2, number])) {
        assert_eq!(ask.await.unwrap(), Err(AuthError::Wrong));
    }
    assert_eq!(setup.calls() - before, 40);
    assert!(setup.counted.most.load(Ordering::SeqCst) <= 2);
}

/// Guessers never cease, from the caller's own address and from others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_not_failed_comes_before_all_who_have() {
    let setup = Arc::new(Setup::new(&format!("ironic:{}\n", hash("secret"))));
    let over = tokio_util::sync::CancellationToken::new();
    let guessers: Vec<_> = (0..120u8)
        .map(|number| {
            let (setup, over) = (Arc::clone(&setup), over.clone());
            let from = if number % 2 == 0 { HERE } else { IpAddr::from([192, 0, 2, number]) };
            let user = if number % 2 == 0 { "nobody" } else { "ironic" };
            let guess = async move {
                loop {
                    let header = basic(user, b"guess");
                    let refused = who(&setup.auth, Some(header.as_bytes()), from).await;
                    assert!(matches!(refused, Err(AuthError::Wrong | AuthError::TooOften)), "{refused:?}");
                }
            };
            tokio::spawn(async move { over.run_until_cancelled(guess).await })
        })
        .collect();
    // Most have failed more than once.
    while setup.calls() < 240 {
        tokio::task::yield_now().await;
    }
    let before = setup.calls();
    assert_eq!(setup.ask("ironic", "secret").await, ironic());
    assert!(setup.calls() - before <= 8, "{} others came first", setup.calls() - before);
    over.cancel();
    for guesser in guessers {
        assert!(guesser.await.unwrap().is_none());
    }
}

#[tokio::test]
async fn failures_count_for_the_name_that_was_given_whether_there_is_such_a_user_or_not() {
    let setup = Setup::new(&format!("ironic:{}\n", hash("secret")));
    let (failures, here) = (&setup.auth.0.failures, Origin::Host(HERE));
    for name in failures.apart(here, "ironic") {
        assert!(!failures.has(failures.who(here, &name)), "{name}: others failed");
        assert_eq!(setup.ask(&name, "guess").await, Err(AuthError::Wrong));
        assert!(failures.has(failures.who(here, &name)), "{name}");
    }
}

/// Also those that came before the first of them had failed.
#[tokio::test(start_paused = true)]
async fn guesses_side_by_side_pay_for_each_other_whether_there_is_such_a_user_or_not() {
    for user in ["ironic", "nobody"] {
        let setup = Arc::new(Setup::new(&format!("ironic:{}\n", hash("secret"))));
        let begin = tokio::time::Instant::now();
        let guesses: Vec<_> = (0..8)
            .map(|_| {
                let setup = Arc::clone(&setup);
                tokio::spawn(async move { setup.ask(user, "guess").await })
            })
            .collect();
        for guess in guesses {
            assert_eq!(guess.await.unwrap(), Err(AuthError::Wrong));
        }
        // Two may run at a time, and those that are left wait for 0.1 s each at least.
        assert!(begin.elapsed() >= Duration::from_millis(600), "{user}: {:?}", begin.elapsed());
        assert_eq!(setup.calls(), 8);
    }
}

#[test]
fn each_wrong_line_of_an_htpasswd_file_is_found() {
    let good = hash("x");
    let damaged = format!("$2y$04${}", "!".repeat(53));
    let dear = good.replacen("$04$", "$15$", 1);
    let text = format!(
        "# users\na:{good}\nb:$apr1$xyz$abc\nc:{{SHA}}abc\nd:plain\nno colon\n:{good}\n\ne:{damaged}\nf:{dear}\na:{good}\ng:{}\n  h:{good}  \n",
        &good[..59]
    );
    let (users, findings) = Htpasswd::parse(Path::new("htpasswd"), &text);
    let found: Vec<_> = findings.iter().map(|f| (f.line.unwrap(), f.code, f.field.as_str())).collect();
    assert_eq!(
        found,
        [
            (3, Code::UnsupportedHash, "htpasswd.b"),
            (4, Code::UnsupportedHash, "htpasswd.c"),
            (5, Code::UnsupportedHash, "htpasswd.d"),
            (6, Code::Syntax, "htpasswd"),
            (7, Code::Syntax, "htpasswd"),
            (9, Code::BadValue, "htpasswd.e"),
            (10, Code::OutOfRange, "htpasswd.f"),
            (11, Code::DuplicateKey, "htpasswd.a"),
            (12, Code::BadValue, "htpasswd.g"),
        ]
    );
    assert!(users.hash("a").is_some() && users.hash("h").is_some() && users.hash("b").is_none());
    assert_eq!(Htpasswd::parse(Path::new("x"), "# none\n").1.iter().next().unwrap().code, Code::MissingKey);
    assert_eq!(Htpasswd::read(Path::new("/nonexistent")).1.iter().next().unwrap().code, Code::Unreadable);
}

#[test]
fn a_byte_order_mark_and_a_file_for_everybody_are_found() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("htpasswd");
    fs::write(&path, format!("\u{feff}ironic:{}\n", hash("x"))).unwrap();
    let found = |mode| {
        allow(&path, mode);
        let (users, findings) = Htpasswd::read(&path);
        let found: Vec<_> = findings.iter().map(|finding| (finding.code, finding.severity)).collect();
        (users.hash("ironic").is_some(), found)
    };
    let mark = (Code::Syntax, Severity::Error);
    assert_eq!(found(0o640), (true, vec![mark]));
    assert_eq!(found(0o644), (true, vec![mark, (Code::FilePermissions, Severity::Warning)]));
    for mode in [0o666, 0o660] {
        assert_eq!(found(mode), (false, vec![mark, (Code::FilePermissions, Severity::Error)]), "{mode:o}");
    }
}

/// Whoever may write to the file may have written all of it.
#[tokio::test]
async fn a_file_that_others_may_change_lets_nobody_in_while_they_may() {
    let setup = Setup::new(&format!("ironic:{}\n", hash("secret")));
    assert_eq!(setup.ask("ironic", "secret").await, ironic());
    allow(&setup.path(), 0o666);
    assert_eq!(setup.ask("ironic", "secret").await, Err(AuthError::Wrong));
    allow(&setup.path(), 0o640);
    assert_eq!(setup.ask("ironic", "secret").await, ironic());
}

pub(super) fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn nothing_shows_a_hash() {
    let (users, findings) = Htpasswd::parse(Path::new("x"), &format!("a:{}\nb:$apr1$hunter2\nhunter2\n", hash("x")));
    assert_eq!(format!("{users:?}"), "{\"a\"}");
    assert!(!findings.to_string().contains("hunter2"));
}
