//! What people and new servers meet: any server will do, a database that is away shows and passes, a start at the same moment.
//! It does not use load. Invariant: a person signs in once, wherever the balancer sends them.

use super::site::Site;
use daicho::authority::Authority;
use daicho::book::Place;
use daicho::clock::{Clock as _, SystemClock};
use daicho::ledger::engines::postgres::Address;
use harness::postgres::Cluster;
use harness::server::{Api, TestServer};
use serde_json::{Value, json};
use std::sync::Arc;

/// A browser: what it gets, and the cookie that it is given.
async fn browse(api: &Api, path: &str, cookie: &str) -> (u16, String, String) {
    let pem = std::fs::read(&api.connect.ca).unwrap();
    let browser = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let url = format!("{}{path}", api.connect.url);
    let request = if path == "/sign-out" { browser.post(url) } else { browser.get(url) };
    let origin = api.connect.url.clone();
    let answer = request.header("Cookie", cookie).header("Origin", origin).send().await.unwrap();
    let given = answer.headers().get("Set-Cookie").map(|value| value.to_str().unwrap().to_string());
    let given = given.unwrap_or_default().split(';').next().unwrap_or_default().to_string();
    (answer.status().as_u16(), given, answer.text().await.unwrap())
}

/// Goal: people may be sent to any server. Method: the code comes from one server, is used at the second, the session is
/// shown to the third, and ended at the first.
#[test]
fn a_session_holds_on_every_server_and_ends_on_every_server() {
    harness::block_on(async {
        let site = match Site::start(3, false, "http://127.0.0.1:9/").await {
            Ok(site) => site,
            Err(why) => return harness::skipped("sessions of several servers", &why),
        };
        let (status, link) = site.apis[0].post("/sign-in-codes", Value::Null).await;
        assert_eq!(status, 201, "{link}");
        let path = link["path"].as_str().unwrap();
        let (status, cookie, _) = browse(&site.apis[1], path, "").await;
        assert_eq!((status, cookie.is_empty()), (303, false));
        assert_eq!(browse(&site.apis[0], path, "").await.1, "", "a code is taken once, wherever");
        for api in &site.apis {
            assert_eq!(browse(api, "/findings", &cookie).await.0, 200);
        }
        assert_eq!(browse(&site.apis[0], "/sign-out", &cookie).await.0, 303);
        for api in &site.apis {
            api.until("the end of the session", || async {
                (browse(api, "/findings", &cookie).await.0 == 303).then_some(())
            })
            .await;
        }
    });
}

/// Goal: while the database is away everything that is known can be read, with the reason why nothing can be written, and
/// it passes by itself. Method: the database is killed, a page is read, a token asked for; then it comes back.
#[test]
fn a_database_that_is_away_shows_and_passes() {
    harness::block_on(async {
        let mut site = match Site::start(1, false, "http://127.0.0.1:9/").await {
            Ok(site) => site,
            Err(why) => return harness::skipped("a database that is away", &why),
        };
        let api = site.apis[0].clone();
        let (_, link) = api.post("/sign-in-codes", Value::Null).await;
        let (_, cookie, _) = browse(&api, link["path"].as_str().unwrap(), "").await;
        site.primary.kill();
        for (language, words) in
            [("en", "Nothing can be written to the ledger now"), ("ja", "今は台帳に書き込めません")]
        {
            api.until("the page that says so", || async {
                let (status, _, page) = browse(&api, "/findings", &format!("{cookie}; daicho_lang={language}")).await;
                assert_eq!(status, 200);
                page.contains(words).then_some(())
            })
            .await;
        }
        let (status, answer) = api.post("/tokens", json!({})).await;
        assert_eq!((status, &answer["refusal"]["code"]), (503, &Value::from("ledger_away")), "{answer}");
        site.primary.run_server();
        api.until("writing to go on by itself", || async {
            (api.post("/tokens", json!({})).await.0 == 201).then_some(())
        })
        .await;
        api.until("the page to be as always", || async {
            let (_, _, page) = browse(&api, "/findings", &format!("{cookie}; daicho_lang=en")).await;
            (!page.contains("Nothing can be written")).then_some(())
        })
        .await;
    });
}

/// Goal: servers that begin a ledger in the same moment begin one ledger. Method: three in one process, at once.
#[test]
fn servers_that_begin_together_begin_one_ledger() {
    harness::block_on(async {
        let cluster = match Cluster::shared() {
            Ok(cluster) => cluster,
            Err(why) => return harness::skipped("servers that begin together", &why),
        };
        harness::install_provider();
        let folder = tempfile::tempdir().unwrap();
        let authority = folder.path().join("authority");
        drop(Authority::open(&authority, SystemClock.now()).unwrap());
        let address = Address::parse(&cluster.url(&cluster.database()), None).unwrap();
        let place = Place::Database { address: Box::new(address), restored: false };
        let mut starting = Vec::new();
        for number in 0..3 {
            let (data, place) = (folder.path().join(number.to_string()), place.clone());
            let authority = Some(authority.clone());
            starting.push(tokio::spawn(async move {
                TestServer::start_in(&data, place, authority, Arc::new(SystemClock)).await
            }));
        }
        let mut servers = Vec::new();
        for server in starting {
            servers.push(server.await.unwrap().unwrap());
        }
        let (_, lines) = servers[0].api.page("/api/v1/ledger/entries?limit=500").await;
        assert_eq!(lines.matches("\"ledger_opened.v1\"").count(), 1, "{lines}");
        for server in servers {
            server.stop().await;
        }
    });
}
