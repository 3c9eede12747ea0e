//! One table of sockets as the kernel prints it (`/proc/net/tcp` and its like; proc(5), proc_net_tcp.txt).
//! It does not know processes or which ports matter.
//! Invariant: a line that does not fit is left out and counted, never guessed.

use daicho_schemas::fact::observation::SocketProtocol;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `TCP_LISTEN`, `TCP_ESTABLISHED` and `TCP_CLOSE` in hexadecimal; an unconnected UDP socket is in the latter.
const TCP_LISTEN: &str = "0A";
const TCP_ESTABLISHED: &str = "01";
const UDP_UNCONNECTED: &str = "07";

/// One socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The local address.
    pub(crate) address: IpAddr,
    /// The local port.
    pub(crate) port: u16,
    /// It waits for others to speak first.
    pub(crate) waits: bool,
    /// Who is at the other end of a connection that is established.
    pub(crate) established: Option<(IpAddr, u16)>,
    /// What `/proc/PID/fd` calls it; 0 for some of the kernel's own.
    pub(crate) inode: u64,
}

/// Every socket of a table, and whether a line made no sense. The first line is the heading.
pub(crate) fn parse_table(bytes: &[u8], protocol: SocketProtocol) -> (Vec<Row>, bool) {
    let mut bad_lines = false;
    let lines = bytes.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.trim_ascii().is_empty());
    let rows = lines.filter_map(|line| {
        let row = std::str::from_utf8(line).ok().and_then(|line| parse_line(line, protocol));
        bad_lines |= row.is_none();
        row
    });
    (rows.collect(), bad_lines)
}

/// `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`
fn parse_line(line: &str, protocol: SocketProtocol) -> Option<Row> {
    let mut words = line.split_ascii_whitespace();
    let (local, remote, state) = (words.nth(1)?, words.next()?, words.next()?);
    let inode = words.nth(5)?.parse().ok()?;
    let (address, port) = parse_end(local)?;
    let (remote, remote_port) = parse_end(remote)?;
    let waits = match protocol {
        SocketProtocol::Tcp | SocketProtocol::Tcp6 => state == TCP_LISTEN,
        SocketProtocol::Udp | SocketProtocol::Udp6 => state == UDP_UNCONNECTED && remote_port == 0 && port != 0,
    };
    let is_tcp = matches!(protocol, SocketProtocol::Tcp | SocketProtocol::Tcp6);
    let established = (is_tcp && state == TCP_ESTABLISHED).then_some((remote, remote_port));
    Some(Row { address, port, waits, established, inode })
}

/// Address and port in hexadecimal. The kernel prints 32-bit words of the address in the machine's own byte order.
pub(crate) fn parse_end(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    if !address.is_ascii() || !matches!(address.len(), 8 | 32) {
        return None;
    }
    let mut bytes = Vec::with_capacity(16);
    for start in (0..address.len()).step_by(8) {
        let word = u32::from_str_radix(address.get(start..start + 8)?, 16).ok()?;
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    let address = match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(four) => IpAddr::V4(Ipv4Addr::from(four)),
        Err(_) => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?)),
    };
    Some((address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_printed_as_people_write_them() {
        if cfg!(target_endian = "little") {
            assert_eq!(parse_end("0100007F:0016").unwrap(), ("127.0.0.1".parse().unwrap(), 22));
            let (address, port) = parse_end("B80D01200000000000000000010000FF:01BB").unwrap();
            assert_eq!((address.to_string().as_str(), port), ("2001:db8::ff00:1", 443));
        }
        for bad in ["", ":", "0100007F", "0100007F:", "0100007G:0016", "港100007:0016", "00:0016", "0100007F:10016"] {
            assert!(parse_end(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn lines_that_make_no_sense_are_left_out_and_seen() {
        let heading = b"  sl  local_address\n".to_vec();
        let good =
            b"   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1 0\n";
        let (rows, bad) = parse_table(&[&heading[..], good].concat(), SocketProtocol::Tcp);
        assert_eq!((rows.len(), rows[0].inode, rows[0].waits, bad), (1, 100, true, false));
        let (rows, bad) = parse_table(&[&heading[..], good, b"rubbish\n\xff\xff\n"].concat(), SocketProtocol::Tcp);
        assert_eq!((rows.len(), bad), (1, true));
        for end in 0..good.len() {
            parse_table(&[&heading[..], &good[..end]].concat(), SocketProtocol::Tcp);
        }
    }
}
