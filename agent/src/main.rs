//! The executable: arguments, wiring, exit codes.
//! It does not know how anything is done; the library does.
//! Invariant: every way out has a documented code, and a closed pipe is not an error.

use clap::Parser as _;
use daicho_agent::access::{Host as _, LiveHost, Platform};
use daicho_agent::arguments::{Arguments, Command, Format, InventoryFormat, ProbeCommand, RunArguments};
use daicho_agent::clock::system_clock;
use daicho_agent::collect::{self, Collector};
use daicho_agent::enroll::{self, EnrollFault};
use daicho_agent::files::LockFault;
use daicho_agent::print::{costs_table, inventory_text, plan_text, report_text, status_table};
use daicho_agent::probe::log::Log;
use daicho_agent::probe::{self, AllowList, ProbeFault};
use daicho_agent::progress::Progress;
use daicho_agent::run::{self, RunConfig, RunFault, Stop};
use daicho_agent::schedule::Schedule;
use daicho_agent::status::Status;
use daicho_agent::submit::{IdentityFault, server_address};
#[cfg(windows)]
use daicho_agent::{arguments::ServiceCommand, service};
use daicho_schemas::refusal::Refusal;
use daicho_schemas::wire::EnrollToken;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// A token has about 150 bytes.
const TOKEN_BYTES_MAX: u64 = 4096;
/// How long a look that is under way may hold up the end.
const STOP_MS_MAX: u64 = 500;

/// Wrong arguments that only show when they are used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct WrongArgument(String);

fn main() -> ExitCode {
    // First of all: without it the first handshake would stop the program.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        say("another TLS provider is installed already; this is a bug");
        return ExitCode::from(1);
    }
    let result = match Arguments::parse().command {
        Command::Inventory { root, device_folder, format, only, costs } => {
            inventory(&root, device_folder, format, &only, costs)
        }
        Command::Enroll { server, token, token_file, proxy, state } => {
            read_token(token, token_file.as_deref()).and_then(|token| join(&state, &server, proxy.as_deref(), &token))
        }
        Command::Run(arguments) => {
            log_to_stderr();
            work(arguments, Stop::default())
        }
        #[cfg(windows)]
        Command::Service(command) => service(command),
        Command::Status { state, format } => status(&state, format),
        Command::Probe(command) => probing(command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::from(exit_code(&error))
        }
    }
}

/// Rules stood against everything.
#[derive(Debug, thiserror::Error)]
#[error("規則によりすべて禁止されました。理由は上のとおりです。 Rules forbid all of it, for the reasons above.")]
struct AllForbidden;

/// The documented codes; see `daicho-agent --help`.
fn exit_code(error: &anyhow::Error) -> u8 {
    if error.is::<WrongArgument>() {
        2
    } else if error.is::<Refusal>() {
        3
    } else if let Some(LockFault::Held(_)) = error.downcast_ref() {
        4
    } else if error.is::<AllForbidden>() {
        6
    } else if let Some(IdentityFault::NotEnrolled) = error.downcast_ref() {
        5
    } else {
        1
    }
}

fn inventory(
    root: &Path,
    device_folder: String,
    format: InventoryFormat,
    only: &[String],
    costs: bool,
) -> anyhow::Result<()> {
    let host = open_host(root, device_folder)?;
    let chosen = choose(only, host.platform())?;
    let progress = Progress::new(chosen.len());
    let mut used = Vec::new();
    let before = |collector: &dyn Collector| progress.step(collector.id());
    let inventory = collect::inventory(&host, &chosen, before, |collector, cost| used.push((collector.id(), cost)));
    progress.done();
    if costs {
        let _unheard = writeln!(io::stderr(), "{}", costs_table(&used));
    }
    print(&inventory_text(&inventory, format)?)
}

/// The collectors of these names, in the order of the list; all where none is named.
fn choose(only: &[String], platform: Platform) -> anyhow::Result<Vec<&'static dyn Collector>> {
    let all = collect::collectors_of(platform);
    let is_known = |name: &&String| all.iter().any(|collector| collector.id() == name.as_str());
    if let Some(name) = only.iter().find(|name| !is_known(name)) {
        let names: Vec<&str> = all.iter().map(|collector| collector.id()).collect();
        let names = names.join(", ");
        return Err(WrongArgument(format!("--only {name}: no collector of this name; there are {names}")).into());
    }
    let is_chosen = |collector: &&dyn Collector| only.is_empty() || only.iter().any(|name| name == collector.id());
    Ok(all.into_iter().filter(is_chosen).collect())
}

