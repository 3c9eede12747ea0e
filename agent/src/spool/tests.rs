//! The spool across restarts, losses, refusals and full disks of its own limits.
//! It does not know HTTP; the server is played by calls.
//! Invariant tested: nothing spooled is lost by a restart, numbers only rise, and every loss is told.

use super::*;
use crate::access::{Host as _, Machine, RecordedHost};
use crate::collect;
use daicho_schemas::batch::{Applied, Items, Lost};
use daicho_schemas::fact::observation::{Ecosystem, Observation, Package, PackageState, Provenance};
use daicho_schemas::refusal::RefusalCode;
use std::fs;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn open(folder: &tempfile::TempDir) -> Spool {
    Spool::open(folder.path(), key(), SpoolLimits::default()).unwrap()
}

fn package(name: &str) -> Observation {
    Observation::Package(Package {
        ecosystem: Ecosystem::Deb,
        name: name.into(),
        version: "1".into(),
        architecture: Some("amd64".into()),
        state: PackageState::Installed,
        source: None,
        maintainer: None,
        vendor: None,
        multi_arch: None,
        provenance: Provenance::default(),
    })
}

/// A round of one complete collector with these packages.
fn round(names: &[&str]) -> Round {
    round_of(Outcome::Complete, names.iter().map(|name| package(name)).collect())
}

fn round_of(outcome: Outcome, items: Vec<Observation>) -> Round {
    let at = UtcMicros::from_micros(1_795_000_000_000_000).unwrap();
    let collected = Collected { outcome, sources: vec!["/place".into()], troubles: Vec::new(), items };
    Round { started_at: at, finished_at: at, collected: vec![(CollectorId::new("dpkg").unwrap(), collected)] }
}

/// A server that takes batches in order and says what it knows.
#[derive(Default)]
struct Server {
    number: u64,
    items: Items,
    lost: Vec<Lost>,
}

impl Server {
    /// Takes everything that waits, as the real one does: whatever does not fit is refused.
    fn take_all(&mut self, spool: &mut Spool) -> Vec<RefusalCode> {
        let mut refused = Vec::new();
        while let Some(waiting) = spool.oldest().unwrap() {
            let batch = batch_file::decode(&waiting.bytes, spool.agent()).unwrap();
            match self.take(&batch) {
                Ok(()) => spool.acknowledge(waiting.number).unwrap(),
                Err(code) => {
                    refused.push(code);
                    spool.refuse(waiting.number, &Refusal::new(code)).unwrap();
                }
            }
        }
        refused
    }

    fn take(&mut self, batch: &Batch) -> Result<(), RefusalCode> {
        if batch.number <= self.number {
            return Err(RefusalCode::BatchOutOfOrder);
        }
        let mut items = self.items.clone();
        for report in &batch.reports {
            match daicho_schemas::batch::apply_report(&items, report).unwrap() {
                Applied::OtherBase => return Err(RefusalCode::FullReportNeeded),
                Applied::State(after) => items = after,
            }
            if state_digest(&report.collector, &items) != report.digest {
                return Err(RefusalCode::ReportInconsistent);
            }
        }
        (self.items, self.number) = (items, batch.number);
        self.lost.extend(batch.lost.clone());
        Ok(())
    }

    fn names(&self) -> Vec<&str> {
        self.items.keys().map(|key| key.split(':').nth(1).unwrap()).collect()
    }
}

#[test]
fn a_restart_at_any_moment_loses_nothing_and_repeats_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(open(&folder).put(round(&["a", "b"])).unwrap(), [1]);
    assert!(open(&folder).put(round(&["a", "b"])).unwrap().is_empty(), "nothing changed");
    assert_eq!(open(&folder).put(round(&["b", "c"])).unwrap(), [2]);
    let mut server = Server::default();
    let mut spool = open(&folder);
    let first = spool.oldest().unwrap().unwrap();
    assert!(first.full);
    server.take(&batch_file::decode(&first.bytes, spool.agent()).unwrap()).unwrap();
    spool.acknowledge(1).unwrap();
    drop(spool);
    let mut spool = open(&folder);
    assert_eq!(spool.check_in().number, 1);
    assert!(!spool.full_wanted());
    assert_eq!(spool.put(round(&["c", "d"])).unwrap(), [3]);
    assert_eq!(server.take_all(&mut spool), []);
    assert_eq!(server.names(), ["c", "d"]);
    let id = CollectorId::new("dpkg").unwrap();
    let digest = state_digest(&id, &server.items);
    assert_eq!(spool.check_in(), CheckIn { number: 3, digest: check_in_digest([(&id, &digest)]) });
    assert_eq!(open(&folder).check_in(), spool.check_in());
}

