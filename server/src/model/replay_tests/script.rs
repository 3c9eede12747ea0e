//! What can happen to a ledger: one scripted ledger with every kind of turn, and steps that a number chooses.
//! It does not check anything. Invariant: the same number makes the same step of the same ledger.

mod guarded;
mod languages;
mod ways;

use crate::ledger::entry::Author;
use crate::model::testing::{
    Script, change, changed_file, interface, operating_system, package, plan, program, program_elsewhere, supplier,
    tool,
};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::{Hearing, Notices};
use daicho_schemas::fact::duty::{DUTY_STATES, DutyAssigned, DutyDate, DutyDated, DutyOwner};
use daicho_schemas::fact::observation::{
    Ecosystem, InterfaceKind, Observation, OriginMatch, PackageOrigin, ProgramPlace, RemoteTool, RemoteToolClass,
};
use daicho_schemas::fact::ticket::TICKET_STATES;
use daicho_schemas::ids::PersonId;
use daicho_schemas::time::CalendarDate;
use serde_json::json;

pub(super) fn origin(name: &str, origin: &str, matched: OriginMatch) -> Observation {
    Observation::PackageOrigin(PackageOrigin {
        ecosystem: Ecosystem::Deb,
        name: name.into(),
        architecture: "amd64".into(),
        origin: origin.into(),
        suite: None,
        matched,
    })
}

pub(super) fn told(script: &mut Script) {
    let notices = script.model.pending_notices();
    script.push(Author::Server, Fact::Notices(Notices { notices }));
}

/// A ledger with every kind of turn that the model knows.
pub(super) fn eventful() -> Script {
    let mut script = Script::with_agent("tos-1");
    script.os("debian");
    script.dpkg(Outcome::Complete, &[package("bash", "5.2", "debian.org"), package("tool", "1", "vendor.example")]);
    script.supplier(supplier("debian"));
    script.plan(plan("plan-1", "tos").host("tos-1").host("tos-2").part("os", "operating_system", "debian").draft());
    told(&mut script);
    script.plan(plan("plan-1", "tos").host("tos-1").host("tos-2").part("os", "operating_system", "debian"));
    script.report("apt_index", Outcome::Complete, vec![origin("bash", "debian", OriginMatch::Version)]);
    script.interfaces(
        Outcome::Complete,
        &[interface("wg0", InterfaceKind::Wireguard), interface("eth0", InterfaceKind::Ethernet)],
    );
    script.tools(Outcome::Complete, &some_tools(11));
    script.supplier(supplier("vendor"));
    let first = script.agent.clone();
    script.enrol("tos-2");
    script.report("operating_system", Outcome::Complete, vec![operating_system("debian", Some("tos-2"))]);
    script.dpkg(Outcome::Partial, &[package("bash", "5.2", "debian.org"), package("late", "3", "vendor.example")]);
    told(&mut script);
    script.agent = first;
    script.delta("dpkg", vec![package("tool", "2", "vendor.example").observation()], &["deb:bash:amd64"]);
    script.report("apt_index", Outcome::NotApplicable, vec![]);
    script.hearing(Hearing::Silent);
    script.dpkg(Outcome::Failed, &[]);
    script.revoke();
    script.enrol("tos-1");
    script.os_named("debian", "tos-1");
    script.dpkg(Outcome::Complete, &[package("bash", "5.3", "debian.org")]);
    script.plan(plan("plan-2", "tos").host("tos-1").remote_path("tos-1", "wg0").entrustment());
    script.report("apt_index", Outcome::Complete, vec![origin("bash", "Elsewhere", OriginMatch::NameAndMaintainer)]);
    script.plan(
        plan("plan-1", "tos")
            .host("tos-2")
            .part("os", "operating_system", "debian")
            .dates(json!({"submitted_on": "2026-11-20"})),
    );
    decides(&mut script, 3, "vendor");
    script.decide("d8", json!({ "vendor": "Team <team@vendor.example>" }), json!({ "supplier_id": "vendor" }));
    script.decide("d9", json!({ "name": "late" }), json!({ "part_of_equipment": false, "replaces": "d8" }));
    script.withdraw("d9");
    told(&mut script);
    for n in [0, 16, 32, 49, 51, 54] {
        person_acts(&mut script, n);
    }
    for n in [1, 3, 5, 7, 26, 4] {
        person_decides(&mut script, n);
    }
    // A host whose agent is replaced twice; the last one never tells its name.
    script.agent = "agent-2".to_string().try_into().unwrap();
    script.revoke();
    script.enrol("tos-2");
    script.dpkg(Outcome::Complete, &[package("new", "1", "vendor.example")]);
    script.revoke();
    script.enrol("TOS-2");
    script.dpkg(Outcome::Failed, &[]);
    told(&mut script);
    for (choice, n) in [(14, 0), (13, 4), (15, 9), (16, 2), (14, 1), (16, 1), (14, 6), (16, 2)] {
        planned(&mut script, choice, n);
        script.dpkg(Outcome::Complete, &[package("a", "1", "vendor.example"), package("c-2", "1", "other.example")]);
    }
    told(&mut script);
    for n in (0..120).step_by(7) {
        ways::happens(&mut script, n);
    }
    for n in (0..360).step_by(7) {
        ways::networks(&mut script, n);
    }
    told(&mut script);
    script
}

