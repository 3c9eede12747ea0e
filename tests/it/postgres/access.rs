//! Who may reach the database, and what they can do there: over TLS from another machine, and as a user that owns nothing.
//! It does not test passwords; those are the database's. Invariant: the network here is this machine.

use crate::book::{frames, head_of};
use daicho::ledger::chain::Head;
use daicho::ledger::engine::{Appended, Engine, EngineFault};
use daicho::ledger::engines::memory::MemoryShelf;
use daicho::ledger::engines::postgres::{Address, DatabaseFault, Postgres, SCHEMA};
use harness::executables::free_port;
use harness::postgres::Cluster;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

fn open(url: &str, authority: Option<&Path>) -> Result<Postgres, DatabaseFault> {
    harness::install_provider();
    Postgres::open(&Address::parse(url, authority)?, Head::EMPTY, Arc::new(MemoryShelf::default()))
}

fn append_one(engine: &Postgres) {
    let all = frames(engine.head(), 1, "a");
    assert_eq!(engine.append(engine.head(), &all).unwrap(), Appended::Done(head_of(&all[0])));
}

/// Goal: a database on another machine is the one whose certificate was vouched for, or none. Method: two authorities, one
/// of which signed nothing here.
#[test]
fn a_database_is_known_by_its_certificate() {
    let mut cluster = match Cluster::start() {
        Ok(cluster) => cluster,
        Err(why) => return harness::skipped("a database over TLS", &why),
    };
    let database = cluster.database();
    cluster.stop();
    let right = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
    let wrong = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
    let write = |name: &str, text: String| {
        let path = cluster.socket().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        cluster.own(&path);
        path
    };
    let (certificate, key) =
        (write("server.pem", right.cert.pem()), write("server.key", right.signing_key.serialize_pem()));
    let other = write("other.pem", wrong.cert.pem());
    let port = free_port();
    cluster.set("listen_addresses=127.0.0.1");
    cluster.set("ssl=on");
    cluster.set(&format!("ssl_cert_file={}", certificate.display()));
    cluster.set(&format!("ssl_key_file={}", key.display()));
    cluster.listen_on(port);
    cluster.run_server();

    let url = format!("postgres://daicho@127.0.0.1:{port}/{database}");
    let refused = open(&url, Some(&other)).err().expect("anybody is taken for the database");
    assert!(matches!(refused, DatabaseFault::Away { .. }), "{refused:?}");
    let engine = open(&url, Some(&certificate)).unwrap();
    append_one(&engine);
    let secured =
        "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'daicho'";
    assert_eq!(cluster.query("postgres", secured).as_deref(), Ok("t"));
}

/// Goal: the manual's user that serves without owning anything can serve, and cannot change what is written. Method: its
/// grants, word for word, then an append and what somebody with that user might try.
#[test]
fn a_user_that_owns_nothing_can_serve_and_change_nothing() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(why) => return harness::skipped("a user that owns nothing", &why),
    };
    let database = cluster.database();
    append_one(&open(&cluster.url(&database), None).unwrap());
    let manual = include_str!("../../../docs/operations/postgresql.md");
    let grants: Vec<&str> = manual.lines().filter(|line| line.starts_with("GRANT ")).collect();
    assert_eq!(grants.len(), 4);
    cluster.query(&database, "CREATE ROLE serving LOGIN").unwrap();
    cluster.query(&database, &grants.join("\n")).unwrap();

    let url = cluster.url(&database).replace("daicho@", "serving@");
    let engine = open(&url, None).unwrap();
    append_one(&engine);
    assert_eq!(engine.head().seq, 2);
    for tried in [
        "SET session_replication_role = replica",
        "ALTER TABLE daicho.entries DISABLE TRIGGER ALL",
        "UPDATE daicho.entries SET hash = hash",
        "DELETE FROM daicho.entries",
        "INSERT INTO daicho.entries SELECT * FROM daicho.entries",
        "UPDATE daicho.head SET seq = 1",
        "DROP TABLE daicho.entries",
    ] {
        let refused = cluster.query_as("serving", &database, tried).unwrap_err();
        assert!(refused.contains("permission denied") || refused.contains("must be owner"), "{tried}: {refused}");
    }
}

/// Goal: once a newer release has changed the tables in a way that this one cannot live with, this one writes nothing more
/// and says why, whether it ran already or starts. Method: the number that a migration would raise is raised.
#[test]
fn an_outgrown_release_stops_and_says_so() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(why) => return harness::skipped("an outgrown release", &why),
    };
    let database = cluster.database();
    let url = cluster.url(&database);
    let engine = open(&url, None).unwrap();
    append_one(&engine);
    cluster.query(&database, &format!("UPDATE daicho.head SET works_from = {}", SCHEMA + 1)).unwrap();
    let all = frames(engine.head(), 1, "b");
    let fault = engine.append(engine.head(), &all).unwrap_err();
    assert!(matches!(fault, EngineFault::Outdated), "{fault:?}");
    assert!(engine.trouble().is_some_and(|text| text.en.contains("upgrade this instance")), "people are told why");
    let refused = open(&url, None).err().expect("an outgrown release begins to serve");
    assert!(refused.text().en.contains("upgrade this instance"), "{refused}");
}
