//! Golden vectors and JSON Schemas: one sample per kind with its hash, one schema per file format and kind.
//! Runs in tests only. `DAICHO_GOLDEN=write` makes what is missing and rewrites schemas; it never changes a released sample.
//! Invariant: what was hashed once hashes the same for ever.

use crate::batch::{BATCH_FORMAT, Batch, Body, CollectorReport, Lost, Outcome, item_hash, state_digest};
use crate::canonical::{Hash, canonical_bytes, content_hash};
use crate::fact::component::*;
use crate::fact::decision::*;
use crate::fact::declaration::*;
use crate::fact::duty::*;
use crate::fact::observation::*;
use crate::fact::supplier::*;
use crate::fact::ticket::*;
use crate::fact::{Fact, KINDS};
use crate::ids::*;
use crate::inventory::{INVENTORY_FORMAT, Inventory, InventoryPart};
use crate::sign::{SignedBatch, SignedBatchShape, agent_id};
use crate::text::Text;
use crate::time::{CalendarDate, UtcMicros};
use crate::trouble::{Trouble, TroubleKind};
use ed25519_dalek::SigningKey;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

mod circuit;
mod component;
mod computer;
mod device;
mod duty;
mod firmware;
mod guarded;
mod inventory_told;
mod language;
mod machine;
mod network_table;
mod programs;
mod remote_paths;
mod ticket;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn writing() -> bool {
    std::env::var_os("DAICHO_GOLDEN").is_some()
}

fn instant(text: &str) -> UtcMicros {
    text.parse().unwrap()
}

fn day(text: &str) -> CalendarDate {
    text.parse().unwrap()
}

