//! The ladder of evidence for a package's supplier: repository index, the repository that the package manager wrote down, vendor,
//! maintainer's domain, the signing key's owner, the package's own words.
//! It does not know which rung a person would prefer; a higher rung always wins and says what the lower one said otherwise.
//! Invariant: a maintainer field can be written by anyone, so where indexes exist and none lists the package, it is weak.

use super::marks::Claimed;
use super::{HostContext, MarkKind, Marks, unknown_claim, unrecorded_claim};
use crate::model::rows::{Confidence, SupplierClaim};
use crate::model::views::decisions::Vendor;
use daicho_schemas::fact::component::VendorPlace;
use daicho_schemas::fact::observation::{Ecosystem, OriginMatch, Package, PackageOrigin, Provenance};
use daicho_schemas::ids::SupplierId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Maintainer addresses that are looked at in one package; a field with more is not a maintainer.
const ADDRESSES_MAX: usize = 8;

/// Who supplies a package, by the highest rung that says anything.
pub(crate) fn package_supplier(
    package: &Package,
    origin: Option<&PackageOrigin>,
    host: &HostContext,
    marks: &Marks,
) -> SupplierClaim {
    if let Some(origin) = origin {
        return by_origin(package, origin, marks);
    }
    let unlisted = is_unlisted(package, origin, host);
    // Repositories are named by whoever set the host up, so the name counts only where a record recognises it.
    if let Some(claim) = by_repository(package, marks) {
        return if unlisted { weakened(claim) } else { claim };
    }
    if let Some(claim) = by_vendor(package, marks) {
        return if unlisted { weakened(claim) } else { claim };
    }
    if let Some(claim) = by_maintainer(package, marks) {
        return if unlisted { weakened(claim) } else { claim };
    }
    by_signer(package, marks).unwrap_or_else(|| own_words(package))
}

/// Whether no index lists a package although all of them were read. rpm has no such index here.
pub(super) fn is_unlisted(package: &Package, origin: Option<&PackageOrigin>, host: &HostContext) -> bool {
    origin.is_none() && host.indexes_complete && package.ecosystem == Ecosystem::Deb
}

/// A package's vendor in the host's own words: of its repository, else its own fields.
pub(super) fn package_vendor(package: &Package, origin: Option<&PackageOrigin>) -> Option<Arc<Vendor>> {
    let places = [
        (VendorPlace::PackageOrigin, origin.map(|origin| origin.origin.as_str())),
        (VendorPlace::PackageVendor, package.vendor.as_deref()),
        (VendorPlace::PackageMaintainer, package.maintainer.as_deref()),
        (VendorPlace::PackageOrigin, package.provenance.repository.as_deref()),
    ];
    places.into_iter().find_map(|(place, words)| Vendor::of(place, words?))
}

fn by_origin(package: &Package, origin: &PackageOrigin, marks: &Marks) -> SupplierClaim {
    let (place, confidence) = match origin.matched {
        OriginMatch::Version => ("repository index lists this version, Origin", Confidence::High),
        OriginMatch::NameAndMaintainer => {
            ("repository index lists another version of the same maintainer, Origin", Confidence::Medium)
        }
    };
    let mut claim = marks.claim(MarkKind::PackageOrigin, &origin.origin, place, confidence);
    if let Some(other) = by_maintainer(package, marks).filter(|other| other.supplier_id != claim.supplier_id) {
        claim.evidence.push_str(&format!("; it outweighs another mark: {}", other.evidence));
    }
    claim
}

fn by_vendor(package: &Package, marks: &Marks) -> Option<SupplierClaim> {
    let vendor = package.vendor.as_deref()?;
    match marks.claimed(MarkKind::VendorString, vendor) {
        Claimed::Nobody => None,
        _ => Some(marks.claim(MarkKind::VendorString, vendor, "package vendor", Confidence::High)),
    }
}

