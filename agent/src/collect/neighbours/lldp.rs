//! Neighbours that announce themselves by LLDP (IEEE 802.1AB), as systemd-networkd keeps their last frames
//! (`/run/systemd/netif/lldp/INDEX`: the size in eight bytes, little-endian, then the Ethernet frame; systemd up to some 255).
//! It does not know CDP, nor what other listeners (lldpd, NetworkManager) heard: they tell it by sockets only.
//! Invariant: a frame is what a stranger sent: it is walked within its own length, and a text of it is cut and cleaned.

use crate::access::Host;
use crate::collect::Gather;
use daicho_schemas::fact::observation::{NetworkPlace, PlacePart};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeMap;
use std::net::IpAddr;

const FOLDER: &str = "/run/systemd/netif/lldp";
/// Interfaces, and bytes of all frames of one: networkd keeps at most 128 neighbours.
const INTERFACES_MAX: usize = 1000;
const FILE_BYTES_MAX: usize = 128 * 4096;
/// networkd refuses larger ones itself.
const FRAME_BYTES_MAX: usize = 4096;
/// A description; a device's own is a line or four.
const TEXT_BYTES_MAX: usize = 512;

/// Types of a part of the announcement, and the sorts of its ids.
mod tlv {
    pub(super) const ETHERTYPE: [u8; 2] = [0x88, 0xcc];
    pub(super) const END: u8 = 0;
    pub(super) const CHASSIS: u8 = 1;
    pub(super) const SYSTEM_NAME: u8 = 5;
    pub(super) const SYSTEM_DESCRIPTION: u8 = 6;
    pub(super) const MANAGEMENT_ADDRESS: u8 = 8;
    pub(super) const ID_IS_MAC: u8 = 4;
}

/// Who announces itself on which interface.
pub(super) fn announced(gather: &mut Gather, host: &dyn Host, names: &BTreeMap<u32, String>) -> Vec<NetworkPlace> {
    let listing = match host.list(FOLDER, INTERFACES_MAX) {
        Ok(listing) => listing,
        Err(error) if error.is_missing() => return Vec::new(),
        Err(error) => {
            gather.miss_access(&error);
            return Vec::new();
        }
    };
    gather.source(FOLDER);
    let mut found = Vec::new();
    for name in listing.names {
        let interface = name.parse().ok().and_then(|index: u32| names.get(&index).cloned());
        let place = format!("{FOLDER}/{name}");
        match host.read(&place, FILE_BYTES_MAX) {
            Ok(reading) => {
                let (places, sound) = parse(&reading.bytes);
                if !sound || reading.cut {
                    let text = "an announcement makes no sense; those behind it are not listed";
                    gather.remark(Trouble::new(TroubleKind::Malformed, FOLDER, text));
                }
                found.extend(places.into_iter().map(|place| NetworkPlace { interface: interface.clone(), ..place }));
            }
            Err(error) if error.is_missing() => {}
            Err(error) => gather.miss_access(&error),
        }
    }
    found
}

/// Every frame of a file, and whether all of them made sense.
fn parse(bytes: &[u8]) -> (Vec<NetworkPlace>, bool) {
    let (mut found, mut rest) = (Vec::new(), bytes);
    while let Some((size, behind)) = rest.split_first_chunk::<8>() {
        let size = usize::try_from(u64::from_le_bytes(*size)).unwrap_or(usize::MAX);
        let Some((frame, next)) = behind.split_at_checked(size).filter(|_| size < FRAME_BYTES_MAX) else {
            return (found, false);
        };
        let Some(place) = neighbour(frame) else { return (found, false) };
        found.push(place);
        rest = next;
    }
    (found, rest.is_empty())
}

/// One frame: two addresses, the type, then parts of seven bits of type and nine of length.
fn neighbour(frame: &[u8]) -> Option<NetworkPlace> {
    let (header, mut rest) = frame.split_at_checked(14)?;
    if header.get(12..)? != tlv::ETHERTYPE {
        return None;
    }
    let (mut name, mut description, mut address, mut chassis) = (None, None, None, None);
    while let Some(([high, low], behind)) = rest.split_first_chunk::<2>() {
        let (sort, length) = (high >> 1, usize::from(high & 1) << 8 | usize::from(*low));
        let (value, next) = behind.split_at_checked(length)?;
        match sort {
            tlv::END => break,
            tlv::CHASSIS => chassis = chassis.or_else(|| chassis_id(value)),
            tlv::SYSTEM_NAME => name = name.or_else(|| text(value)),
            tlv::SYSTEM_DESCRIPTION => description = description.or_else(|| text(value)),
            tlv::MANAGEMENT_ADDRESS => address = address.or_else(|| management_address(value)),
            _ => {}
        }
        rest = next;
    }
    let (chassis, mac) = chassis?;
    let value = name.unwrap_or(chassis);
    let via = address.map(|address| address.to_string());
    Some(NetworkPlace { via, mac, description, ..crate::collect::network_place::part(PlacePart::Announced, value) })
}