/// A person does something about the first duty, possible or not: the fold takes what the ledger holds.
pub(super) fn person_acts(script: &mut Script, n: usize) {
    let aoi = Author::Person(PersonId::new("aoi").unwrap());
    let to = DUTY_STATES[n % DUTY_STATES.len()];
    let duty_id = script.model.duties().remove(0).duty_id;
    let day = "2026-11-21".parse::<CalendarDate>().unwrap().plus_days((n / 8 % 40) as i64);
    let on = Some(day);
    let note = String::new();
    match n / 16 % 4 {
        0 => {
            let owner = Some(DutyOwner::Name("法務部".into()));
            script.push(aoi, Fact::DutyAssigned(DutyAssigned { duty_id, owner, target_on: on, note }));
        }
        1 => script.push(aoi, Fact::DutyDated(DutyDated { duty_id, date: DutyDate::RecommendedOn, on, note })),
        2 => {
            let due = script.model.next_reminders(day, 100);
            script.push(Author::Server, Fact::Reminders(due));
        }
        _ => script.move_duty(&aoi, to, "2026-11-22"),
    }
}

/// A decision of any closeness; some ids come twice, and some decisions replace others.
fn decides(script: &mut Script, n: usize, word: &str) {
    let maintainer = format!("Team <team@{word}.example>");
    let components = [
        json!({ "vendor": maintainer }),
        json!({ "name": NAMES[n % 4] }),
        json!({ "vendor": word.to_uppercase() }),
        json!({ "name": NAMES[n % 4], "versions": "1*" }),
        json!({ "sort": "os", "vendor": word, "name": format!("{word} system") }),
    ];
    let said = [
        json!({ "supplier_id": "vendor" }),
        json!({ "supplier_id": "other", "category": "middleware" }),
        json!({ "part_of_equipment": false }),
        json!({ "category": "application", "valid_from": "2026-11-01", "replaces": format!("d{}", n / 3 % 6) }),
    ];
    script.decide(&format!("d{}", n % 6), components[n % 5].clone(), said[n / 5 % 4].clone());
}