/// The acknowledged state is lost, the spool is not: the batches that wait are still sent, and a full report follows.
#[test]
fn losing_the_acknowledged_state_costs_one_full_report() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::default();
    let mut spool = open(&folder);
    spool.put(round(&["a"])).unwrap();
    server.take_all(&mut spool);
    spool.put(round(&["a", "b"])).unwrap();
    drop(spool);
    fs::remove_file(folder.path().join("acknowledged.steps")).unwrap();
    let mut spool = open(&folder);
    assert!(spool.full_wanted());
    assert_eq!(spool.put(round(&["b", "c"])).unwrap(), [3], "numbers go on");
    assert_eq!(server.take_all(&mut spool), []);
    assert_eq!(server.names(), ["b", "c"]);
    fs::remove_file(folder.path().join("number")).unwrap();
    assert_eq!(open(&folder).put(round(&["c"])).unwrap(), [4], "the acknowledged number is a witness too");
}

#[test]
fn a_damaged_file_is_moved_to_refused_reported_and_made_up_for() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).put(round(&["a"])).unwrap();
    let mut server = Server::default();
    let file = folder.path().join("spool/00000000000000000002.batch");
    open(&folder).put(round(&["a", "b"])).unwrap();
    let whole = fs::read(&file).unwrap();
    for end in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::write(&file, &whole[..end]).unwrap();
        let spool = open(&folder);
        assert!(spool.full_wanted() && !file.exists(), "cut at {end}");
        assert!(folder.path().join("refused/00000000000000000002.batch").exists(), "cut at {end}");
    }
    let mut spool = open(&folder);
    spool.put(round(&["b"])).unwrap();
    server.take_all(&mut spool);
    spool.put(round(&["b", "d"])).unwrap();
    server.take_all(&mut spool);
    assert_eq!(server.names(), ["b", "d"]);
    assert_eq!(server.lost, [Lost { first_number: 2, last_number: 2, reason: "unreadable".into() }]);
}

#[test]
fn what_is_given_up_is_told_and_the_next_report_is_full() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).put(round(&["a"])).unwrap();
    let bytes = fs::metadata(folder.path().join("spool/00000000000000000001.batch")).unwrap().len();
    let limits = SpoolLimits { bytes_max: bytes * 2, ..SpoolLimits::default() };
    let mut spool = Spool::open(folder.path(), key(), limits).unwrap();
    for names in [&["a", "b"][..], &["c"], &["d"], &["e"], &["f"]] {
        spool.put(round(names)).unwrap();
    }
    let mut server = Server::default();
    let _refused = server.take_all(&mut spool);
    assert!(spool.full_wanted());
    spool.put(round(&["g"])).unwrap();
    assert_eq!(server.take_all(&mut spool), []);
    assert_eq!(server.names(), ["g"]);
    let told: Vec<_> = server.lost.iter().map(|lost| lost.first_number).collect();
    assert!(told.contains(&1), "{:?}", server.lost);
    assert!(server.lost.iter().any(|lost| lost.reason.contains("spool full")), "{:?}", server.lost);
}

/// The batch that tells of a loss is lost itself, without a word: it is told by the next one. Once acknowledged, never again.
#[test]
fn a_loss_is_told_until_the_server_has_heard_of_it() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).put(round(&["a"])).unwrap();
    open(&folder).refuse(1, &Refusal::new(RefusalCode::FullReportNeeded)).unwrap();
    assert_eq!(open(&folder).put(round(&["a"])).unwrap(), [2]);
    assert!(folder.path().join("lost.json").exists(), "the batch that tells of it is not acknowledged");
    fs::remove_file(folder.path().join("spool/00000000000000000002.batch")).unwrap();
    let mut spool = open(&folder);
    assert_eq!(spool.put(round(&["a"])).unwrap(), [3]);
    let mut server = Server::default();
    assert_eq!(server.take_all(&mut spool), []);
    assert_eq!(server.lost.len(), 1, "{:?}", server.lost);
    assert!(!folder.path().join("lost.json").exists());
    assert_eq!(open(&folder).put(round(&["a"])).unwrap(), [] as [u64; 0]);
}

