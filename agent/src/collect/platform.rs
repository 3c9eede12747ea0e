//! What the host stands on, and which checks its start passed through: virtual machine or not, container, UEFI, Secure Boot,
//! lockdown, signed modules (sysfs, proc(5), efivarfs, `Documentation/admin-guide/module-signing.rst`).
//! It does not know whether a hypervisor tells the truth, and reads no kernel command line: what stands there can be a secret.
//! Invariant: a word of the firmware names a hypervisor; that a machine is no virtual one needs a maker and a processor that say so.

pub(super) mod virtualization;

use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::fact::observation::{Observation, PLATFORM_GROUNDS_MAX, Platform};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

const FIRMWARE: &str = "/sys/firmware";
const EFI: &str = "/sys/firmware/efi";
/// UEFI specification, global variables. The first four bytes of such a file are attributes, the fifth is the value.
const SECURE_BOOT: &str = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
const SETUP_MODE: &str = "/sys/firmware/efi/efivars/SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c";
const LOCKDOWN: &str = "/sys/kernel/security/lockdown";
const SIGNED_ONLY: &str = "/sys/module/module/parameters/sig_enforce";

/// Collects what the host stands on.
pub(crate) struct PlatformCollector;

impl Collector for PlatformCollector {
    fn id(&self) -> &'static str {
        "platform"
    }

    fn about(&self) -> Text {
        Text::new(
            "仮想・物理・コンテナの別、UEFI、セキュアブート、カーネルのロックダウン、モジュール署名の強制",
            "virtual, physical or container; UEFI, Secure Boot, kernel lockdown, enforced module signatures",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            "/sys/hypervisor/type",
            "/proc/xen/capabilities",
            "/proc/cpuinfo",
            "/sys/devices/system/clocksource/clocksource0/available_clocksource",
            "/proc/device-tree/hypervisor/compatible",
            "/sys/class/dmi/id/sys_vendor",
            "/sys/class/dmi/id/product_name",
            "/sys/class/dmi/id/bios_vendor",
            "/run/systemd/container",
            "/run/.containerenv",
            "/.dockerenv",
            FIRMWARE,
            EFI,
            SECURE_BOOT,
            SETUP_MODE,
            LOCKDOWN,
            SIGNED_ONLY,
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        if !host.is_live() {
            let text = "what a host stands on is only known on the running machine";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, "/sys", text));
        }
        let mut platform = virtualization::found(&mut gather, host);
        start(&mut gather, host, &mut platform);
        platform.lockdown = gather.value(host, LOCKDOWN).and_then(|modes| chosen(&modes));
        platform.signed_modules_only = match gather.value(host, SIGNED_ONLY).as_deref() {
            Some("Y" | "1") => Some(true),
            Some("N" | "0") => Some(false),
            _ => None,
        };
        platform.grounds.sort();
        platform.grounds.dedup();
        platform.grounds.truncate(PLATFORM_GROUNDS_MAX);
        if platform == Platform::default() {
            let text = "nothing on this host says what it stands on";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, "/sys", text));
        }
        gather.source("/sys");
        gather.item("/sys", Observation::Platform(platform));
        gather.finish()
    }
}

/// How it was started. A container hides the folder of the firmware: then nothing is said.
fn start(gather: &mut Gather, host: &dyn Host, platform: &mut Platform) {
    let is_shown = host.list(FIRMWARE, 1_000).is_ok_and(|listing| !listing.names.is_empty());
    if !is_shown {
        return;
    }
    platform.uefi = Some(host.exists(EFI));
    if platform.uefi == Some(true) {
        platform.secure_boot = variable(gather, host, SECURE_BOOT);
        platform.setup_mode = variable(gather, host, SETUP_MODE);
    }
}

/// A variable that is 0 or 1.
fn variable(gather: &mut Gather, host: &dyn Host, path: &str) -> Option<bool> {
    match host.read(path, 16) {
        Ok(reading) => match reading.bytes.as_slice() {
            [_, _, _, _, value @ (0 | 1)] => Some(*value == 1),
            _ => {
                gather.miss(Trouble::new(TroubleKind::Malformed, path, "the variable is neither 0 nor 1"));
                None
            }
        },
        // The firmware has no such variable, or its variables are not mounted.
        Err(error) if error.is_missing() => None,
        Err(error) => {
            gather.miss_access(&error);
            None
        }
    }
}

/// `none [integrity] confidentiality`: the one in brackets.
fn chosen(modes: &str) -> Option<String> {
    modes.split_whitespace().find_map(|mode| mode.strip_prefix('[')?.strip_suffix(']')).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    fn sample(name: &str) -> RecordedHost {
        golden::running(&PlatformCollector, name, Machine::default())
    }

    fn platform(host: &RecordedHost) -> Platform {
        match PlatformCollector.collect(host).items.as_slice() {
            [Observation::Platform(platform)] => platform.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn samples_give_their_goldens_from_documented_places_only() {
        let names = ["rack_server", "kvm_guest", "vmware_guest", "hyperv_guest", "xen_guest", "container", "arm_board"];
        let hosts = names.map(sample);
        for (name, host) in names.iter().zip(&hosts) {
            assert_eq!(golden::check(&PlatformCollector, name, host).outcome, Outcome::Complete, "{name}");
        }
        golden::every_documented_place(&PlatformCollector, &hosts.each_ref());
    }

    #[test]
    fn what_a_host_stands_on_is_told_with_its_ground_or_not_at_all() {
        let said = |name: &str| {
            let found = platform(&sample(name));
            assert_eq!(found.is_virtual.is_some(), !found.grounds.is_empty(), "{name}");
            (found.is_virtual, found.virtual_by)
        };
        assert_eq!(said("rack_server"), (Some(false), None));
        assert_eq!(said("kvm_guest"), (Some(true), Some("kvm".into())));
        assert_eq!(said("vmware_guest"), (Some(true), Some("vmware".into())));
        assert_eq!(said("hyperv_guest"), (Some(true), Some("hyper-v".into())));
        assert_eq!(said("xen_guest"), (Some(true), Some("xen".into())));
        // A board that says nothing is not called a machine of its own.
        assert_eq!(said("arm_board"), (None, None));
    }

    #[test]
    fn secure_boot_is_on_off_or_unknown_and_never_guessed() {
        let rack = platform(&sample("rack_server"));
        assert_eq!((rack.uefi, rack.secure_boot, rack.setup_mode), (Some(true), Some(true), Some(false)));
        let container = platform(&sample("container"));
        assert_eq!((container.uefi, container.secure_boot), (None, None));
        let closed = sample("rack_server").without_permission_for(&[SECURE_BOOT]);
        assert_eq!(
            (platform(&closed).secure_boot, PlatformCollector.collect(&closed).outcome),
            (None, Outcome::Partial)
        );
    }
}
