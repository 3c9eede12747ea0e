//! What bad input gets: a code, a remedy, and nothing lost. One server, every way to go wrong.
//! It does not test parsers; they have their own tests.
//! Invariant: after every refusal the head is where it was, and a good batch still enters.

use daicho::clock::{Clock as _, SetClock, SystemClock};
use daicho_schemas::batch::{Body, CollectorReport, Outcome};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::time::UtcMicros;
use daicho_schemas::wire;
use harness::agent::{
    FakeAgent, batch, delta_report, enrol_with, full_report, new_key, packed, renew_with, signed, token,
};
use harness::hosts::debian;
use harness::server::{Api, TestServer};
use serde_json::{Value, json};
use std::sync::Arc;

/// The machine's time: certificates are checked against it, whatever clock the server was given.
fn start() -> UtcMicros {
    SystemClock.now()
}

fn code(answer: &Value) -> &str {
    answer["refusal"]["code"].as_str().unwrap_or("(none)")
}

/// A refusal has a status, a code, and a remedy in both languages.
fn assert_refused(what: &str, (status, answer): &(u16, Value), wanted: (u16, &str)) {
    assert_eq!((*status, code(answer)), wanted, "{what}: {answer}");
    for language in ["ja", "en"] {
        assert!(answer["refusal"]["remedy"][language].as_str().is_some_and(|text| !text.is_empty()), "{what}");
    }
}

async fn head(api: &Api) -> Value {
    api.get("/ledger/head").await
}

/// How many batches the ledger holds. Notices come by themselves and do not count.
async fn batches(api: &Api) -> usize {
    let (status, lines) = api.page("/api/v1/ledger/entries?limit=500").await;
    assert_eq!(status, 200);
    let entries = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries.filter(|entry| entry["kind"] == "batch.v1").count()
}

fn os() -> Vec<Observation> {
    vec![debian("test-host")]
}

type Bad = (&'static str, Vec<u8>, (u16, &'static str));

fn reports() -> Vec<CollectorReport> {
    vec![full_report("operating_system", Outcome::Complete, os())]
}

/// Every way in which a batch can be bad, with the status and the code it gets.
fn bad_batches(agent: &FakeAgent, other: &FakeAgent, now: UtcMicros) -> Vec<Bad> {
    let good = agent.pack(5, now, reports());

    let mut tampered = signed(&batch(&agent.agent_id, 5, now, reports()), &agent.key);
    tampered.batch =
        serde_json::value::RawValue::from_string(tampered.batch.get().replace("test-host", "evil-host")).unwrap();
    let for_other = signed(&batch(&other.agent_id, 5, now, reports()), &agent.key);
    let by_other = signed(&batch(&agent.agent_id, 5, now, reports()), &other.key);
    let future = agent.pack(5, now.plus_seconds(301), reports());
    let zeros = vec![0_u8; 40 * 1024 * 1024];
    let bomb = zstd::encode_all(zeros.as_slice(), 3).unwrap();
    let mut twice = reports();
    twice.extend(reports());
    let mut wrong_digest = reports();
    wrong_digest[0].digest = Hash::of("other", &[]);
    let mut unknown_base = reports();
    unknown_base[0].body = Body::Delta { base: Hash::of("other", &[]), put: Vec::new(), gone: Vec::new() };
    let mut gone_unseen = reports();
    gone_unseen[0].outcome = Outcome::Partial;
    gone_unseen[0].body =
        Body::Delta { base: Hash::of("other", &[]), put: Vec::new(), gone: vec!["operating_system".into()] };
    let spread = serde_json::to_string_pretty(
        &serde_json::to_value(signed(&batch(&agent.agent_id, 5, now, reports()), &agent.key)).unwrap(),
    )
    .unwrap();

    vec![
        ("empty", Vec::new(), (400, "batch_malformed")),
        ("truncated", good[..good.len() / 2].to_vec(), (400, "batch_malformed")),
        ("not zstd", b"{}".to_vec(), (400, "batch_malformed")),
        ("not JSON", zstd::encode_all(&b"hello"[..], 3).unwrap(), (400, "batch_malformed")),
        ("two frames", [good.clone(), good.clone()].concat(), (400, "batch_malformed")),
        ("over lines", zstd::encode_all(spread.as_bytes(), 3).unwrap(), (400, "batch_malformed")),
        ("unpacks to 40 MiB", bomb, (413, "batch_too_large")),
        ("over the wire limit", vec![7; 5 * 1024 * 1024], (413, "batch_too_large")),
        ("wrongly signed", packed(&tampered), (403, "batch_signature_wrong")),
        ("for another agent", packed(&for_other), (403, "batch_for_other_agent")),
        ("by another key", packed(&by_other), (403, "batch_for_other_agent")),
        ("future-dated", future, (422, "batch_from_the_future")),
        ("a collector twice", agent.pack(5, now, twice), (400, "batch_malformed")),
        ("digest untrue", agent.pack(5, now, wrong_digest), (422, "report_inconsistent")),
        ("base unknown", agent.pack(5, now, unknown_base), (409, "full_report_needed")),
        ("gone without a complete look", agent.pack(5, now, gone_unseen), (422, "report_inconsistent")),
        ("number 0", agent.pack(0, now, reports()), (400, "batch_malformed")),
    ]
}

