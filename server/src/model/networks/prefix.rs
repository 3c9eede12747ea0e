//! A network prefix: an address and how many of its bits count (RFC 4632, RFC 4291).
//! It does not know what stands in it. Invariant: the bits that do not count are zero, so equal networks are equal values.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use serde::{Serialize, Serializer};
use std::fmt;

/// A network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Prefix {
    address: IpAddr,
    bits: u8,
}

impl Prefix {
    /// The network in which an address stands; `None` with more bits than the address has.
    pub fn of(address: IpAddr, bits: u8) -> Option<Self> {
        let address = match address {
            IpAddr::V4(own) if bits <= 32 => {
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(own.to_bits() & mask))
            }
            IpAddr::V6(own) if bits <= 128 => {
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(own.to_bits() & mask))
            }
            _ => return None,
        };
        Some(Self { address, bits })
    }

    /// `192.0.2.5/24` as the address and its network.
    pub fn of_text(text: &str) -> Option<(IpAddr, Self)> {
        let (address, bits) = text.trim().split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        Some((address, Self::of(address, bits.parse().ok()?)?))
    }

    /// Whether an address stands in it.
    pub fn holds(&self, address: IpAddr) -> bool {
        Self::of(address, self.bits) == Some(*self)
    }

    /// Whether another one lies in it.
    pub fn covers(&self, other: &Self) -> bool {
        other.bits >= self.bits && self.holds(other.address)
    }

    /// Whether it is one address: the far end of a tunnel, not a segment.
    pub fn is_one_address(&self) -> bool {
        self.bits == if self.address.is_ipv4() { 32 } else { 128 }
    }

    /// Whether it is a segment in which devices can stand: neither everything, nor this host itself, nor groups.
    pub fn is_segment(&self) -> bool {
        self.bits > 0 && !self.address.is_loopback() && !self.address.is_multicast()
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.address, self.bits)
    }
}

impl Serialize for Prefix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_that_do_not_count_are_zero_and_nothing_panics_at_the_ends() {
        let of = |text: &str| Prefix::of_text(text).map(|(_, own)| own.to_string());
        assert_eq!(of("192.0.2.77/24").as_deref(), Some("192.0.2.0/24"));
        assert_eq!(of("2001:db8::1234/64").as_deref(), Some("2001:db8::/64"));
        assert_eq!((of("0.0.0.0/0").as_deref(), of("::/0").as_deref()), (Some("0.0.0.0/0"), Some("::/0")));
        assert_eq!(
            (of("192.0.2.1/33"), of("192.0.2.1"), of("a/1"), of("::1/129"), of("/")),
            (None, None, None, None, None)
        );
        let (address, wide) = Prefix::of_text("192.0.2.77/24").unwrap();
        let (_, narrow) = Prefix::of_text("192.0.2.64/26").unwrap();
        assert!(wide.holds(address) && wide.covers(&narrow) && !narrow.covers(&wide));
        assert!(!wide.holds("2001:db8::1".parse().unwrap()));
        assert!(!Prefix::of_text("127.0.0.1/8").unwrap().1.is_segment());
        assert!(Prefix::of_text("192.0.2.1/32").unwrap().1.is_one_address());
    }
}
