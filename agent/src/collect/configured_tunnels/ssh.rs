//! Reverse SSH: units and jobs that open a port elsewhere and lead it here (`ssh -R`, `-w`), and keys that may open ports here
//! (`permitlisten`, sshd(8)).
//! It does not know tunnels that a person's shell or a script starts, nor keys that sshd keeps elsewhere.
//! Invariant: of a command line only the far end's name is taken, of a key only the port; accounts and homes stay out.

use super::{Look, far_end};
use crate::collect::jobs::{self, Telling};
use daicho_schemas::fact::observation::{ConfiguredTunnelSort as Sort, JobSort, Starts};
use std::collections::{BTreeMap, BTreeSet};

/// Options of ssh(1) and autossh(1) that take a value of their own. (`-M` takes one for autossh only; with ssh, where it is
/// rare, the next word is passed over.)
const WITH_VALUE: &[u8] = b"BbcDEeFIiJLlMmOoPpQRSWw";

/// Units of the host, those that packages brought among them: a maintainer's package may open the way.
pub(super) fn units(look: &mut Look<'_>) {
    let Look { gather, host, units } = look;
    let mut found = Vec::new();
    for name in units.startable(*host).into_iter().filter(|name| name.ends_with(".service")) {
        let said = units.said(gather, *host, &name, &[("Service", "ExecStart")]);
        let ends: Vec<Option<String>> = said.iter().filter_map(|(_, command)| reverse(command)).collect();
        if !ends.is_empty() {
            found.push((units.place(&name).unwrap_or_default(), name, ends));
        }
    }
    for (place, name, ends) in found {
        let starts = look.starts(&name);
        look.item(Sort::SshReverse, &place, &name, ends.into_iter().flatten().collect(), starts);
    }
}

/// Tables of cron and others.
pub(super) fn jobs(look: &mut Look<'_>) {
    // Some bear the names of accounts.
    let telling = Telling { account: &|_| "*".to_owned(), path: &str::to_owned };
    let mut found: BTreeMap<(String, &str), BTreeSet<String>> = BTreeMap::new();
    for job in jobs::read(&mut look.gather, look.host, &telling) {
        let Some(end) = job.command.as_deref().and_then(reverse) else { continue };
        let name = if job.sort == JobSort::Inittab { "inittab" } else { "cron" };
        found.entry((job.told, name)).or_default().extend(end);
    }
    for ((place, name), remotes) in found {
        look.item(Sort::SshReverse, &place, name, remotes, Starts::Automatically);
    }
}

/// Keys that may open ports.
pub(super) fn keys(look: &mut Look<'_>) {
    const HOMES: &str = "/home/*/.ssh/authorized_keys";
    let mut ports: Vec<(String, BTreeSet<String>)> = Vec::new();
    let homes = look.names("/home", "");
    let homes = homes.into_iter().map(|name| (format!("/home/{name}/.ssh/authorized_keys"), HOMES));
    let root = "/root/.ssh/authorized_keys";
    for (place, told) in std::iter::once((root.to_owned(), root)).chain(homes) {
        let Some(text) = look.text_told(&place, told) else { continue };
        let found: BTreeSet<String> = text.lines().flat_map(permitted).collect();
        ports.push((told.to_owned(), found));
    }
    for (place, ports) in ports {
        for port in ports {
            look.item(Sort::SshPermitListen, &place, &format!("permitlisten {port}"), BTreeSet::new(), Starts::ByHand);
        }
    }
}

/// What `permitlisten="…"` of a key allows. Options stand before the key and need no more than a look for the word.
fn permitted(line: &str) -> Vec<String> {
    if line.trim_start().starts_with('#') {
        return Vec::new();
    }
    let found = line.split("permitlisten=\"").skip(1).filter_map(|rest| rest.split('"').next());
    found.filter_map(far_end).collect()
}

/// The far end of a command that opens a port or a tunnel elsewhere; `None` when it does not, `Some(None)` when it does and
/// the far end cannot be told.
fn reverse(command: &str) -> Option<Option<String>> {
    reverse_of(&command.split_whitespace().collect::<Vec<_>>())
}

/// The same of words.
pub(in crate::collect) fn reverse_of(words: &[&str]) -> Option<Option<String>> {
    let at = words.iter().position(|word| matches!(word.rsplit('/').next(), Some("ssh" | "autossh")))?;
    let (mut opens, mut end, mut skip, mut setting) = (false, None, false, false);
    for word in words.get(at + 1..)? {
        if skip {
            opens |= setting && opens_by_setting(word);
            (skip, setting) = (false, false);
        } else if let Some(option) = word.strip_prefix('-').map(str::as_bytes) {
            // Options may be run together (`-NTR`); the first that takes a value ends the run.
            let valued = option.iter().position(|byte| WITH_VALUE.contains(byte));
            let last = valued.and_then(|at| option.get(at));
            opens |= matches!(last, Some(b'R' | b'w'));
            setting = last == Some(&b'o');
            let value = valued.and_then(|at| word.get(at + 2..)).filter(|value| !value.is_empty());
            opens |= setting && value.is_some_and(opens_by_setting);
            skip = valued.is_some() && value.is_none();
        } else if end.is_none() {
            end = Some(far_end(word));
        }
    }
    opens.then(|| end.flatten())
}

/// Whether a setting of ssh_config(5) opens a port or a tunnel elsewhere: `RemoteForward=…`, `Tunnel yes`.
fn opens_by_setting(text: &str) -> bool {
    let (key, value) = text.trim_start().split_once(['=', ' ', '\t']).unwrap_or((text, ""));
    let off = ["no", "false"].iter().any(|off| value.trim().eq_ignore_ascii_case(off));
    key.eq_ignore_ascii_case("RemoteForward") || (key.eq_ignore_ascii_case("Tunnel") && !value.is_empty() && !off)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_a_port_elsewhere_is_told_from_what_does_not() {
        let end = |command: &str| reverse(command);
        let gate = Some(Some("gate.example".to_owned()));
        assert_eq!(end("/usr/bin/ssh -N -R 2222:localhost:22 tunnel@gate.example"), gate);
        assert_eq!(end("ssh -NTR 0.0.0.0:2222:127.0.0.1:22 -i /etc/key gate.example"), gate);
        assert_eq!(end("/usr/bin/autossh -M 0 -o ServerAliveInterval=30 -R2222:localhost:22 gate.example"), gate);
        assert_eq!(end("*/5 * * * * root ssh -fN -w 0:0 gate.example"), gate);
        assert_eq!(end("ssh -N -o RemoteForward=2222:localhost:22 gate.example"), gate);
        assert_eq!(end("ssh -oremoteforward=2222:localhost:22 gate.example"), gate);
        assert_eq!(end("ssh -o Tunnel=yes gate.example"), gate);
        assert_eq!(end("ssh -o Tunnel=no -o Compression=yes gate.example"), None);
        assert_eq!(end("ssh -R 2222:localhost:22 $GATE"), Some(None), "a variable is no name");
        assert_eq!(end("ssh -L 8080:localhost:80 gate.example"), None);
        assert_eq!(end("ssh gate.example uptime"), None);
        assert_eq!(end("/usr/bin/rsync -R a b"), None);
    }

    #[test]
    fn ports_of_a_key_and_nothing_of_the_key() {
        let line = "restrict,port-forwarding,permitlisten=\"localhost:8022\",permitlisten=\"8023\" ssh-ed25519 EXAMPLE-SECRET-1 someone@example";
        assert_eq!(permitted(line), ["localhost:8022", "8023"]);
        assert!(permitted("ssh-ed25519 AAAA someone").is_empty());
    }
}