/// Every kind of bad batch is refused with its own code, the ledger stays where it is, and the good batch still enters.
#[test]
fn bad_batches_are_refused_and_nothing_is_lost() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock::at(start()));
        let server = TestServer::start_at(folder.path(), Arc::<SetClock>::clone(&clock)).await;
        let api = &server.api;
        let agent = FakeAgent::enrol(api).await;
        let other = FakeAgent::enrol(api).await;
        let now = clock.now();
        let good = agent.pack(5, now, reports());
        for (what, bytes, wanted) in bad_batches(&agent, &other, now) {
            assert_refused(what, &agent.send(bytes).await, wanted);
            assert_eq!(batches(api).await, 0, "{what} left a trace");
        }

        let first = agent.send_well(good.clone()).await;
        assert_eq!(first["admitted"], "appended");
        let again = agent.send_well(good).await;
        assert_eq!(
            (&again["admitted"], &again["entry_seq"]),
            (&json!("already_there"), &first["entry_seq"]),
            "replayed"
        );
        let reordered = agent.send(agent.pack(4, now, reports())).await;
        assert_refused("reordered", &reordered, (409, "batch_out_of_order"));
        let reused = agent.send(agent.pack(5, now.plus_seconds(1), reports())).await;
        assert_refused("number reused", &reused, (409, "batch_number_reused"));
        assert_eq!(batches(api).await, 1);

        // The future-dated batch was kept by its agent; when the clock has come round it enters.
        clock.advance_seconds(600);
        let mut known = [("operating_system".to_string(), daicho_schemas::batch::item_hash(&os()[0]).unwrap())].into();
        let renamed = delta_report("operating_system", &mut known, vec![debian("renamed")], Vec::new());
        agent.send_well(agent.pack(6, now.plus_seconds(301), vec![renamed])).await;
        server.stop().await;
    });
}

/// Tokens enrol one agent once; keys enrol once; certificates are needed; revocation works at once.
#[test]
fn enrolment_and_revocation() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock::at(start()));
        let server = TestServer::start_at(folder.path(), Arc::<SetClock>::clone(&clock)).await;
        let api = &server.api;

        let used = token(api).await;
        let key = new_key();
        assert_eq!(enrol_with(api, &used, &key).await.0, 200);
        assert_refused("a used token", &enrol_with(api, &used, &new_key()).await, (403, "token_used"));
        let fresh = token(api).await;
        assert_refused("a key twice", &enrol_with(api, &fresh, &key).await, (409, "agent_already_enrolled"));
        let forged = format!("{}{}", &fresh[..fresh.len() - 64], "0".repeat(64));
        assert_refused("a forged secret", &enrol_with(api, &forged, &new_key()).await, (403, "token_unknown"));
        assert_refused("no token", &enrol_with(api, "x", &new_key()).await, (403, "token_unknown"));
        let agent = FakeAgent::enrol(api).await;
        let report = || vec![full_report("operating_system", Outcome::Complete, os())];
        agent.send_well(agent.pack(1, clock.now(), report())).await;
        // A certificate that ran out cannot be shown; the key that signs the request is proof enough.
        let (status, renewed) = renew_with(api, &agent.key).await;
        assert_eq!((status, renewed["agent_id"].as_str()), (200, Some(agent.agent_id.as_str())), "{renewed}");
        assert_refused("a key nobody enrolled", &renew_with(api, &new_key()).await, (403, "agent_unknown"));
        let (status, _) = api.post(&format!("/agents/{}/revoke", agent.agent_id), json!({ "reason": "test" })).await;
        assert_eq!(status, 200);
        assert_refused("revoked, renewing", &renew_with(api, &agent.key).await, (403, "agent_revoked"));
        let refused = agent.send(agent.pack(2, clock.now(), report())).await;
        assert_refused("revoked", &refused, (403, "agent_revoked"));
        let refused = agent.try_send(wire::PATH_CHECK_IN, b"{}".to_vec()).await.unwrap();
        assert_refused("revoked, checking in", &refused, (403, "agent_revoked"));

        let (status, answer) = api.post("/tokens", json!({ "seconds": -1 })).await;
        assert_refused("a token of the past", &(status, answer), (400, "request_malformed"));
        let body = reqwest_without_certificate(api).await;
        assert_refused("no certificate", &body, (401, "certificate_missing"));
        clock.advance_seconds(25 * 3600);
        assert_refused("an expired token", &enrol_with(api, &fresh, &new_key()).await, (403, "token_expired"));
        server.stop().await;
    });
}

