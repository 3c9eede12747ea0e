//! The applications of one host: what its packages of programming languages belong to, and what carries them.
//! It does not know findings. Invariant: every such package of the host is counted in exactly one row.

use super::super::Model;
use super::super::numbers::HostNo;
use super::super::prepared::Sort;
use super::super::rows::ApplicationRow;
use daicho_schemas::fact::observation::{CarriedBy, Observation};
use std::collections::{BTreeMap, BTreeSet};

/// What carries an application and its place; the ecosystems and number of its packages.
type Found = BTreeMap<(Option<String>, String), (BTreeSet<&'static str>, u64)>;

impl Model {
    /// Applications in order of their places, those that nobody carries first.
    pub(super) fn applications_on(&self, host: HostNo) -> Vec<ApplicationRow> {
        let mut found = Found::new();
        for item in self.state.assets.on(host, |item| item.sort == Sort::Language) {
            let Some(Observation::LanguagePackage(package)) = item.observation() else { continue };
            let carried_by = match package.carried_by {
                CarriedBy::Nobody => None,
                CarriedBy::Package { .. } | CarriedBy::Unknown => Some(package.carrier().unwrap_or_default()),
            };
            let (ecosystems, packages) = found.entry((carried_by, package.application)).or_default();
            ecosystems.insert(package.ecosystem.as_str());
            *packages += 1;
        }
        let row = |((carried_by, application), (ecosystems, packages)): (_, (BTreeSet<&str>, u64))| ApplicationRow {
            application,
            carried_by,
            ecosystems: ecosystems.into_iter().map(str::to_owned).collect(),
            packages,
        };
        found.into_iter().map(row).collect()
    }
}
