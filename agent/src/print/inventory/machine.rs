//! Rows of what a host stands on, of modules of its kernel, and of connections that last.
//! It does not judge any of them. Invariant: what was not told has no words.

use super::or_dash;
use daicho_schemas::fact::observation::{Observation, SessionDirection};

/// What the host stands on, in one row.
pub(super) fn platform(item: &Observation) -> Option<[String; 4]> {
    let Observation::Platform(platform) = item else { return None };
    let yes_no = |value: Option<bool>| value.map_or("–", |is| if is { "yes" } else { "no" });
    let sort = match (platform.is_virtual, &platform.virtual_by) {
        (Some(true), Some(by)) => format!("virtual machine ({by})"),
        (Some(true), None) => "virtual machine".into(),
        (Some(false), _) => "a machine of its own".into(),
        (None, _) => "unknown / 不明".into(),
    };
    let start = format!("UEFI {}, Secure Boot {}", yes_no(platform.uefi), yes_no(platform.secure_boot));
    let kernel = format!(
        "lockdown {}, signed modules only {}",
        or_dash(&platform.lockdown),
        yes_no(platform.signed_modules_only)
    );
    let container = platform.container.as_ref().map(|sort| format!("; container {sort}")).unwrap_or_default();
    Some([format!("{sort}{container}"), start, kernel, platform.grounds.join("; ")])
}

/// A module of the kernel.
pub(super) fn module(item: &Observation) -> Option<[String; 4]> {
    let Observation::KernelModule(module) = item else { return None };
    let state = if module.loaded { "loaded" } else { "not loaded" };
    let state = [Some(state), module.taint.as_deref(), module.license.as_deref()].into_iter().flatten();
    let name = [Some(module.name.as_str()), module.version.as_deref()].into_iter().flatten();
    Some([
        name.collect::<Vec<_>>().join(" "),
        state.collect::<Vec<_>>().join(", "),
        module.authors.join(", "),
        super::guarded::of_package(&module.file, &module.carried_by),
    ])
}

/// A connection that lasts.
pub(super) fn session(item: &Observation) -> Option<[String; 4]> {
    let Observation::Session(session) = item else { return None };
    let direction = match session.direction {
        SessionDirection::Inbound => "in",
        SessionDirection::Outbound => "out",
    };
    let process = session.process.as_ref().map(|process| process.executable.clone().unwrap_or(process.name.clone()));
    let remote = session.remote.clone().unwrap_or_else(|| "many / 多数".into());
    Some([direction.into(), remote, session.service_port.to_string(), or_dash(&process)])
}