fn by_repository(package: &Package, marks: &Marks) -> Option<SupplierClaim> {
    let repository = package.provenance.repository.as_deref()?;
    match marks.claimed(MarkKind::PackageOrigin, repository) {
        Claimed::Nobody => None,
        _ => Some(marks.claim(
            MarkKind::PackageOrigin,
            repository,
            "repository that the package manager wrote down",
            Confidence::High,
        )),
    }
}

fn by_maintainer(package: &Package, marks: &Marks) -> Option<SupplierClaim> {
    by_domains(package.maintainer.as_deref()?, "package maintainer", marks)
}

/// The owner of the key, as the key says: a key that the package manager was told to trust.
fn by_signer(package: &Package, marks: &Marks) -> Option<SupplierClaim> {
    by_domains(package.provenance.signer.as_deref()?, "owner of the signing key", marks)
}

fn by_domains(maintainer: &str, place: &str, marks: &Marks) -> Option<SupplierClaim> {
    let mut found: BTreeMap<SupplierId, String> = BTreeMap::new();
    for domain in domains(maintainer) {
        let Some(mark) = marks.domain(&domain) else { continue };
        let evidence = format!("{place}, domain \"{mark}\"");
        match marks.claimed(MarkKind::MaintainerDomain, mark) {
            Claimed::Nobody => {}
            Claimed::One(id) => {
                found.insert(id.clone(), evidence);
            }
            Claimed::Several(ids) => return Some(marks.contested(ids, &evidence)),
        }
    }
    let ids: BTreeSet<SupplierId> = found.keys().cloned().collect();
    match found.pop_first() {
        None => None,
        Some((id, evidence)) if found.is_empty() => Some(marks.recorded(&id, evidence, Confidence::Medium)),
        Some(_) => Some(marks.contested(&ids, &format!("{place} \"{maintainer}\""))),
    }
}

fn own_words(package: &Package) -> SupplierClaim {
    if let Some(vendor) = package.vendor.as_deref() {
        return unrecorded_claim(vendor, format!("package vendor \"{vendor}\"; no supplier record recognises it"));
    }
    if let Some(maintainer) = package.maintainer.as_deref() {
        let evidence = format!("package maintainer \"{maintainer}\"; no supplier record recognises it");
        return unrecorded_claim(maintainer, evidence);
    }
    let Provenance { repository, signer, .. } = &package.provenance;
    let others = [(signer, "owner of the signing key"), (repository, "repository that the package manager wrote down")];
    for (words, place) in others {
        if let Some(words) = words.as_deref() {
            return unrecorded_claim(words, format!("{place} \"{words}\"; no supplier record recognises it"));
        }
    }
    unknown_claim("the package names neither vendor nor maintainer")
}

pub(super) fn weakened(mut claim: SupplierClaim) -> SupplierClaim {
    claim.evidence.push_str("; in no repository index of this host, and such a field can be written by anyone");
    claim.confidence = claim.confidence.min(Confidence::Low);
    claim
}

/// The domains of the mail addresses in a maintainer field (`Name <a@b.c>, Other <d@e.f>`), in lower case.
fn domains(maintainer: &str) -> BTreeSet<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let after_at = maintainer.split('@').skip(1).take(ADDRESSES_MAX);
    let domain = after_at.map(|rest| rest.split(|c| !fits(c)).next().unwrap_or(""));
    domain.map(|domain| domain.trim_matches('.').to_ascii_lowercase()).filter(|domain| domain.contains('.')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_read_from_addresses_and_nothing_else() {
        let read = |text: &str| domains(text).into_iter().collect::<Vec<_>>();
        assert_eq!(read("Debian GNOME <team@lists.alioth.Debian.org>"), ["lists.alioth.debian.org"]);
        assert_eq!(read("A <a@one.example>, B <b@two.example.>"), ["one.example", "two.example"]);
        assert_eq!(read("root@localhost"), Vec::<String>::new());
        assert_eq!(read("debian.org"), Vec::<String>::new());
        // A trick: the real domain is the part after the sign, up to the first character no domain has.
        assert_eq!(read("x@evil.example/debian.org"), ["evil.example"]);
        assert_eq!(read("x@debian.org.evil.example"), ["debian.org.evil.example"]);
    }
}
