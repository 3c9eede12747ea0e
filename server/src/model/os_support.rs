//! Until when a release of an operating system gets security updates (`os_support.json`), and what that means on a day.
//! It does not know who pays for longer support, nor minor releases that end before their major one.
//! Invariant: a release that is not listed is unknown; every day comes with its source.

use daicho_schemas::fact::observation::OperatingSystem;
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::Deserialize;
use std::sync::LazyLock;

static LIST: LazyLock<List> = LazyLock::new(|| {
    // Part of the build, and read by a test.
    serde_json::from_str(include_str!("os_support.json"))
        .unwrap_or_else(|error| unreachable!("os_support.json: {error}"))
});

#[derive(Debug, Deserialize)]
struct List {
    sources: Vec<Source>,
    releases: Vec<Release>,
}

#[derive(Debug, Deserialize)]
struct Source {
    id: String,
    name: String,
    read_on: CalendarDate,
}

#[derive(Debug, Deserialize)]
struct Release {
    os_id: String,
    version: String,
    /// Of a Windows that is supported release by release.
    #[serde(default)]
    release: Option<String>,
    /// Of a Windows that is supported longer for some editions.
    #[serde(default)]
    editions: Vec<String>,
    ends_on: CalendarDate,
    #[serde(default)]
    longer_until: Option<CalendarDate>,
    source: String,
}

/// How a release stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its maker updates it.
    Supported,
    /// Its maker has ended regular updates; longer ones exist for those who have them.
    LongerOnly,
    /// Nobody is known to update it.
    Ended,
    /// No day is known.
    Unknown,
}

/// How a release stands, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Support {
    /// How it stands.
    pub standing: Standing,
    /// The days and their source, for people.
    pub because: Text,
}

/// How an operating system stands on a day. `said` is the end that it writes into os-release itself, which goes first.
pub fn support_of(os: &OperatingSystem, said: Option<CalendarDate>, today: CalendarDate) -> Support {
    let listed = LIST.releases.iter().find(|release| is_release(os, release));
    let longer = listed.and_then(|release| release.longer_until);
    let source = listed.and_then(|release| LIST.sources.iter().find(|source| source.id == release.source));
    let (ends_on, by) = match (said, listed, source) {
        (Some(day), _, _) => (day, Text::new("OS 自身（os-release）", "the system itself (os-release)")),
        (None, Some(release), Some(source)) => {
            let (name, read_on) = (&source.name, source.read_on);
            (release.ends_on, Text::new(format!("{name}、{read_on} 確認"), format!("{name}, read on {read_on}")))
        }
        _ => {
            let because = Text::new("サポートの終わる日は不明です", "the end of its support is not known");
            return Support { standing: Standing::Unknown, because };
        }
    };
    let standing = match longer {
        _ if today <= ends_on => Standing::Supported,
        Some(longer) if today <= longer => Standing::LongerOnly,
        _ => Standing::Ended,
    };
    let (ja, en) = match (standing, longer) {
        (Standing::Supported, _) => {
            (format!("通常のサポートは {ends_on} まで"), format!("regular support until {ends_on}"))
        }
        (Standing::LongerOnly, Some(longer)) => (
            format!(
                "通常のサポートは {ends_on} に終了。延長サポート（契約など）は {longer} まで。利用しているかは不明です"
            ),
            format!(
                "regular support ended on {ends_on}; longer support (by contract or another team) until {longer}: whether it is used is not known"
            ),
        ),
        _ => (format!("サポートは {ends_on} に終了"), format!("support ended on {ends_on}")),
    };
    Support { standing, because: Text::new(format!("{ja}（{}）", by.ja), format!("{en} ({})", by.en)) }
}

