//! The agent as a Windows service: made, started, stopped and taken out by its own command, and run by the manager of services.
//! It does not know what an agent does; it says when to begin and when to stop.
//! Invariant: the account that it is made with has no rights of its own unless a person says otherwise, and only LocalSystem, Administrators and
//! the service come to its state folder.

mod log;

use crate::arguments::{InstallArguments, ServiceAccount};
use crate::files::{self, FileFault};
use crate::run::Stop;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use windows_service::service::{
    Service, ServiceAccess, ServiceAction, ServiceActionType, ServiceControl, ServiceControlAccept,
    ServiceErrorControl, ServiceExitCode, ServiceFailureActions, ServiceFailureResetPeriod, ServiceInfo,
    ServiceSidType, ServiceStartType, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{self, ServiceControlHandlerResult, ServiceStatusHandle};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};
use windows_service::{define_windows_service, service_dispatcher};

/// The name by which the manager of services knows it.
pub const NAME: &str = "daicho-agent";
const TITLE: &str = "Daicho agent (台帳エージェント)";
const DESCRIPTION: &str = "重要設備のホストの構成を読み取り、台帳へ渡します。 Reads what a critical host is made of and hands it to the ledger.";

/// It is started again so long after it broke off: at once would be of no use where the disk or the network is the reason.
const RESTART_AFTER: Duration = Duration::from_secs(30);
/// Breaking off is forgotten after so long.
const FORGET_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// How long to wait for the manager to do what it was asked.
const DONE_WITHIN: Duration = Duration::from_secs(30);
const ASK_EVERY: Duration = Duration::from_millis(100);
/// Exit code of a fault of our own disk or network; it may go away by itself. The others need a person.
const FAULT: u8 = 1;

