//! Probing on a network of its own: a real SNMP daemon, SSH server and TLS server are identified through the allow-list, and
//! every frame that the agent's host sent is counted where it arrived.
//! It does not repeat the rules, which have their own cases in `agent/src/probe/rules/tests.rs`.
//! Invariant: own network namespaces only; where they or the programs cannot be had, it says `skipped`.

mod network;

use harness::executables::{Child, executables};
use harness::{counted, packages, skipped};
use network::{Network, program};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

const AGENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 100);
/// The router: everything but v2c.
const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// Its second address, asked with v2c.
const SECOND: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const BYSTANDER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 66);
/// Looks at something that comes soon, this often at most.
const LOOKS_MAX: u32 = 300;

fn until(what: &str, mut come: impl FnMut() -> bool) {
    for _ in 0..LOOKS_MAX {
        if come() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{what}: it did not come");
}

fn programs() -> Result<(), String> {
    for (file, package) in [
        ("/usr/sbin/ip", "iproute2"),
        ("/usr/sbin/snmpd", "snmpd"),
        ("/usr/sbin/sshd", "openssh-server"),
        ("/usr/bin/openssl", "openssl"),
        ("/usr/bin/tcpdump", "tcpdump"),
    ] {
        packages::ensure(Path::new(file), &[package])?;
    }
    Ok(())
}

fn network() -> Result<Network, String> {
    programs()?;
    let mut network = Network::new()?;
    network.add("agent", &[AGENT])?;
    network.add("router", &[ROUTER, SECOND])?;
    network.add("bystander", &[BYSTANDER])?;
    Ok(network)
}

fn private(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn made(command: &mut std::process::Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The servers of the router, as the distribution brings them.
fn servers(network: &Network, folder: &Path) -> Vec<Child> {
    let at = |name: &str| folder.join(name).display().to_string();
    let start = |executable: &str, arguments: &[&str]| {
        let mut command = network.on("router", executable);
        command.args(arguments).env("MIBS", "").env("SNMP_PERSISTENT_DIR", folder.join("snmp")).current_dir(folder);
        Child(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    };
    let snmpd = "exactEngineID 0x8000049e0300a0de010203\n\
        createUser daicho SHA-256 EXAMPLE-SECRET-1 AES EXAMPLE-SECRET-2\nrouser daicho authpriv\n\
        rocommunity EXAMPLE-SECRET-3\nsysDescr RTX1210 Rev.14.01.42 (Fri Jul  5 11:17:45 2024)\n\
        sysObjectID .1.3.6.1.4.1.1182.1.33\nsysName gateway.example\n";
    private(&folder.join("snmpd.conf"), snmpd);
    made(program("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &at("host_key")]));
    // sshd wants it, and the distribution makes it when the service starts.
    std::fs::create_dir_all("/run/sshd").unwrap();
    private(&folder.join("sshd_config"), &format!("Port 22\nHostKey {}\nPidFile none\n", at("host_key")));
    let subject = "/C=JP/O=Example/CN=gateway.example";
    let (key, certificate) = (at("key.pem"), at("certificate.pem"));
    made(program("openssl").args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]).args([
        "-keyout",
        &key,
        "-out",
        &certificate,
        "-subj",
        subject,
    ]));
    let servers = vec![
        start("/usr/sbin/snmpd", &["-f", "-Lf", &at("snmpd.log"), "-C", "-c", &at("snmpd.conf"), "udp:161"]),
        start("/usr/sbin/sshd", &["-D", "-f", &at("sshd_config")]),
        start(
            "/usr/bin/openssl",
            &["s_server", "-4", "-accept", "443", "-cert", &certificate, "-key", &key, "-www", "-quiet"],
        ),
    ];
    // Ports in hexadecimal as /proc/net prints them.
    for (table, port) in [("/proc/net/udp", ":00A1 "), ("/proc/net/tcp", ":0016 "), ("/proc/net/tcp", ":01BB ")] {
        until(port, || network.run("router", "sh", &["-c", &format!("grep -q '{port}' {table}")]).status.success());
    }
    servers
}

fn allow(folder: &Path) -> Value {
    private(
        &folder.join("user.json"),
        r#"{"user":"daicho","authentication":{"protocol":"sha256","password":"EXAMPLE-SECRET-1"},
            "privacy":{"protocol":"aes128","password":"EXAMPLE-SECRET-2"}}"#,
    );
    private(&folder.join("community.json"), r#"{"community":"EXAMPLE-SECRET-3"}"#);
    let target = |address: Ipv4Addr, probes: Value| {
        json!({"address": address.to_string(), "device": "router", "owner": "Example", "reason": "test",
               "expires_on": "9999-12-31", "probes": probes})
    };
    let get = |version: &str, file: &str| json!({"version": version, "credential_file": folder.join(file)});
    json!({
        "format": "daicho.probe_allow.v1",
        "windows": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "until": "24:00"}],
        "targets": [
            target(ROUTER, json!({"snmp_engine": {}, "snmp_get": get("v3", "user.json"), "ssh": {}, "tls": {},
                                  "http": {"port": 443, "tls": true}})),
            target(SECOND, json!({"snmp_get": get("v2c", "community.json")})),
        ]
    })
}

/// IPv4 frames by what they carry, from Ethernet on; what is not IPv4 has no entry here.
fn ipv4(frame: &[u8]) -> Option<(Ipv4Addr, u8, &[u8])> {
    let packet = frame.get(14..).filter(|_| frame[12..14] == [8, 0])?;
    let header = usize::from(packet[0] & 15) * 4;
    let length = usize::from(u16::from_be_bytes([packet[2], packet[3]]));
    Some((Ipv4Addr::new(packet[16], packet[17], packet[18], packet[19]), packet[9], &packet[header..length]))
}

/// Goal: real servers are identified; the plan is what goes out; nobody else hears of it. Method: capture at every host.
#[test]
fn real_servers_are_identified_and_a_bystander_sees_nothing() {
    let test = "probe::real_servers_are_identified_and_a_bystander_sees_nothing";
    let network = match network() {
        Ok(network) => network,
        Err(why) => return skipped(test, &why),
    };
    let agent = executables().agent.display().to_string();
    let folder = tempfile::tempdir().unwrap();
    let _servers = servers(&network, folder.path());
    let file = folder.path().join("allow.json").display().to_string();
    std::fs::write(&file, allow(folder.path()).to_string()).unwrap();
    let (router, bystander) = (network.capture("router", folder.path()), network.capture("bystander", folder.path()));
    let mac = network.mac("agent");

    let planned = network.run("agent", &agent, &["probe", "plan", "--allow", &file, "--format", "json"]);
    let plan: Vec<Value> = serde_json::from_slice(&planned.stdout).unwrap();
    assert_eq!((plan.len(), router.frames_from(mac).len()), (6, 0), "a plan sends nothing");

    let state = folder.path().join("state").display().to_string();
    let arguments = ["probe", "run", "--allow", &file, "--state", &state, "--format", "json"];
    let ran = network.run("agent", &agent, &arguments);
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let outcomes: Vec<&str> =
        report["asked"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["answered"; 6], "{report:#}");
    identified(&report);
    no_secret(&folder.path().join("state"), &[&planned.stdout, &ran.stdout, &ran.stderr]);
    let log = network.run("agent", &agent, &["probe", "log", "--state", &state]).stdout;
    let log = String::from_utf8(log).unwrap();
    assert_eq!(log.matches("\"event\":\"sending\"").count(), plan.len(), "{log}");

    sent_as_planned(&plan, &router.frames_from(mac));
    // The kernel asks everybody for a target's hardware address once (ARP). Nothing else reaches others, and nothing asks for them.
    let heard = bystander.frames_from(mac);
    for frame in &heard {
        let asks_for = Ipv4Addr::new(frame[38], frame[39], frame[40], frame[41]);
        assert_eq!((&frame[..6], &frame[12..14]), (&[0xff; 6][..], &[8, 6][..]), "{frame:02x?}");
        assert!([ROUTER, SECOND].contains(&asks_for), "ARP for {asks_for}");
    }
    counted("ARP broadcasts for the two targets that a bystander heard", heard.len() as u64);
    counted("frames to the bystander", 0);
}

fn identified(report: &Value) {
    let known = |address: Ipv4Addr, what: &str| report["seen"][address.to_string()]["identified"][what].clone();
    for address in [ROUTER, SECOND] {
        assert_eq!(known(address, "maker"), json!({"value": "Yamaha", "rung": "snmp_get"}));
        assert_eq!(known(address, "model")["value"], "RTX1210");
        assert_eq!(known(address, "firmware")["value"], "14.01.42");
    }
    let answers = &report["seen"][ROUTER.to_string()]["answers"];
    assert_eq!(answers[0]["mac"], "00:a0:de:01:02:03");
    assert_eq!(answers[1]["name"], "gateway.example");
    assert!(answers[2]["identification"].as_str().unwrap().starts_with("SSH-2.0-OpenSSH_"));
    assert!(answers[3]["subject"].as_str().unwrap().contains("O=Example"));
    assert_eq!(answers[4]["status"], 200);
}

/// Each datagram of the plan once and byte for byte, each connection once, and nothing but acknowledgements beside.
fn sent_as_planned(plan: &[Value], frames: &[Vec<u8>]) {
    let of = |transport: &str| plan.iter().filter(|action| action["transport"] == transport).count();
    let packets: Vec<_> = frames.iter().filter_map(|frame| ipv4(frame)).collect();
    assert!(packets.iter().all(|(to, ..)| [ROUTER, SECOND].contains(to)));
    let datagrams: Vec<_> = packets.iter().filter(|(_, protocol, _)| *protocol == 17).collect();
    assert_eq!(datagrams.len(), of("udp"));
    let first: String = datagrams[0].2[8..].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(Some(first.as_str()), plan[0]["bytes_hex"].as_str());
    let segments: Vec<_> = packets.iter().filter(|(_, protocol, _)| *protocol == 6).collect();
    let with = |flags: u8| segments.iter().filter(|(_, _, segment)| segment[13] & 0x17 == flags).count();
    assert_eq!((with(0x02), with(0x04) + with(0x14)), (of("tcp"), 0), "one SYN for each connection, and no reset");
    assert_eq!(packets.len(), datagrams.len() + segments.len(), "neither ICMP nor anything else");
    let ssh = segments.iter().filter(|(_, _, segment)| segment[2..4] == [0, 22]);
    let payload: usize = ssh.map(|(_, _, segment)| segment.len() - usize::from(segment[12] >> 4) * 4).sum();
    assert_eq!(payload, 0, "nothing is said to an SSH server");
    counted("frames from the agent's host to the router", frames.len() as u64);
}

fn no_secret(state: &Path, outputs: &[&[u8]]) {
    let mut texts: Vec<String> = outputs.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
    let mut waiting = vec![state.to_path_buf()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            texts.push(String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned());
        }
    }
    let hex: String = b"EXAMPLE-SECRET".iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(texts.len() > outputs.len(), "the state folder holds files");
    assert!(texts.iter().all(|text| !text.contains("EXAMPLE-SECRET") && !text.contains(&hex)));
}
