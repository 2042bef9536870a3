//! The command line. Standard output is data, standard error is talk; exit
//! codes are 0 done, 1 something was found or refused, 2 the tool failed.

mod audit;
mod audit_log;
mod bench;
mod bounded;
mod check;
mod demo;
mod dialect;
mod difference;
mod doors;
mod explain;
mod findings;
mod fleet;
mod import;
mod init;
mod log;
mod machine;
mod network;
mod new_files;
mod policy;
mod port;
mod print;
mod progress;
mod question;
mod record;
mod render;
mod report;
mod requests;
mod review;
mod rules;
mod running;
mod serve;
mod shell;
mod signals;
mod simulate;
mod switch;
mod table;
mod tool;
mod users;
mod validate;
mod write;
mod yang;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use mercury_adapter::Budget;

use crate::{
    config::{self, Dialects, LogFormat, LogLevel, Overrides, Settings},
    fault::Fault,
    finding::{Code, Finding, Findings},
    inventory::Inventory,
    rpc,
};
use bounded::read_bounded;
use tool::{Tool, start};

/// Configures switch ports for bare-metal provisioning.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, after_help = shell::ENDS)]
pub struct Arguments {
    #[command(flatten, next_help_heading = "Options of every command")]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Options every command takes; they go before the settings file.
#[derive(Clone, Debug, Args)]
struct Common {
    /// The settings file.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A file of switches, TOML or Ironic's INI; may be given several times.
    #[arg(long, global = true, value_name = "FILE")]
    switches: Vec<PathBuf>,
    /// A file of the network team's rules; may be given several times.
    #[arg(long, global = true, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// A folder of the operator's own dialects, above those built in.
    #[arg(long, global = true, value_name = "FOLDER")]
    dialects: Option<PathBuf>,
    /// How results are printed; sarif and junit are for findings.
    #[arg(long = "output", global = true, value_enum, default_value_t = Shape::Human)]
    shape: Shape,
    /// The same, for results that are no findings.
    #[arg(skip)]
    output: Output,
    /// The least severe thing that is logged.
    #[arg(long, global = true, value_enum)]
    log_level: Option<Level>,
    /// How log lines are printed.
    #[arg(long, global = true, value_enum)]
    log_format: Option<Format>,
}

/// How a simulated switch is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Spoken {
    /// NETCONF over SSH.
    Netconf,
    /// gNMI over TLS.
    Gnmi,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// For people.
    #[value(alias = "text")]
    Human,
    /// One JSON value.
    Json,
    /// SARIF 2.1.0, for code forges.
    Sarif,
    /// JUnit's XML, for CI.
    Junit,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Output {
    /// For people.
    #[default]
    Human,
    /// One JSON value.
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Human,
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve Ironic over JSON-RPC.
    Serve(ServeArguments),
    /// Run a simulated switch on loopback.
    Simulate(simulate::SimulateArguments),
    /// Show the whole of it on a simulated switch, in seconds.
    Demo(demo::DemoArguments),
    /// Write a first inventory and its settings, for one switch that is looked at.
    Init(init::InitArguments),
    /// Say everything that is wrong with the settings and the switch files.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Look at switches.
    Switch {
        #[command(subcommand)]
        command: SwitchCommand,
    },
    /// Show the members of a fleet, and which of them has which switch.
    Fleet,
    /// Look at dialects.
    Dialect {
        #[command(subcommand)]
        command: DialectCommand,
    },
    /// Put VLANs on a port.
    Attach(port::PortArguments),
    /// Take the VLANs off a port.
    Detach(port::DetachArguments),
    /// Say what `attach`, or any request, would do, and send nothing.
    Plan(question::PlanArguments),
    /// Make the change that `plan --save` wrote down, exactly as it was reviewed; refuse
    /// it, and say what has moved, where the switch, its entry or its dialect are not as
    /// they were.
    Apply(review::ApplyArguments),
    /// Write one HTML page of a change, for people to review: what is wanted, what would
    /// change on each switch, what the rules have to say, and what would be sent. Ends with
    /// 1 where it would be refused. A saved plan is shown as it was when it was made: what the
    /// rules say of it now, `plan --request PLAN` tells.
    Report(report::ReportArguments),
    /// Print the request that would carry what `attach`, or any request, does, as
    /// other tools of its protocol read it; no switch is needed.
    Render(render::RenderArguments),
    /// Say where a switch differs from what `attach`, or any request, would have
    /// made of it; change nothing. Ends with 1 where it does.
    Verify(question::QuestionArguments),
    /// Say where two configurations differ, by what they mean. Ends with 0 where they
    /// are the same and with 1 where they differ.
    Diff(difference::DiffArguments),
    /// Say where switches differ from a table of what they should be, all of them side
    /// by side; change nothing. Ends with 1 where one does.
    Audit(audit::AuditArguments),
    /// Look at an audit log of the service.
    AuditLog(audit_log::AuditLogArguments),
    /// Look at what each caller may ask for.
    Policy(policy::PolicyArguments),
    /// Say what is wrong with candidate configurations that people bring, before any of
    /// them is sent anywhere. Ends with 1 where something is.
    Validate(validate::ValidateArguments),
    /// The network team's rules.
    Rules {
        #[command(subcommand)]
        command: rules::RulesCommand,
    },
    /// The YANG modules of switches.
    Yang {
        #[command(subcommand)]
        command: yang::YangCommand,
    },
    /// Print what a switch says at its command line, with secrets and names masked.
    Record(record::RecordArguments),
    /// Read what was recorded, in place of the switch.
    Replay(record::ReplayArguments),
    /// Print what a switch has now, as `plan --offline --running` reads it; change nothing.
    /// NETCONF's data, a gNMI answer as JSON, or what `record` prints of a command line.
    Running(running::RunningArguments),
    /// Say what a finding's code means, and what to do about it.
    Explain(explain::ExplainArguments),
    /// Print what a shell needs to complete commands.
    Completions(shell::CompletionsArguments),
    /// Write a page for `man` of every command.
    Man(shell::ManArguments),
    /// Measure the service, on simulated switches or in dry runs on one of yours.
    Bench(bench::BenchArguments),
}

impl Command {
    const fn tells_findings(&self) -> bool {
        matches!(
            self,
            Self::Config { .. }
                | Self::Validate(_)
                | Self::Rules { .. }
                | Self::Dialect { command: DialectCommand::Check(_) }
        )
    }
}

#[derive(Clone, Debug, Args)]
struct ServeArguments {
    /// The address to listen on; port 0 lets the system choose.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// How callers are told apart; may be given several times.
    #[arg(long, value_enum)]
    auth: Vec<users::Auth>,
    /// bcrypt hashes of the callers' passwords, for http_basic.
    #[arg(long, value_name = "FILE")]
    htpasswd: Option<PathBuf>,
    /// Let anybody on the network ask; needs `--auth noauth` beside it.
    #[arg(long)]
    allow_remote_noauth: bool,
    /// Take passwords without TLS from other machines; needs `--auth http_basic`
    /// beside it.
    #[arg(long)]
    allow_plaintext_passwords: bool,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check the settings, every switch file, the files of users, certificate and key.
    Check(check::CheckArguments),
    /// Make Mercury's files of Ironic's or networking-generic-switch's.
    Import(import::ImportArguments),
    /// Make the lines of a user of HTTP Digest from a password on standard input.
    Digest(users::DigestArguments),
}

#[derive(Debug, Subcommand)]
enum SwitchCommand {
    /// List the switches of the inventory.
    List,
    /// Connect to a switch and say what it can do and has.
    Probe {
        /// Its name, MAC address or address.
        name: String,
        /// Try writing, too: describe this port in another way, and put back what
        /// was there.
        #[arg(long, value_name = "PORT")]
        write: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum DialectCommand {
    /// List the dialects, and what shows that each is right.
    List,
    /// Print the file of a built-in one, to begin another with.
    Show {
        /// Its name.
        name: String,
    },
    /// Say whether files of dialects are complete, and what is wrong with them.
    Check(dialect::CheckArguments),
}

/// How a command ended.
type Ended = Result<ExitCode, Failure>;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// Files that are wrong.
    #[error("{0}")]
    Findings(Findings),
    /// What was asked for is refused.
    #[error("{0}")]
    Refused(Fault),
    /// It is in the log.
    #[error("see the log")]
    Logged,
    /// Anything else, in a sentence.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    fn because(error: impl std::fmt::Display) -> Self {
        Self::Other(error.to_string())
    }
}

/// Done.
const DONE: ExitCode = ExitCode::SUCCESS;

/// Something was found or refused.
fn found() -> ExitCode {
    ExitCode::from(1)
}

/// Runs a command.
#[must_use]
pub fn run(mut arguments: Arguments) -> ExitCode {
    let shape = arguments.common.shape;
    let output = if shape == Shape::Json { Output::Json } else { Output::Human };
    arguments.common.output = output;
    if matches!(shape, Shape::Sarif | Shape::Junit) && !arguments.command.tells_findings() {
        return failed(output, &Failure::Other("sarif and junit are for commands that tell findings".to_owned()));
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(output, &Failure::because(error)),
    };
    let ended = runtime.block_on(Box::pin(dispatch(arguments)));
    // A task that hangs on a dead switch does not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    let code = ended.unwrap_or_else(|failure| failed(output, &failure));
    log::finish();
    code
}

async fn dispatch(arguments: Arguments) -> Ended {
    let Arguments { common, command } = arguments;
    match command {
        Command::Serve(serve) => serve::run(&common, &serve).await,
        Command::Simulate(simulate) => simulate::run(&common, &simulate).await,
        Command::Demo(arguments) => demo::run(&common, &arguments).await,
        Command::Init(init) => init::run(&common, &init).await,
        Command::Config { command: ConfigCommand::Check(arguments) } => Ok(check::run(&common, &arguments)),
        Command::Config { command: ConfigCommand::Import(import) } => import::run(&common, &import),
        Command::Config { command: ConfigCommand::Digest(user) } => users::digest(&user),
        Command::Switch { command: SwitchCommand::List } => switch::list(&common),
        Command::Switch { command: SwitchCommand::Probe { name, write } } => {
            switch::probe(&common, &name, write.as_deref()).await
        }
        Command::Fleet => fleet::fleet(&common).await,
        Command::Dialect { command: DialectCommand::List } => dialect::list(&common),
        Command::Dialect { command: DialectCommand::Show { name } } => dialect::show(&name),
        Command::Dialect { command: DialectCommand::Check(check) } => dialect::check(&common, &check),
        Command::Attach(port) => port::attach(&common, &port).await,
        Command::Detach(port) => port::detach(&common, &port).await,
        Command::Plan(question) => question::plan(&common, &question).await,
        Command::Apply(apply) => review::apply(&common, &apply).await,
        Command::Report(report) => report::run(&common, &report).await,
        Command::Render(render) => render::run(&common, &render).await,
        Command::Verify(question) => question::verify(&common, &question).await,
        Command::Diff(diff) => difference::run(&common, &diff).await,
        Command::AuditLog(log) => audit_log::run(&common, &log),
        Command::Policy(policy) => policy::run(&common, &policy),
        Command::Audit(audit) => audit::run(&common, &audit).await,
        Command::Validate(validate) => validate::run(&common, &validate).await,
        Command::Rules { command: rules::RulesCommand::Test(test) } => rules::test(&common, &test).await,
        Command::Yang { command: yang::YangCommand::Fetch(fetch) } => yang::fetch(&common, &fetch).await,
        Command::Record(record) => record::record(&common, &record).await,
        Command::Replay(replay) => record::replay(&common, &replay).await,
        Command::Running(running) => running::run(&common, &running).await,
        Command::Explain(explain) => explain::run(&common, &explain),
        Command::Completions(completions) => shell::completions(&completions),
        Command::Man(man) => shell::man(&man),
        Command::Bench(bench) => bench::run(&common, &bench).await,
    }
}

fn failed(output: Output, failure: &Failure) -> ExitCode {
    match (output, failure) {
        (_, Failure::Logged) => {}
        (Output::Json, Failure::Findings(findings)) => print::json(&serde_json::json!({"findings": findings})),
        (Output::Json, Failure::Refused(fault)) => print::json(&serde_json::json!({"error": rpc::error_json(fault)})),
        (Output::Json, Failure::Other(message)) => print::json(&serde_json::json!({"error": message})),
        (Output::Human, failure) => print::talk(&failure.to_string()),
    }
    if let Failure::Refused(_) = failure { found() } else { ExitCode::from(2) }
}

impl Common {
    fn overrides(&self) -> Overrides {
        Overrides {
            switches: self.switches.clone(),
            rules: self.rules.clone(),
            dialects: self.dialects.clone(),
            log_format: self.log_format.map(|format| match format {
                Format::Human => LogFormat::Human,
                Format::Json => LogFormat::Json,
            }),
            log_level: self.log_level.map(|level| match level {
                Level::Error => LogLevel::Error,
                Level::Warn => LogLevel::Warn,
                Level::Info => LogLevel::Info,
                Level::Debug => LogLevel::Debug,
                Level::Trace => LogLevel::Trace,
            }),
            ..Overrides::default()
        }
    }

