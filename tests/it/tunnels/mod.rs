//! Real tunnels of this kernel come and go in a network namespace of their own: each is a finding, with its far end on the
//! host's page, and its end closes the finding. Real agent, real server.
//! It does not test what a rule says. A kind that this kernel or account cannot make is skipped, with the reason.
//! Invariant: nothing outside of the namespace is changed; the test runs itself again inside of it.

mod programs;

use harness::namespaces::run_inside;
use harness::server::{Api, ServerProcess};
use serde_json::Value;
use std::process::Command;
use std::time::Instant;

const INSIDE: &str = "DAICHO_TEST_NETWORK";
const OPTIONS: &[&str] = &["--map-root-user", "--net", "--mount", "--propagation", "slave", "--uts"];
/// Interfaces of its own, under /sys too, and a name of its own.
const ENTER: &str = "mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /run && echo tos-1 > /proc/sys/kernel/hostname && ip link set lo up && exec \"$0\" \"$@\"";

const WIREGUARD_WITH_A_PEER: &str = "ip link add wg9 type wireguard && (umask 77; wg genkey > /run/wg9.key) && \
    wg set wg9 private-key /run/wg9.key peer $(wg genkey | wg pubkey) endpoint 198.51.100.2:51820 allowed-ips 203.0.113.0/24 && \
    ip link set wg9 up";

/// Name, how it is made, and the far end that the kernel tells.
const KINDS: &[(&str, &str, Option<&str>)] = &[
    ("tun9", "ip tuntap add dev tun9 mode tun", None),
    ("vx9", "ip link add vx9 type vxlan id 9 local 127.0.0.1 remote 198.51.100.2 dstport 4789", Some("198.51.100.2")),
    ("wg9", WIREGUARD_WITH_A_PEER, Some("198.51.100.2")),
    ("ipip9", "ip link add ipip9 type ipip local 127.0.0.1 remote 198.51.100.2", Some("198.51.100.2")),
    ("sit9", "ip link add sit9 type sit local 127.0.0.1 remote 198.51.100.2", Some("198.51.100.2")),
    ("gre9", "ip link add gre9 type gre local 127.0.0.1 remote 198.51.100.2", Some("198.51.100.2")),
    ("vti9", "ip link add vti9 type vti local 127.0.0.1 remote 198.51.100.2 key 9", Some("198.51.100.2")),
    ("xfrm9", "ip link add xfrm9 type xfrm dev lo if_id 9", None),
];

#[expect(clippy::disallowed_methods, reason = "iproute2 is the other half of this test")]
fn shell(words: &str) -> Result<(), String> {
    let output = Command::new("sh").args(["-c", words]).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(said.lines().next_back().unwrap_or("failed").into()) }
}

async fn finding(api: &Api, interface: &str, state: &str) -> Option<Value> {
    let rows = api.list(&format!("/findings?state={state}")).await;
    rows.into_iter().find(|row| row["rule_id"] == "remote_path_undeclared" && row["components"][0] == interface)
}

/// The tunnels that the host's page shows now.
async fn tunnels(api: &Api) -> Vec<Value> {
    let host = api.get("/hosts").await["items"][0]["agent_id"].as_str().unwrap().to_owned();
    let facts = api.get(&format!("/hosts/{host}")).await["facts"].as_array().unwrap().clone();
    facts.into_iter().filter(|fact| fact["kind"] == "tunnel.v1").collect()
}

async fn comes_and_goes(api: &Api, name: &str, make: &str, remote: Option<&str>) {
    let since = Instant::now();
    if let Err(why) = shell(make) {
        return harness::skipped(&format!("tunnels: {make}"), &why);
    }
    let opened = api.until("an open finding", || finding(api, name, "open")).await;
    harness::measured(&format!("from the start of `ip` to the finding about {name}"), since.elapsed());
    let is_it = |tunnel: &Value| tunnel["interface"] == name && tunnel["remote"].as_str() == remote;
    api.until("the tunnel with its far end", || async { tunnels(api).await.iter().any(is_it).then_some(()) }).await;
    let since = Instant::now();
    shell(&format!("ip link del {name}")).unwrap();
    let closed = api.until("a closed finding", || finding(api, name, "closed")).await;
    harness::measured(&format!("from the end of {name} to the closed finding"), since.elapsed());
    assert_eq!(closed["finding_id"], opened["finding_id"]);
    let is_gone = || async { (!tunnels(api).await.iter().any(|tunnel| tunnel["interface"] == name)).then_some(()) };
    api.until("no tunnel", is_gone).await;
}

#[test]
fn tunnels_of_this_kernel_come_and_go() {
    if std::env::var_os(INSIDE).is_none() {
        if let Err(why) = run_inside("tunnels::tunnels_of_this_kernel_come_and_go", INSIDE, OPTIONS, ENTER) {
            harness::skipped("tunnels", &why);
        }
        return;
    }
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (_server, api) = ServerProcess::start(&folder.path().join("server")).await;
        let (plan, suppliers) = daicho::example::example_files("tos-1", "ID=debian\nVERSION_ID=\"12\"\n");
        assert_eq!(api.post_bytes("/suppliers", serde_json::to_vec(&suppliers).unwrap()).await.0, 201);
        assert_eq!(api.post_bytes("/plans", serde_json::to_vec(&plan).unwrap()).await.0, 201);
        let _agent = harness::real_agent::start(&api, &folder.path().join("agent"), &[]).await;
        for (name, make, remote) in KINDS {
            comes_and_goes(&api, name, make, *remote).await;
        }
        programs::come_and_go(&api, folder.path()).await;
    });
}
