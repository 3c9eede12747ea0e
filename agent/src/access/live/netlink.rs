//! Asks the kernel for one of its tables: one request, and every part of the answer up to a limit.
//! It does not know what the answer means; it takes the headers off what only says "done" or "no".
//! Invariant: requests are dumps and look-ups, never changes; an answer that was interrupted is asked for again or said.

use crate::access::{AccessError, KernelTable, Reading};
use netlink_sys::protocols::{NETLINK_GENERIC, NETLINK_ROUTE, NETLINK_XFRM};
use netlink_sys::{Socket, SocketAddr};
use std::io;

/// One datagram of the kernel: it answers in pieces of at most 32 KiB (`NLMSG_GOODSIZE` and what readers offer).
const DATAGRAM_BYTES_MAX: usize = 256 * 1024;
/// A table that changes while it is read is read again so often.
const ATTEMPTS_MAX: usize = 3;

/// `include/uapi/linux/netlink.h`.
mod nlm {
    pub(super) const REQUEST: u16 = 0x1;
    pub(super) const DUMP: u16 = 0x300;
    pub(super) const DUMP_INTERRUPTED: u16 = 0x10;
    pub(super) const ERROR: u16 = 2;
    pub(super) const DONE: u16 = 3;
    pub(super) const HEADER_BYTES: usize = 16;
}

/// `include/uapi/linux/errno-base.h` and `errno.h`: what the kernel answers in place of a table.
mod errno {
    pub(super) const EPERM: i32 = 1;
    pub(super) const EACCES: i32 = 13;
    /// No such family, interface or protocol.
    pub(super) const ABSENT: &[i32] = &[2, 6, 19, 93, 95, 97];
}

/// One question.
struct Question {
    protocol: isize,
    kind: u16,
    flags: u16,
    body: Vec<u8>,
}

/// What the kernel answered so far.
struct Answer {
    messages: Vec<u8>,
    cut: bool,
    interrupted: bool,
}

/// Reads a table: its messages one behind the other, headers included.
pub(super) fn read(table: &KernelTable, bytes_max: usize) -> Result<Reading, AccessError> {
    let place = table.to_string();
    let fail = |source| sorted(&place, source);
    let question = match table {
        KernelTable::Links => dump(NETLINK_ROUTE, 18, link_body()),
        KernelTable::Addresses => dump(NETLINK_ROUTE, 22, vec![0; 8]),
        KernelTable::Routes => dump(NETLINK_ROUTE, 26, vec![0; 12]),
        KernelTable::Rules => dump(NETLINK_ROUTE, 34, vec![0; 12]),
        KernelTable::Neighbours => dump(NETLINK_ROUTE, 30, vec![0; 12]),
        KernelTable::IpsecStates => dump(NETLINK_XFRM, 0x12, Vec::new()),
        KernelTable::IpsecPolicies => dump(NETLINK_XFRM, 0x15, Vec::new()),
        KernelTable::WireguardPeers(interface) => {
            let family = wireguard_family().map_err(fail)?;
            dump(NETLINK_GENERIC, family, generic(0, 2, interface))
        }
    };
    for _ in 1..ATTEMPTS_MAX {
        let answer = ask(&question, bytes_max).map_err(fail)?;
        if !answer.interrupted {
            return Ok(Reading { bytes: answer.messages, cut: answer.cut });
        }
    }
    let answer = ask(&question, bytes_max).map_err(fail)?;
    Ok(Reading { bytes: answer.messages, cut: answer.cut || answer.interrupted })
}

fn dump(protocol: isize, kind: u16, body: Vec<u8>) -> Question {
    Question { protocol, kind, flags: nlm::REQUEST | nlm::DUMP, body }
}

/// `struct ifinfomsg`, and that counters are not wanted (`IFLA_EXT_MASK`, `RTEXT_FILTER_SKIP_STATS`).
fn link_body() -> Vec<u8> {
    let mut body = vec![0; 16];
    body.extend(attribute(29, &8_u32.to_ne_bytes()));
    body
}

