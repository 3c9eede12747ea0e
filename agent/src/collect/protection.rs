//! What keeps a host safe and current, as far as it says itself: antivirus, updates, USB storage, end of support, clock.
//! It does not know whether that is enough, asks no server for updates, and guesses no date.
//! Invariant: one item for each product or mechanism that is there, with the places that say so; what a place does not say is absent.

mod antivirus;
mod clock;
mod updates;
mod usb;

use super::running::Running;
use super::units::{self, Units};
use super::{Collected, Collector, Gather, rpm};
use crate::access::Host;
use daicho_schemas::fact::observation::{
    Observation, PROTECTION_NAMES_MAX, Protection, ProtectionAspect, ProtectionState, UnitState,
};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// A file of settings; the longest real ones have some 100 kB.
const SETTINGS_BYTES_MAX: usize = 1024 * 1024;
/// Files in a folder of settings.
const PARTS_MAX: usize = 2000;

/// Collects what protects a host.
pub(crate) struct ProtectionCollector;

impl Collector for ProtectionCollector {
    fn id(&self) -> &'static str {
        "protection"
    }

    fn about(&self) -> Text {
        Text::new(
            "アンチウイルスと定義の日付、更新、USB ストレージの制限、OS のサポート終了日、時刻同期",
            "antivirus and the day of its definitions, updates, USB storage, end of support, clock",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        static PLACES: LazyLock<Vec<&str>> =
            LazyLock::new(|| [OWN_PLACES, rpm::DATABASES, rpm::PENDING_PLACES].concat());
        &PLACES
    }

    fn watches(&self) -> &'static [&'static str] {
        &[
            "/var/lib/clamav",
            "/etc/modprobe.d",
            "/etc/udev/rules.d",
            "/etc/apt/apt.conf.d",
            "/var/lib/apt/lists",
            "/var/lib/dpkg",
            "/var/lib/rpm",
            "/usr/lib/sysimage/rpm",
        ]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut look = Look { gather: Gather::new(), host, units: BTreeMap::new(), running: Running::default() };
        look.units = Units::read(&mut look.gather, host).into_states();
        look.running = Running::read(&mut look.gather, host);
        antivirus::collect(&mut look);
        updates::collect(&mut look);
        usb::collect(&mut look);
        support(&mut look);
        clock::collect(&mut look);
        look.gather.finish()
    }
}

/// One look at a host.
struct Look<'a> {
    gather: Gather,
    host: &'a dyn Host,
    units: BTreeMap<String, units::State>,
    running: Running,
}

impl Look<'_> {
    /// A file of settings; `None` where it is not there, and where it cannot be read, which is named.
    fn text(&mut self, path: &str) -> Option<String> {
        self.read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn read(&mut self, path: &str) -> Option<Vec<u8>> {
        match self.host.read(path, SETTINGS_BYTES_MAX) {
            Ok(reading) => {
                self.gather.source(path);
                if reading.cut {
                    self.gather.miss_rest(path);
                }
                Some(reading.bytes)
            }
            Err(error) if error.is_missing() => None,
            Err(error) => {
                self.gather.miss_access(&error);
                None
            }
        }
    }

    /// Files of a folder of settings with one of these endings, in order.
    fn parts(&mut self, folder: &str, endings: &[&str]) -> Vec<String> {
        match self.host.list(folder, PARTS_MAX) {
            Ok(listing) => {
                if listing.cut {
                    self.gather.miss_rest(folder);
                }
                let fits = |name: &&String| endings.iter().any(|ending| name.ends_with(ending));
                listing.names.iter().filter(fits).map(|name| format!("{folder}/{name}")).collect()
            }
            Err(error) if error.is_missing() => Vec::new(),
            Err(error) => {
                self.gather.miss_access(&error);
                Vec::new()
            }
        }
    }

    /// What units and processes say together; `None` where neither is there.
    fn state(&self, units: &[&str], processes: &[&str]) -> Option<ProtectionState> {
        if processes.iter().any(|name| self.running.has(name)) {
            return Some(ProtectionState::Running);
        }
        let told: Vec<_> = units.iter().filter_map(|unit| self.units.get(*unit)?.told()).collect();
        if told.contains(&UnitState::Enabled) {
            return Some(ProtectionState::Enabled);
        }
        (!told.is_empty()).then_some(ProtectionState::Disabled)
    }

    /// Adds an item; texts are cleaned and lists kept within their limits.
    fn put(&mut self, aspect: ProtectionAspect, subject: &str, seen: Seen) {
        let Seen { name, state, on, count, names, read_from } = seen;
        let names = names.into_iter().map(|name| self.gather.text(subject, name.as_bytes())).collect();
        let names = self.gather.first_of(subject, names, PROTECTION_NAMES_MAX);
        let read_from = read_from.into_iter().map(|place| self.gather.text(subject, place.as_bytes())).collect();
        let read_from = self.gather.first_of(subject, read_from, PROTECTION_NAMES_MAX);
        let subject = subject.to_owned();
        let item = Protection { aspect, subject, name, state, on, count, names, read_from };
        self.gather.item("protection", Observation::Protection(item));
    }
}

