//! Whose key made a package's signature: the issuer named in an OpenPGP signature packet (RFC 4880 and RFC 9580, "Signature Packet").
//! It does not check a signature: it says what the signature claims.
//! Invariant: every length is checked; a packet that makes no sense names nobody.

/// Types of sub-packets.
const ISSUER: u8 = 16;
const ISSUER_FINGERPRINT: u8 = 33;

/// The id of the key, 16 hexadecimal digits.
pub(super) fn issuer(packet: &[u8]) -> Option<String> {
    let body = signature_packet(packet)?;
    let id = match body.first()? {
        // Length of the hashed part, type, time of creation, then the key.
        3 => body.get(7..15)?.to_vec(),
        4 => sub_packets(body.get(4..)?, 2)?,
        6 => sub_packets(body.get(4..)?, 4)?,
        _ => return None,
    };
    Some(hex::encode(id))
}

/// The body of the first packet, where it is a signature.
fn signature_packet(packet: &[u8]) -> Option<&[u8]> {
    let (front, rest) = packet.split_first()?;
    let (tag, length, rest) = if front & 0xc0 == 0xc0 {
        let (length, rest) = length(rest)?;
        (front & 0x3f, length, rest)
    } else if front & 0x80 != 0 {
        let (length, rest) = match front & 3 {
            0 => (u32::from(*rest.first()?), rest.get(1..)?),
            1 => (u32::from(u16::from_be_bytes(*rest.first_chunk::<2>()?)), rest.get(2..)?),
            2 => (u32::from_be_bytes(*rest.first_chunk::<4>()?), rest.get(4..)?),
            _ => return None,
        };
        (front >> 2 & 0xf, length, rest)
    } else {
        return None;
    };
    if tag == 2 { rest.get(..usize::try_from(length).ok()?) } else { None }
}

/// A length of one, two or five bytes.
fn length(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let first = *bytes.first()?;
    match first {
        0..=191 => Some((u32::from(first), bytes.get(1..)?)),
        192..=223 => Some((((u32::from(first) - 192) << 8) + u32::from(*bytes.get(1)?) + 192, bytes.get(2..)?)),
        255 => Some((u32::from_be_bytes(*bytes.get(1..)?.first_chunk::<4>()?), bytes.get(5..)?)),
        _ => None,
    }
}

/// Looks through the signed and then the unsigned sub-packets; the lengths of the two parts have `width` bytes.
fn sub_packets(mut rest: &[u8], width: usize) -> Option<Vec<u8>> {
    for _ in 0..2 {
        let size = rest
            .get(..width)?
            .iter()
            .try_fold(0_usize, |size, byte| size.checked_mul(256)?.checked_add(usize::from(*byte)))?;
        let (mut part, behind) = rest.get(width..)?.split_at_checked(size)?;
        while let Some((length, behind)) = length(part) {
            let (packet, behind) = behind.split_at_checked(usize::try_from(length).ok()?)?;
            let (sort, body) = packet.split_first()?;
            match sort & 0x7f {
                ISSUER => return body.get(..8).map(<[u8]>::to_vec),
                // The id is the end of a version 4 fingerprint and the beginning of every later one.
                ISSUER_FINGERPRINT if body.first() == Some(&4) => return body.get(13..21).map(<[u8]>::to_vec),
                ISSUER_FINGERPRINT => return body.get(1..9).map(<[u8]>::to_vec),
                _ => part = behind,
            }
        }
        rest = behind;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 8] = [0x39, 0xbb, 0x8a, 0xe0, 0xa5, 0xed, 0x3b, 0x10];

    fn named(packet: &[u8]) -> Option<String> {
        issuer(packet)
    }

    #[test]
    fn the_issuer_is_found_in_every_form_of_packet() {
        let three = [&[0x88, 17, 3, 5, 0, 1, 2, 3, 4][..], &KEY, &[0, 0]].concat();
        // New format; the unsigned part has the issuer, as gpg writes it, behind one of another sort.
        let four = [&[0xc2, 22, 4, 0, 1, 8, 0, 2, 1, 99, 0, 10, 9, 16][..], &KEY, &[0, 0]].concat();
        let print = [&[4][..], &[0; 12], &KEY].concat();
        let fingerprint = [&[0x89, 0, 31, 4, 0, 1, 8, 0, 23, 22, 33][..], &print, &[0, 0]].concat();
        for packet in [three, four, fingerprint] {
            assert_eq!(named(&packet).as_deref(), Some("39bb8ae0a5ed3b10"), "{packet:?}");
            for end in 0..packet.len().saturating_sub(4) {
                assert!(named(&packet[..end]).is_none(), "{end}");
            }
        }
        for place in 0..30 {
            for value in 0..=255 {
                let mut packet = [&[0xc2, 22, 4, 0, 1, 8, 0, 2, 1, 99, 0, 10, 9, 16][..], &KEY, &[0; 8]].concat();
                packet[place] = value;
                named(&packet);
            }
        }
    }
}
