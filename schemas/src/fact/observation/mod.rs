//! Observations: typed statements of what a collector saw on a host. One file per kind, one line here.
//! It does not know how anything is collected, what it means or whether it was declared.
//! Invariant: an observation holds no volatile value (time, counter, process number), so a second look gives equal bytes.

mod account;
mod changed_file;
mod configured_tunnel;
mod container;
mod device_configuration;
mod device_probed;
mod hardware;
mod kernel_module;
mod language_package;
mod listening_socket;
mod modem;
mod network_interface;
mod network_place;
mod operating_system;
mod package;
mod package_origin;
mod platform;
mod program;
mod protection;
mod remote_tool;
mod scheduled_job;
mod service_unit;
mod session;
mod told_component;
mod tunnel;

pub use account::{ACCOUNT_RIGHTS_MAX, Account, AccountRight, AccountSort, LastLogin, LoginRecord, PasswordState};
pub use changed_file::{ChangedFile, ChangedFilePart, PackageDigestSort};
pub use configured_tunnel::{CONFIGURED_REMOTES_MAX, ConfiguredTunnel, ConfiguredTunnelSort, Starts};
pub use container::{Container, ContainerImage, ContainerState, ContainerStore, IMAGE_NAMES_MAX};
pub use device_configuration::DeviceConfiguration;
pub use device_probed::{DeviceProbed, PROBED_TEXT_BYTES_MAX, ProbeRun, ProbeRung, ProbedBy, ProbedValue};
pub use hardware::{Hardware, HardwarePart};
pub use kernel_module::KernelModule;
pub use language_package::{
    CarriedBy, LANGUAGE_PLACES_MAX, LanguageEcosystem, LanguageEvidence, LanguagePackage, LanguagePlace,
};
pub use listening_socket::{ListeningSocket, SocketProcess, SocketProtocol};
pub use modem::{Modem, ModemSort};
pub use network_interface::{InterfaceKind, NetworkInterface};
pub use network_place::{NetworkPlace, PlacePart};
pub use operating_system::OperatingSystem;
pub use package::{Ecosystem, Package, PackageState, Provenance};
pub use package_origin::{OriginMatch, PackageOrigin};
pub use platform::{PLATFORM_GROUNDS_MAX, Platform};
pub use program::{
    Ownership, PROGRAM_STARTERS_MAX, Program, ProgramPlace, ProgramSort, ProgramToldBy, Starter, StarterSort,
};
pub use protection::{PROTECTION_NAMES_MAX, Protection, ProtectionAspect, ProtectionState};
pub use remote_tool::{RemoteTool, RemoteToolClass, TOOL_EVIDENCE_MAX, ToolEvidence, ToolEvidenceSort, UnitState};
pub use scheduled_job::{JobSort, ScheduledJob};
pub use service_unit::ServiceUnit;
pub use session::{Session, SessionDirection};
pub use told_component::{ToldComponent, ToldSort};
pub use tunnel::{TUNNEL_INSIDE_MAX, Tunnel, TunnelSource};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! observations {
    ($($variant:ident = $kind:literal),+ $(,)?) => {
        /// One observation of any kind.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "kind")]
        pub enum Observation {
            $(#[doc = concat!("`", $kind, "`")] #[serde(rename = $kind)] $variant($variant)),+
        }

        /// Every kind of observation.
        pub const OBSERVATION_KINDS: &[&str] = &[$($kind),+];

        impl Observation {
            /// The name of this observation's kind.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind),+ }
            }

            /// The identity of what was seen, within its host and collector. Equal keys are the same thing seen again.
            pub fn key(&self) -> String {
                match self { $(Self::$variant(body) => body.key()),+ }
            }
        }
    };
}

observations! {
    OperatingSystem = "operating_system.v1",
    Hardware = "hardware.v1",
    Package = "package.v1",
    PackageOrigin = "package_origin.v1",
    NetworkInterface = "network_interface.v1",
    ListeningSocket = "listening_socket.v1",
    DeviceConfiguration = "device_configuration.v1",
    DeviceProbed = "device_probed.v1",
    Tunnel = "tunnel.v1",
    RemoteTool = "remote_tool.v1",
    ConfiguredTunnel = "configured_tunnel.v1",
    NetworkPlace = "network_place.v1",
    Modem = "modem.v1",
    Account = "account.v1",
    Protection = "protection.v1",
    ServiceUnit = "service_unit.v1",
    ScheduledJob = "scheduled_job.v1",
    Container = "container.v1",
    ContainerImage = "container_image.v1",
    Platform = "platform.v1",
    KernelModule = "kernel_module.v1",
    Session = "session.v1",
    Program = "program.v1",
    ChangedFile = "changed_file.v1",
    LanguagePackage = "language_package.v1",
    ToldComponent = "told_component.v1",
}