/// What was seen of one thing.
#[derive(Default)]
struct Seen {
    name: Option<String>,
    state: Option<ProtectionState>,
    on: Option<CalendarDate>,
    count: Option<u64>,
    names: BTreeSet<String>,
    read_from: BTreeSet<String>,
}

/// The end of support that some systems write into os-release(5) themselves.
fn support(look: &mut Look<'_>) {
    for place in ["/etc/os-release", "/usr/lib/os-release"] {
        let Some(text) = look.text(place) else { continue };
        let said = text.lines().find_map(|line| line.trim().strip_prefix("SUPPORT_END="));
        if let Some(on) = said.and_then(|day| day.trim_matches(['"', '\'']).parse().ok()) {
            let seen = Seen { on: Some(on), read_from: [place.to_owned()].into(), ..Seen::default() };
            look.put(ProtectionAspect::SystemSupport, "os-release", seen);
        }
        return;
    }
}

/// The products' places stand in `antivirus.json`, too; a test holds both to each other.
const OWN_PLACES: &[&str] = &[
    "/etc/systemd/system",
    "/etc/systemd/system/*.wants",
    "/etc/systemd/system/*.requires",
    "/etc/systemd/system/*",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/proc",
    "/proc/*/comm",
    "/usr/sbin/clamd",
    "/usr/bin/clamscan",
    "/var/lib/clamav/daily.cvd",
    "/var/lib/clamav/daily.cld",
    "/opt/ds_agent",
    "/opt/TrendMicro/SProtectLinux",
    "/opt/Symantec/symantec_antivirus",
    "/usr/lib/symantec",
    "/opt/Symantec/virusdefs/definfo.dat",
    "/opt/McAfee/ens/tp",
    "/opt/NAI/LinuxShield",
    "/opt/microsoft/mdatp",
    "/opt/eset/efs",
    "/opt/eset/eea",
    "/opt/eset/esets",
    "/opt/sophos-spl",
    "/opt/sophos-av",
    "/opt/kaspersky/kesl",
    "/opt/CrowdStrike",
    "/opt/f-secure/linuxsecurity",
    "/opt/f-secure/fsav",
    "/opt/sentinelone",
    "/opt/cybereason",
    "/opt/bitdefender-security-tools",
    "/opt/carbonblack/psc",
    "/opt/cisco/amp",
    "/opt/traps",
    "/opt/drweb.com",
    "/var/log/dpkg.log",
    "/var/log/dpkg.log.1",
    "/var/log/zypp/history",
    "/var/log/pacman.log",
    "/var/lib/dnf/history.sqlite",
    "/usr/lib/sysimage/libdnf5/transaction_history.sqlite",
    "/var/lib/yum/history",
    "/var/lib/yum/history/history-*.sqlite",
    "/var/lib/dpkg/status",
    "/var/lib/apt/lists",
    "/var/lib/apt/lists/*",
    "/usr/bin/unattended-upgrade",
    "/etc/apt/apt.conf.d",
    "/etc/apt/apt.conf.d/*",
    "/etc/apt/apt.conf",
    "/etc/dnf/automatic.conf",
    "/etc/yum/yum-cron.conf",
    "/etc/modprobe.d",
    "/etc/modprobe.d/*.conf",
    "/run/modprobe.d",
    "/usr/lib/modprobe.d",
    "/usr/lib/modprobe.d/*.conf",
    "/lib/modprobe.d",
    "/etc/udev/rules.d",
    "/etc/udev/rules.d/*.rules",
    "/etc/usbguard/rules.conf",
    "/sys/bus/usb/devices",
    "/sys/bus/usb/devices/*/authorized_default",
    "/etc/os-release",
    "/usr/lib/os-release",
    "/etc/chrony/chrony.conf",
    "/etc/chrony.conf",
    "/etc/chrony/conf.d",
    "/etc/chrony/conf.d/*.conf",
    "/etc/chrony/sources.d",
    "/etc/chrony/sources.d/*.sources",
    "/etc/chrony.d",
    "/etc/systemd/timesyncd.conf",
    "/etc/systemd/timesyncd.conf.d",
    "/etc/ntp.conf",
    "/etc/ntpsec/ntp.conf",
    "/etc/openntpd/ntpd.conf",
];

#[cfg(test)]
mod tests;