fn observations() -> Vec<Observation> {
    vec![
        Observation::OperatingSystem(OperatingSystem {
            hostname: Some("tos-db-1".into()),
            family: "linux".into(),
            os_id: Some("debian".into()),
            name: Some("Debian GNU/Linux".into()),
            version_id: Some("12".into()),
            version: Some("12.5".into()),
            codename: Some("bookworm".into()),
            kernel_release: Some("6.1.0-18-amd64".into()),
            architecture: Some("x86_64".into()),
            ..OperatingSystem::default()
        }),
        Observation::Hardware(Hardware {
            maker: Some("Example Computer K.K.".into()),
            model: Some("Example 1000".into()),
            serial: Some("To Be Filled By O.E.M.".into()),
            serial_is_placeholder: true,
            ..Hardware::new(HardwarePart::System, "0", "/sys/class/dmi/id")
        }),
        Observation::Package(Package {
            ecosystem: Ecosystem::Deb,
            name: "libexample1".into(),
            version: "1:2.3-4+deb12u1".into(),
            architecture: Some("amd64".into()),
            state: PackageState::Installed,
            source: Some("example".into()),
            maintainer: Some("Example Maintainers <example@lists.example.org>".into()),
            vendor: None,
            multi_arch: Some("same".into()),
            provenance: Default::default(),
        }),
        Observation::PackageOrigin(PackageOrigin {
            ecosystem: Ecosystem::Deb,
            name: "libexample1".into(),
            architecture: "amd64".into(),
            origin: "Debian".into(),
            suite: Some("stable".into()),
            matched: OriginMatch::Version,
        }),
        Observation::NetworkInterface(NetworkInterface {
            name: "wg0".into(),
            interface_kind: InterfaceKind::Wireguard,
            mac: None,
            driver: None,
            member_of: None,
            stands_on: Vec::new(),
        }),
        machine::listening_socket(),
        device::observation(),
        device::probed(),
    ]
    .into_iter()
    .chain(remote_paths::observations())
    .chain(guarded::observations())
    .chain(machine::observations())
    .chain(programs::observations())
    .chain(language::observations())
    .chain(inventory_told::observations())
    .collect()
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

fn batch() -> Batch {
    let collector = CollectorId::new("dpkg").unwrap();
    let items: Vec<Observation> = observations().into_iter().filter(|o| o.kind() == "package.v1").collect();
    let state: BTreeMap<_, _> = items.iter().map(|item| (item.key(), item_hash(item).unwrap())).collect();
    let digest = state_digest(&collector, &state);
    Batch {
        format: BATCH_FORMAT.into(),
        agent_id: agent_id(&key().verifying_key().to_bytes()),
        number: 7,
        started_at: instant("2026-11-21T03:00:00.000000Z"),
        finished_at: instant("2026-11-21T03:00:01.250000Z"),
        reports: vec![CollectorReport {
            collector,
            outcome: Outcome::Partial,
            sources: vec!["/var/lib/dpkg/status".into()],
            troubles: vec![Trouble::new(TroubleKind::Malformed, "/var/lib/dpkg/status:120", "no Version field")],
            body: Body::Full { items },
            digest,
        }],
        lost: Some(Lost { first_number: 4, last_number: 6, reason: "spool full".into() }),
    }
}

fn plan() -> Plan {
    Plan {
        format: PLAN_FORMAT.into(),
        plan_id: PlanId::new("plan-tos-1").unwrap(),
        plan_kind: PlanKind::Installation,
        regime: "jp-espa".into(),
        operator: Operator {
            name: Text::new("例示港運株式会社", "Reiji Port Terminal Co., Ltd. (example)"),
            business: "一般港湾運送".into(),
            designated_on: None,
        },
        equipment: Equipment {
            equipment_id: EquipmentId::new("tos").unwrap(),
            equipment_type: "ターミナルオペレーションシステム".into(),
            name: Text::new("TOS", "TOS"),
            function: "荷役の計画".into(),
            place: "東京都".into(),
            hosts: vec!["tos-db-1".into()],
        },
        dates: PlanDates {
            submitted_on: Some(day("2026-01-05")),
            accepted_on: Some(day("2026-01-08")),
            introduced_on: Some(day("2026-03-01")),
            ..PlanDates::default()
        },
        parts: vec![DeclaredPart {
            part_id: PartId::new("os").unwrap(),
            category: Category::OperatingSystem,
            category_as_filed: "ソフトウェア".into(),
            name: "Debian GNU/Linux".into(),
            function: "OS".into(),
            supplier_id: SupplierId::new("debian").unwrap(),
            manufacturing_country: None,
            covers: vec!["Debian*".into()],
        }],
        remote_paths: vec![DeclaredRemotePath {
            remote_path_id: RemotePathId::new("maintenance").unwrap(),
            host: "tos-db-1".into(),
            interface: "wg0".into(),
            device: None,
            software: String::new(),
            purpose: "保守".into(),
            supplier_id: SupplierId::new("debian").unwrap(),
        }],
        contractors: Vec::new(),
        contractor_tiers: Vec::new(),
        filing: Box::default(),
    }
}

fn supplier() -> SupplierRecord {
    SupplierRecord {
        supplier_id: SupplierId::new("debian").unwrap(),
        name: Text::new("Debian プロジェクト", "Debian Project"),
        aliases: vec!["Debian".into()],
        corporate_number: Some("8700110005901".to_string().try_into().unwrap()),
        country_of_law: Some("US".to_string().try_into().unwrap()),
        address_country: None,
        recognise: Recognise {
            package_origins: vec!["Debian".into()],
            maintainer_domains: vec!["debian.org".into()],
            vendor_strings: Vec::new(),
            os_ids: vec!["debian".into()],
        },
        items: Box::default(),
        source: "sample".into(),
        as_of: day("2026-01-01"),
    }
}

fn facts() -> Vec<Fact> {
    let agent = agent_id(&key().verifying_key().to_bytes());
    let token = TokenId::new("t1").unwrap();
    let hash = Hash::of("sample", &[]);
    let raw = String::from_utf8(canonical_bytes(&batch()).unwrap()).unwrap();
    let facts = vec![
        Fact::LedgerOpened(LedgerOpened { ledger_id: "00".repeat(16) }),
        Fact::AccessGranted(AccessGranted {
            person_id: PersonId::new("admin").unwrap(),
            roles: vec![Role::Admin],
            token_hash: hash,
        }),
        Fact::TokenIssued(TokenIssued {
            token_id: token.clone(),
            secret_hash: hash,
            expires_at: instant("2026-11-22T00:00:00.000000Z"),
        }),
        Fact::AgentEnrolled(AgentEnrolled {
            agent_id: agent.clone(),
            public_key: "sample".into(),
            token_id: token,
            hostname: "tos-db-1".into(),
        }),
        Fact::AgentRevoked(AgentRevoked { agent_id: agent.clone(), reason: "retired".into() }),
        Fact::Supplier(supplier()),
        Fact::PersonalDataErased(PersonalDataErased {
            supplier_id: SupplierId::new("debian").unwrap(),
            key_ids: vec!["0123456789abcdef0123456789abcdef".into()],
            reason: "the officers asked for it".into(),
        }),
        Fact::Plan(plan()),
        component::decided(),
        component::withdrawn(),
        Fact::Batch(SignedBatch::sign(serde_json::value::RawValue::from_string(raw).unwrap(), &key())),
        Fact::CoverageChanged(CoverageChanged {
            agent_id: agent,
            hearing: Hearing::Silent,
            last_heard_at: instant("2026-11-21T03:00:00.000000Z"),
        }),
        Fact::Notices(Notices {
            notices: vec![Notice {
                finding_id: FindingId::new("finding-1").unwrap(),
                rule_id: RuleId::new("undeclared_component").unwrap(),
                transition: Transition::Opened,
                opening: 1,
                caused_by_seq: 7,
                title: Text::new("届出のない構成要素", "An undeclared component"),
                duty_ids: vec![DutyId::new("duty-1").unwrap()],
            }],
        }),
        Fact::FaultReported(FaultReported { what: Text::same("x"), done: Text::same("y") }),
    ];
    let more = [
        [duty::facts(), computer::facts(), ticket::facts(), device::facts()],
        [firmware::facts(), network_table::facts(), circuit::facts(), inventory_told::facts()],
    ];
    facts.into_iter().chain(more.into_iter().flatten().flatten()).collect()
}

/// Compares with what is kept; writes it where it is missing and writing is asked for.
fn keep(path: &Path, made: &str, rewrite: bool) {
    if writing() && (rewrite || !path.exists()) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(kept, made, "{} differs; see the recipe in schemas/src/lib.rs", path.display());
}

fn keep_golden<T: Serialize>(kind: &str, value: &T) {
    let bytes = String::from_utf8(canonical_bytes(value).unwrap()).unwrap();
    keep(&folder("golden").join(format!("{kind}.json")), &bytes, false);
    let hash = content_hash("daicho.golden.v1", value).unwrap();
    keep(&folder("golden").join(format!("{kind}.hash")), &format!("{hash}\n"), false);
}

/// Every kind of observation and of fact has a sample, and its bytes and hash are the ones that were kept.
#[test]
fn golden_vectors_hold() {
    let observations = observations();
    let kinds: Vec<&str> = observations.iter().map(Observation::kind).collect();
    assert_eq!(kinds, OBSERVATION_KINDS);
    for observation in &observations {
        keep_golden(observation.kind(), observation);
    }
    let facts = facts();
    let kinds: Vec<&str> = facts.iter().map(Fact::kind).collect();
    assert_eq!(kinds, KINDS);
    for fact in &facts {
        let raw = fact.to_raw().unwrap();
        let value: serde_json::Value = serde_json::from_str(raw.get()).unwrap();
        keep_golden(fact.kind(), &value);
        let again = Fact::parse(fact.kind(), raw.get()).unwrap();
        assert_eq!(again.to_raw().unwrap().get(), raw.get(), "{} does not survive reading", fact.kind());
    }
}

/// The signature in the golden batch fits, so that the golden bytes are the signed ones.
#[test]
fn the_golden_batch_is_signed() {
    let text = std::fs::read_to_string(folder("golden").join("batch.v1.json")).unwrap();
    let signed: SignedBatch = serde_json::from_str(&text).unwrap();
    assert_eq!(signed.verify().unwrap(), agent_id(&key().verifying_key().to_bytes()));
}

/// The same with every object's keys in order: how a library keeps them depends on what else is built with it.
fn sorted(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(fields) => {
            let fields: BTreeMap<String, serde_json::Value> = fields.into_iter().collect();
            serde_json::Value::Object(fields.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        serde_json::Value::Array(items) => serde_json::Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// The JSON Schemas that are shipped are the ones that the code means.
#[test]
fn json_schemas_are_current() {
    use schemars::schema_for;
    let schemas = [
        ("signed_batch.v1", schema_for!(SignedBatchShape)),
        ("inventory.v1", schema_for!(Inventory)),
        ("plan.v1", schema_for!(Plan)),
        ("alerts.v1", schema_for!(crate::alerts::AlertsFile)),
        ("suppliers.v1", schema_for!(SuppliersFile)),
        ("change.v1", schema_for!(crate::planned::PlannedChange)),
        ("ledger_opened.v1", schema_for!(LedgerOpened)),
        ("access_granted.v1", schema_for!(AccessGranted)),
        ("token_issued.v1", schema_for!(TokenIssued)),
        ("agent_enrolled.v1", schema_for!(AgentEnrolled)),
        ("agent_revoked.v1", schema_for!(AgentRevoked)),
        ("personal_data_erased.v1", schema_for!(PersonalDataErased)),
        ("coverage_changed.v1", schema_for!(CoverageChanged)),
        ("notices.v1", schema_for!(Notices)),
        ("fault_reported.v1", schema_for!(FaultReported)),
        ("component_decided.v1", schema_for!(ComponentDecided)),
        ("component_decision_withdrawn.v1", schema_for!(ComponentDecisionWithdrawn)),
        ("duty_moved.v1", schema_for!(DutyMoved)),
        ("duty_assigned.v1", schema_for!(DutyAssigned)),
        ("duty_dated.v1", schema_for!(DutyDated)),
        ("calendar_shared.v1", schema_for!(CalendarShared)),
        ("reminders.v1", schema_for!(Reminders)),
        ("computer_judged.v1", schema_for!(crate::fact::computer::ComputerJudged)),
        ("check_answered.v1", schema_for!(crate::fact::check_answer::CheckAnswered)),
        ("planned_change.v1", schema_for!(TicketStated)),
        ("planned_change_moved.v1", schema_for!(TicketMoved)),
        ("planned_change_windows_ended.v1", schema_for!(WindowsEnded)),
        ("device_read.v1", schema_for!(crate::fact::device_read::DeviceRead)),
        ("remote_path.v1", schema_for!(crate::fact::remote_path::RemotePathRecorded)),
        ("remote_maintenance_answered.v1", schema_for!(crate::fact::remote_path::RemoteMaintenanceAnswered)),
        ("remote_days_ended.v1", schema_for!(crate::fact::remote_path::RemoteDaysEnded)),
        ("network_table_read.v1", schema_for!(crate::fact::network_table::NetworkTableRead)),
        ("inventory_told.v1", schema_for!(crate::fact::inventory_told::InventoryTold)),
        ("neighbour_named.v1", schema_for!(crate::fact::network_table::NeighbourNamed)),
        ("circuit_ledger_read.v1", schema_for!(crate::fact::circuit::CircuitLedgerRead)),
        ("circuit_settled.v1", schema_for!(crate::fact::circuit::CircuitSettled)),
        ("firmware_pack.v1", schema_for!(crate::fact::firmware::FirmwarePack)),
        ("enroll_request.v1", schema_for!(crate::wire::EnrollRequest)),
        ("certificate.v1", schema_for!(crate::wire::Certificate)),
        ("batch_answer.v1", schema_for!(crate::wire::BatchAnswer)),
        ("check_in.v1", schema_for!(crate::wire::CheckIn)),
        ("check_in_answer.v1", schema_for!(crate::wire::CheckInAnswer)),
        ("refusal.v1", schema_for!(crate::refusal::Refusal)),
        ("regime_sectors.v1", schema_for!(crate::regime::sectors::SectorsFile)),
        ("regime_forms.v1", schema_for!(crate::regime::forms::FormsFile)),
        ("regime_clocks.v1", schema_for!(crate::regime::clocks::ClocksFile)),
        ("regime_check_lists.v1", schema_for!(crate::regime::check_lists::CheckListsFile)),
        ("regime_computers.v1", schema_for!(crate::regime::computers::ComputersFile)),
        ("regime_template.v1", schema_for!(crate::regime::templates::TemplateFile)),
    ];
    for (name, schema) in schemas {
        let sorted = sorted(serde_json::to_value(&schema).unwrap());
        let text = serde_json::to_string_pretty(&sorted).unwrap() + "\n";
        keep(&folder("json").join(format!("{name}.schema.json")), &text, true);
    }
}

/// Unknown fields are refused by name, so that a typing error in a plan is found and not ignored.
#[test]
fn unknown_fields_are_refused() {
    let mut value = serde_json::to_value(plan()).unwrap();
    value["equipment"]["hostz"] = serde_json::json!([]);
    let error = serde_json::from_value::<Plan>(value).unwrap_err().to_string();
    assert!(error.contains("hostz"), "{error}");
    let inventory = Inventory {
        format: INVENTORY_FORMAT.into(),
        collectors: vec![InventoryPart {
            collector: CollectorId::new("dpkg").unwrap(),
            outcome: Outcome::Complete,
            sources: Vec::new(),
            troubles: Vec::new(),
            items: observations(),
        }],
    };
    let text = serde_json::to_string(&inventory).unwrap();
    assert_eq!(serde_json::from_str::<Inventory>(&text).unwrap(), inventory);
    let extra = text.replacen("\"kind\":\"package.v1\"", "\"kind\":\"package.v1\",\"colour\":1", 1);
    assert!(serde_json::from_str::<Inventory>(&extra).is_err());
}

/// What a report does to what is agreed and to what stands: the rules that agent and server share.
mod reports {
    use super::*;
    use crate::batch::{Applied, Items, apply_report, standing};

    fn collector() -> CollectorId {
        CollectorId::new("dpkg").unwrap()
    }

    fn known() -> Items {
        observations().iter().take(2).map(|item| (item.key(), item_hash(item).unwrap())).collect()
    }

    /// What is agreed and what stands after a report, by keys, when both were `known()` before.
    fn after(outcome: Outcome, body: Body) -> (Vec<String>, Vec<String>) {
        let digest = Hash::ZERO;
        let report = CollectorReport {
            collector: collector(),
            outcome,
            sources: Vec::new(),
            troubles: Vec::new(),
            body,
            digest,
        };
        match apply_report(&known(), &report).unwrap() {
            Applied::State(agreed) => {
                let standing = standing(&known(), &agreed, outcome).into_keys().collect();
                (agreed.into_keys().collect(), standing)
            }
            Applied::OtherBase => (vec!["other base".into()], Vec::new()),
        }
    }

    fn one() -> Vec<Observation> {
        vec![observations().remove(4)]
    }

    fn keys(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| word.to_string()).collect()
    }

    #[test]
    fn a_complete_full_report_replaces_everything() {
        let full = Body::Full { items: one() };
        assert_eq!(after(Outcome::Complete, full), (keys(&["wg0"]), keys(&["wg0"])));
    }

    #[test]
    fn a_partial_full_report_begins_anew_and_takes_nothing_away() {
        let full = Body::Full { items: one() };
        assert_eq!(after(Outcome::Partial, full), (keys(&["wg0"]), keys(&["operating_system", "system:0", "wg0"])));
    }

    #[test]
    fn a_failed_full_report_agrees_on_nothing_and_takes_nothing_away() {
        for outcome in [Outcome::Failed, Outcome::NotApplicable] {
            let full = Body::Full { items: Vec::new() };
            assert_eq!(after(outcome, full), (Vec::new(), keys(&["operating_system", "system:0"])));
        }
    }

    #[test]
    fn only_a_complete_difference_says_that_something_is_gone() {
        let base = state_digest(&collector(), &known());
        let delta = Body::Delta { base, put: Vec::new(), gone: vec!["system:0".into()] };
        let both = keys(&["operating_system", "system:0"]);
        assert_eq!(after(Outcome::Partial, delta.clone()), (both.clone(), both));
        let rest = keys(&["operating_system"]);
        assert_eq!(after(Outcome::Complete, delta), (rest.clone(), rest));
    }

    #[test]
    fn a_difference_to_another_state_is_not_applied() {
        let delta = Body::Delta { base: Hash::ZERO, put: Vec::new(), gone: Vec::new() };
        assert_eq!(after(Outcome::Complete, delta).0, keys(&["other base"]));
    }
}