/// `struct genlmsghdr` with one text.
fn generic(command: u8, kind: u16, text: &str) -> Vec<u8> {
    let mut body = vec![command, 1, 0, 0];
    let mut words = text.as_bytes().to_vec();
    words.push(0);
    body.extend(attribute(kind, &words));
    body
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    // Names of interfaces and families: far below the 64 KiB that an attribute can have.
    let length = u16::try_from(value.len().saturating_add(4)).unwrap_or(u16::MAX);
    let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend_from_slice(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// The number of WireGuard's family (`CTRL_CMD_GETFAMILY`).
fn wireguard_family() -> io::Result<u16> {
    const CONTROL_FAMILY: u16 = 0x10;
    const FAMILY_ID: u16 = 1;
    let body = generic(3, 2, "wireguard");
    let question = Question { protocol: NETLINK_GENERIC, kind: CONTROL_FAMILY, flags: nlm::REQUEST, body };
    let answer = ask(&question, DATAGRAM_BYTES_MAX)?;
    let attributes = answer.messages.get(nlm::HEADER_BYTES + 4..).unwrap_or_default();
    let value = crate::access::netlink::attribute(attributes, FAMILY_ID).and_then(|value| value.get(..2));
    let number = value.and_then(|value| Some(u16::from_ne_bytes(value.try_into().ok()?)));
    number.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}

fn ask(question: &Question, bytes_max: usize) -> io::Result<Answer> {
    let mut socket = Socket::new(question.protocol)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    // The kernel makes its answers while it is asked and read: there is nothing to wait for, and so nothing to hang on.
    socket.set_non_blocking(true)?;
    let length = u32::try_from(nlm::HEADER_BYTES.saturating_add(question.body.len())).unwrap_or(u32::MAX);
    let mut request = length.to_ne_bytes().to_vec();
    request.extend(question.kind.to_ne_bytes());
    request.extend(question.flags.to_ne_bytes());
    request.extend([0; 8]);
    request.extend_from_slice(&question.body);
    socket.send(&request, 0)?;
    let many = question.flags & nlm::DUMP != 0;
    let mut answer = Answer { messages: Vec::new(), cut: false, interrupted: false };
    let mut datagram = Vec::with_capacity(DATAGRAM_BYTES_MAX);
    loop {
        datagram.clear();
        socket.recv(&mut datagram, 0)?;
        if datagram.is_empty() || take(&mut answer, &datagram, bytes_max)? || !many {
            return Ok(answer);
        }
    }
}

/// Takes the messages of a datagram in. Says whether the answer has ended.
fn take(answer: &mut Answer, datagram: &[u8], bytes_max: usize) -> io::Result<bool> {
    let mut rest = datagram;
    while let Some((header, _)) = rest.split_at_checked(nlm::HEADER_BYTES) {
        let [l0, l1, l2, l3, k0, k1, f0, f1, ..] = *header else { break };
        let length = usize::try_from(u32::from_ne_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
        let Some((message, _)) = rest.split_at_checked(length.max(nlm::HEADER_BYTES)) else { break };
        answer.interrupted |= u16::from_ne_bytes([f0, f1]) & nlm::DUMP_INTERRUPTED != 0;
        match u16::from_ne_bytes([k0, k1]) {
            nlm::DONE => return Ok(true),
            nlm::ERROR => {
                let code = message.get(nlm::HEADER_BYTES..nlm::HEADER_BYTES + 4);
                let code = code.and_then(|code| Some(i32::from_ne_bytes(code.try_into().ok()?)));
                return Err(io::Error::from_raw_os_error(code.unwrap_or_default().saturating_abs()));
            }
            _ if answer.messages.len().saturating_add(message.len()) > bytes_max => {
                answer.cut = true;
                return Ok(true);
            }
            _ => {
                answer.messages.extend_from_slice(message);
                answer.messages.resize(answer.messages.len().next_multiple_of(4), 0);
            }
        }
        rest = rest.get(message.len().next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(false)
}

fn sorted(place: &str, source: io::Error) -> AccessError {
    let path = place.to_owned();
    match source.raw_os_error() {
        Some(errno::EPERM | errno::EACCES) => AccessError::NotPermitted { path },
        Some(code) if errno::ABSENT.contains(&code) => AccessError::Missing { path },
        _ => AccessError::Unreadable { path, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This machine's own kernel: every host has a loopback interface, and asking needs no privilege.
    #[test]
    fn the_kernel_of_this_machine_lists_its_interfaces() {
        let reading = match read(&KernelTable::Links, 16 << 20) {
            Ok(reading) => reading,
            Err(error) => return eprintln!("skipped: netlink: {error}"),
        };
        assert!(!reading.cut);
        let names: Vec<_> = crate::access::netlink::messages(&reading.bytes)
            .filter_map(|message| {
                crate::access::netlink::attribute(message.body.get(16..)?, 3).and_then(crate::access::netlink::text)
            })
            .collect();
        assert!(names.iter().any(|name| name == "lo"), "{names:?}");
        assert!(read(&KernelTable::Links, 20).unwrap().cut);
    }

    #[test]
    fn what_the_kernel_refuses_has_a_kind() {
        let error = |code: i32| {
            let mut datagram = 20_u32.to_ne_bytes().to_vec();
            datagram.extend(nlm::ERROR.to_ne_bytes());
            datagram.extend([0; 10]);
            datagram.extend((-code).to_ne_bytes());
            let mut answer = Answer { messages: Vec::new(), cut: false, interrupted: false };
            sorted("netlink:x", take(&mut answer, &datagram, 100).unwrap_err())
        };
        assert!(matches!(error(1), AccessError::NotPermitted { .. }));
        assert!(matches!(error(19), AccessError::Missing { .. }));
        assert!(matches!(error(105), AccessError::Unreadable { .. }));
    }
}
