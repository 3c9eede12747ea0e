//! What a sample application server shows of its languages' packages, and what carries them.
//! It does not test hostile input; `hostile_tests` does.
//! Invariant tested: nothing is opened that is not documented or held by a process, and no word of a command line leaves.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::CarriedBy;

const SAMPLE: &str = "application_server";

fn sample() -> RecordedHost {
    golden::running(&LanguagePackagesCollector, SAMPLE, Machine::default())
}

pub(super) fn packages(collected: &Collected) -> Vec<LanguagePackage> {
    let items = collected.items.iter().filter_map(|item| match item {
        Observation::LanguagePackage(package) => Some(package.clone()),
        _ => None,
    });
    items.collect()
}

fn find(name: &str) -> Vec<LanguagePackage> {
    let all = packages(&LanguagePackagesCollector.collect(&sample()));
    all.into_iter().filter(|package| package.name == name).collect()
}

#[test]
fn the_sample_gives_its_golden() {
    let host = sample();
    let collected = golden::check(&LanguagePackagesCollector, SAMPLE, &host);
    assert_eq!(collected.outcome, Outcome::Partial, "one package.json is damaged");
    // Beside the documented places only files that the sample's processes hold are opened.
    for path in host.accesses() {
        let mut places = LanguagePackagesCollector.places().iter().filter(|place| **place != "/**");
        let documented = places.any(|place| golden::fits(place, &path));
        assert!(documented || path.starts_with("/home/tos") || path.starts_with("/usr/"), "{path}");
    }
}

#[test]
fn a_war_keeps_its_jars_and_an_unpacked_one_is_the_same_application() {
    let found = find("log4j-core");
    let [war, gate] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((war.application.as_str(), war.version.as_deref()), ("/opt/tomcat/webapps/berth.war", Some("2.14.1")));
    assert_eq!(war.group.as_deref(), Some("org.apache.logging.log4j"));
    assert_eq!(war.carried_by, CarriedBy::Nobody);
    let inside: Vec<_> = war.places.iter().map(|place| (place.inside.as_deref(), place.sha256.is_some())).collect();
    assert_eq!(inside, [(Some("WEB-INF/lib/log4j-core-2.14.1.jar"), false), (None, true)]);
    assert_eq!(gate.application, "/home/tos/gate");
}

#[test]
fn what_a_package_of_the_host_owns_is_carried_by_it() {
    let carrier = |name: &str| find(name).first().and_then(LanguagePackage::carrier);
    assert_eq!(carrier("commons-example").as_deref(), Some("deb libcommons-example-java"));
    assert_eq!(carrier("six").as_deref(), Some("deb python3-six"));
    assert_eq!(carrier("requests"), None);
}

/// Without the lists of the package manager nobody may be called the owner, nor "nobody".
#[test]
fn an_owner_that_cannot_be_looked_up_is_unknown() {
    let host = sample().without_permission_for(&["/var/lib/dpkg/info/libcommons-example-java.list"]);
    let all = packages(&LanguagePackagesCollector.collect(&host));
    let carried = |name: &str| all.iter().find(|package| package.name == name).unwrap().carried_by.clone();
    assert_eq!(carried("commons-example"), CarriedBy::Unknown);
    assert_eq!(carried("requests"), CarriedBy::Unknown);
}

#[test]
fn versions_of_one_package_stand_side_by_side() {
    let versions: Vec<_> = find("debug").into_iter().filter_map(|package| package.version).collect();
    assert_eq!(versions, ["2.6.9", "4.3.4"]);
}

#[test]
fn go_tells_its_modules_with_what_stands_in_their_place() {
    let all = packages(&LanguagePackagesCollector.collect(&sample()));
    let go = all.iter().filter(|package| package.ecosystem == LanguageEcosystem::Golang);
    let go: Vec<_> = go.map(|package| (package.name.as_str(), package.version.as_deref())).collect();
    let wanted = [
        ("example.org/exporter", None),
        ("example.org/local", None),
        ("example.org/ours", Some("v1.0.1")),
        ("golang.org/x/net", Some("v0.17.0")),
        ("stdlib", Some("1.21.3")),
    ];
    assert_eq!(go, wanted);
}

#[test]
fn secrets_beside_what_is_wanted_do_not_leave() {
    let said = format!("{:?}", LanguagePackagesCollector.collect(&sample()));
    assert!(!said.contains("EXAMPLE-SECRET-1"), "{said}");
}

/// A process of a container has another root: `/home/tos/container/other.jar` is another file there.
#[test]
fn a_process_with_another_root_is_passed_over() {
    assert!(find("other").is_empty());
}

/// A service that stops does not take its files away.
#[test]
fn what_a_program_showed_is_still_read_when_it_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let root = golden::fixtures("language_packages").join(SAMPLE).join("root");
    let put = |from: &str| {
        let to = folder.path().join(from);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(root.join(from), to).unwrap();
    };
    for file in ["home/tos/gate/gate-1.2.jar", "proc/self/mountinfo", "proc/100/mountinfo", "proc/100/cmdline"] {
        put(file);
    }
    let process = folder.path().join("proc/100");
    std::os::unix::fs::symlink("/usr/bin/java", process.join("exe")).unwrap();
    std::os::unix::fs::symlink("/home/tos/gate", process.join("cwd")).unwrap();
    let host = RecordedHost::running(folder.path(), Machine::default());
    let before = packages(&LanguagePackagesCollector.collect(&host));
    std::fs::remove_dir_all(&process).unwrap();
    assert_eq!(packages(&LanguagePackagesCollector.collect(&host)), before);
    assert_eq!(before.len(), 2);
    std::fs::remove_file(folder.path().join("home/tos/gate/gate-1.2.jar")).unwrap();
    assert_eq!(packages(&LanguagePackagesCollector.collect(&host)), []);
}

/// What only a unit or a table of cron names is read, on an image too.
#[test]
fn what_a_unit_or_a_job_starts_is_read_wherever_it_lies() {
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, bytes: &[u8]| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let jar = golden::fixtures("language_packages").join(SAMPLE).join("root/home/tos/gate/gate-1.2.jar");
    let jar = std::fs::read(jar).unwrap();
    put("data/gate/gate-1.2.jar", &jar);
    put("data/night/gate-1.2.jar", &jar);
    put(
        "etc/systemd/system/gate.service",
        b"[Service]\nWorkingDirectory=/data\nExecStart=/usr/bin/java -jar gate/gate-1.2.jar\n",
    );
    put("etc/crontab", b"0 3 * * * root cd / && java -jar /data/night/gate-1.2.jar EXAMPLE-SECRET-1\n");
    let collected = LanguagePackagesCollector.collect(&RecordedHost::image(folder.path()));
    let applications: BTreeSet<String> = packages(&collected).into_iter().map(|package| package.application).collect();
    assert_eq!(applications.into_iter().collect::<Vec<_>>(), ["/data/gate", "/data/night"]);
    assert!(!format!("{collected:?}").contains("SECRET"));
}

/// A bound that is reached is told with its place.
#[test]
fn a_spent_budget_is_told() {
    let host = sample();
    let mut look = Look::new(&host);
    look.budget = Budget::of(3, std::time::Duration::from_secs(60));
    roots::read(&mut look);
    let collected = look.finish();
    assert_eq!(collected.outcome, Outcome::Partial);
    let told = |trouble: &Trouble| trouble.kind == TroubleKind::TooLarge && trouble.place.starts_with('/');
    assert_eq!(collected.troubles.iter().filter(|trouble| told(trouble)).count(), 1, "{:?}", collected.troubles);
}
