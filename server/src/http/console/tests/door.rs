//! The router from outside: redirects, headers, 404, language, assets, ledger pages, events.
//! It does not prove persons; a test's own gate says who is there.
//! Invariant under test: without a person nothing of the model is answered, on any route.

use crate::authority::Authority;
use crate::clock::{Clock, SetClock};
use crate::http::App;
use crate::http::admission::Admission;
use crate::http::auth::StaffIdentity;
use crate::http::console::headers::POLICY;
use crate::http::console::layout::Gate;
use crate::http::console::{assets, i18n, not_found, router_behind};
use crate::http::heard::Heard;
use crate::http::set_back::SetBack;
use crate::intake::door::Door;
use crate::intake::keeper::{Desk, Follower, Known};
use crate::ledger::chain::Head;
use crate::ledger::engine::{Alone, Appended, Engine, EngineFault, Frame, NewSnapshot, Snapshot};
use crate::ledger::entry::{Author, Entry, EntryDraft};
use crate::model::Model;
use crate::model::testing::Script;
use crate::store::Store;
use axum::Router;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::{LedgerOpened, Role};
use daicho_schemas::ids::PersonId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Language;
use daicho_schemas::time::UtcMicros;
use std::sync::{Arc, Mutex, RwLock};
use tokio_stream::StreamExt as _;
use tower::ServiceExt as _;

/// Frames in memory.
struct Frames(Mutex<Vec<Frame>>);

impl Engine for Frames {
    fn append(&self, _expected: Head, frames: &[Frame]) -> Result<Appended, EngineFault> {
        self.0.lock().unwrap().extend_from_slice(frames);
        Ok(Appended::Done(self.head()))
    }

    fn read(&self, from_seq: u64, frames_max: usize, _bytes_max: usize) -> Result<Vec<Frame>, EngineFault> {
        // At most three at once, so that a page needs several reads.
        let frames = self.0.lock().unwrap();
        Ok(frames.iter().filter(|frame| frame.seq >= from_seq).take(frames_max.min(3)).cloned().collect())
    }

    fn head(&self) -> Head {
        let frames = self.0.lock().unwrap();
        frames.last().map_or(Head::EMPTY, |frame| Head { seq: frame.seq, hash: frame.hash })
    }

    fn put_snapshot(&self, _snapshot: &NewSnapshot<'_>) -> Result<(), EngineFault> {
        Ok(())
    }

    fn get_snapshot(&self) -> Result<Option<Snapshot>, EngineFault> {
        Ok(None)
    }
}

fn frames(count: u64) -> Vec<Frame> {
    let mut head = Head::EMPTY;
    let mut frames = Vec::new();
    for n in 0..count {
        let fact = Fact::LedgerOpened(LedgerOpened { ledger_id: format!("{n:032x}") });
        let raw = fact.to_raw().unwrap();
        let at = "2026-11-20T16:00:00.000000Z".parse().unwrap();
        let (entry, line) = Entry::link(head, at, &EntryDraft { author: Author::Server, fact, raw }).unwrap();
        head = entry.head();
        frames.push(Frame { seq: entry.seq, hash: entry.entry_hash, line });
    }
    frames
}

/// Follows nothing; the folder of a test's server goes when the server goes.
struct Folder(#[expect(dead_code, reason = "held, not used")] tempfile::TempDir);

impl Follower for Folder {
    fn follow(&mut self, _entries: &[Entry], _model: &Model) {}
}

fn app(frames: Vec<Frame>) -> Arc<App> {
    app_of(frames, Model::default())
}

/// A server on a ledger that a test wrote.
pub(super) fn app_on(script: &Script) -> Arc<App> {
    let mut head = Head::EMPTY;
    let frame = |(_, at, author, fact): &(u64, UtcMicros, Author, Fact)| {
        let fact = Fact::parse(fact.kind(), fact.to_raw().unwrap().get()).unwrap();
        let raw = fact.to_raw().unwrap();
        let (entry, line) = Entry::link(head, *at, &EntryDraft { author: author.clone(), fact, raw }).unwrap();
        head = entry.head();
        Frame { seq: entry.seq, hash: entry.entry_hash, line }
    };
    let frames = script.entries.iter().map(frame).collect();
    app_of(frames, script.model.clone())
}

fn app_of(frames: Vec<Frame>, model: Model) -> Arc<App> {
    let folder = tempfile::tempdir().unwrap();
    let now = "2026-11-20T16:00:00.000000Z".parse().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SetClock::at(now));
    let engine: Arc<dyn Engine> = Arc::new(Frames(Mutex::new(frames)));
    let model = Arc::new(RwLock::new(model));
    let moved = tokio::sync::broadcast::channel(2).0;
    let store = Arc::new(Store::open(&folder.path().join("store")).unwrap().0);
    let authority = Arc::new(Authority::open(&folder.path().join("authority"), now).unwrap());
    let desk = Desk {
        model: Arc::clone(&model),
        engine: Arc::clone(&engine),
        clock: Arc::clone(&clock),
        moved: moved.clone(),
        follower: Box::new(Folder(folder)),
        leadership: Arc::new(Alone),
    };
    let door = Door::open(desk, Known { head: engine.head(), received_at: now }).unwrap();
    Arc::new(App {
        model,
        engine,
        clock,
        moved,
        door,
        shared: Arc::<Store>::clone(&store),
        leadership: Arc::new(Alone),
        store,
        authority,
        people: None,
        admission: Admission::default(),
        unpacking: tokio::sync::Semaphore::new(1),
        heard: Heard::default(),
        set_back: SetBack::default(),
        readable: tokio::sync::Mutex::default(),
        channels: Arc::default(),
        past: crate::past::kept::Past::default(),
    })
}

