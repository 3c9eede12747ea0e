//! Three servers on one database, and everything killed in turn: servers, the database, the machine that it was on.
//! A receiver of webhooks listens all the time and behaves badly now and then.
//! It does not test power cuts; the database's own recovery is not ours. Invariant: `DAICHO_KILLS` says how many rounds.

use super::load::{Ledger, Load, OS_RELEASE, Sender, check};
use super::site::Site;
use crate::kill::rounds;
use crate::load::random_below;
use harness::receiver::Receiver;
use harness::server::Api;
use std::collections::BTreeMap;
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
        let receiver = Receiver::start().await;
        let mut site = match Site::start(3, true, &receiver.url).await {
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
        end_well(&site, &senders, &receiver).await;
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

/// Everything acknowledged stands, every turn is told in the end, `daicho verify` agrees on the head, and the receiver has
/// every entry of notices once by its key and in order.
async fn end_well(site: &Site, senders: &[Sender], receiver: &Receiver) {
    let looked = site.apis[0].until("every turn to be told", || async {
        let ledger = check(&site.look(), senders);
        (ledger.untold == 0).then_some(ledger)
    });
    let Ledger { head, notices, .. } = looked.await;
    let (right, words) = site.verify();
    assert!(right && words.contains(&head.hash.to_string()), "{words}");
    let received = site.apis[0].until("the last notice at the receiver", || async {
        let taken = receiver.taken();
        taken.iter().any(|(key, _)| Some(key) == notices.last()).then_some(taken)
    });
    let received = received.await;
    let (mut once, mut documents) = (Vec::new(), BTreeMap::new());
    for (key, document) in &received {
        match documents.insert(key, document) {
            None => once.push(key.clone()),
            Some(before) => assert_eq!(before, document, "one key stands for two documents"),
        }
    }
    assert_eq!(once, notices, "by their keys, the notices that came are those that were stated, once and in order");
    harness::counted("entries of notices stated", notices.len() as u64);
    harness::counted("times one was posted", received.len() as u64);
}

/// Goal: a ledger on one database loses nothing to `kill -9` and opens every time. Method: under load, the database or one
/// of two servers is killed at a random moment and started again, many times; now and then both in the same moment.
#[test]
fn a_killed_database_or_server_loses_no_acknowledged_batch() {
    harness::block_on(async {
        let receiver = Receiver::start().await;
        let mut site = match Site::start(2, false, &receiver.url).await {
            Ok(site) => site,
            Err(why) => return harness::skipped("kill -9 of a database", &why),
        };
        declare(&site.apis[0]).await;
        let load = Load::start(4, &site.apis).await;
        let (mut databases, mut servers) = (0, 0);
        for round in 0..rounds() {
            a_moment().await;
            if round % 20 == 19 {
                harness::counted("rounds done", u64::from(round) + 1);
            }
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
        end_well(&site, &senders, &receiver).await;
        harness::counted("times the database was killed", databases);
        harness::counted("times a server was killed", servers);
        harness::counted("acknowledged batches, all there", acknowledged as u64);
    });
}