/// Why the manager of services could not be made to do it.
#[derive(Debug, thiserror::Error)]
pub enum ServiceFault {
    /// The manager said no.
    #[error("{doing} was refused by the manager of services; only an administrator may ask")]
    Manager {
        /// What was tried.
        doing: &'static str,
        /// What it said.
        #[source]
        source: windows_service::Error,
    },
    /// It takes too long.
    #[error("{doing} takes too long; look at the log in the state folder")]
    TooLong {
        /// What was tried.
        doing: &'static str,
    },
    /// The path of this program is not known.
    #[error("the path of this program is not known")]
    Program(#[source] std::io::Error),
    /// The state folder could not be made or closed to others.
    #[error(transparent)]
    File(#[from] FileFault),
}

fn fault(doing: &'static str) -> impl FnOnce(windows_service::Error) -> ServiceFault {
    move |source| ServiceFault::Manager { doing, source }
}

/// Makes the service and its state folder. Answers what Windows would not set; the service runs without it.
///
/// # Errors
/// When there is such a service already, the account may not make one, or the folder cannot be closed to others.
pub fn install(arguments: &InstallArguments) -> Result<Vec<String>, ServiceFault> {
    let manager = manager(ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE)?;
    let account = format!(r"NT SERVICE\{NAME}");
    let info = ServiceInfo {
        name: NAME.into(),
        display_name: TITLE.into(),
        service_type: ServiceType::OWN_PROCESS,
        start_type: ServiceStartType::AutoStart,
        error_control: ServiceErrorControl::Normal,
        executable_path: std::env::current_exe().map_err(ServiceFault::Program)?,
        launch_arguments: words_of(arguments),
        dependencies: Vec::new(),
        account_name: (arguments.account == ServiceAccount::Own).then(|| account.clone().into()),
        account_password: None,
    };
    let access = ServiceAccess::CHANGE_CONFIG | ServiceAccess::START;
    let service = manager.create_service(&info, access).map_err(fault("making the service"))?;
    files::make_closed_folder(&arguments.state)?;
    if arguments.account == ServiceAccount::Own {
        // Its name means something from now on.
        files::admit(&arguments.state, &account)?;
    }
    Ok(refine(&service))
}

/// The words with which the manager starts it.
fn words_of(arguments: &InstallArguments) -> Vec<OsString> {
    let words: [&OsStr; 8] = [
        "service".as_ref(),
        "run".as_ref(),
        "--state".as_ref(),
        arguments.state.as_ref(),
        "--schedule".as_ref(),
        arguments.schedule.as_ref(),
        "--tz".as_ref(),
        arguments.tz.as_ref(),
    ];
    words.map(OsStr::to_owned).to_vec()
}

/// What makes it a good service and is not needed to run.
fn refine(service: &Service) -> Vec<String> {
    let restart = ServiceAction { action_type: ServiceActionType::Restart, delay: RESTART_AFTER };
    let recovery = ServiceFailureActions {
        reset_period: ServiceFailureResetPeriod::After(FORGET_AFTER),
        reboot_msg: None,
        command: None,
        actions: Some(vec![restart.clone(), restart.clone(), restart]),
    };
    let tried = [
        ("its description", service.set_description(DESCRIPTION)),
        ("starting after what the host itself needs", service.set_delayed_auto_start(true)),
        ("starting again after it broke off", service.update_failure_actions(recovery)),
        ("its own security identifier", service.set_config_service_sid_info(ServiceSidType::Unrestricted)),
    ];
    let undone = tried.into_iter().filter_map(|(what, done)| done.err().map(|error| (what, error)));
    undone.map(|(what, error)| format!("not set: {what} ({error}); everything else is")).collect()
}

/// Starts it, and waits until it runs.
///
/// # Errors
/// When there is none, or it does not come to run.
pub fn start() -> Result<(), ServiceFault> {
    let service = opened(ServiceAccess::START | ServiceAccess::QUERY_STATUS)?;
    service.start::<&OsStr>(&[]).map_err(fault("starting the service"))?;
    wait_for(&service, ServiceState::Running, "starting the service")
}

/// Stops it, and waits until it has stopped.
///
/// # Errors
/// When there is none, or it does not stop.
pub fn stop() -> Result<(), ServiceFault> {
    let service = opened(ServiceAccess::STOP | ServiceAccess::QUERY_STATUS)?;
    if state_of(&service)? == ServiceState::Stopped {
        return Ok(());
    }
    service.stop().map_err(fault("stopping the service"))?;
    wait_for(&service, ServiceState::Stopped, "stopping the service")
}

/// How it is, in a word of Windows.
///
/// # Errors
/// When there is none.
pub fn state() -> Result<String, ServiceFault> {
    Ok(format!("{:?}", state_of(&opened(ServiceAccess::QUERY_STATUS)?)?).to_lowercase())
}

/// Stops it and takes it out. Its state folder stays: with the key in it the agent is the same one again.
///
/// # Errors
/// When there is none, or it does not stop.
pub fn uninstall() -> Result<(), ServiceFault> {
    stop()?;
    opened(ServiceAccess::DELETE)?.delete().map_err(fault("taking out the service"))
}

fn manager(access: ServiceManagerAccess) -> Result<ServiceManager, ServiceFault> {
    ServiceManager::local_computer(None::<&OsStr>, access).map_err(fault("asking for services"))
}

fn opened(access: ServiceAccess) -> Result<Service, ServiceFault> {
    manager(ServiceManagerAccess::CONNECT)?.open_service(NAME, access).map_err(fault("finding the service"))
}

fn state_of(service: &Service) -> Result<ServiceState, ServiceFault> {
    Ok(service.query_status().map_err(fault("asking for the service's state"))?.current_state)
}

fn wait_for(service: &Service, wanted: ServiceState, doing: &'static str) -> Result<(), ServiceFault> {
    let begun = Instant::now();
    while begun.elapsed() < DONE_WITHIN {
        let state = state_of(service)?;
        if state == wanted {
            return Ok(());
        }
        if state == ServiceState::Stopped {
            break;
        }
        std::thread::sleep(ASK_EVERY);
    }
    Err(ServiceFault::TooLong { doing })
}

/// What the service is to do, and where its log is: the manager calls a plain function, which finds them here.
static WORK: OnceLock<(PathBuf, fn(Stop) -> u8)> = OnceLock::new();

define_windows_service!(entry, serve);

/// Runs as a service, when the manager of services started this program.
///
/// # Errors
/// When it was not the manager who did.
pub fn run(state: &Path, work: fn(Stop) -> u8) -> Result<(), ServiceFault> {
    let _set_once = WORK.set((state.to_owned(), work));
    service_dispatcher::start(NAME, entry).map_err(fault("being a service"))
}

fn serve(_words: Vec<OsString>) {
    let Some((state, work)) = WORK.get() else { return };
    log::to_file(state);
    let stop = Stop::default();
    let told = stop.clone();
    let handler = move |control| match control {
        ServiceControl::Stop | ServiceControl::Shutdown | ServiceControl::Preshutdown => {
            told.tell();
            ServiceControlHandlerResult::NoError
        }
        ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
        _ => ServiceControlHandlerResult::NotImplemented,
    };
    let status = match service_control_handler::register(NAME, handler) {
        Ok(status) => status,
        Err(error) => return tracing::error!(%error, "the manager of services cannot be heard"),
    };
    say(&status, ServiceState::Running, 0);
    match work(stop) {
        // A process that ends without a word is started again by the manager; another way to ask for that there is none.
        FAULT => std::process::exit(i32::from(FAULT)),
        code => say(&status, ServiceState::Stopped, code),
    }
}

fn say(status: &ServiceStatusHandle, state: ServiceState, code: u8) {
    let controls = match state {
        ServiceState::Running => ServiceControlAccept::STOP | ServiceControlAccept::SHUTDOWN,
        _ => ServiceControlAccept::empty(),
    };
    let exit_code = match code {
        0 => ServiceExitCode::NO_ERROR,
        code => ServiceExitCode::ServiceSpecific(code.into()),
    };
    let said = status.set_service_status(ServiceStatus {
        service_type: ServiceType::OWN_PROCESS,
        current_state: state,
        controls_accepted: controls,
        exit_code,
        checkpoint: 0,
        wait_hint: Duration::ZERO,
        process_id: None,
    });
    if let Err(error) = said {
        tracing::error!(%error, "the manager of services does not hear");
    }
}
