//! Which operating system the host runs (os-release(5), the kernel's own words, and what older releases left instead).
//! It does not know packages, nor whether the release is still supported.
//! Invariant: one observation per host; what was not read is absent, never empty.

use super::{Collected, Collector, Gather};
use crate::access::{AccessError, Host};
use daicho_schemas::fact::observation::{Observation, OperatingSystem};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

/// os-release(5): the first that exists counts.
const OS_RELEASE: &[&str] = &["/etc/os-release", "/usr/lib/os-release"];
/// The point release on Debian: `12.5`.
const DEBIAN_VERSION: &str = "/etc/debian_version";
/// One line on the RPM family since long before os-release: `CentOS release 6.10 (Final)`.
const REDHAT_RELEASE: &str = "/etc/redhat-release";
/// The name the kernel goes by, on a running machine.
const RUNNING_HOSTNAME: &str = "/proc/sys/kernel/hostname";
/// The name that is set at the next start.
const CONFIGURED_HOSTNAME: &str = "/etc/hostname";
/// The release of the running kernel.
const KERNEL_RELEASE: &str = "/proc/sys/kernel/osrelease";

/// An os-release file; real ones have under 1 kB.
const OS_RELEASE_BYTES_MAX: usize = 64 * 1024;

/// Collects the operating system.
pub(crate) struct OperatingSystemCollector;

impl Collector for OperatingSystemCollector {
    fn id(&self) -> &'static str {
        "operating_system"
    }

    fn about(&self) -> Text {
        Text::new("OS とカーネルの版、ホスト名", "operating system and kernel release, host name")
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            "/etc/os-release",
            "/usr/lib/os-release",
            DEBIAN_VERSION,
            REDHAT_RELEASE,
            RUNNING_HOSTNAME,
            CONFIGURED_HOSTNAME,
            KERNEL_RELEASE,
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &["/etc/os-release", "/usr/lib/os-release", DEBIAN_VERSION, REDHAT_RELEASE, CONFIGURED_HOSTNAME]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let mut system = OperatingSystem {
            hostname: None,
            family: "linux".into(),
            os_id: None,
            os_id_like: Vec::new(),
            name: None,
            version_id: None,
            version: None,
            codename: None,
            kernel_release: None,
            edition: None,
            release: None,
            installation: None,
            architecture: None,
        };
        read_os_release(&mut gather, host, &mut system);
        read_finer_version(&mut gather, host, &mut system);
        if host.is_live() {
            system.hostname = sourced(&mut gather, host, RUNNING_HOSTNAME);
            system.kernel_release = sourced(&mut gather, host, KERNEL_RELEASE);
            system.architecture = host.machine().architecture;
        } else {
            system.hostname = sourced(&mut gather, host, CONFIGURED_HOSTNAME);
            let text = "the running kernel and its architecture are only known on the running machine";
            gather.miss(Trouble::new(TroubleKind::NotObservable, KERNEL_RELEASE, text));
        }
        let known = [&system.os_id, &system.name, &system.hostname, &system.kernel_release, &system.version];
        if known.iter().all(|value| value.is_none()) {
            let text = "nothing here says which operating system this is";
            return gather.finish_failed(Trouble::new(TroubleKind::Missing, "/etc/os-release", text));
        }
        if system.name.is_none() {
            let text = "neither os-release nor an older release file names the operating system";
            gather.miss(Trouble::new(TroubleKind::Missing, "/etc/os-release", text));
        }
        gather.item("/etc/os-release", Observation::OperatingSystem(system));
        gather.finish()
    }
}

/// A short value, named as a source where it was there.
fn sourced(gather: &mut Gather, host: &dyn Host, path: &str) -> Option<String> {
    let value = gather.value(host, path)?;
    gather.source(path);
    Some(value)
}

