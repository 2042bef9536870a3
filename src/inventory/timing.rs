use std::time::Duration;

/// How long Mercury waits for a switch, and how much waits for it.
///
/// Durations are whole seconds (`30`) or text (`"30s"`, `"2m"`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// After how long the switch takes a change back that was not confirmed,
    /// 1 to 600 s; 50 s. Confirming takes a commit, so not less than that may take.
    /// Junos counts whole minutes, so that it is rounded up, and `lock_wait` grows by
    /// as much.
    pub confirm_timeout: Duration,
    /// How long a commit may take, 1 to 3600 s; 50 s: two of them and a login fit into the service's
    /// `request_timeout`.
    pub commit_timeout: Duration,
    /// How long any other answer may take, 1 to 3600 s; 30 s.
    pub reply_timeout: Duration,
    /// How long each address may take to answer, and then logging in, 1 to
    /// 300 s; 10 s.
    pub connect_timeout: Duration,
    /// After how long without work the connection is closed, 1 to 86400 s; 300 s.
    pub idle_timeout: Duration,
    /// How often an idle connection is tried, 1 to 3600 s; 15 s.
    pub keepalive: Duration,
    /// How long to wait for a lock that another client holds, 0 to 600 s; 105 s: a
    /// Mercury that was killed leaves a commit that takes `commit_timeout` to make
    /// and is undone `confirm_timeout` later.
    pub lock_wait: Duration,
    /// How many requests may wait for this switch, 1 to 65536; 256.
    pub queue: usize,
    /// How many sessions Mercury has with this switch at once, 1 to 64; 2: one to change it
    /// and one to look at it meanwhile, so that some are left for people. What counts is a
    /// NETCONF session, a gNMI, RESTCONF or OVSDB connection, and a login at a command line.
    pub max_sessions: usize,
}

impl Default for Timing {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Timing {
            confirm_timeout: seconds(50),
            commit_timeout: seconds(50),
            reply_timeout: seconds(30),
            connect_timeout: seconds(10),
            idle_timeout: seconds(300),
            keepalive: seconds(15),
            lock_wait: seconds(105),
            queue: 256,
            max_sessions: 2,
        }
    }
}