/// A person decides about a computer or answers an item, possible or not.
fn person_decides(script: &mut Script, n: usize) {
    let aoi = Author::Person(PersonId::new("aoi").unwrap());
    if n % 4 == 3 {
        let answered = json!({ "about": { "equipment": "tos" }, "list_id": "water-standard", "item_id": "water-locked",
            "answer": (["yes", "no"][n / 4 % 2]), "on": "2026-11-21" });
        return script.push(aoi, Fact::CheckAnswered(serde_json::from_value(answered).unwrap()));
    }
    if n % 8 == 6 {
        let pack = json!({ "format": "daicho.firmware_pack.v1", "pack_id": (["a", "b"][n / 8 % 2]), "source": "test",
            "as_of": (["2026-11-19", "2026-11-20"][n / 16 % 2]), "confidence": "stated",
            "advisories": [{ "id": "CVE-2099-0001", "vendor": "Fortinet", "product": "fortios", "fixed": ["7.4.3"] }] });
        return script.push(aoi, Fact::FirmwareKnowledge(serde_json::from_value(pack).unwrap()));
    }
    let word = ["debian", "vendor", "other"][n / 4 % 3];
    let judged = json!({
        "equipment_id": (["tos", "gate"][n / 12 % 2]), "computers": [{ "name": (["tos-1", "TOS-2"][n / 2 % 2]) }],
        "in_scope": !n.is_multiple_of(4), "scope_id": "router", "reason": "test",
        "products": [{ "unit_id": "installed-software", "product": "part app", "maker": format!("{word}（供給者）"),
            "introduced_on": "2026-11-01", "filed_in": "plan-2", "seen_as": format!("{word} system") }],
        "changed_on": (n / 24 % 2 == 1).then_some("2026-11-20"),
    });
    script.push(aoi, Fact::ComputerJudged(serde_json::from_value(judged).unwrap()));
}

/// Names of packages; two of them begin alike for longer than a table of keys looks at first.
const NAMES: [&str; 4] = ["a", "b", "c-package-with-a-long-name-a", "c-package-with-a-long-name-b"];

/// One of the things that can happen next; the number chooses which, so that proptest can shrink a ledger.
pub(super) fn happens(script: &mut Script, step: u16) {
    let agents = ["agent-1", "agent-2", "agent-3"];
    let (choice, n) = (step % 35, usize::from(step / 35));
    let word = ["debian", "vendor", "other"][n % 3];
    let domain = format!("{word}.example");
    let packages: Vec<_> = (0..n % 4).map(|i| package(NAMES[i], ["1", "2"][n / 4 % 2], &domain)).collect();
    let outcome = [Outcome::Complete, Outcome::Partial, Outcome::Failed, Outcome::NotApplicable][n / 8 % 4];
    match choice {
        0 if script.model.agents().count() < 3 => script.enrol(["tos-1", "tos-2", "TOS-1"][n % 3]),
        1 => script.revoke(),
        2 => script.supplier(supplier(word)),
        3 => script.plan(plan("plan-1", "tos").host("tos-1").host("tos-2").part("os", "operating_system", word)),
        4 => script.plan(plan("plan-2", ["tos", "gate"][n % 2]).host("tos-2").part_covering(
            "app",
            "middleware",
            word,
            &["a*", "c"],
        )),
        5 => script.os(word),
        6 => script.os_named(word, ["tos-1", "tos-2", "elsewhere"][n / 3 % 3]),
        7 => script.report("apt_index", outcome, vec![origin("a", word, OriginMatch::Version)]),
        8 => script.interfaces(
            outcome,
            &[interface(
                ["wg0", "eth0"][n % 2],
                [InterfaceKind::Wireguard, InterfaceKind::Ethernet][n / 2 % 2].clone(),
            )],
        ),
        9 => script.plan(plan("plan-1", "tos").host("tos-1").remote_path("tos-1", "wg0").draft()),
        10 => told(script),
        11 => {
            let put = packages.iter().map(|package| package.observation()).collect();
            let gone = format!("deb:{}:amd64", NAMES[n / 16 % 4]);
            script.delta("dpkg", put, &[gone.as_str()][..usize::from(n % 3 > 0)]);
        }
        17 => decides(script, n, word),
        18 => script.withdraw(&format!("d{}", n % 6)),
        12 if script.model.duties_total() > 0 => person_acts(script, n),
        13..=16 => planned(script, choice, n),
        19 => person_decides(script, n),
        20..=25 => ways::happens(script, usize::from(choice - 20) + 6 * n),
        26 => script.tools(outcome, &some_tools(n)),
        27 => software_said(script, n),
        28..=31 => ways::networks(script, usize::from(choice - 28) + 4 * n),
        32 => script.programs(outcome, some_programs(n)),
        33 => guarded::happens(script, n, outcome),
        _ if n % 3 == 1 => languages::happens(script, n / 3, outcome),
        _ => script.dpkg(outcome, &packages),
    }
    if n % 5 == 0 {
        script.agent = agents[n % script.model.agents().count()].to_string().try_into().unwrap();
    }
}

