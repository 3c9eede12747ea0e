//! A network of its own for one test: hosts that are network namespaces on one switch, and a capture of what each receives.
//! It does not know what is sent on it.
//! Invariant: nothing of it is reachable from outside, and everything of it is gone when the value is dropped.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A command outside of the agent and the server.
#[expect(clippy::disallowed_methods, reason = "driving programs of the distribution is the point")]
pub(super) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.stdin(Stdio::null());
    command
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let output = program("ip").args(arguments).output().map_err(|error| format!("`ip`: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("`ip {}`: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}

/// Hosts on one switch.
pub(super) struct Network {
    prefix: String,
    hosts: Vec<String>,
}

impl Network {
    /// An empty switch, or why this machine allows none.
    pub(super) fn new() -> Result<Self, String> {
        let mut network = Self { prefix: format!("daicho-{}", std::process::id()), hosts: Vec::new() };
        network.add_namespace("switch")?;
        let switch = network.name("switch");
        ip(&["-n", &switch, "link", "add", "br0", "type", "bridge"])?;
        ip(&["-n", &switch, "link", "set", "br0", "up"])?;
        Ok(network)
    }

    fn name(&self, host: &str) -> String {
        format!("{}-{host}", self.prefix)
    }

    fn add_namespace(&mut self, host: &str) -> Result<(), String> {
        ip(&["netns", "add", &self.name(host)])?;
        self.hosts.push(host.to_owned());
        ip(&["-n", &self.name(host), "link", "set", "lo", "up"])
    }

    /// A host with these addresses. IPv6 is off, so that its kernel says nothing by itself.
    pub(super) fn add(&mut self, host: &str, addresses: &[Ipv4Addr]) -> Result<(), String> {
        self.add_namespace(host)?;
        let (name, switch) = (self.name(host), self.name("switch"));
        let quiet = self.run(host, "sh", &["-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 || true"]);
        assert!(quiet.status.success());
        ip(&["-n", &switch, "link", "add", host, "type", "veth", "peer", "name", "eth0", "netns", &name])?;
        ip(&["-n", &switch, "link", "set", host, "master", "br0", "up"])?;
        ip(&["-n", &name, "link", "set", "eth0", "up"])?;
        addresses
            .iter()
            .try_for_each(|address| ip(&["-n", &name, "addr", "add", &format!("{address}/24"), "dev", "eth0"]))
    }

    /// A command on a host.
    pub(super) fn on(&self, host: &str, executable: &str) -> Command {
        let mut command = program("ip");
        command.args(["netns", "exec", &self.name(host), executable]);
        command
    }

    /// Runs something on a host to its end.
    pub(super) fn run(&self, host: &str, executable: &str, arguments: &[&str]) -> Output {
        self.on(host, executable).args(arguments).output().unwrap()
    }

    /// The hardware address of a host.
    pub(super) fn mac(&self, host: &str) -> [u8; 6] {
        let text = self.run(host, "cat", &["/sys/class/net/eth0/address"]).stdout;
        let text = String::from_utf8(text).unwrap();
        let bytes: Vec<u8> = text.trim().split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        bytes.try_into().unwrap()
    }

    /// Begins to write down every frame that a host sees.
    pub(super) fn capture(&self, host: &str, folder: &Path) -> Capture {
        let file = folder.join(format!("{host}.pcap"));
        let said = folder.join(format!("{host}.said"));
        let mut command = self.on(host, "tcpdump");
        command.args(["-i", "eth0", "-U", "--immediate-mode", "-s", "0", "-Z", "root", "-w"]).arg(&file);
        let child = command.stderr(std::fs::File::create(&said).unwrap()).stdout(Stdio::null()).spawn().unwrap();
        let capture = Capture { child: harness::executables::Child(child), file };
        super::until("tcpdump listens", || std::fs::read_to_string(&said).is_ok_and(|said| said.contains("listening")));
        capture
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for host in self.hosts.clone() {
            let _gone = ip(&["netns", "del", &self.name(&host)]);
        }
    }
}

/// What a host sees, as long as this lives.
pub(super) struct Capture {
    child: harness::executables::Child,
    file: PathBuf,
}

impl Capture {
    /// Every whole frame so far that a hardware address sent (the pcap format of tcpdump, in this machine's byte order).
    pub(super) fn frames_from(&self, mac: [u8; 6]) -> Vec<Vec<u8>> {
        assert!(self.child.0.id() > 0);
        let bytes = std::fs::read(&self.file).unwrap();
        let mut rest = bytes.get(24..).unwrap_or_default();
        let mut frames = Vec::new();
        while let Some(length) = rest.get(8..12) {
            let length = u32::from_ne_bytes(length.try_into().unwrap()) as usize;
            let Some(frame) = rest.get(16..16 + length) else { break };
            if frame.get(6..12) == Some(&mac[..]) {
                frames.push(frame.to_vec());
            }
            rest = &rest[16 + length..];
        }
        frames
    }
}
