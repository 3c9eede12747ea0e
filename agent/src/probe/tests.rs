//! Runs against servers on loopback that are friendly, hostile or gone, with the clock of the runtime where nothing is
//! awaited from outside.
//! It does not know the network; `tests/it/probe.rs` counts packets.
//! Invariant: every server here ends with its test, and no verdict rests on how long something took.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::clock::system_clock;
use serde_json::{Value, json};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

const ALWAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn allow(targets: Value) -> Value {
    json!({
        "format": "daicho.probe_allow.v1",
        "windows": [{"days": ALWAYS, "from": "00:00", "until": "24:00"}],
        "targets": targets,
    })
}

fn target(address: &str, probes: Value) -> Value {
    json!({
        "address": address, "device": "router", "owner": "Example owner", "reason": "test",
        "expires_on": "9999-12-31", "probes": probes
    })
}

fn refused_field(file: &Value) -> String {
    Allow::parse(file.to_string().as_bytes()).unwrap_err().field
}

#[test]
fn an_allow_list_names_single_devices_or_is_refused() {
    let one = |address: &str| allow(json!([target(address, json!({"ssh": {}}))]));
    for good in ["192.0.2.1", "2001:db8::1"] {
        Allow::parse(one(good).to_string().as_bytes()).unwrap();
    }
    for unread in ["192.0.2.0/30", "gateway.example", "", "192.0.2.1:22"] {
        assert_eq!(refused_field(&one(unread)), "line 1", "{unread}");
    }
    for group in
        ["0.0.0.0", "255.255.255.255", "224.0.0.1", "ff02::1", "::", "fe80::1", "::ffff:224.0.0.1", "250.0.0.1"]
    {
        assert_eq!(refused_field(&one(group)), "targets[0].address", "{group}");
    }
    let twice = allow(json!([target("192.0.2.1", json!({})), target("::ffff:192.0.2.1", json!({}))]));
    assert_eq!(refused_field(&twice), "targets[1].address");
    let many: Vec<Value> = (0..65).map(|number| target(&format!("192.0.2.{number}"), json!({}))).collect();
    assert_eq!(refused_field(&allow(json!(many))), "targets");
    let v3 = json!({"snmp_get": {"version": "v3", "credential_file": "/x"}});
    assert_eq!(refused_field(&allow(json!([target("192.0.2.1", v3)]))), "targets[0].probes.snmp_get");
    // IKE, a path, a second page: not on the menu.
    for other in [json!({"ike": {}}), json!({"http": {"path": "/remote/login"}}), json!({"ssh": {"user": "root"}})] {
        assert_eq!(refused_field(&allow(json!([target("192.0.2.1", other)]))), "line 1");
    }
    let mut hours = one("192.0.2.1");
    for (windows, field) in [
        (json!([]), "windows"),
        (json!([{"days": ["mon"], "from": "25:00", "until": "26:00"}]), "windows[0]"),
        (json!([{"days": [], "from": "01:00", "until": "02:00"}]), "windows[0]"),
    ] {
        hours["windows"] = windows;
        assert_eq!(refused_field(&hours), field);
    }
    let mut nobody = one("192.0.2.1");
    nobody["targets"][0]["owner"] = json!(" ");
    assert_eq!(refused_field(&nobody), "targets[0].owner");
}

/// The JSON Schema that is shipped is the one that the code means; `DAICHO_GOLDEN=write` writes it.
#[test]
fn the_schema_of_the_allow_list_is_current() {
    let schema = serde_json::to_value(schemars::schema_for!(allow::AllowFile)).unwrap();
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/json/probe_allow.v1.schema.json");
    if std::env::var("DAICHO_GOLDEN").is_ok_and(|word| word == "write") {
        fs::write(&path, &text).unwrap();
    }
    // The order of keys hangs on the features of `serde_json` in the build, and says nothing.
    assert_eq!(serde_json::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap(), schema);
}

/// The example that people copy is sound.
#[test]
fn the_example_of_the_manual_is_sound() {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations/probing.md");
    let manual = fs::read_to_string(manual).unwrap();
    let example = manual.split("```json").nth(1).unwrap().split("```").next().unwrap();
    let allow = Allow::parse(example.as_bytes()).unwrap();
    assert_eq!(plan::plan(&allow).len(), 5);
}