fn read_os_release(gather: &mut Gather, host: &dyn Host, system: &mut OperatingSystem) {
    for path in OS_RELEASE {
        let reading = match host.read(path, OS_RELEASE_BYTES_MAX) {
            Ok(reading) => reading,
            Err(AccessError::Missing { .. }) => continue,
            Err(error) => {
                gather.miss_access(&error);
                continue;
            }
        };
        if reading.cut {
            let text = format!("the file is larger than {OS_RELEASE_BYTES_MAX} bytes; the rest was not read");
            gather.miss(Trouble::new(TroubleKind::TooLarge, *path, text));
        }
        gather.source(*path);
        for line in reading.bytes.split(|byte| *byte == b'\n') {
            read_line(gather, path, line, system);
        }
        return;
    }
}

fn read_line(gather: &mut Gather, path: &str, line: &[u8], system: &mut OperatingSystem) {
    let line = line.trim_ascii();
    let Some(equals) = memchr::memchr(b'=', line) else { return };
    let (Some(name), Some(value)) = (line.get(..equals), line.get(equals + 1..)) else { return };
    if !matches!(name, b"ID" | b"ID_LIKE" | b"NAME" | b"VERSION_ID" | b"VERSION_CODENAME") {
        return;
    }
    let value = unquote(&gather.text(path, value));
    if value.is_empty() {
        return;
    }
    match name {
        b"ID" => system.os_id = Some(value),
        b"ID_LIKE" => system.os_id_like = value.split_ascii_whitespace().map(str::to_owned).collect(),
        b"NAME" => system.name = Some(value),
        b"VERSION_ID" => system.version_id = Some(value),
        _ => system.codename = Some(value),
    }
}

/// Takes shell quotes off (os-release(5) allows both sorts, and backslashes inside double ones).
fn unquote(value: &str) -> String {
    if let Some(inner) = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return inner.to_owned();
    }
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    plain
}

fn read_finer_version(gather: &mut Gather, host: &dyn Host, system: &mut OperatingSystem) {
    // Derivatives keep Debian's file with Debian's number, which is not theirs.
    if system.os_id.as_deref() == Some("debian") {
        // On the development branch the file holds a word, not a number.
        let version = sourced(gather, host, DEBIAN_VERSION);
        system.version = version.filter(|version| version.starts_with(|first: char| first.is_ascii_digit()));
        return;
    }
    let Some(line) = sourced(gather, host, REDHAT_RELEASE) else { return };
    let (name, rest) = line.split_once(" release ").unwrap_or((&line, ""));
    system.name.get_or_insert_with(|| name.trim().to_owned());
    system.version = rest.split_ascii_whitespace().next().map(str::to_owned);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    fn amd64() -> Machine {
        Machine { architecture: Some("x86_64".into()), ..Machine::default() }
    }

    #[test]
    fn samples_give_their_goldens_from_documented_places_only() {
        let debian = golden::running(&OperatingSystemCollector, "debian_12", amd64());
        let old = golden::running(&OperatingSystemCollector, "centos_6", amd64());
        let image = RecordedHost::image(golden::fixtures("operating_system").join("ubuntu_image/root"));
        golden::check(&OperatingSystemCollector, "debian_12", &debian);
        golden::check(&OperatingSystemCollector, "centos_6", &old);
        let collected = golden::check(&OperatingSystemCollector, "ubuntu_image", &image);
        assert_eq!(collected.outcome, Outcome::Partial);
        golden::every_documented_place(&OperatingSystemCollector, &[&debian, &old, &image]);
    }

    #[test]
    fn quotes_are_taken_off_as_a_shell_would() {
        for (written, meant) in [
            ("\"a b\"", "a b"),
            ("'a \"b'", "a \"b"),
            ("a", "a"),
            ("\"a \\\"b\\\"\"", "a \"b\""),
            ("\"", "\""),
            ("a\\", "a"),
        ] {
            assert_eq!(unquote(written), meant, "{written}");
        }
    }
}
