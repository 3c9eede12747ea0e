//! The example operator: a fictitious port terminal whose plan and suppliers fit the host that a newcomer tries Daicho on.
//! It does not know the ledger; it makes values that enter it like anybody else's.
//! Invariant: everything in it is recognisably an example, and the server hardware is deliberately left undeclared, so
//! that there is something to find.

use crate::intake::changes::parse_change;
use crate::intake::declarations::parse_suppliers;
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::fact::observation::OperatingSystem;
use daicho_schemas::fact::supplier::{SUPPLIERS_FORMAT, SupplierRecord, SuppliersFile};
use daicho_schemas::planned::PlannedChange;
use daicho_schemas::time::CalendarDate;

/// What stands in the template for the host.
const EXAMPLE_HOST: &str = "EXAMPLE-HOST";
/// What stands in the template for the part that is replaced by the host's own operating system.
const EXAMPLE_OS_PART: &str = "operating-system";
/// The supplier that every example has: of the application that nobody has installed.
const APPLICATION_SUPPLIER: &str = "example-terminal-software";

/// The example plan for a host, and the supplier records it needs. On a distribution that the example does not know, or
/// where none was seen, no operating system is declared: nothing is guessed.
pub fn example(hostname: &str, os: Option<&OperatingSystem>) -> (Plan, Vec<SupplierRecord>) {
    let mut plan = template_plan();
    for host in plan.equipment.hosts.iter_mut().filter(|host| *host == EXAMPLE_HOST) {
        *host = hostname.to_string();
    }
    let all = template_suppliers();
    let distribution = os.and_then(|os| distribution_of(&all, os)).cloned();
    match (&distribution, os) {
        (Some(record), Some(os)) => {
            for part in plan.parts.iter_mut().filter(|part| part.part_id.as_str() == EXAMPLE_OS_PART) {
                part.supplier_id = record.supplier_id.clone();
                part.name = os.name.clone().unwrap_or_else(|| record.name.en.clone());
            }
        }
        _ => plan.parts.retain(|part| part.part_id.as_str() != EXAMPLE_OS_PART),
    }
    let application = all.into_iter().filter(|record| record.supplier_id.as_str() == APPLICATION_SUPPLIER);
    (plan, distribution.into_iter().chain(application).collect())
}

/// The example for a host of which only os-release(5) is known, as files that can be imported.
pub fn example_files(hostname: &str, os_release: &str) -> (Plan, SuppliersFile) {
    let field = |name: &str| {
        let lines = os_release.lines().filter_map(|line| line.split_once('='));
        let mut value = lines.filter(|(key, _)| *key == name).map(|(_, value)| value.trim().trim_matches(['"', '\'']));
        value.next_back().filter(|value| !value.is_empty()).map(str::to_string)
    };
    let os = OperatingSystem {
        hostname: Some(hostname.into()),
        family: "linux".into(),
        os_id: field("ID"),
        os_id_like: Vec::new(),
        name: field("NAME"),
        version_id: None,
        version: None,
        codename: None,
        kernel_release: None,
        edition: None,
        release: None,
        installation: None,
        architecture: None,
    };
    let (plan, suppliers) = example(hostname, Some(&os));
    (plan, SuppliersFile { format: SUPPLIERS_FORMAT.into(), suppliers })
}

/// A change that the example operator plans, 60 days after a day: the replacement of a switch.
pub fn example_change(today: CalendarDate) -> PlannedChange {
    const AHEAD_DAYS: i64 = 60;
    let change = parse_change(include_bytes!("example/change.json"));
    let change = change.unwrap_or_else(|refusal| unreachable!("the example change cannot be read: {refusal}"));
    PlannedChange { planned_on: today.plus_days(AHEAD_DAYS), ..change }
}

