//! What people and machines do to a data folder and its clock: an old copy comes back, the store beside the ledger is damaged,
//! the clock is set. It does not test crashes; `kill.rs` and `power_cut.rs` do.
//! Invariant shown: nothing in the ledger is lost by it, what is missing is said in the ledger, and nobody is let in for it.

use daicho::clock::{Clock, SystemClock};
use daicho_schemas::batch::Outcome;
use daicho_schemas::canonical::Hash;
use daicho_schemas::time::UtcMicros;
use daicho_schemas::wire::{CheckIn, PATH_CHECK_IN};
use harness::agent::{FakeAgent, full_report};
use harness::hosts::{debian, debian_package};
use harness::server::{Api, TestServer};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy_folder(&item.path(), &target);
        } else {
            fs::copy(item.path(), target).unwrap();
        }
    }
}

fn replace_folder(from: &Path, to: &Path) {
    fs::remove_dir_all(to).unwrap();
    copy_folder(from, to);
}

async fn entries(api: &Api) -> Vec<Value> {
    let (status, lines) = api.page("/api/v1/ledger/entries?from=1&limit=500").await;
    assert_eq!(status, 200);
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn faults(api: &Api) -> Vec<String> {
    let faults = entries(api).await.into_iter().filter(|entry| entry["kind"] == "fault_reported.v1");
    faults.map(|entry| entry["fact"]["what"]["en"].as_str().unwrap().to_string()).collect()
}

async fn say(agent: &FakeAgent, number: u64, at: UtcMicros, version: &str) {
    let reports = vec![
        full_report("operating_system", Outcome::Complete, vec![debian("tos-1")]),
        full_report("dpkg", Outcome::Complete, vec![debian_package("bash", version)]),
    ];
    agent.send_well(agent.pack(number, at, reports)).await;
}

async fn check_in(agent: &FakeAgent, number: u64) -> (u16, Value) {
    let question = serde_json::to_vec(&CheckIn { number, digest: Hash::ZERO }).unwrap();
    agent.try_send(PATH_CHECK_IN, question).await.expect("the server answers")
}

/// A data folder with one agent's first batch, and a copy of it, made while nobody served.
struct Copied {
    data: PathBuf,
    copy: PathBuf,
    now: UtcMicros,
    agent: FakeAgent,
}

async fn copied(folder: &Path) -> Copied {
    let (data, copy) = (folder.join("data"), folder.join("copy"));
    let server = TestServer::start(&data).await;
    let now = server.running.app.clock.now();
    let agent = FakeAgent::enrol(&server.api).await;
    say(&agent, 1, now, "1").await;
    server.stop().await;
    copy_folder(&data, &copy);
    Copied { data, copy, now, agent }
}

/// Goal: a server that was restored from yesterday's copy knows that it was, tells people in the ledger, gets everything that
/// the agents still hold, and lets nobody in whom it does not know. Method: a copy is made, an agent goes on and another one
/// enrols, the copy comes back beside a newer authority.
#[test]
fn a_restored_old_copy_is_noticed_and_made_up_for() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let Copied { data, copy, now, mut agent } = copied(folder.path()).await;

        let server = TestServer::start(&data).await;
        agent.reconnect(&server.api);
        say(&agent, 2, now, "2").await;
        say(&agent, 3, now, "3").await;
        let mut stranger = FakeAgent::enrol(&server.api).await;
        say(&stranger, 1, now, "1").await;
        assert_eq!(faults(&server.api).await, [] as [String; 0]);
        server.stop().await;
        for part in ["ledger", "store"] {
            replace_folder(&copy.join(part), &data.join(part));
        }

        let server = TestServer::start(&data).await;
        agent.reconnect(&server.api);
        stranger.reconnect(&server.api);
        for _ in 0..2 {
            let (status, answer) = check_in(&agent, 3).await;
            assert_eq!((status, &answer["number"], &answer["full_wanted"]), (200, &1.into(), &true.into()), "{answer}");
            let (status, answer) = check_in(&stranger, 1).await;
            assert_eq!((status, answer["refusal"]["code"].as_str()), (403, Some("agent_unknown")), "{answer}");
        }
        say(&agent, 4, now, "3").await;
        let told = faults(&server.api).await;
        assert_eq!(told.len(), 2, "each sign is told once: {told:?}");
        assert!(told[0].contains(agent.agent_id.as_str()) && told[0].contains("batch 3"), "{told:?}");
        assert!(told[1].contains(stranger.agent_id.as_str()), "{told:?}");
        assert_eq!(check_in(&agent, 4).await.1["number"], 4);
        server.stop().await;
    });
}

