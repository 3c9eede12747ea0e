//! What decisions change in what marks say of a component: its supplier, its category, whether it is part of the equipment.
//! It does not know who may decide. Invariant: a decision goes before every mark, and says what the mark said; words that anyone
//! could have written stay weak until a decision names the component itself.

use super::ladder::{is_unlisted, package_supplier, package_vendor, weakened};
use super::{HostContext, MarkKind, Marks, Meaning, same_supplier, unknown_claim};
use crate::model::rows::{Confidence, SupplierClaim};
use crate::model::views::decisions::{DecisionState, Decisions, Described, Said, Vendor};
use daicho_schemas::fact::component::{ComponentSort, VendorPlace};
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::fact::observation::{Ecosystem, Package, PackageOrigin, ToldComponent, ToldSort};
use daicho_schemas::ids::SupplierId;

/// A reason, as far as evidence quotes it, in characters.
const REASON_CHARS_MAX: usize = 160;

/// What a package means.
pub(super) fn package(
    package: &Package,
    origin: Option<&PackageOrigin>,
    host: &HostContext,
    marks: &Marks,
    decisions: &Decisions,
) -> Meaning {
    // A part of the system itself is its supplier's, whatever it says of itself.
    let of_system = host.os_by_marks.clone().filter(|_| package.provenance.of_system);
    let by_marks = of_system.unwrap_or_else(|| package_supplier(package, origin, host, marks));
    let sort = match package.ecosystem {
        Ecosystem::Deb => ComponentSort::Deb,
        Ecosystem::Rpm => ComponentSort::Rpm,
        Ecosystem::Apk => ComponentSort::Apk,
        Ecosystem::Pacman => ComponentSort::Pacman,
        Ecosystem::Opkg => ComponentSort::Opkg,
        Ecosystem::Snap => ComponentSort::Snap,
        Ecosystem::Flatpak => ComponentSort::Flatpak,
        Ecosystem::Windows => ComponentSort::Windows,
        Ecosystem::WindowsUpdate => ComponentSort::WindowsUpdate,
        Ecosystem::Appx => ComponentSort::Appx,
    };
    let vendor = package_vendor(package, origin);
    let said = decisions.of(&Described {
        sort,
        vendor: vendor.as_deref(),
        name: &package.name,
        version: Some(&package.version),
    });
    let like_the_system =
        host.os_by_marks.as_ref().is_some_and(|os| same_supplier(os, &by_marks, host.os_id.as_deref()));
    let mut supplier = by_marks;
    let mut named = false;
    if let Some(claim) = supplied(&said.supplier, &supplier, marks) {
        named = matches!(&said.supplier, Said::One(_, state) if state.decision.components.name.is_some());
        supplier = if named || !is_unlisted(package, origin, host) { claim } else { weakened(claim) };
    }
    // What Windows' maker sells beside it (a database, an office) is no part of it; what is says so.
    let beside_windows = matches!(package.ecosystem, Ecosystem::Windows | Ecosystem::Appx);
    let of_the_system =
        host.operating_system.as_ref().filter(|os| match (&os.supplier.supplier_id, &supplier.supplier_id) {
            _ if package.provenance.of_system => !named,
            _ if beside_windows => false,
            (Some(os), Some(package)) => os == package,
            // One of the two is decided and the other not yet: what the marks say still holds, unless this one was named.
            _ => like_the_system && !named,
        });
    let (category, product) = match of_the_system {
        Some(os) => (Category::OperatingSystem, os.product.clone()),
        None => (Category::Application, package.name.clone()),
    };
    let mut meaning = Meaning::of_marks(category, product, supplier, (sort, vendor));
    noted(&mut meaning, &said.supplier, &said.part);
    if let Said::One(category, state) = said.category {
        if category != Category::OperatingSystem {
            meaning.product = package.name.clone();
        }
        meaning.category = category;
        meaning.decided.category = Some(state.decision.decision_id.clone());
    }
    meaning
}