async fn reqwest_without_certificate(api: &Api) -> (u16, Value) {
    // The administrator's client has no client certificate; the agents' path does not take its token instead.
    let pem = std::fs::read(&api.connect.ca).unwrap();
    let http = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .no_proxy()
        .build()
        .unwrap();
    let request = http.post(format!("{}{}", api.connect.url, wire::PATH_BATCHES)).bearer_auth(&api.connect.token);
    let response = request.body("x").send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
}

/// A broken plan names line and field; a plan of unknown suppliers is refused; neither leaves a trace.
#[test]
fn broken_declarations_are_refused() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let api = &server.api;
        let before = head(api).await;
        let (plan, suppliers) = daicho::example::example_files("test-host", "ID=debian\nNAME=\"Debian GNU/Linux\"\n");
        let whole = serde_json::to_string_pretty(&plan).unwrap();

        let unknown = api.post_bytes("/plans", whole.clone().into_bytes()).await;
        assert_refused("supplier without a record", &unknown, (422, "supplier_unknown"));
        let broken = whole.replace("\"category\": \"operating_system\"", "\"category\": \"operating-system\"");
        assert_ne!(broken, whole);
        let refused = api.post_bytes("/plans", broken.clone().into_bytes()).await;
        assert_refused("a wrong word", &refused, (400, "plan_malformed"));
        let detail = refused.1["refusal"]["detail"].as_str().unwrap();
        let line = broken.lines().position(|line| line.contains("\"category\": \"operating-system\"")).unwrap() + 1;
        assert!(detail.contains(&format!("line {line}")) && detail.contains("category"), "{detail}");
        let cut = api.post_bytes("/plans", whole.as_bytes()[..whole.len() / 2].to_vec()).await;
        assert_refused("a cut file", &cut, (400, "plan_malformed"));
        let huge = api.post_bytes("/plans", vec![b' '; 9 * 1024 * 1024]).await;
        assert_eq!(huge.0, 413);
        let refused = api.post_bytes("/suppliers", b"{\"format\":\"x\"}".to_vec()).await;
        assert_refused("a supplier file of another format", &refused, (400, "suppliers_malformed"));
        assert_eq!(head(api).await, before, "a refused file left a trace");

        let (status, answer) = api.post_bytes("/suppliers", serde_json::to_vec(&suppliers).unwrap()).await;
        assert_eq!(status, 201, "{answer}");
        let (status, answer) = api.post_bytes("/plans", whole.into_bytes()).await;
        assert_eq!(status, 201, "{answer}");
        server.stop().await;
    });
}

