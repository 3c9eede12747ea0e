//! One agent against a server on loopback: enrol, report, change, be refused, be stopped.
//! It does not know the real server; what that one does is tested with it.
//! Invariant tested: whatever the server answers, both sides agree in the end or nothing was lost.

use super::*;
use crate::access::Platform;
use crate::clock::system_clock;
use crate::fake_server::{FakeServer, Reply, Request, refusal};
use crate::spool::decode_for_tests;
use crate::status::Sending;
use daicho_schemas::batch::{Batch, Body};
use daicho_schemas::refusal::RefusalCode;
use daicho_schemas::wire::{CheckIn, PATH_BATCHES, PATH_CHECK_IN, PATH_ENROLL};
use std::collections::VecDeque;
use std::fs;
use std::sync::Mutex;

/// A host with one package, an enrolled agent, and a server whose answers to batches are scripted.
struct Scene {
    folder: tempfile::TempDir,
    server: FakeServer,
    script: Arc<Mutex<VecDeque<Reply>>>,
    server_number: Arc<Mutex<u64>>,
    /// Rings after every answered batch or check-in.
    answered: Arc<Notify>,
}

impl Scene {
    fn new() -> Self {
        let script: Arc<Mutex<VecDeque<Reply>>> = Arc::default();
        let certificate: Arc<Mutex<String>> = Arc::default();
        let server_number: Arc<Mutex<u64>> = Arc::default();
        let (answers, enrolled, number) = (Arc::clone(&script), Arc::clone(&certificate), Arc::clone(&server_number));
        let answered: Arc<Notify> = Arc::default();
        let bell = Arc::clone(&answered);
        let server = FakeServer::start(move |request| {
            bell.notify_one();
            answer(request, &answers, &enrolled, &number)
        });
        let scene = Self { folder: tempfile::tempdir().unwrap(), server, script, server_number, answered };
        scene.install("a");
        *certificate.lock().unwrap() = serde_json::to_string(&scene.server.certificate_for(&scene.state())).unwrap();
        block_on(crate::enroll::join(&scene.state(), &scene.server.address, None, &scene.server.token(), system_clock))
            .unwrap();
        scene
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn install(&self, name: &str) {
        let folder = self.folder.path().join("root/var/lib/dpkg");
        fs::create_dir_all(&folder).unwrap();
        let status = format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n");
        fs::write(folder.join("status"), status).unwrap();
    }

    fn will_answer(&self, replies: impl IntoIterator<Item = Reply>) {
        self.script.lock().unwrap().extend(replies);
    }

    fn config(&self, once: bool) -> RunConfig {
        RunConfig {
            state: self.state(),
            schedule: Schedule::parse("0 0 1 1 *", "UTC").unwrap(),
            host: LiveHost::new(self.folder.path().join("root")),
            root: self.folder.path().join("root"),
            server: None,
            once,
            until_stdin_closes: false,
            stop: Stop::default(),
        }
    }

    fn run_once(&self) -> Result<(), RunFault> {
        block_on(run(self.config(true), system_clock))
    }

    fn batches(&self) -> Vec<Batch> {
        let requests = self.server.requests().into_iter().filter(|request| request.path == PATH_BATCHES);
        requests.map(|request| decode_for_tests(&request.body, &self.state())).collect()
    }

    fn check_ins(&self) -> Vec<CheckIn> {
        let requests = self.server.requests().into_iter().filter(|request| request.path == PATH_CHECK_IN);
        requests.map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Takes batches in order unless the script says otherwise.
fn answer(
    request: &Request,
    script: &Mutex<VecDeque<Reply>>,
    certificate: &Mutex<String>,
    number: &Mutex<u64>,
) -> Reply {
    let mut number = number.lock().unwrap();
    match request.path.as_str() {
        PATH_ENROLL => (200, certificate.lock().unwrap().clone()),
        PATH_CHECK_IN => (200, serde_json::json!({ "number": *number, "full_wanted": false }).to_string()),
        PATH_BATCHES => script.lock().unwrap().pop_front().unwrap_or_else(|| {
            let json = zstd::decode_all(request.body.as_slice()).unwrap();
            let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
            *number = value["batch"]["number"].as_u64().unwrap();
            (200, serde_json::json!({ "number": *number, "entry_seq": 5, "admitted": "appended" }).to_string())
        }),
        _ => (404, String::new()),
    }
}

fn dpkg(batch: &Batch) -> &Body {
    &batch.reports.iter().find(|report| report.collector.as_str() == "dpkg").unwrap().body
}

#[test]
fn first_everything_then_nothing_then_the_change() {
    let scene = Scene::new();
    scene.run_once().unwrap();
    scene.run_once().unwrap();
    scene.install("b");
    scene.run_once().unwrap();
    let batches = scene.batches();
    assert_eq!(batches.iter().map(|batch| batch.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(batches[0].reports.len(), collect::collectors_of(Platform::Linux).len());
    assert!(matches!(dpkg(&batches[0]), Body::Full { items } if items.len() == 1));
    let Body::Delta { put, gone, .. } = dpkg(&batches[1]) else { panic!("not a difference") };
    assert_eq!((put[0].key(), gone.clone()), ("deb:b:amd64".into(), vec!["deb:a:amd64".to_owned()]));
    assert_eq!(batches[1].reports.len(), 1, "only what changed");
    assert_eq!(scene.check_ins().iter().map(|check_in| check_in.number).collect::<Vec<_>>(), [1]);
    for request in scene.server.requests() {
        assert_eq!(request.known, request.path != PATH_ENROLL, "{}", request.path);
        assert_eq!(request.head.contains("content-encoding: zstd"), request.path == PATH_BATCHES);
    }
    let status = RunStatus::load(&scene.state());
    assert_eq!((status.acknowledged_number, status.sending, status.obstacle), (2, Sending::Ready, None));
}

/// Running for ever: everything at the start, and a server that wants everything again gets it without a schedule.
#[test]
fn a_running_agent_answers_the_servers_wish_at_once() {
    let scene = Scene::new();
    scene.run_once().unwrap();
    scene.install("b");
    scene.will_answer([refusal(409, RefusalCode::FullReportNeeded)]);
    block_on(async {
        let enough = async {
            while scene.batches().len() < 3 {
                scene.answered.notified().await;
            }
        };
        tokio::select! {
            ended = run(scene.config(false), system_clock) => panic!("the agent ended: {ended:?}"),
            () = enough => {}
        }
    });
    let batches = scene.batches();
    assert_eq!(batches.iter().map(|batch| batch.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(matches!(dpkg(&batches[2]), Body::Full { items } if items[0].key() == "deb:b:amd64"));
}

/// One change, seen by a quick collector and by one that takes long: the package is told first, then what was found in its folder. A look at
/// everything tells both at once.
#[test]
fn what_takes_long_follows_and_keeps_nobody_waiting() {
    let scene = Scene::new();
    scene.run_once().unwrap();
    let host = LiveHost::new(scene.folder.path().join("root"));
    let agent = Agent::open(&scene.state(), None, host, system_clock).unwrap();
    let change = |name: &str| {
        scene.install(name);
        let folder = scene.folder.path().join("root/opt/app/node_modules").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("package.json"), format!(r#"{{"name":"{name}","version":"1.0.0"}}"#)).unwrap();
    };
    let waiting = |agent: &Agent| {
        let mut told = Vec::new();
        loop {
            let oldest = agent.conversation.borrow_mut().spool.oldest().unwrap();
            let Some(waiting) = oldest else { return told };
            let batch = decode_for_tests(&waiting.bytes, &scene.state());
            told.push(batch.reports.iter().map(|report| report.collector.to_string()).collect::<Vec<_>>());
            agent.conversation.borrow_mut().spool.acknowledge(waiting.number).unwrap();
        }
    };
    block_on(async {
        change("b");
        assert!(agent.collect(&BTreeSet::from(["dpkg", "language_packages"])).await);
        assert_eq!(waiting(&agent), [["dpkg"], ["language_packages"]]);
        change("c");
        assert!(agent.collect(&all()).await);
        assert_eq!(waiting(&agent), [["dpkg", "language_packages"]]);
    });
    assert_eq!(in_groups(&BTreeSet::from(["dpkg", "apt_index", "programs"])).len(), 2);
    let (packages, origins) = (BTreeSet::from(["dpkg", "apt_index"]), BTreeSet::from(["programs", "services"]));
    assert!(
        in_groups(&packages).len() == 1 && in_groups(&origins).len() == 1,
        "a package and its origin are told at once"
    );
}

/// The last second before a look is due is slept through: a look that began in it was due again at its end, and everything was looked at twice.
#[test]
fn what_is_due_is_not_begun_a_moment_before() {
    let at = |micros: i64| UtcMicros::from_micros(1_795_000_000_000_000 + micros).unwrap();
    let wait = |now: i64| wait_until(Some(at(0)), at(now));
    assert_eq!((wait(-1), wait(-999_999)), (Some(Duration::from_micros(1)), Some(Duration::from_micros(999_999))));
    assert_eq!((wait(0), wait(1), wait(i64::from(u32::MAX))), (None, None, None));
    let longest = Some(Duration::from_secs(SLEEP_SECONDS_MAX));
    assert_eq!((wait(-86_400_000_000), wait_until(None, at(0))), (longest, longest));
    let schedule = Schedule::parse("*/15 * * * *", "UTC").unwrap();
    let due = schedule.next_after(at(0)).unwrap();
    assert!(schedule.next_after(due).unwrap() > due, "and is due once");
}

/// The server's answer to the first check-in comes while the first look runs. That look tells everything; a second one at once
/// would only keep the next change waiting.
#[test]
fn a_wish_that_a_look_has_met_meanwhile_wakes_nobody() {
    let scene = Scene::new();
    let host = LiveHost::new(scene.folder.path().join("root"));
    let agent = Agent::open(&scene.state(), None, host, system_clock).unwrap();
    block_on(async {
        let woken = async || {
            tokio::select! { biased; () = agent.full_look_wanted() => true, () = tokio::task::yield_now() => false }
        };
        agent.collect_wanted.notify_one();
        assert!(woken().await, "nothing was told yet");
        agent.collect_wanted.notify_one();
        agent.collect(&all()).await;
        assert!(!woken().await, "everything was told");
        agent.conversation.borrow_mut().spool.heard_from_server(0, true);
        agent.collect_wanted.notify_one();
        assert!(woken().await, "the server lost it all");
    });
}

/// One process per state folder, whatever the first one is doing; not even a new address of the server is taken.
#[test]
fn a_second_agent_does_not_start_and_changes_nothing() {
    let scene = Scene::new();
    let held = StateLock::take(&scene.state()).unwrap();
    let identity = Identity::load(&scene.state()).unwrap();
    let moved = || RunConfig { server: Some("https://localhost:1".into()), ..scene.config(true) };
    assert!(matches!(block_on(run(moved(), system_clock)), Err(RunFault::Lock(LockFault::Held(_)))));
    assert_eq!(Identity::load(&scene.state()).unwrap(), identity);
    drop(held);
    assert!(matches!(block_on(run(moved(), system_clock)), Err(RunFault::NotHandedOver(_))));
    assert_eq!(Identity::load(&scene.state()).unwrap().server, "https://localhost:1");
}

#[test]
fn what_the_server_cannot_take_now_waits_and_is_sent_later() {
    let scene = Scene::new();
    for reply in
        [refusal(507, RefusalCode::DiskFull), (502, "<html>".into()), refusal(409, RefusalCode::BatchFromTheFuture)]
    {
        scene.will_answer([reply]);
        assert!(matches!(scene.run_once(), Err(RunFault::NotHandedOver(_))));
        assert_eq!(fs::read_dir(scene.state().join("spool")).unwrap().count(), 1);
        assert_eq!(RunStatus::load(&scene.state()).sending, Sending::Waiting);
    }
    scene.run_once().unwrap();
    let batches = scene.batches();
    assert!(batches.windows(2).all(|pair| pair[0] == pair[1]), "the very same batch each time");
}

#[test]
fn a_refused_batch_is_told_anew_in_full_under_a_number_above_the_servers() {
    let scene = Scene::new();
    scene.run_once().unwrap();
    scene.install("b");
    *scene.server_number.lock().unwrap() = 40;
    scene.will_answer([refusal(409, RefusalCode::BatchOutOfOrder)]);
    scene.run_once().unwrap();
    let last = scene.batches().pop().unwrap();
    assert_eq!(last.number, 41);
    assert!(matches!(dpkg(&last), Body::Full { items } if items[0].key() == "deb:b:amd64"));
    assert_eq!(last.lost.unwrap().reason, "refused by the server: batch_out_of_order");
    assert!(scene.state().join("refused/00000000000000000002.batch").exists());
}

#[test]
fn a_revoked_agent_stops_sending_and_goes_on_collecting() {
    let scene = Scene::new();
    scene.will_answer([refusal(403, RefusalCode::AgentRevoked)]);
    assert!(matches!(scene.run_once(), Err(RunFault::NotHandedOver(_))));
    let status = RunStatus::load(&scene.state());
    assert_eq!((status.sending, status.last_refusal.unwrap().code), (Sending::Stopped, RefusalCode::AgentRevoked));
    assert_eq!(fs::read_dir(scene.state().join("spool")).unwrap().count(), 1);
}

#[test]
fn an_unreachable_server_costs_nothing_but_time() {
    let scene = Scene::new();
    let mut identity = Identity::load(&scene.state()).unwrap();
    let address = std::mem::replace(&mut identity.server, "https://localhost:1".into());
    identity.save(&scene.state()).unwrap();
    assert!(matches!(scene.run_once(), Err(RunFault::NotHandedOver(_))));
    scene.install("b");
    assert!(matches!(scene.run_once(), Err(RunFault::NotHandedOver(_))));
    identity.server = address;
    identity.save(&scene.state()).unwrap();
    scene.run_once().unwrap();
    assert_eq!(scene.batches().iter().map(|batch| batch.number).collect::<Vec<_>>(), [1, 2]);
}