/// By ID and version; hosts from before os-release have a name instead.
fn is_release(os: &OperatingSystem, release: &Release) -> bool {
    let by_name = || match os.name.as_deref() {
        Some(name) if name.starts_with("CentOS") => "centos",
        Some(name) if name.starts_with("Red Hat Enterprise Linux") => "rhel",
        _ => "",
    };
    let id = os.os_id.as_deref().unwrap_or_else(by_name);
    let version = os.version_id.as_deref().or(os.version.as_deref()).unwrap_or_default();
    let rest = version.strip_prefix(release.version.as_str());
    let is_edition = |one: &String| os.edition.as_ref().is_some_and(|edition| edition.eq_ignore_ascii_case(one));
    if release.release.is_some() && release.release != os.release
        || !release.editions.is_empty() && !release.editions.iter().any(is_edition)
    {
        return false;
    }
    id == release.os_id && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn os(id: Option<&str>, name: &str, version: &str) -> OperatingSystem {
        let json = serde_json::json!({ "family": "linux", "os_id": id, "name": name, "version_id": version });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn every_release_is_read_once_with_a_source_and_days_in_order() {
        for release in &LIST.releases {
            assert!(LIST.sources.iter().any(|source| source.id == release.source), "{release:?}");
            assert!(release.longer_until.is_none_or(|longer| longer > release.ends_on), "{release:?}");
            let is_same = |other: &&Release| {
                (&other.os_id, &other.version, &other.release) == (&release.os_id, &release.version, &release.release)
                    && (other.editions == release.editions
                        || other.editions.iter().any(|edition| release.editions.contains(edition)))
            };
            assert_eq!(LIST.releases.iter().filter(is_same).count(), 1, "{release:?}");
        }
    }

    #[test]
    fn a_day_decides_and_what_is_not_listed_is_unknown() {
        let standing = |os: &OperatingSystem, said: Option<&str>, today: &str| {
            support_of(os, said.map(|day| day.parse().unwrap()), today.parse().unwrap()).standing
        };
        let debian = os(Some("debian"), "Debian GNU/Linux", "12");
        assert_eq!(standing(&debian, None, "2026-07-11"), Standing::Supported);
        assert_eq!(standing(&debian, None, "2026-07-12"), Standing::LongerOnly);
        assert_eq!(standing(&debian, None, "2028-07-01"), Standing::Ended);
        assert_eq!(standing(&os(None, "CentOS", "6.10"), None, "2026-11-22"), Standing::Ended);
        assert_eq!(standing(&os(Some("rhel"), "x", "7.9"), None, "2026-11-22"), Standing::LongerOnly);
        assert_eq!(standing(&os(Some("rhel"), "x", "70"), None, "2026-11-22"), Standing::Unknown);
        assert_eq!(standing(&os(Some("debian"), "x", "1"), None, "2026-11-22"), Standing::Unknown);
        let windows = |version: &str, release: &str, edition: &str| {
            let json = serde_json::json!({ "family": "windows", "os_id": "windows", "version_id": version,
                "release": release, "edition": edition });
            standing(&serde_json::from_value(json).unwrap(), None, "2026-11-22")
        };
        assert_eq!(windows("10", "1809", "EnterpriseS"), Standing::Supported);
        assert_eq!(windows("10", "1809", "Professional"), Standing::Unknown, "not in the list");
        assert_eq!(windows("10", "22H2", "Professional"), Standing::LongerOnly);
        assert_eq!(windows("11", "24H2", "Professional"), Standing::Ended);
        assert_eq!(windows("11", "24H2", "Enterprise"), Standing::Supported);
        assert_eq!(windows("XP", "Service Pack 3", ""), Standing::Ended);
        let server = |version: &str| standing(&os(Some("windows-server"), "x", version), None, "2026-11-22");
        assert_eq!((server("2012 R2"), server("2019")), (Standing::Ended, Standing::Supported));
        let own = os(Some("other"), "Other", "1");
        assert_eq!(standing(&own, Some("2026-11-21"), "2026-11-22"), Standing::Ended);
        assert_eq!(standing(&own, Some("2026-11-22"), "2026-11-22"), Standing::Supported);
    }
}