/// Nobody reads without a token, and a wrong token is no token.
#[test]
fn strangers_read_nothing() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let mut stranger = server.api.connect.clone();
        stranger.token = "0".repeat(64);
        let stranger = Api::new(stranger);
        for path in [
            "equipment",
            "hosts",
            "components",
            "findings",
            "duties",
            "suppliers",
            "plans",
            "ledger/head",
            "ledger/entries",
        ] {
            let refused = stranger.try_get(&format!("/{path}")).await.unwrap();
            assert_refused(path, &refused, (401, "not_signed_in"));
        }
        let refused = stranger.post("/tokens", json!({})).await;
        assert_refused("tokens", &refused, (401, "not_signed_in"));
        assert_eq!(stranger.try_get("/health").await.unwrap().0, 200);
        let (status, _) = stranger.page("/equipment").await;
        assert_eq!(status, 303);
        server.stop().await;
    });
}

/// What a stranger sends is not read, what is too large is told with a remedy, a lost answer to an enrolment is given
/// again, and the same declarations twice say nothing new.
#[test]
fn repeated_and_oversized_requests() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let api = &server.api;
        let used = token(api).await;
        let key = new_key();
        assert_eq!(enrol_with(api, &used, &key).await.0, 200);
        assert_eq!(enrol_with(api, &used, &key).await.0, 200, "the answer was lost: the same agent asks again");

        let mut stranger = api.connect.clone();
        stranger.token = "0".repeat(64);
        let refused = Api::new(stranger).post_bytes("/plans", vec![b' '; 9 * 1024 * 1024]).await;
        assert_refused("a stranger's huge plan", &refused, (401, "not_signed_in"));
        let refused = api.post_bytes("/plans", vec![b' '; 9 * 1024 * 1024]).await;
        assert_refused("a huge plan", &refused, (413, "body_too_large"));

        let (plan, suppliers) = daicho::example::example_files("tos-1", "ID=debian\nNAME=Debian\n");
        let (plan, suppliers) = (serde_json::to_vec(&plan).unwrap(), serde_json::to_vec(&suppliers).unwrap());
        assert_eq!(api.post_bytes("/suppliers", suppliers.clone()).await.0, 201);
        assert_eq!(api.post_bytes("/plans", plan.clone()).await.0, 201);
        let before = api.list("/plans").await;
        assert_eq!(api.post_bytes("/suppliers", suppliers).await.0, 201);
        assert_eq!(api.post_bytes("/plans", plan).await.0, 201);
        assert_eq!(api.list("/plans").await, before, "the same plan is no new version");
        server.stop().await;
    });
}

/// An agent cannot grow what stands on its host without end, nor invent collectors for ever.
#[test]
fn one_agent_cannot_grow_without_end() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let api = &server.api;
        let agent = FakeAgent::enrol(api).await;
        let now = SystemClock.now();
        let collectors = |from: usize| -> Vec<CollectorReport> {
            (from..from + 40).map(|n| full_report(&format!("c{n}"), Outcome::Complete, Vec::new())).collect()
        };
        agent.send_well(agent.pack(1, now, collectors(0))).await;
        let refused = agent.send(agent.pack(2, now, collectors(40))).await;
        assert_refused("ever new collectors", &refused, (413, "batch_too_large"));
        let many = |from: usize| {
            let packages = (from..from + 40_000).map(|n| harness::hosts::debian_package(&format!("p{n}"), "1"));
            vec![full_report("c0", Outcome::Partial, packages.collect())]
        };
        agent.send_well(agent.pack(2, now, many(0))).await;
        agent.send_well(agent.pack(3, now, many(40_000))).await;
        let refused = agent.send(agent.pack(4, now, many(80_000))).await;
        assert_refused("ever more that stands", &refused, (413, "batch_too_large"));
        server.stop().await;
    });
}

/// A key that asks with many tokens at once, and a token that many keys use at once: one of each gets in.
#[test]
fn enrolments_at_the_same_moment() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let api = &server.api;
        let count = |answers: &[(u16, Value)]| answers.iter().filter(|(status, _)| *status == 200).count();

        let shared = token(api).await;
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (api, shared) = (api.clone(), shared.clone());
            asking.spawn(async move { enrol_with(&api, &shared, &new_key()).await });
        }
        assert_eq!(count(&asking.join_all().await), 1, "one token, one agent");

        let key = new_key();
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (api, key, token) = (api.clone(), key.clone(), token(api).await);
            asking.spawn(async move { enrol_with(&api, &token, &key).await });
        }
        assert_eq!(count(&asking.join_all().await), 1, "one key, one enrolment");
        assert_eq!(api.list("/hosts").await.len(), 2);
        server.stop().await;
    });
}