/// A machine on which nothing speaks against it.
fn quiet_host() -> (tempfile::TempDir, RecordedHost) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("proc/net")).unwrap();
    for name in ["arp", "tcp", "udp"] {
        fs::write(folder.path().join("proc/net").join(name), "heading\n").unwrap();
    }
    let host = RecordedHost::running(folder.path(), Machine::default());
    (folder, host)
}

async fn run_with(state: &Path, targets: Value) -> Report {
    let (_folder, host) = quiet_host();
    let list = AllowList { allow: Allow::parse(allow(targets).to_string().as_bytes()).unwrap(), sha256: "00".into() };
    run(&list, state, &host, system_clock, |_| {}).await.unwrap()
}

fn log_of(state: &Path) -> Vec<Value> {
    let mut bytes = Vec::new();
    Log::open(state).unwrap().print(|piece| bytes.extend_from_slice(piece)).unwrap();
    String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A server that greets and then does as it is told; it counts who came.
async fn server<F: Future<Output = ()> + Send + 'static>(
    speak: impl Fn(TcpStream) -> F + Send + 'static,
) -> (u16, std::sync::Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let came = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&came);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(speak(stream));
        }
    });
    (port, came)
}

#[tokio::test]
async fn friendly_devices_are_seen_and_the_log_says_what_was_sent() {
    let (ssh, _) = server(|mut stream| async move {
        stream.write_all(b"SSH-2.0-Cisco-1.25\r\n").await.unwrap();
        let mut sent = Vec::new();
        stream.read_to_end(&mut sent).await.unwrap();
        assert_eq!(sent, b"", "the other side sends nothing and closes politely");
    })
    .await;
    let (http, _) = server(|mut stream| async move {
        let mut sent = [0; 512];
        let count = stream.read(&mut sent).await.unwrap();
        assert_eq!(&sent[..count], &http::request("127.0.0.1".parse().unwrap()));
        stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: /login\r\nServer: cisco-IOS\r\n\r\n").await.unwrap();
    })
    .await;
    let state = tempfile::tempdir().unwrap();
    let probes = json!({"ssh": {"port": ssh}, "http": {"port": http}});
    let report = run_with(state.path(), json!([target("127.0.0.1", probes)])).await;
    let seen = &report.seen[&"127.0.0.1".parse().unwrap()];
    assert_eq!(seen.answers.len(), 2);
    assert_eq!(seen.identified.maker.as_ref().unwrap().value, "Cisco");
    let log = log_of(state.path());
    let events: Vec<&str> = log.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["run_began", "sending", "result", "sending", "result", "run_ended"]);
    let request = hex::encode(http::request("127.0.0.1".parse().unwrap()));
    assert_eq!((log[1]["bytes"].as_u64(), log[3]["bytes_hex"].as_str()), (Some(0), Some(request.as_str())));
    assert!(state.path().join("probe/results.json").is_file());
}

