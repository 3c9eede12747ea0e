//! The marks by which supplier records recognise deliveries, turned round: from a mark to the records that claim it.
//! It does not know packages or hosts.
//! Invariant: a mark that two records claim gives both, and so no supplier.

use super::{unknown_claim, unrecorded_claim};
use crate::model::rows::{Confidence, SupplierClaim};
use crate::model::views::declarations::Declarations;
use daicho_schemas::ids::SupplierId;
use daicho_schemas::text::Text;
use std::collections::{BTreeMap, BTreeSet};

/// What sort of mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// `Origin` of a package repository.
    PackageOrigin,
    /// Domain of a package's maintainer.
    MaintainerDomain,
    /// Vendor string of a package, firmware or hardware.
    VendorString,
    /// `ID` of os-release.
    OsId,
}

/// Every mark of every supplier record.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    claimed: BTreeMap<(MarkKind, String), BTreeSet<SupplierId>>,
    names: BTreeMap<SupplierId, Text>,
}

/// What the records say of a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claimed<'a> {
    /// No record has it.
    Nobody,
    /// One record has it.
    One(&'a SupplierId),
    /// Several records have it.
    Several(&'a BTreeSet<SupplierId>),
}

impl Marks {
    /// Collects the marks of the records that stand.
    pub fn of(declarations: &Declarations) -> Self {
        let mut marks = Self::default();
        for (id, state) in declarations.suppliers() {
            let recognise = &state.record.recognise;
            let sorts = [
                (MarkKind::PackageOrigin, &recognise.package_origins),
                (MarkKind::MaintainerDomain, &recognise.maintainer_domains),
                (MarkKind::VendorString, &recognise.vendor_strings),
                (MarkKind::OsId, &recognise.os_ids),
            ];
            for (kind, words) in sorts {
                for word in words.iter().map(|word| spelled(word)).filter(|word| !word.is_empty()) {
                    marks.claimed.entry((kind, word)).or_default().insert(id.clone());
                }
            }
            marks.names.insert(id.clone(), state.record.name.clone());
        }
        marks
    }

    /// Which records claim a mark, compared without regard to ASCII case.
    pub(crate) fn claimed(&self, kind: MarkKind, mark: &str) -> Claimed<'_> {
        match self.claimed.get(&(kind, spelled(mark))) {
            None => Claimed::Nobody,
            Some(ids) => match (ids.first(), ids.len()) {
                (Some(id), 1) => Claimed::One(id),
                _ => Claimed::Several(ids),
            },
        }
    }

    /// The longest recorded domain that a domain is or lies under.
    pub(crate) fn domain<'a>(&self, domain: &'a str) -> Option<&'a str> {
        let mut rest = domain;
        loop {
            if self.claimed.contains_key(&(MarkKind::MaintainerDomain, spelled(rest))) {
                return Some(rest);
            }
            rest = rest.split_once('.')?.1;
        }
    }

    /// The claim that a mark supports: the one record that has it, nobody where several have it, and otherwise the
    /// host's own words. `place` says where the mark was read.
    pub(crate) fn claim(&self, kind: MarkKind, mark: &str, place: &str, confidence: Confidence) -> SupplierClaim {
        let evidence = format!("{place} \"{mark}\"");
        match self.claimed(kind, mark) {
            Claimed::One(id) => self.recorded(id, evidence, confidence),
            Claimed::Several(ids) => self.contested(ids, &evidence),
            Claimed::Nobody => unrecorded_claim(mark, format!("{evidence}; no supplier record recognises it")),
        }
    }

    /// A claim for a recorded supplier.
    pub(crate) fn recorded(&self, id: &SupplierId, evidence: String, confidence: Confidence) -> SupplierClaim {
        let name = self.names.get(id).cloned().unwrap_or_else(|| Text::same(id.as_str()));
        SupplierClaim { supplier_id: Some(id.clone()), name, evidence, confidence }
    }

    /// A claim that several records make: unknown, with all of them named.
    pub(crate) fn contested(&self, ids: &BTreeSet<SupplierId>, evidence: &str) -> SupplierClaim {
        let names: Vec<&str> = ids.iter().map(SupplierId::as_str).collect();
        unknown_claim(format!("{evidence}; several supplier records claim this mark: {}", names.join(", ")))
    }
}

fn spelled(mark: &str) -> String {
    mark.trim().to_ascii_lowercase()
}