/// The record whose `os_ids` name the host's own ID. `ID_LIKE` is not enough: a derivative has a supplier of its own.
fn distribution_of<'a>(all: &'a [SupplierRecord], os: &OperatingSystem) -> Option<&'a SupplierRecord> {
    let id = os.os_id.as_deref()?;
    all.iter().find(|record| record.recognise.os_ids.iter().any(|known| known.eq_ignore_ascii_case(id)))
}

// Both templates are part of the build and a test reads them: failing here is a bug of ours.

fn template_plan() -> Plan {
    let json = include_str!("example/plan.json");
    serde_json::from_str(json).unwrap_or_else(|error| unreachable!("the example plan cannot be read: {error}"))
}

fn template_suppliers() -> Vec<SupplierRecord> {
    let json = include_bytes!("example/suppliers.json");
    let file = parse_suppliers(json);
    file.unwrap_or_else(|refusal| unreachable!("the example suppliers cannot be read: {refusal}")).suppliers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::declarations::{check_plan_suppliers, parse_plan};
    use std::collections::BTreeSet;

    fn os(id: Option<&str>) -> OperatingSystem {
        OperatingSystem {
            hostname: Some("port-1".into()),
            family: "linux".into(),
            os_id: id.map(str::to_string),
            os_id_like: vec!["debian".into()],
            name: id.map(|id| format!("{id} Linux")),
            version_id: None,
            version: None,
            codename: None,
            kernel_release: None,
            edition: None,
            release: None,
            installation: None,
            architecture: None,
        }
    }

    #[test]
    fn every_distribution_it_knows_gives_a_plan_that_intake_takes() {
        for record in template_suppliers() {
            for id in &record.recognise.os_ids {
                let (plan, suppliers) = example("port-1", Some(&os(Some(id))));
                let json = serde_json::to_vec(&plan).unwrap();
                assert_eq!(parse_plan(&json).unwrap(), plan, "{id}");
                let ids: BTreeSet<_> = suppliers.iter().map(|supplier| supplier.supplier_id.clone()).collect();
                assert!(check_plan_suppliers(&plan, &json, |id| ids.contains(id)).is_ok(), "{id}");
                assert_eq!(plan.equipment.hosts, ["port-1"]);
                let declared = plan.parts.iter().find(|part| part.part_id.as_str() == EXAMPLE_OS_PART).unwrap();
                assert_eq!(
                    (&declared.supplier_id, declared.name.as_str()),
                    (&record.supplier_id, format!("{id} Linux").as_str())
                );
            }
        }
    }

    #[test]
    fn an_unknown_distribution_is_not_guessed_from_what_it_is_like() {
        for os in [None, Some(os(Some("elsewhere"))), Some(os(None))] {
            let (plan, suppliers) = example("port-1", os.as_ref());
            let parts: Vec<&str> = plan.parts.iter().map(|part| part.part_id.as_str()).collect();
            assert_eq!(parts, ["tos-application"]);
            let suppliers: Vec<&str> = suppliers.iter().map(|supplier| supplier.supplier_id.as_str()).collect();
            assert_eq!(suppliers, [APPLICATION_SUPPLIER]);
            assert!(!serde_json::to_string(&plan).unwrap().contains("EXAMPLE-"));
        }
    }

    #[test]
    fn no_two_suppliers_claim_one_mark_and_no_hardware_is_declared() {
        let mut marks = BTreeSet::new();
        for record in template_suppliers() {
            let recognise = &record.recognise;
            let sorts = [
                &recognise.package_origins,
                &recognise.maintainer_domains,
                &recognise.vendor_strings,
                &recognise.os_ids,
            ];
            for (sort, words) in sorts.into_iter().enumerate() {
                for word in words {
                    assert!(marks.insert((sort, word.to_ascii_lowercase())), "{word} is claimed twice");
                }
            }
        }
        use daicho_schemas::fact::declaration::Category;
        assert!(template_plan().parts.iter().all(|part| part.category != Category::ServerHardware));
    }
}