/// Tools that lie there, wait or run; one of no class that lets anybody in.
fn some_tools(n: usize) -> Vec<RemoteTool> {
    let evidence = [["package anydesk"], ["process anydesk"], ["enabled anydesk.service"]][n / 2 % 3];
    let all = [
        tool("anydesk", RemoteToolClass::RemoteControl, &evidence),
        tool("openvpn", RemoteToolClass::Vpn, &["process openvpn"]),
        tool("openssh-server", RemoteToolClass::RemoteLogin, &["process sshd"]),
    ];
    all.into_iter().take(n % 4).collect()
}

/// Programs of no package, of an unknown one and of a container, and a file that differs from its package's.
fn some_programs(n: usize) -> Vec<Observation> {
    let all = [
        program("/opt/x/run", ["ab", "cd"][n / 2 % 2]),
        changed_file(["/usr/sbin/sshd", "/opt/x/run.service"][n / 4 % 2]),
        program_elsewhere("/usr/bin/app", [ProgramPlace::Host, ProgramPlace::OtherRoot][n / 8 % 2]),
    ];
    all.into_iter().take(n % 4).collect()
}

/// A person or a plan speaks of software by which somebody comes in.
fn software_said(script: &mut Script, n: usize) {
    let (host, name) = (["tos-1", "tos-2"][n / 3 % 2], ["AnyDesk", "openvpn", "other"][n / 6 % 3]);
    match n % 3 {
        0 => script.plan(plan("plan-2", "tos").host("tos-2").software(host, name).entrustment()),
        1 => script.software_path("path-1", (host, name), json!({})),
        _ => script.software_path("path-1", (host, name), json!({ "removed_on": "2026-11-21" })),
    }
}

/// Something about a planned change happens, or a plan is accepted so that its prohibition period runs.
pub(super) fn planned(script: &mut Script, choice: u16, n: usize) {
    let word = ["debian", "vendor", "other"][n % 3];
    let id = ["chg-1", "chg-2"][n / 3 % 2];
    let known = script.model.ticket(&id.to_string().try_into().unwrap()).is_some();
    match choice {
        13 => {
            let accepted = plan("plan-1", "tos").host("tos-1").part("os", "operating_system", word);
            let on = ["2026-10-21", "2026-11-20", "2026-11-22"][n / 3 % 3];
            script.plan(accepted.dates(json!({ "submitted_on": "2026-10-01", "accepted_on": on })));
        }
        14 | 15 if known && n.is_multiple_of(2) => script.move_ticket(id, TICKET_STATES[n / 6 % 3]),
        14 | 15 => {
            let host = ["tos-1", "tos-2", "elsewhere"][n / 2 % 3];
            let version = [json!(null), json!("1")][n / 7 % 2].clone();
            let expected = json!([
                { "sight": "component_appears", "hosts": [host], "name": "a", "version": version, "supplier_id": word },
                { "sight": "component_appears", "hosts": ["tos-1", "tos-2"], "name": "c-*" },
                { "sight": "component_goes", "hosts": [host], "name": "b" },
                { "sight": "interface_appears", "hosts": ["tos-1"], "name": "wg0" },
                { "sight": "host_appears", "hosts": [host] },
            ]);
            let days = [("2026-11-21", "2026-11-23"), ("2026-11-22", "2026-11-22"), ("2026-11-24", "2026-12-24")];
            script.ticket(change(id, "tos", days[n / 5 % 3], expected));
        }
        _ => {
            script.later(n % 3);
            script.windows_ended();
        }
    }
}