/// The moment before a batch leaves the spool for good: while its loss cannot be written down, it stays where it is.
/// Afterwards it is told as lost, once it could be.
#[test]
fn no_batch_goes_before_its_loss_is_on_disk() {
    type Going = fn(&tempfile::TempDir) -> Result<(), SpoolFault>;
    let ways: [(&str, Going); 3] = [
        ("refused by the server: report_inconsistent", |folder| {
            open(folder).refuse(1, &Refusal::new(RefusalCode::ReportInconsistent))
        }),
        ("spool full", |folder| {
            let limits = SpoolLimits { bytes_max: 1, ..SpoolLimits::default() };
            Spool::open(folder.path(), key(), limits)?.put(round(&["a", "b"])).map(drop)
        }),
        ("unreadable", |folder| {
            fs::write(folder.path().join("spool/00000000000000000001.batch"), "damaged").unwrap();
            Spool::open(folder.path(), key(), SpoolLimits::default()).map(drop)
        }),
    ];
    for (reason, go) in ways {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("spool/00000000000000000001.batch");
        open(&folder).put(round(&["a"])).unwrap();
        // Where the note is written aside stands a folder: it cannot be written.
        let obstacle = folder.path().join("lost.new");
        fs::create_dir(&obstacle).unwrap();
        assert!(matches!(go(&folder), Err(SpoolFault::File(_))), "{reason}");
        assert!(file.exists(), "{reason}");
        fs::remove_dir(&obstacle).unwrap();
        go(&folder).unwrap();
        assert!(!file.exists(), "{reason}");
        let lost: Lost = serde_json::from_slice(&fs::read(folder.path().join("lost.json")).unwrap()).unwrap();
        assert_eq!(lost, Lost { first_number: 1, last_number: 1, reason: reason.into() });
    }
}

/// A crash after the loss was written and before the batch was moved: the batch is sent after all, and told as lost too.
#[test]
fn a_crash_while_a_batch_is_refused_says_too_much_and_never_too_little() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).put(round(&["a"])).unwrap();
    let refused = folder.path().join("refused");
    let mut spool = open(&folder);
    fs::remove_dir(&refused).unwrap();
    fs::write(&refused, "in the way").unwrap();
    assert!(spool.refuse(1, &Refusal::new(RefusalCode::FullReportNeeded)).is_err());
    drop(spool);
    fs::remove_file(&refused).unwrap();
    let mut spool = open(&folder);
    assert_eq!(spool.oldest().unwrap().unwrap().number, 1, "it waits still");
    spool.put(round(&["b"])).unwrap();
    let mut server = Server::default();
    assert_eq!(server.take_all(&mut spool), []);
    assert_eq!(server.names(), ["b"]);
    let reason = "refused by the server: full_report_needed".into();
    assert_eq!(server.lost, [Lost { first_number: 1, last_number: 1, reason }]);
}

#[test]
fn every_refusal_ends_in_agreement_under_a_later_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::default();
    let mut spool = open(&folder);
    spool.put(round(&["a"])).unwrap();
    server.take_all(&mut spool);
    // The server was set back to before the beginning.
    server = Server::default();
    spool.put(round(&["a", "b"])).unwrap();
    assert_eq!(server.take_all(&mut spool), [RefusalCode::FullReportNeeded]);
    assert!(spool.full_wanted());
    assert!(folder.path().join("refused/00000000000000000002.json").exists());
    assert_eq!(spool.put(round(&["a", "b"])).unwrap(), [3]);
    assert_eq!(server.take_all(&mut spool), []);
    assert_eq!(server.names(), ["a", "b"]);
    assert_eq!(server.lost[0].reason, "refused by the server: full_report_needed");
    // The server knows a higher number: a later one is used.
    spool.heard_from_server(40, false);
    assert_eq!(spool.put(round(&["b"])).unwrap(), [41]);
}

