//! What kind of switch to simulate.

use std::{net::SocketAddr, time::Duration};

use secrecy::SecretString;

use crate::{Fault, SimError, schema::Schema};

/// How the switch takes changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// `:candidate`, `:confirmed-commit:1.1`, `:validate`, `:rollback-on-error`.
    #[default]
    Candidate,
    /// As [`Mode::Candidate`], with `:startup`: running is lost at a reboot unless it
    /// was copied to startup.
    CandidateStartup,
    /// As [`Mode::Candidate`], without confirmed commit.
    CandidatePlain,
    /// `:candidate`, `:validate` and Junos' `<commit-configuration>`: its confirmed
    /// commit counts minutes and outlives its session, anybody's commit or commit
    /// check confirms it, and nothing cancels it. The standard one is announced and
    /// mistimed. Running has no lock.
    CandidateJunos,
    /// `:writable-running` and `:rollback-on-error`; running persists by itself.
    Running,
    /// As [`Mode::Running`], with `:startup`.
    RunningStartup,
}

/// Ways in which switches seen in the field differ from the RFC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quirks {
    /// Announces base:1.1 but stays on end-of-message framing (Junos).
    pub announces_11_but_speaks_10: bool,
    /// Reads report default values too (NX-OS; RFC 6243 `report-all`).
    pub report_all_defaults: bool,
    /// Reads leave out leaves that have their default value, even if they were set to
    /// it (RFC 6243 `trim`).
    pub trims_defaults: bool,
    /// Replies carry no `message-id` (seen on IOS-XE).
    pub no_message_id: bool,
    /// An `operation` attribute without the NETCONF namespace is ignored, as
    /// clixon and netopeer2 do, rather than refused: the edit turns into a merge.
    pub ignores_unqualified_operation: bool,
    /// Of the entries of one list that a filter names, the first is answered only.
    pub answers_first_entry_only: bool,
    /// An interface of which nothing is configured but its name and type is left
    /// out of the configuration.
    pub leaves_out_idle_ports: bool,
    /// `:rollback-on-error` is not announced.
    pub no_rollback_on_error: bool,
    /// Nothing is copied to startup while running is locked, whoever locked it.
    pub no_save_while_locked: bool,
    /// What a session staged stays in the candidate when the session ends.
    pub keeps_candidate: bool,
    /// The lock of a candidate that holds changes is refused as operation-failed
    /// (sysrepo).
    pub dirty_in_words: bool,
    /// The session ends when a request comes before the last one was answered.
    pub one_request_at_a_time: bool,
    /// Neither the lock of running nor a commit is kept from whoever comes while a
    /// confirmed commit of another waits: each goes back to what was before it.
    pub overlapping_commits: bool,
    /// There is no operational state.
    pub no_state: bool,
    /// No VNI carries frames, as where no other VTEP is known.
    pub vnis_are_down: bool,
    /// A new session gets the lowest number that is free.
    pub reuses_session_ids: bool,
    /// Whoever holds a lock, the refusal names this session.
    pub names_holder: Option<u32>,
    /// gNMI: Get is not implemented.
    pub gnmi_no_get: bool,
    /// gNMI: Capabilities is not implemented.
    pub gnmi_no_capabilities: bool,
    /// gNMI: Subscribe is not implemented.
    pub gnmi_no_subscribe: bool,
    /// gNMI: path elements that name their module are unknown.
    pub gnmi_bare_paths_only: bool,
    /// gNMI: path elements have to name their module where it changes (SONiC, IOS-XR).
    pub gnmi_prefixed_paths_only: bool,
    /// gNMI: what is not there is read as an update without a value (NX-OS),
    /// not as NOT_FOUND.
    pub gnmi_empty_for_missing: bool,
    /// gNMI: the operations of a Set are done one by one until one fails, and
    /// stay done (SONiC).
    pub gnmi_not_atomic: bool,
    /// gNMI: VLAN ranges are read back as single VLANs.
    pub gnmi_expands_ranges: bool,
    /// gNMI: a leaf that has its default value is not read back, even if it was
    /// set to it (featureprofiles' `missing_value_for_defaults`).
    pub gnmi_omits_defaults: bool,
    /// gNMI: `prefix.target` has to be there.
    pub gnmi_requires_target: bool,
    /// gNMI: replace and update take paths of leaves and leaf-lists only.
    pub gnmi_leaf_paths_only: bool,
    /// gNMI: what a Set writes is JSON, leaves too.
    pub gnmi_no_scalars: bool,
    /// gNMI: the members of what a JSON_IETF value puts at a node need their module where it is
    /// another than that node's, and not because they come first (SR Linux).
    pub gnmi_members_by_parent: bool,
    /// gNMI: operations a Set may hold (NX-OS: 20).
    pub gnmi_max_operations: Option<usize>,
    /// gNMI: extensions are skipped, also those that ask for a confirmed
    /// commit: the change is for good, and confirming or cancelling it seems to
    /// work.
    pub gnmi_ignores_extensions: bool,
    /// gNMI: what confirms, cancels or extends a commit is not held against its
    /// id, so that it means whichever commit waits.
    pub gnmi_ids_not_compared: bool,
    /// gNMI: to cancel a commit where none waits is answered with OK.
    pub gnmi_cancels_nothing: bool,
    /// gNMI: running is lost at a reboot, unless the Set that made it was answered
    /// with OK, and the answer got away.
    pub gnmi_saves_what_it_answered: bool,
    /// gNMI: Get takes no type but ALL.
    pub gnmi_no_get_type: bool,
    /// gNMI: what is read is state, which follows no change, unless Get asks for
    /// configuration.
    pub gnmi_shows_state: bool,
}