/// What software means of which another tool told: an application in the tool's words. A package of the host would be one here too.
pub(super) fn told(own: &ToldComponent, marks: &Marks, decisions: &Decisions) -> Option<Meaning> {
    let category = match own.sort {
        ToldSort::Software => Category::Application,
        ToldSort::Firmware => Category::Firmware,
        ToldSort::Device => return None,
    };
    let supplier = match &own.supplier {
        Some(words) => marks.claim(MarkKind::VendorString, words, "supplier as another tool says", Confidence::Medium),
        None => unknown_claim("the other tool names no supplier"),
    };
    let vendor = own.supplier.as_deref().and_then(|words| Vendor::of(VendorPlace::PackageVendor, words));
    let meaning = Meaning::of_marks(category, own.name.clone(), supplier, (ComponentSort::Told, vendor));
    Some(whole(meaning, marks, decisions))
}

/// What an operating system or a machine means, where marks say this of it.
pub(super) fn whole(mut meaning: Meaning, marks: &Marks, decisions: &Decisions) -> Meaning {
    let vendor = meaning.vendor.clone();
    let described = Described { sort: meaning.sort, vendor: vendor.as_deref(), name: &meaning.product, version: None };
    let said = decisions.of(&described);
    if let Some(claim) = supplied(&said.supplier, &meaning.supplier, marks) {
        meaning.supplier = claim;
    }
    noted(&mut meaning, &said.supplier, &said.part);
    if let Said::One(category, state) = said.category {
        meaning.category = category;
        meaning.decided.category = Some(state.decision.decision_id.clone());
    }
    meaning
}

/// What a program of no package means: nobody supplies it until a person says so.
pub(super) fn program(
    by_marks: SupplierClaim,
    name: &str,
    version: Option<&str>,
    marks: &Marks,
    decisions: &Decisions,
) -> Meaning {
    let sort = ComponentSort::Program;
    let said = decisions.of(&Described { sort, vendor: None, name, version });
    let supplier = supplied(&said.supplier, &by_marks, marks).unwrap_or(by_marks);
    let mut meaning = Meaning::of_marks(Category::Application, name.to_string(), supplier, (sort, None));
    noted(&mut meaning, &said.supplier, &said.part);
    if let Said::One(category, state) = said.category {
        meaning.category = category;
        meaning.decided.category = Some(state.decision.decision_id.clone());
    }
    meaning
}

/// The claim that decisions make; nothing where they say nothing of the supplier.
fn supplied(said: &Said<'_, &SupplierId>, by_marks: &SupplierClaim, marks: &Marks) -> Option<SupplierClaim> {
    match said {
        Said::Nothing => None,
        Said::One(id, state) => {
            let evidence = format!("{}; without it: {}", words(state), by_marks.evidence);
            Some(marks.recorded(id, evidence, Confidence::Decided))
        }
        Said::Several(ids) => {
            let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
            let evidence =
                format!("decisions that are equally close differ: {}; {}", ids.join(", "), by_marks.evidence);
            Some(unknown_claim(evidence))
        }
    }
}

fn words(state: &DecisionState) -> String {
    let decision = &state.decision;
    let reason: String = decision.reason.chars().take(REASON_CHARS_MAX).collect();
    let table =
        decision.from_table.as_ref().map(|line| format!(", {} row {}", line.table, line.row)).unwrap_or_default();
    format!("decision {} of {}{table}: {reason}", decision.decision_id, state.by)
}

fn noted(meaning: &mut Meaning, supplier: &Said<'_, &SupplierId>, part: &Said<'_, bool>) {
    if let Said::One(_, state) = supplier {
        meaning.decided.supplier = Some(state.decision.decision_id.clone());
    }
    if let Said::One(false, state) = part {
        meaning.decided.outside = Some(state.decision.decision_id.clone());
    }
}