/// Endless banners, drips, a gigabyte, rubbish: bounded, and each is one connection.
#[tokio::test]
async fn hostile_servers_get_seconds_and_kilobytes() {
    async fn endless(mut stream: TcpStream) {
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    }
    async fn drip(mut stream: TcpStream) {
        while stream.write_all(b"S").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
    async fn huge(mut stream: TcpStream) {
        if stream.write_all(b"HTTP/1.1 200 OK\r\nServer: big\r\nContent-Length: 1073741824\r\n\r\n").await.is_ok() {
            endless(stream).await;
        }
    }
    let (flood, floods) = server(endless).await;
    let (slow, drips) = server(drip).await;
    let (big, bigs) = server(huge).await;
    let state = tempfile::tempdir().unwrap();
    let probes = json!({"ssh": {"port": flood}, "tls": {"port": flood}});
    let report = run_with(state.path(), json!([target("127.0.0.1", probes)])).await;
    assert!(report.seen.is_empty());
    assert_eq!(floods.load(Ordering::SeqCst), 2);
    let state = tempfile::tempdir().unwrap();
    let probes = json!({"ssh": {"port": slow}, "http": {"port": big}});
    let report = run_with(state.path(), json!([target("127.0.0.1", probes)])).await;
    assert_eq!((drips.load(Ordering::SeqCst), bigs.load(Ordering::SeqCst)), (1, 1));
    let seen = &report.seen[&"127.0.0.1".parse().unwrap()];
    assert_eq!(seen.answers.len(), 1, "what came of the page is looked at: {:?}", seen.answers);
}

#[tokio::test]
async fn a_device_that_fails_twice_is_left_alone_also_by_the_next_run() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let state = tempfile::tempdir().unwrap();
    let probes = json!({"ssh": {"port": closed}, "tls": {"port": closed}, "http": {"port": closed}});
    let rules = |report: &Report| -> Vec<&'static str> {
        let of = |asked: &Asked| match &asked.outcome {
            Outcome::Forbidden { forbidden } => forbidden.rule,
            Outcome::NoAnswer { .. } => "asked",
            Outcome::Answered { .. } => "answered",
        };
        report.asked.iter().map(of).collect()
    };
    let report = run_with(state.path(), json!([target("127.0.0.1", probes.clone())])).await;
    assert_eq!(rules(&report), ["asked", "asked", "failures"]);
    let report = run_with(state.path(), json!([target("127.0.0.1", probes)])).await;
    assert_eq!(rules(&report), ["failures", "failures", "failures"]);
    assert!(report.all_forbidden());
}

#[tokio::test]
async fn a_stop_file_ends_a_run_and_nothing_more_goes_out() {
    let (port, came) = server(|_| async {}).await;
    let state = tempfile::tempdir().unwrap();
    fs::create_dir_all(state.path().join("probe")).unwrap();
    fs::write(stop_file(state.path()), "").unwrap();
    let report =
        run_with(state.path(), json!([target("127.0.0.1", json!({"ssh": {"port": port}, "tls": {"port": port}}))]))
            .await;
    assert!(report.all_forbidden());
    assert_eq!(came.load(Ordering::SeqCst), 0);
}

/// What cannot be written down is not sent.
#[tokio::test]
async fn without_a_log_nothing_is_sent() {
    let (port, came) = server(|_| async {}).await;
    let state = tempfile::tempdir().unwrap();
    fs::create_dir_all(state.path().join("probe/log")).unwrap();
    let today: String = system_clock().to_string().chars().take(10).collect();
    fs::create_dir(state.path().join("probe/log").join(format!("{today}.jsonl"))).unwrap();
    let (_folder, host) = quiet_host();
    let targets = json!([target("127.0.0.1", json!({"ssh": {"port": port}}))]);
    let list = AllowList { allow: Allow::parse(allow(targets).to_string().as_bytes()).unwrap(), sha256: "00".into() };
    assert!(matches!(run(&list, state.path(), &host, system_clock, |_| {}).await, Err(ProbeFault::File(_))));
    assert_eq!(came.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_snmp_agent_that_answers_rubbish_is_asked_once_and_named_nothing() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let answered = tokio::spawn(async move {
        let mut request = [0; 2048];
        let (count, from) = socket.recv_from(&mut request).await.unwrap();
        socket.send_to(&[0xff; 1400], from).await.unwrap();
        request[..count].to_vec()
    });
    let state = tempfile::tempdir().unwrap();
    let report = run_with(state.path(), json!([target("127.0.0.1", json!({"snmp_engine": {"port": port}}))])).await;
    assert_eq!(answered.await.unwrap(), snmp::discovery());
    assert!(matches!(report.asked[0].outcome, Outcome::NoAnswer { .. }));
}

/// Two seconds at most between actions and one at least, with the clock of the runtime.
#[tokio::test(start_paused = true)]
async fn between_two_actions_lie_one_to_two_seconds() {
    for _ in 0..100 {
        let before = tokio::time::Instant::now();
        tokio::time::sleep(pause()).await;
        let waited = before.elapsed();
        assert!(waited >= PAUSE_MIN && waited <= PAUSE_MIN + JITTER_MAX + Duration::from_millis(1), "{waited:?}");
    }
}