/// Goal: the index beside the ledger is a witness. Method: only the ledger comes back from the copy.
#[test]
fn a_ledger_that_is_older_than_its_index_is_noticed_at_the_start() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let Copied { data, copy, now, mut agent } = copied(folder.path()).await;
        let server = TestServer::start(&data).await;
        agent.reconnect(&server.api);
        say(&agent, 2, now, "2").await;
        server.stop().await;
        replace_folder(&copy.join("ledger"), &data.join("ledger"));
        let server = TestServer::start(&data).await;
        let told = faults(&server.api).await;
        assert!(told.len() == 1 && told[0].contains("index"), "{told:?}");
        server.stop().await;
    });
}

/// Every file under a folder.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() { files.extend(files_in(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// The bytes of the ledger's first file.
fn first_segment(data: &Path) -> Vec<u8> {
    let mut files = files_in(&data.join("ledger")).into_iter();
    fs::read(files.find(|path| path.extension().is_some()).unwrap()).unwrap()
}

/// Goal: whatever happens to the files beside the ledger costs time and sign-ins, never a fact and never the start. Method:
/// each of them is emptied, halved, bent at its beginning and in its middle, and taken away; then all of them at once.
#[test]
fn damage_beside_the_ledger_costs_time_only() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
        let server = TestServer::start(&data).await;
        let now = server.running.app.clock.now();
        let agent = FakeAgent::enrol(&server.api).await;
        say(&agent, 1, now, "1").await;
        say(&agent, 2, now, "2").await;
        let hosts = server.api.list("/hosts").await;
        server.stop().await;
        copy_folder(&data, &copy);
        let mut beside: Vec<PathBuf> = files_in(&data);
        // The authority's keys are not rebuilt from anything, and the connect file is people's.
        beside.retain(|path| {
            ["ledger", "authority", "connect.json"].iter().all(|kept| !path.starts_with(data.join(kept)))
        });
        assert!(beside.len() >= 2, "{beside:?}");
        let lines = first_segment(&data);
        type Damage = fn(&Path);
        let ways: [(&str, Damage); 5] = [
            ("emptied", |path| fs::write(path, b"").unwrap()),
            ("halved", |path| {
                let bytes = fs::read(path).unwrap();
                fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
            }),
            ("bent at the beginning", |path| bend(path, 0)),
            ("bent in the middle", |path| bend(path, 2)),
            ("taken away", |path| fs::remove_file(path).unwrap()),
        ];
        for (how, damage) in ways {
            for which in beside.iter().map(Some).chain([None]) {
                replace_folder(&copy, &data);
                which.map_or(&beside[..], std::slice::from_ref).iter().for_each(|path| damage(path));
                let place = format!("{which:?} {how}");
                let server = TestServer::start(&data).await;
                assert_eq!(server.api.list("/hosts").await, hosts, "{place}");
                server.stop().await;
                assert!(first_segment(&data).starts_with(&lines), "{place}: the ledger itself was changed");
            }
        }
    });
}

/// Flips bits of a byte, `part`ths into a file; the first one for 0.
fn bend(path: &Path, part: usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len().checked_div(part).unwrap_or(0);
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 0x55;
    }
    fs::write(path, bytes).unwrap();
}

/// The machine's clock, set off by somebody.
#[derive(Default)]
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> UtcMicros {
        SystemClock.now().plus_seconds(self.0.load(Ordering::SeqCst))
    }
}

/// Goal: a clock that is set loses nothing, and time in the ledger never runs backwards. Method: the clock is set hours
/// ahead, hours back, and back once more across a restart; batches come in by each of these clocks.
#[test]
fn a_clock_that_is_set_loses_nothing_and_turns_nothing_back() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock::default());
        let server = TestServer::start_at(folder.path(), Arc::<SetClock>::clone(&clock)).await;
        let mut agent = FakeAgent::enrol(&server.api).await;
        for (number, off) in [(1, 0), (2, 6 * 3600), (3, -6 * 3600), (4, 0)] {
            clock.0.store(off, Ordering::SeqCst);
            say(&agent, number, clock.now(), &number.to_string()).await;
        }
        server.stop().await;
        clock.0.store(-3600, Ordering::SeqCst);
        let server = TestServer::start_at(folder.path(), Arc::<SetClock>::clone(&clock)).await;
        agent.reconnect(&server.api);
        say(&agent, 5, clock.now(), "5").await;
        let all = entries(&server.api).await;
        let times: Vec<&str> = all.iter().map(|entry| entry["received_at"].as_str().unwrap()).collect();
        assert!(times.is_sorted(), "{times:?}");
        let batches = all.iter().filter(|entry| entry["kind"] == "batch.v1").count();
        assert_eq!(batches, 5);
        let told = faults(&server.api).await;
        assert!(told.len() == 1 && told[0].contains("clock"), "people are told at the start: {told:?}");
        server.stop().await;
    });
}