/// A collector that cannot see everything, and a server that lost everything: a full report from nothing brings both
/// together, although what is known here is more than what is seen now.
#[test]
fn a_partial_collector_agrees_again_with_a_server_that_forgot() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(&folder);
    let mut server = Server::default();
    spool.put(round(&["a", "b"])).unwrap();
    server.take_all(&mut spool);
    server = Server { number: 1, ..Server::default() };
    spool.heard_from_server(1, true);
    spool.put(round_of(Outcome::Partial, vec![package("a")])).unwrap();
    assert_eq!(server.take_all(&mut spool), []);
    assert_eq!(server.names(), ["a"]);
    let id = CollectorId::new("dpkg").unwrap();
    assert_eq!(spool.check_in().digest, check_in_digest([(&id, &state_digest(&id, &server.items))]));
}

#[test]
fn an_overlarge_round_is_cut_into_batches_that_fit() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(&folder);
    // Distinct long texts: 40,000 of them are more than one batch may hold.
    let long = |number: usize| {
        let Observation::Package(mut package) = package(&format!("p{number:06}")) else { unreachable!() };
        package.maintainer = Some(format!("{number:06}").repeat(150));
        Observation::Package(package)
    };
    let numbers = spool.put(round_of(Outcome::Complete, (0..40_000).map(long).collect())).unwrap();
    assert_eq!(numbers, [1]);
    let mut server = Server::default();
    assert_eq!(server.take_all(&mut spool), []);
    assert_eq!(server.items.len(), 20_000);
    assert_eq!(spool.summary()[0].2, Outcome::Partial);
}

/// Everything that is collected of a recorded Windows whose registry has this text.
fn look_at_windows(registry: &str) -> Round {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("registry.reg"), registry).unwrap();
    let host = RecordedHost::running(folder.path(), Machine::default());
    let all = collect::collectors_of(host.platform()).into_iter();
    let at = UtcMicros::from_micros(1_795_000_000_000_000).unwrap();
    let collected = all.map(|one| (collect::collector_id(one), collect::run(one, &host))).collect();
    Round { started_at: at, finished_at: at, collected }
}

/// The adapter of a tunnel comes with the tunnel and goes with it: one change each way, whoever else reads that registry; and two
/// agents that see the same say it in the same bytes.
#[test]
fn an_adapter_that_comes_up_and_goes_down_is_one_change_each_way() {
    const ADAPTER: &str = r#"
[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Class\{4d36e972-e325-11ce-bfc1-08002be10318}\0005]
"DriverDesc"="Example Tunnel"
"ComponentId"="wintun"
"Characteristics"=dword:00000001
"NetCfgInstanceId"="{00000005-AAAA-4BBB-8CCC-DDDDDDDDDDDD}"
"*IfType"=dword:00000035

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Network\{4d36e972-e325-11ce-bfc1-08002be10318}\{00000005-AAAA-4BBB-8CCC-DDDDDDDDDDDD}\Connection]
"Name"="Example VPN"
"#;
    let recorded =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/windows/windows_11/root/registry.reg");
    let down = fs::read_to_string(recorded).unwrap();
    let up = format!("{down}{ADAPTER}");
    let told = || {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = open(&folder);
        let mut told = Vec::new();
        for registry in [&down, &down, &up, &up, &down, &down] {
            spool.put(look_at_windows(registry)).unwrap();
            let waiting = spool.oldest().unwrap().map(|waiting| (waiting.number, waiting.bytes));
            if let Some((number, bytes)) = waiting {
                spool.acknowledge(number).unwrap();
                told.push(bytes);
            }
        }
        (spool.agent().clone(), told)
    };
    let (agent, batches) = told();
    assert_eq!(told().1, batches, "the same bytes again");
    let [_first, came, went] = batches.as_slice() else { panic!("{} batches", batches.len()) };
    let change = |bytes: &[u8]| {
        let batch = batch_file::decode(bytes, &agent).unwrap();
        let [report] = batch.reports.try_into().unwrap_or_else(|reports| panic!("not one report: {reports:?}"));
        assert_eq!(report.collector.to_string(), "network_interfaces");
        let Body::Delta { put, gone, .. } = report.body else { panic!("not a difference") };
        (put, gone)
    };
    let (put, gone) = change(came);
    assert!(matches!(put.as_slice(), [Observation::NetworkInterface(seen)] if seen.name == "Example VPN"), "{put:?}");
    assert!(gone.is_empty(), "{gone:?}");
    let key = put[0].key();
    assert_eq!(change(went), (Vec::new(), vec![key]));
}