/// The host under a root, with the folder for configurations of devices, which need not be there yet.
fn open_host(root: &Path, device_folder: String) -> anyhow::Result<LiveHost> {
    if !device_folder.starts_with('/') {
        return Err(
            WrongArgument(format!("--device-folder {device_folder}: begin it with '/', as the host names it")).into()
        );
    }
    Ok(open_root(root)?.with_device_folder(device_folder))
}

/// The host under a root. A root that is not a folder is a mistake of the caller, not an empty host.
fn open_root(root: &Path) -> anyhow::Result<LiveHost> {
    // The running machine. Windows knows no such folder; the door does.
    if root == Path::new("/") {
        return Ok(LiveHost::new(root));
    }
    let wrong = |why: String| WrongArgument(format!("--root {}: {why}", root.display()));
    let resolved = root.canonicalize().map_err(|error| wrong(error.to_string()))?;
    if !resolved.is_dir() {
        return Err(wrong("not a folder".into()).into());
    }
    Ok(LiveHost::new(resolved))
}

fn read_token(token: Option<String>, file: Option<&Path>) -> anyhow::Result<EnrollToken> {
    let text = match (token, file) {
        (Some(text), _) => text,
        (None, Some(path)) => {
            let wrong = |error: io::Error| WrongArgument(format!("--token-file {}: {error}", path.display()));
            let mut text = String::new();
            File::open(path).map_err(wrong)?.take(TOKEN_BYTES_MAX).read_to_string(&mut text).map_err(wrong)?;
            text
        }
        (None, None) => {
            return Err(WrongArgument("a token is needed: --token, --token-file or DAICHO_TOKEN".into()).into());
        }
    };
    Ok(EnrollToken::parse(&text).map_err(|error| WrongArgument(error.to_string()))?)
}

fn join(state: &Path, server: &str, proxy: Option<&str>, token: &EnrollToken) -> anyhow::Result<()> {
    server_address(server).map_err(|error| WrongArgument(error.to_string()))?;
    let joined = runtime()?.block_on(enroll::join(state, server, proxy, token, system_clock));
    let agent = joined.map_err(|fault| match fault {
        EnrollFault::Refused(refusal) => {
            say(&format!("{} {}", refusal.text.ja, refusal.remedy.ja));
            anyhow::Error::new(*refusal)
        }
        EnrollFault::Lock(fault) => fault.into(),
        fault => fault.into(),
    })?;
    print(&format!(
        "登録しました。次: daicho-agent run --state {state}\nEnrolled as {agent}. Next: daicho-agent run --state {state}\n",
        state = state.display()
    ))
}

fn work(arguments: RunArguments, stop: Stop) -> anyhow::Result<()> {
    let schedule = Schedule::parse(&arguments.schedule, &arguments.tz);
    let schedule = schedule.map_err(|error| WrongArgument(format!("--schedule: {error}")))?;
    let state: PathBuf = arguments.state;
    if let Some(server) = &arguments.server {
        server_address(server).map_err(|error| WrongArgument(error.to_string()))?;
    }
    let config = RunConfig {
        state,
        schedule,
        host: open_host(&arguments.root, arguments.device_folder)?.with_memory(),
        root: arguments.root,
        server: arguments.server,
        once: arguments.once,
        until_stdin_closes: arguments.until_stdin_closes,
        stop,
    };
    let runtime = runtime()?;
    let result = runtime.block_on(run::run(config, system_clock));
    runtime.shutdown_timeout(Duration::from_millis(STOP_MS_MAX));
    result.map_err(|fault| match fault {
        RunFault::Lock(fault) => fault.into(),
        RunFault::Identity(fault) => fault.into(),
        fault => fault.into(),
    })
}