/// The id as text, and the hardware address where it is one.
fn chassis_id(value: &[u8]) -> Option<(String, Option<String>)> {
    let (sort, id) = value.split_first()?;
    if *sort == tlv::ID_IS_MAC && id.len() == 6 {
        let mac = id.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":");
        return Some((mac.clone(), Some(mac)));
    }
    text(id).map(|id| (id, None))
}

/// Length, family (IANA: 1 IPv4, 2 IPv6), address; what follows is not looked at.
fn management_address(value: &[u8]) -> Option<IpAddr> {
    let (length, rest) = value.split_first()?;
    let (family, address) = rest.get(..usize::from(*length))?.split_first()?;
    match family {
        1 => <[u8; 4]>::try_from(address).ok().map(IpAddr::from),
        2 => <[u8; 16]>::try_from(address).ok().map(IpAddr::from),
        _ => None,
    }
}

/// A text without marks that move a cursor, in one line; nothing where none is left.
fn text(value: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(value.get(..TEXT_BYTES_MAX).unwrap_or(value)).into_owned();
    let text: String = text.chars().map(|mark| if mark.is_control() { ' ' } else { mark }).collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(sort: u8, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len()).unwrap();
        [&(u16::from(sort) << 9 | length).to_be_bytes()[..], value].concat()
    }

    fn frame(parts: &[Vec<u8>]) -> Vec<u8> {
        [&[1, 0x80, 0xc2, 0, 0, 0x0e, 0, 0x60, 0xb9, 0, 0x53, 1, 0x88, 0xcc][..], &parts.concat()].concat()
    }

    fn kept(frames: &[Vec<u8>]) -> Vec<u8> {
        frames.iter().flat_map(|frame| [&(frame.len() as u64).to_le_bytes()[..], frame].concat()).collect()
    }

    fn router() -> Vec<u8> {
        frame(&[
            part(tlv::CHASSIS, &[tlv::ID_IS_MAC, 0, 0x60, 0xb9, 0, 0x53, 1]),
            part(2, b"\x07GE0.0"),
            part(3, &[0, 120]),
            part(tlv::SYSTEM_NAME, b"branch-ix\x1b[31m"),
            part(tlv::SYSTEM_DESCRIPTION, b"Example Router Software,\r\n Version 10.7.18"),
            part(tlv::MANAGEMENT_ADDRESS, &[5, 1, 192, 0, 2, 1, 2, 0, 0, 0, 1, 0]),
            part(tlv::END, &[]),
        ])
    }

    #[test]
    fn a_router_that_announces_itself_is_read_with_its_firmware() {
        let (found, sound) = parse(&kept(&[router(), router()]));
        assert_eq!((found.len(), sound), (2, true));
        let one = &found[0];
        assert_eq!((one.part, one.value.as_str()), (PlacePart::Announced, "branch-ix [31m"));
        assert_eq!((one.via.as_deref(), one.mac.as_deref()), (Some("192.0.2.1"), Some("00:60:b9:00:53:01")));
        assert_eq!(one.description.as_deref(), Some("Example Router Software, Version 10.7.18"));
    }

    #[test]
    fn a_neighbour_without_a_name_is_told_by_its_id() {
        let (found, _) = parse(&kept(&[frame(&[part(tlv::CHASSIS, b"\x07stack-1")])]));
        assert_eq!((found[0].value.as_str(), &found[0].mac), ("stack-1", &None));
    }

    /// Every byte changed, every end cut: never a panic, never more than was sent.
    #[test]
    fn damaged_frames_stop_nobody() {
        let whole = kept(&[router()]);
        for at in 0..whole.len() {
            parse(&whole[..at]);
            for byte in [0, 1, 0x7f, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = byte;
                let (found, _) = parse(&damaged);
                assert!(found.len() <= 1);
            }
        }
        let (found, sound) = parse(&kept(&[frame(&[part(tlv::SYSTEM_NAME, b"no id")])]));
        assert_eq!((found.len(), sound), (0, false));
    }
}
