//! What a netlink answer is made of: messages, attributes, addresses (netlink(7), `include/uapi/linux/netlink.h`).
//! It does not know what any message or attribute is about; the collectors do.
//! Invariant: any bytes give messages and attributes or end; nothing is read beyond what is there, nothing panics.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const HEADER_BYTES: usize = 16;
/// The two high bits say how an attribute is written, not what it is.
const KIND_MASK: u16 = 0x3fff;

/// One message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// Its type.
    pub(crate) kind: u16,
    /// Everything behind its header.
    pub(crate) body: &'a [u8],
}

/// The messages of an answer; what is cut or makes no sense ends it.
pub(crate) fn messages(bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::try_from(number32(rest)?).ok()?;
        let (message, _) = rest.split_at_checked(length)?;
        let kind = number16(message.get(4..)?)?;
        let body = message.get(HEADER_BYTES..)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Message { kind, body })
    })
}

/// The attributes in some bytes: kind and value.
pub(crate) fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::from(number16(rest)?);
        let (attribute, _) = rest.split_at_checked(length)?;
        let kind = number16(attribute.get(2..)?)? & KIND_MASK;
        let value = attribute.get(4..)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// The value of the first attribute of a kind.
pub(crate) fn attribute(bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    attributes(bytes).find_map(|(kind, value)| (kind == wanted).then_some(value))
}

/// Two bytes in the machine's order.
pub(crate) fn number16(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?))
}

/// Four bytes in the machine's order.
pub(crate) fn number32(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?))
}

/// A text that ends with a zero byte.
pub(crate) fn text(value: &[u8]) -> Option<String> {
    let words = value.split(|byte| *byte == 0).next()?;
    (!words.is_empty()).then(|| String::from_utf8_lossy(words).into_owned())
}

/// An address of 4 or 16 bytes; `None` for "any" (all zero) and for other lengths.
pub(crate) fn address(value: &[u8]) -> Option<IpAddr> {
    let address = match value.len() {
        4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(value).ok()?)),
        16 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(value).ok()?)),
        _ => return None,
    };
    (!address.is_unspecified()).then_some(address)
}

/// An address in a field of 16 bytes, of the family that stands elsewhere (`AF_INET` 2, `AF_INET6` 10).
pub(crate) fn address_of(family: u16, field: &[u8]) -> Option<IpAddr> {
    match family {
        2 => address(field.get(..4)?),
        10 => address(field.get(..16)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_make_no_sense_end_the_walk() {
        let good = [8, 0, 3, 0x80, b'w', b'g', b'0', 0, 5, 0, 2, 0, 9, 0, 0, 0];
        assert_eq!(attributes(&good).count(), 2);
        assert_eq!(attribute(&good, 3).and_then(text).as_deref(), Some("wg0"));
        // A length below its own header, beyond the end, and zero: each would loop or overrun if it were believed.
        for length in [0_u8, 1, 3, 200] {
            let mut bad = good;
            bad[8] = length;
            assert_eq!(attributes(&bad).count(), 1, "{length}");
            bad[0] = length;
            assert_eq!(attributes(&bad).count(), 0, "{length}");
        }
        for end in 0..good.len() {
            assert!(attributes(&good[..end]).count() <= 2);
            assert!(messages(&good[..end]).count() == 0);
        }
    }
}