/// Everything about the Windows service.
#[cfg(windows)]
fn service(command: ServiceCommand) -> anyhow::Result<()> {
    match command {
        ServiceCommand::Install(arguments) => {
            let schedule = Schedule::parse(&arguments.schedule, &arguments.tz);
            schedule.map_err(|error| WrongArgument(format!("--schedule: {error}")))?;
            let undone = service::install(&arguments)?;
            undone.iter().for_each(|line| say(line));
            print(&format!(
                "サービスを登録しました。次: daicho-agent enroll --state \"{state}\" …、daicho-agent service start\n\
                 The service is there. Next: daicho-agent enroll --state \"{state}\" …, daicho-agent service start\n",
                state = arguments.state.display()
            ))
        }
        ServiceCommand::Start => Ok(service::start()?),
        ServiceCommand::Stop => Ok(service::stop()?),
        ServiceCommand::Status => print(&format!("{}\n", service::state()?)),
        ServiceCommand::Uninstall => Ok(service::uninstall()?),
        ServiceCommand::Run(arguments) => Ok(service::run(&arguments.state, serve)?),
    }
}

/// The agent as a service: what `run` does, until the manager of services says stop. Answers the exit code.
#[cfg(windows)]
fn serve(stop: Stop) -> u8 {
    let Command::Service(ServiceCommand::Run(arguments)) = Arguments::parse().command else { return 2 };
    match work(arguments, stop) {
        Ok(()) => 0,
        Err(error) => {
            tracing::error!(fault = format!("{error:#}"), "stopped");
            exit_code(&error)
        }
    }
}

fn status(state: &Path, format: Format) -> anyhow::Result<()> {
    let status = Status::of(state, system_clock());
    let text = match format {
        Format::Json => serde_json::to_string_pretty(&status)? + "\n",
        Format::Table => status_table(&status),
    };
    print(&text)
}

/// Everything about probing: the only command that sends to anybody but the server.
fn probing(command: ProbeCommand) -> anyhow::Result<()> {
    match command {
        ProbeCommand::Plan { allow, format } => {
            let actions = probe::plan::plan(&read_allow(&allow)?.allow);
            let text = match format {
                Format::Json => serde_json::to_string_pretty(&actions)? + "\n",
                Format::Table => plan_text(&actions),
            };
            print(&text)
        }
        ProbeCommand::Run { allow, state, format } => {
            let list = read_allow(&allow)?;
            let actions = probe::plan::plan(&list.allow);
            say(&plan_text(&actions));
            let progress = Progress::new(actions.len());
            let host = LiveHost::new("/");
            let step = |action: &probe::plan::Action| progress.step(&action.address.to_string());
            let report = runtime()?.block_on(probe::run(&list, &state, &host, system_clock, step));
            progress.done();
            let report = report.map_err(wrong_allow)?;
            let text = match format {
                Format::Json => serde_json::to_string_pretty(&report)? + "\n",
                Format::Table => report_text(&report),
            };
            print(&text)?;
            if report.all_forbidden() { Err(AllForbidden.into()) } else { Ok(()) }
        }
        ProbeCommand::Log { state } => {
            let mut out = io::stdout().lock();
            let mut heard = true;
            Log::open(&state)?.print(|piece| heard = heard && out.write_all(piece).is_ok())?;
            Ok(())
        }
    }
}

fn read_allow(path: &Path) -> anyhow::Result<AllowList> {
    AllowList::read(path).map_err(wrong_allow)
}

/// An allow-list that is not sound is a mistake of the caller; a held folder keeps its own code.
fn wrong_allow(fault: ProbeFault) -> anyhow::Error {
    match fault {
        ProbeFault::Allow(refused) => {
            say(&format!("{}: {} {}", refused.field, refused.text.ja, refused.remedy.ja));
            WrongArgument(refused.to_string()).into()
        }
        ProbeFault::Lock(fault) => fault.into(),
        fault => fault.into(),
    }
}

/// One thread: at rest an agent has nothing to do at once.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build()?)
}

/// One line per event. `DAICHO_LOG` says how much.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_env_var("DAICHO_LOG")
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_target(false)
        .init();
}

/// Writes to standard output. Whoever reads may stop reading (`| head`): that ends the program quietly.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// One line to standard error; where even that is closed there is nobody to tell.
fn say(line: &str) {
    let _unheard = writeln!(io::stderr(), "daicho-agent: {line}");
}