/// What the RESTCONF face has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestconfFace {
    /// YANG Patch is announced and taken (RFC 8072).
    pub yang_patch: bool,
    /// The edits of a patch are carried out together or not at all.
    pub atomic: bool,
    /// `fields` is announced and heeded (RFC 8040 section 4.8.3).
    pub fields: bool,
    /// Answers carry the entity tag of the datastore, and `If-Match` is heeded.
    pub etags: bool,
    /// Each resource has a tag of its own instead (RFC 8040 section 3.5.2).
    pub own_etags: bool,
    /// Tags are shown, and nobody looks at `If-Match`.
    pub etags_alone: bool,
    /// Bodies are `application/vnd.yang.data+json`, as before RFC 8040, and nothing else.
    pub draft_media: bool,
    /// The connection ends with each answer.
    pub closes: bool,
}

impl Default for RestconfFace {
    fn default() -> Self {
        Self {
            yang_patch: true,
            atomic: true,
            fields: true,
            etags: false,
            own_etags: false,
            etags_alone: false,
            draft_media: false,
            closes: false,
        }
    }
}

/// A simulated switch, described.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of the switch, for logs.
    pub name: String,
    /// Address to listen on, loopback only; port 0 takes a free one. `None`
    /// opens no socket: sessions come in through `Handle::serve`.
    pub listen: Option<SocketAddr>,
    /// Address of NETCONF over TLS, loopback only; port 0 takes a free one. `None` opens
    /// no socket.
    pub tls_listen: Option<SocketAddr>,
    /// Certificates (PEM) that sign those of NETCONF's clients over TLS, each of whom needs
    /// one; `None` means whoever signs `Simulator::client_certificate`.
    pub tls_client_ca: Option<String>,
    /// Address of the gNMI face, loopback only; port 0 takes a free one. `None`
    /// opens no socket: connections come in through `Handle::serve_gnmi`.
    pub gnmi_listen: Option<SocketAddr>,
    /// gNMI without TLS (which the specification forbids and switches offer).
    pub gnmi_plaintext: bool,
    /// Address of the RESTCONF face, loopback only; port 0 takes a free one. `None` opens
    /// no socket: connections come in through `Handle::serve_restconf`.
    pub restconf_listen: Option<SocketAddr>,
    /// What that face has.
    pub restconf: RestconfFace,
    /// It is an Open vSwitch: connections come in through `Handle::serve_ovsdb`, its ports
    /// are rows of a database, and no other face shows what they carry.
    pub ovsdb: bool,
    /// Certificates (PEM) that sign those of gNMI clients. If given, a client
    /// needs one, and then no password.
    pub gnmi_client_ca: Option<String>,
    /// Whether gNMI's commit-confirmed extension is implemented.
    pub gnmi_commit_confirmed: bool,
    /// The only user.
    pub username: String,
    /// The user's password; a random one if `None`.
    pub password: Option<SecretString>,
    /// A public key (an OpenSSH line) the user may come with instead.
    pub authorized_key: Option<String>,
    /// Number of physical ports, named [`Options::port_prefix`] and 1, 2, ...
    pub ports: u16,
    /// What port names start with.
    pub port_prefix: String,
    /// Ports that access control hides from whoever reads (RFC 8341 section 3.2.4).
    pub hidden: Vec<String>,
    /// LAG interfaces that are configured from the start.
    pub lags: Vec<String>,
    /// What it can be configured with. Of another than the OpenConfig subset, nothing is there
    /// at first, ports neither; it has no RESTCONF, and `ports`, `lags` and `hidden` are not
    /// for it.
    pub schema: Schema,
    /// How changes are taken.
    pub mode: Mode,
    /// Whether base:1.1, and with it chunked framing, is announced.
    pub base_11: bool,
    /// Deviations from the RFC.
    pub quirks: Quirks,
    /// Faults set from the start.
    pub faults: Vec<Fault>,
    /// Time added once to every batch of requests read together: what a round
    /// trip to a distant switch costs.
    pub round_trip: Duration,
    /// Time a commit takes (an edit of running, where there is no commit).
    pub commit_time: Duration,
    /// When the confirm timer ends, in percent of the time that was asked for:
    /// below 100 the switch undoes too early, above too late.
    pub confirm_timer_percent: u32,
    /// NETCONF sessions, and gNMI connections, allowed at once; one more is
    /// dropped without a word.
    pub max_sessions: usize,
    /// Channels allowed at once on one SSH connection, OpenSSH's `MaxSessions`; one more is
    /// refused.
    pub max_channels: usize,
    /// Time until a NETCONF session ends whose client is gone without a word, as
    /// when the end of the connection is lost on the way.
    pub linger: Duration,
    /// Whether ietf-netconf-monitoring tells who has a session (RFC 6022), and
    /// whoever asks may end them.
    pub lists_sessions: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: "switch".to_owned(),
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            tls_listen: None,
            tls_client_ca: None,
            gnmi_listen: None,
            gnmi_plaintext: false,
            restconf_listen: None,
            restconf: RestconfFace::default(),
            ovsdb: false,
            gnmi_client_ca: None,
            gnmi_commit_confirmed: true,
            username: "mercury".to_owned(),
            password: None,
            authorized_key: None,
            ports: 8,
            port_prefix: "Ethernet".to_owned(),
            hidden: Vec::new(),
            lags: Vec::new(),
            schema: Schema::default(),
            mode: Mode::default(),
            base_11: true,
            quirks: Quirks::default(),
            faults: Vec::new(),
            round_trip: Duration::ZERO,
            commit_time: Duration::ZERO,
            confirm_timer_percent: 100,
            max_sessions: 64,
            max_channels: 10,
            linger: Duration::ZERO,
            lists_sessions: false,
        }
    }
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), SimError> {
        if let Some(addr) = self
            .listen
            .into_iter()
            .chain(self.gnmi_listen)
            .chain(self.tls_listen)
            .chain(self.restconf_listen)
            .find(|addr| !addr.ip().is_loopback())
        {
            return Err(SimError::NotLoopback(addr));
        }
        let own = !self.schema.is_openconfig();
        if own && (self.restconf_listen.is_some() || !self.lags.is_empty() || !self.hidden.is_empty()) {
            return Err(SimError::Option("RESTCONF, LAGs and hidden ports need the OpenConfig subset".into()));
        }
        if self.gnmi_plaintext && self.gnmi_client_ca.is_some() {
            return Err(SimError::Option("client certificates need TLS".into()));
        }
        if self.quirks.gnmi_bare_paths_only && self.quirks.gnmi_prefixed_paths_only {
            return Err(SimError::Option("paths cannot be both bare only and prefixed only".into()));
        }
        if self.quirks.announces_11_but_speaks_10 && !self.base_11 {
            return Err(SimError::Option("to lie about base:1.1 it has to be announced".into()));
        }
        Ok(())
    }
}

impl Mode {
    pub(crate) fn candidate(self) -> bool {
        matches!(self, Self::Candidate | Self::CandidateStartup | Self::CandidatePlain | Self::CandidateJunos)
    }

    pub(crate) fn confirmed_commit(self) -> bool {
        matches!(self, Self::Candidate | Self::CandidateStartup | Self::CandidateJunos)
    }

    /// Whether it has Junos' own operations.
    pub(crate) fn junos(self) -> bool {
        self == Self::CandidateJunos
    }

    pub(crate) fn writable_running(self) -> bool {
        !self.candidate()
    }

    pub(crate) fn startup(self) -> bool {
        matches!(self, Self::CandidateStartup | Self::RunningStartup)
    }

    pub(crate) fn validate(self) -> bool {
        self.candidate()
    }
}