fn signed_in(_app: &App, _headers: &HeaderMap) -> Result<StaffIdentity, Refusal> {
    Ok(StaffIdentity { person_id: PersonId::new("test-person").unwrap(), roles: vec![Role::Auditor] })
}

fn nobody(_app: &App, _headers: &HeaderMap) -> Result<StaffIdentity, Refusal> {
    Err(Refusal::new(RefusalCode::NotSignedIn))
}

pub(super) fn console(app: Arc<App>, gate: Gate) -> Router {
    router_behind(gate).fallback(not_found).with_state(app)
}

pub(super) async fn get_as(app: &Arc<App>, gate: Gate, uri: &str, cookie: &str) -> Response {
    let request = Request::get(uri).header(COOKIE, cookie).body(Body::empty()).unwrap();
    console(Arc::clone(app), gate).oneshot(request).await.unwrap()
}

async fn get(uri: &str) -> Response {
    get_as(&app(frames(120)), Gate(signed_in), uri, "").await
}

pub(super) async fn text(answer: Response) -> String {
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Ledger pages for the gallery, with one damaged entry.
pub(super) fn ledger_pages(language: Language) -> Vec<(&'static str, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut frames = frames(120);
    let middle = frames[110].line.len() / 2;
    frames[110].line[middle] ^= 1;
    let app = app(frames);
    let cookie = format!("daicho_lang={}", i18n::tag(language));
    let page =
        |uri: &'static str| runtime.block_on(async { text(get_as(&app, Gate(signed_in), uri, &cookie).await).await });
    vec![("ledger", page("/ledger")), ("entry", page("/ledger/120")), ("entry-damaged", page("/ledger/111"))]
}

const PAGES: [&str; 18] = [
    "/",
    "/duties",
    "/duties/duty-1",
    "/findings",
    "/findings/finding-1",
    "/equipment",
    "/equipment/tos",
    "/hosts",
    "/hosts/agent-1",
    "/components",
    "/components/x",
    "/suppliers",
    "/plans",
    "/channels",
    "/firmware",
    "/ledger",
    "/ledger/1",
    "/ledger/1/line",
];

#[tokio::test]
async fn without_a_person_every_page_leads_to_the_sign_in_page() {
    for uri in PAGES {
        let answer = get_as(&app(frames(2)), Gate(nobody), uri, "").await;
        assert_eq!(
            (answer.status(), &answer.headers()[LOCATION]),
            (StatusCode::SEE_OTHER, &"/sign-in".parse().unwrap()),
            "{uri}"
        );
        assert_eq!(text(answer).await, "", "{uri}");
    }
    let events = get_as(&app(vec![]), Gate(nobody), "/events", "").await;
    assert_eq!(events.status(), StatusCode::UNAUTHORIZED);
    let sign_in = get_as(&app(vec![]), Gate(nobody), "/sign-in", "").await;
    assert_eq!(sign_in.status(), StatusCode::OK);
    assert!(text(sign_in).await.contains("daicho sign-in --data DIR"));
}

#[tokio::test]
async fn every_answer_carries_the_strict_headers() {
    for uri in PAGES.into_iter().chain(["/sign-in", "/nowhere", "/?lang=en", "/ledger/999", "/events"]) {
        for gate in [Gate(signed_in), Gate(nobody)] {
            let answer = get_as(&app(frames(2)), gate, uri, "").await;
            let header = |name: &str| answer.headers()[name].to_str().unwrap().to_string();
            assert_eq!(header(CONTENT_SECURITY_POLICY.as_str()), POLICY, "{uri}");
            assert_eq!(header("x-content-type-options"), "nosniff", "{uri}");
            assert_eq!(header("referrer-policy"), "no-referrer", "{uri}");
            assert!(["no-store", "no-cache"].contains(&header(CACHE_CONTROL.as_str()).as_str()), "{uri}");
        }
    }
    assert!(POLICY.contains("default-src 'none'") && !POLICY.contains("unsafe"));
}

#[tokio::test]
async fn what_is_not_there_is_a_page_with_404() {
    for uri in [
        "/nowhere",
        "/hosts/agent-1",
        "/hosts/..%2f",
        "/equipment/%3Cscript%3E",
        "/duties/x",
        "/findings/x",
        "/components/%00",
        "/ledger/0",
        "/ledger/121",
        "/ledger/x",
        "/ledger/18446744073709551616/line",
    ] {
        let answer = get(uri).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{uri}");
        assert!(text(answer).await.contains("見つかりません"), "{uri}");
    }
}

#[tokio::test]
async fn choosing_a_language_sets_a_cookie_and_leads_back() {
    let answer = get("/components?q=a%26b&lang=en").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[LOCATION], "/components?q=a%26b");
    assert!(answer.headers()[SET_COOKIE].to_str().unwrap().starts_with("daicho_lang=en; Path=/;"));
    let app = app(vec![]);
    let english = text(get_as(&app, Gate(signed_in), "/", "daicho_lang=en").await).await;
    assert!(english.contains("<html lang=\"en\">") && english.contains("href=\"/?lang=ja\""));
    let elsewhere = get("//elsewhere.example/%5c?lang=ja").await;
    assert_eq!(elsewhere.headers()[LOCATION], "/elsewhere.example/%5c");
}

