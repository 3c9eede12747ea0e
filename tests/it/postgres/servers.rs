//! Three servers on one database, and everything killed in turn: servers, the database, the machine that it was on.
//! It does not test power cuts; the database's own recovery is not ours. Invariant: `DAICHO_KILLS` says how many rounds.

use super::load::{Load, OS_RELEASE, Sender, check};
use super::site::Site;
use crate::kill::{random_below, rounds};
use harness::server::Api;
use std::time::Duration;

async fn declare(api: &Api) {
    let (plan, suppliers) = daicho::example::example_files("tos-1", OS_RELEASE);
    assert_eq!(api.post_bytes("/suppliers", serde_json::to_vec(&suppliers).unwrap()).await.0, 201);
    assert_eq!(api.post_bytes("/plans", serde_json::to_vec(&plan).unwrap()).await.0, 201);
}

async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(50 + random_below(700))).await;
}

/// Goal: what any server acknowledged stands, whatever is killed, also when the database is lost and its replica takes its
/// place. Method: agents send to all three servers without a pause; in each round every server is killed once, then the
/// database for good; at the end the ledger is read from its first entry.
#[test]
fn servers_and_the_database_die_in_turn_and_nothing_acknowledged_is_missing() {
    harness::block_on(async {
        let mut site = match Site::start(3, true).await {
            Ok(site) => site,
            Err(why) => return harness::skipped("three servers on one database", &why),
        };
        declare(&site.apis[0]).await;
        let load = Load::start(4, &site.apis).await;
        let rounds = rounds().div_ceil(8);
        for _round in 0..rounds {
            for number in 0..site.servers.len() {
                a_moment().await;
                site.kill_server(number).await;
            }
            a_moment().await;
            site = apart(site, Site::lose_primary).await;
        }
        a_moment().await;
        let senders = load.stop().await;
        let acknowledged: usize = senders.iter().map(|sender| sender.acknowledged.len()).sum();
        assert!(acknowledged >= 8 * rounds as usize, "too little load to prove anything: {acknowledged}");
        end_well(&site, &senders).await;
        harness::counted("acknowledged batches, all there", acknowledged as u64);
    });
}

/// Waits for a database without keeping the senders from their work.
async fn apart(mut site: Site, work: fn(&mut Site)) -> Site {
    let done = tokio::task::spawn_blocking(move || {
        work(&mut site);
        site
    });
    done.await.unwrap()
}

/// Everything acknowledged stands, every turn is told in the end, and `daicho verify` agrees on the head.
async fn end_well(site: &Site, senders: &[Sender]) {
    let looked = site.apis[0].until("every turn to be told", || async {
        let (head, untold) = check(&site.look(), senders);
        (untold == 0).then_some(head)
    });
    let head = looked.await;
    let (right, words) = site.verify();
    assert!(right && words.contains(&head.hash.to_string()), "{words}");
}

/// Goal: a ledger on one database loses nothing to `kill -9` and opens every time. Method: under load, the database or one
/// of two servers is killed at a random moment and started again, many times; now and then both in the same moment.
#[test]
fn a_killed_database_or_server_loses_no_acknowledged_batch() {
    harness::block_on(async {
        let mut site = match Site::start(2, false).await {
            Ok(site) => site,
            Err(why) => return harness::skipped("kill -9 of a database", &why),
        };
        declare(&site.apis[0]).await;
        let load = Load::start(4, &site.apis).await;
        let (mut databases, mut servers) = (0, 0);
        for _round in 0..rounds() {
            a_moment().await;
            let what = random_below(5);
            if what < 3 {
                databases += 1;
                site = apart(site, Site::kill_database).await;
            }
            if what >= 2 {
                servers += 1;
                let number = usize::try_from(random_below(2)).unwrap();
                site.kill_server(number).await;
            }
        }
        a_moment().await;
        let senders = load.stop().await;
        let acknowledged: usize = senders.iter().map(|sender| sender.acknowledged.len()).sum();
        assert!(acknowledged >= rounds() as usize, "too little load to prove anything: {acknowledged}");
        end_well(&site, &senders).await;
        harness::counted("times the database was killed", databases);
        harness::counted("times a server was killed", servers);
        harness::counted("acknowledged batches, all there", acknowledged as u64);
    });
}
