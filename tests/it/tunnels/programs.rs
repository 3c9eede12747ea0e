//! Programs that make a tunnel for as long as they run: OpenVPN, WireGuard outside of the kernel, strongSwan inside and
//! outside of it, and a pair of pppd.
//! It does not know how the agent and the server are started. Invariant: each program lives in the namespace of the test and
//! ends with it; the keys are made here, or mean nothing.

use super::{finding, shell, tunnels};
use harness::executables::Child;
use harness::server::Api;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// A program that makes an interface of its own.
struct Program {
    words: Vec<String>,
    settings: Vec<(&'static str, String)>,
    interface: &'static str,
    /// The kind that the host's page must tell.
    kind: &'static str,
}

type Make = fn(&Path) -> Result<Program, String>;
const PROGRAMS: [(&str, Make); 4] = [
    ("openvpn", openvpn),
    ("wireguard-go", wireguard),
    ("strongSwan outside of the kernel", strongswan),
    ("pppd", pppd),
];

/// Every program that is here.
pub(super) async fn come_and_go(api: &Api, folder: &Path) {
    for (name, program) in PROGRAMS {
        match program(folder) {
            Ok(program) => program_comes_and_goes(api, name, program).await,
            Err(why) => harness::skipped(&format!("tunnels: {name}"), &why),
        }
    }
    if let Err(why) = ipsec_of_the_kernel(api, folder).await {
        harness::skipped("tunnels: strongSwan inside of the kernel", &why);
    }
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// With a key of its own, towards a port where nobody answers.
fn openvpn(folder: &Path) -> Result<Program, String> {
    let key = folder.join("openvpn.key").display().to_string();
    shell(&format!("openvpn --genkey secret {key}"))?;
    let line = "openvpn --dev tun8 --dev-type tun --ifconfig 192.0.2.81 192.0.2.82 --nobind --cipher AES-256-CBC \
                --remote 127.0.0.1 11940 --secret";
    let words = [words(line), vec![key]].concat();
    Ok(Program { words, settings: Vec::new(), interface: "tun8", kind: "tun" })
}

fn wireguard(_folder: &Path) -> Result<Program, String> {
    shell("command -v wireguard-go || { echo 'no wireguard-go here' >&2; false; }")?;
    // Where the kernel has WireGuard, the program starts only when it is told that it knows what it does.
    let settings = vec![("WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD", "1".into())];
    Ok(Program { words: words("wireguard-go --foreground wg8"), settings, interface: "wg8", kind: "wireguard" })
}

const CHARON: &str = "/usr/lib/ipsec/charon";

/// A strongSwan with one connection that waits for traffic. The name of its setting and the file of its words.
fn strongswan_settings(folder: &Path, kernel: &str) -> (&'static str, String) {
    let (file, socket) = (folder.join("strongswan.conf"), folder.join("vici"));
    let load = format!("random nonce openssl kdf hmac {kernel} kernel-netlink socket-default vici updown");
    let plugins = format!("plugins {{ vici {{ socket = unix://{} }} }}", socket.display());
    std::fs::write(&file, format!("charon {{\n load_modular = no\n load = {load}\n {plugins}\n}}\n")).unwrap();
    ("STRONGSWAN_CONF", file.display().to_string())
}

fn strongswan(folder: &Path) -> Result<Program, String> {
    let plugin = "/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so";
    shell(&format!("test -e {plugin} || {{ echo 'no kernel-libipsec here' >&2; false; }}"))?;
    let settings = vec![strongswan_settings(folder, "kernel-libipsec")];
    Ok(Program { words: words(CHARON), settings, interface: "ipsec0", kind: "tun" })
}

/// Two ends in one namespace; the second one is the first one's modem.
fn pppd(_folder: &Path) -> Result<Program, String> {
    shell("test -c /dev/ppp || { echo 'no /dev/ppp here' >&2; false; }")?;
    shell("command -v pppd || { echo 'no pppd here' >&2; false; }")?;
    let options = "nodetach noauth local nodefaultroute ip-up-script /bin/true ip-down-script /bin/true";
    let mut words = words(&format!("pppd {options} 192.0.2.91:192.0.2.92 pty"));
    words.push(format!("pppd {options} notty"));
    Ok(Program { words, settings: Vec::new(), interface: "ppp0", kind: "ppp" })
}

/// The program's interface comes with the process and goes with it.
#[expect(clippy::disallowed_methods, reason = "the program is the other half of this test")]
async fn program_comes_and_goes(api: &Api, name: &str, program: Program) {
    let Program { words, settings, interface, kind } = program;
    let since = Instant::now();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).envs(settings).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = Child(command.spawn().unwrap());
    let opened = api
        .until("an open finding, or a program that makes no interface here", || async {
            let is_up = std::fs::exists(format!("/sys/class/net/{interface}")).unwrap();
            if !is_up && since.elapsed().as_secs() > 10 {
                Some(None)
            } else {
                finding(api, interface, "open").await.map(Some)
            }
        })
        .await;
    let Some(opened) = opened else {
        return harness::skipped(&format!("tunnels: {name}"), "it makes no interface here");
    };
    harness::measured(&format!("from the start of {name} to the finding about {interface}"), since.elapsed());
    let is_it = |tunnel: &serde_json::Value| tunnel["interface"] == interface && tunnel["tunnel_kind"] == kind;
    api.until("the tunnel's kind", || async { tunnels(api).await.iter().any(is_it).then_some(()) }).await;
    let since = Instant::now();
    child.kill();
    let closed = api.until("a closed finding", || finding(api, interface, "closed")).await;
    harness::measured(&format!("from the end of {name} to the closed finding"), since.elapsed());
    assert_eq!(closed["finding_id"], opened["finding_id"]);
}

/// IPsec without an interface: strongSwan puts a policy into the kernel, whose far end the host's page must tell.
#[expect(clippy::disallowed_methods, reason = "strongSwan is the other half of this test")]
async fn ipsec_of_the_kernel(api: &Api, folder: &Path) -> Result<(), String> {
    shell("ip xfrm policy list")?;
    shell(&format!("test -x {CHARON} && command -v swanctl || {{ echo 'no strongSwan here' >&2; false; }}"))?;
    let (setting, words) = strongswan_settings(folder, "");
    let mut charon = Command::new(CHARON);
    let charon = charon.env(setting, words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _charon = Child(charon.spawn().unwrap());
    let connection = folder.join("swanctl.conf");
    let ends = "local_addrs = 192.0.2.71\n remote_addrs = 198.51.100.71\n local { auth = psk }\n remote { auth = psk }";
    let child = "local_ts = 192.0.2.0/24\n remote_ts = 203.0.113.0/24\n start_action = trap";
    let text = format!("connections {{ vendor {{\n {ends}\n children {{ all {{\n {child}\n }} }}\n }} }}\n");
    std::fs::write(&connection, text).unwrap();
    let vici = format!("--uri unix://{}/vici", folder.display());
    let load = format!("swanctl --load-conns --file {} {vici}", connection.display());
    api.until("a strongSwan that takes its connection", || async { shell(&load).ok() }).await;
    let since = Instant::now();
    let is_it = |tunnel: &serde_json::Value| tunnel["remote"] == "198.51.100.71" && tunnel["source"] == "ipsec_policy";
    api.until("the policy's far end", || async { tunnels(api).await.iter().any(is_it).then_some(()) }).await;
    harness::measured("from strongSwan's policy in the kernel to its far end on the host's page", since.elapsed());
    let since = Instant::now();
    shell(&format!("swanctl --uninstall --child all {vici}"))?;
    api.until("no policy", || async { (!tunnels(api).await.iter().any(is_it)).then_some(()) }).await;
    harness::measured("from the policy's end until the host's page tells it", since.elapsed());
    Ok(())
}
