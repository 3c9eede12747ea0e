//! Whether a reading of a device keeps to the limits of its shape. The agent asks before it sends, the server before it admits.
//! It does not know parsers, admission, or whether a reading is true.
//! Invariant: what is wrong is said with the field; nothing of the reading is printed but a key that stands there twice.

use super::device::{
    Answered, DEVICE_TEXT_BYTES_MAX, DeviceReading, FarEnd, GAPS_MAX, GROUNDS_MAX, Restriction, WAYS_IN_MAX, WayIn,
};
use super::device_networks::{DeviceNetworks, INTERFACE_ADDRESSES_MAX, INTERFACES_MAX, ROUTES_MAX};
use crate::text::Text;
use core::net::IpAddr;
use std::collections::BTreeSet;

/// Entries of one list of a reading (sources, addresses inside, banks of firmware).
const LIST_MAX: usize = 2000;
/// One sentence of a reading, in bytes.
const SENTENCE_BYTES_MAX: usize = 1000;

type Check = Result<(), String>;

impl DeviceReading {
    /// Whether it keeps to the limits of its shape.
    ///
    /// # Errors
    /// The field and what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        check_source(self)?;
        if self.gaps.len() > GAPS_MAX {
            return Err(format!("gaps: {}, at most {GAPS_MAX}", self.gaps.len()));
        }
        self.gaps.iter().try_for_each(|gap| sentence("gaps", &gap.text))?;
        let identity = &self.identity;
        let texts = [&identity.name, &identity.maker, &identity.model, &identity.serial];
        words("identity", texts.into_iter().flatten())?;
        words("identity.macs", &identity.macs)?;
        let versions = identity.firmware.iter().flat_map(|bank| [Some(&bank.version), bank.build.as_ref()]);
        words("identity.firmware", versions.flatten())?;
        restriction("management", &self.management)?;
        restriction("vpn", &self.vpn)?;
        answered("logs_elsewhere", &self.logs_elsewhere)?;
        words("log_targets", &self.log_targets)?;
        if self.ways_in.len() > WAYS_IN_MAX {
            return Err(format!("ways_in: {}, at most {WAYS_IN_MAX}", self.ways_in.len()));
        }
        let mut keys = BTreeSet::new();
        for way in &self.ways_in {
            if way.key.trim().is_empty() || !keys.insert(&way.key) {
                return Err(format!("ways_in: the key '{}' is empty or stands there twice", way.key));
            }
            check_way(way)?;
        }
        self.networks.as_ref().map_or(Ok(()), check_networks)
    }
}

fn check_source(reading: &DeviceReading) -> Check {
    let source = &reading.source;
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if source.sha256.len() != 64 || !source.sha256.chars().all(hex) {
        return Err("source.sha256: 64 hexadecimal digits".into());
    }
    if source.lines.0 == 0 || source.lines.1 < source.lines.0 {
        return Err("source.lines: the first and the last line, counted from 1".into());
    }
    let named = [Some(&reading.family), Some(&source.encoding), source.written.as_ref()];
    words("source", named.into_iter().flatten())?;
    if reading.family.is_empty() {
        return Err("family: it is empty".into());
    }
    Ok(())
}

fn check_way(way: &WayIn) -> Check {
    let far = match &way.far_end {
        FarEnd::Address(text) | FarEnd::Name(text) => Some(text),
        FarEnd::Anyone | FarEnd::Unknown => None,
    };
    words("ways_in", [Some(&way.key), Some(&way.technology), far, way.interface.as_ref()].into_iter().flatten())?;
    words("ways_in.inside", &way.inside)?;
    restriction("ways_in.restriction", &way.restriction)?;
    answered("ways_in.enabled", &way.enabled)?;
    answered("ways_in.second_factor", &way.second_factor)
}

fn check_networks(networks: &DeviceNetworks) -> Check {
    let (interfaces, routes) = (networks.interfaces.len(), networks.routes.len());
    if interfaces > INTERFACES_MAX || routes > ROUTES_MAX {
        return Err(format!(
            "networks: {interfaces} interfaces, at most {INTERFACES_MAX}; {routes} routes, at most {ROUTES_MAX}"
        ));
    }
    let mut names = BTreeSet::new();
    for own in &networks.interfaces {
        if own.name.trim().is_empty() || !names.insert(&own.name) {
            return Err("networks.interfaces: a name is empty or stands there twice".into());
        }
        words("networks.interfaces", [Some(&own.name), own.description.as_ref()].into_iter().flatten())?;
        if own.addresses.len() > INTERFACE_ADDRESSES_MAX || !own.addresses.iter().all(|text| is_prefix(text)) {
            return Err(format!(
                "networks.interfaces.addresses: at most {INTERFACE_ADDRESSES_MAX}, each an address with a prefix length"
            ));
        }
        if own.vlan.is_some_and(|vlan| !(1..=4094).contains(&vlan)) {
            return Err("networks.interfaces.vlan: 1 to 4094".into());
        }
    }
    for route in &networks.routes {
        words("networks.routes", route.interface.as_ref())?;
        let hop = route.next_hop.as_ref().is_none_or(|hop| hop.parse::<IpAddr>().is_ok());
        if !hop || !is_prefix(&route.destination) {
            return Err("networks.routes: a network with a prefix length, and an address as the next hop".into());
        }
    }
    Ok(())
}

fn is_prefix(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let widest = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.parse::<u8>().is_ok_and(|bits| bits <= widest)
}

fn restriction(field: &str, own: &Restriction) -> Check {
    words(field, &own.sources)?;
    answered(field, &own.restricted)
}

fn answered(field: &str, own: &Answered) -> Check {
    if own.because.len() > GROUNDS_MAX {
        return Err(format!("{field}: {} grounds, at most {GROUNDS_MAX}", own.because.len()));
    }
    own.because.iter().try_for_each(|ground| sentence(field, &ground.text))
}

/// Words on one line, at most [`DEVICE_TEXT_BYTES_MAX`] bytes each.
///
/// # Errors
/// The field and what is wrong with it.
pub(crate) fn words<'a>(field: &str, texts: impl IntoIterator<Item = &'a String>) -> Result<(), String> {
    for (count, text) in texts.into_iter().enumerate() {
        if count >= LIST_MAX {
            return Err(format!("{field}: at most {LIST_MAX} entries"));
        }
        if text.len() > DEVICE_TEXT_BYTES_MAX || text.chars().any(char::is_control) {
            return Err(format!("{field}: words on one line, at most {DEVICE_TEXT_BYTES_MAX} bytes"));
        }
    }
    Ok(())
}

fn sentence(field: &str, text: &Text) -> Check {
    let bad = |words: &String| words.len() > SENTENCE_BYTES_MAX || words.chars().any(char::is_control);
    if bad(&text.ja) || bad(&text.en) {
        return Err(format!("{field}: a sentence on one line, at most {SENTENCE_BYTES_MAX} bytes"));
    }
    Ok(())
}
