//! Names of PCI and USB devices by their numbers (pci.ids and usb.ids as `build.rs` packed them, D-0030).
//! It does not know which devices a host has, and guesses no name: what the lists do not have stays a number.
//! Invariant: unpacked while it is looked through, and nothing of it is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};

const PCI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/pci_names.zst"));
const USB: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/usb_names.zst"));

/// Names by key: `8086`, `8086:1572`, `8086:1572 1028:1f9c`.
#[derive(Debug, Default)]
pub(in crate::collect) struct Names(BTreeMap<String, String>);

impl Names {
    /// The names of some PCI devices.
    pub(in crate::collect) fn of_pci(keys: &BTreeSet<String>) -> Self {
        Self::look_up(PCI, keys)
    }

    /// The names of some USB devices.
    pub(in crate::collect) fn of_usb(keys: &BTreeSet<String>) -> Self {
        Self::look_up(USB, keys)
    }

    fn look_up(packed: &[u8], keys: &BTreeSet<String>) -> Self {
        if keys.is_empty() {
            return Self::default();
        }
        // The list is our own; a test reads it whole, so that a list that cannot be read does not reach a host.
        let Ok(unpacked) = zstd::Decoder::with_buffer(packed) else { return Self::default() };
        let lines = BufReader::new(unpacked).lines().map_while(Result::ok);
        let wanted = lines.filter_map(|line| {
            let (key, name) = line.split_once('\t')?;
            keys.contains(key).then(|| (key.to_owned(), name.to_owned()))
        });
        Self(wanted.collect())
    }

    /// The name of a key.
    pub(in crate::collect) fn get(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_nothing_is_made_up() {
        let keys = ["8086", "8086:1572", "8086:1572 8086:0001", "8086:zzzz", "ffff:ffff"].map(str::to_owned);
        let names = Names::of_pci(&BTreeSet::from(keys));
        assert_eq!(names.get("8086").as_deref(), Some("Intel Corporation"));
        assert!(names.get("8086:1572").unwrap().contains("X710"), "{names:?}");
        assert!(names.get("8086:1572 8086:0001").unwrap().contains("X710"), "{names:?}");
        assert_eq!(names.0.len(), 3);
        let names = Names::of_usb(&BTreeSet::from(["0781".to_owned(), "0781:5581".to_owned()]));
        assert!(names.get("0781").unwrap().contains("SanDisk"), "{names:?}");
    }

    /// The whole lists can be read, and cost the agent little.
    #[test]
    fn the_lists_are_whole_and_small() {
        for (packed, lines_min) in [(PCI, 30_000), (USB, 20_000)] {
            let lines = BufReader::new(zstd::Decoder::with_buffer(packed).unwrap()).lines();
            assert!(lines.map(Result::unwrap).filter(|line| line.contains('\t')).count() > lines_min);
            assert!(packed.len() < 600_000, "{}", packed.len());
        }
    }
}