#[tokio::test]
async fn a_wrong_query_is_said_and_answered_with_400() {
    for uri in ["/components?status=green", "/components?equipment_id=%20x%20y", "/components?cursor=nonsense"] {
        let answer = get(uri).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{uri}");
        assert!(text(answer).await.contains("正しくありません"), "{uri}");
    }
}

#[tokio::test]
async fn assets_are_cached_for_ever_under_their_hash_and_nothing_else_is_served() {
    let page = text(get("/sign-in").await).await;
    for name in ["console.css", "mark.svg"] {
        let url = assets::asset_url(name);
        assert!(page.contains(&url), "{url}");
        let answer = get_as(&app(vec![]), Gate(nobody), &url, "").await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers()[CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    }
    for uri in ["/assets/console.css", "/assets/console.0000000000000000.css", "/assets/..%2fCargo.toml"] {
        assert_eq!(get(uri).await.status(), StatusCode::NOT_FOUND, "{uri}");
    }
}

#[tokio::test]
async fn the_ledger_is_paged_backwards_without_a_gap() {
    let mut uri = "/ledger".to_string();
    let mut seen = Vec::new();
    loop {
        let html = text(get(&uri).await).await;
        let rows = html.split("class=\"number\"><a href=\"/ledger/").skip(1);
        seen.extend(rows.map(|rest| rest.split('"').next().unwrap().parse::<u64>().unwrap()));
        match html.split("rel=\"next\" href=\"").nth(1) {
            Some(rest) => uri = rest.split('"').next().unwrap().to_string(),
            None => break,
        }
    }
    assert_eq!(seen, (1..=120).rev().collect::<Vec<_>>());
}

/// The recipe on the page, done by hand: cut 81 bytes, put purpose and zero in front, hash, compare.
#[tokio::test]
async fn the_downloaded_line_verifies_by_the_recipe_on_the_page() {
    let line = axum::body::to_bytes(get("/ledger/120/line").await.into_body(), usize::MAX).await.unwrap();
    let hash = Hash::of("daicho.entry.v1", &[&line[..line.len() - 81]]).to_string();
    let page = text(get("/ledger/120").await).await;
    assert!(page.contains(&hash) && page.contains("一致しました"));
    assert!(
        page.contains("printf &#39;daicho.entry.v1\\0&#39;; head -c -81 entry-120.json")
            || page.contains("printf 'daicho.entry.v1\\0'; head -c -81 entry-120.json")
    );
}

#[tokio::test]
async fn a_damaged_entry_is_shown_as_damaged_and_not_left_out() {
    let mut all = frames(3);
    let last = all[1].line.len() - 90;
    all[1].line[last] ^= 1;
    let app = app(all);
    let list = text(get_as(&app, Gate(signed_in), "/ledger", "daicho_lang=en").await).await;
    assert_eq!(list.matches("the bytes do not fit the hash").count(), 1);
    assert!(list.contains("href=\"/ledger/2\""));
    let one = text(get_as(&app, Gate(signed_in), "/ledger/2", "daicho_lang=en").await).await;
    assert!(one.contains("do not fit its hash"));
}

/// The head comes first, then each move once; a listener that was too slow hears the newest head and nothing twice.
#[tokio::test]
async fn an_open_page_hears_the_head_and_every_move_after_it() {
    let app = app(frames(5));
    let answer = get_as(&app, Gate(signed_in), "/events", "").await;
    let mut events = answer.into_body().into_data_stream();
    let mut next = async || String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
    let event = |seq: u64| format!("id: {seq}\nevent: moved\ndata: {seq}\n\n");
    assert_eq!(next().await, event(5));
    app.moved.send(Head { seq: 6, hash: Hash::ZERO }).unwrap();
    assert_eq!(next().await, event(6));
    app.engine.append(Head::EMPTY, &frames(9)[5..]).unwrap();
    // The channel holds two: the listener misses 7.
    for seq in 7..=9 {
        app.moved.send(Head { seq, hash: Hash::ZERO }).unwrap();
    }
    app.moved.send(Head { seq: 10, hash: Hash::ZERO }).unwrap();
    assert_eq!(next().await, event(9));
    assert_eq!(next().await, event(10));
}