    /// Settings and the inventory that they name, with logging begun; warnings are logged.
    fn load(&self, overrides: &Overrides, quiet: Option<LogLevel>) -> Result<(Settings, Inventory), Failure> {
        let (settings, inventory) = self.read(overrides, quiet, false).and_then(switch::in_some_inventory)?;
        doors::open_at_need(&settings);
        Ok((settings, inventory))
    }

    /// The same with what is wrong all the same. Whoever `waits` can do with inventory
    /// files that are not there yet.
    fn read(
        &self,
        overrides: &Overrides,
        quiet: Option<LogLevel>,
        waits: bool,
    ) -> Result<(Settings, Inventory, Findings), Failure> {
        let (settings, inventory, findings) = config::check(self.config.as_deref(), overrides);
        let waits = waits && settings.as_ref().is_some_and(|settings| settings.lacks_only_files(&findings));
        // What is wrong with one switch keeps nobody from the others.
        let broken = inventory.as_ref().map_or(0, |inventory| inventory.all_broken().count());
        let served = inventory.filter(|inventory| !inventory.is_empty() || !findings.has_errors() || waits);
        let is_none_left = served.is_none() && broken > 0;
        let told = settings.as_ref().map(|settings| settings.log.format).or(overrides.log_format);
        let (Some(settings), Some(inventory)) = (settings, served) else {
            let mut findings = findings;
            if is_none_left {
                let entries = print::counted(broken, "entry is", "entries are");
                let message = format!("no switch is left that could be used: {entries} wrong");
                findings.push(Finding::error(Code::NoSwitches, message).help("mend what is told of them above"));
            }
            if told != Some(LogFormat::Json) || self.output == Output::Json || quiet.is_some() {
                return Err(Failure::Findings(findings));
            }
            // Whoever collects JSON collects it from the start on.
            log::begin(LogFormat::Json, LogLevel::Warn)?;
            findings.iter().for_each(log::finding);
            return Err(Failure::Logged);
        };
        let level = overrides.log_level.or(quiet).unwrap_or(settings.log.level);
        log::begin(settings.log.format, level)?;
        Budget::shared().set_limit(settings.limits.max_replies_bytes);
        findings.iter().for_each(log::finding);
        Ok((settings, inventory, findings))
    }

    /// The dialects, whatever else the settings say.
    fn dialects(&self) -> Result<Dialects, Failure> {
        let settings = Settings::load(self.config.as_deref(), &self.overrides()).map_err(Failure::Findings)?;
        Ok(settings.dialects)
    }
}
