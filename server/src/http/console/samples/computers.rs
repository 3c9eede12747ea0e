//! Computers of the regime, decided and undecided, and answers to a check list, from a scripted ledger: a fictitious terminal with a gateway of its own.
//! It does not know pages. Invariant: one of each sort: undecided, in scope with duty, changed since, out of scope, in no plan.

use crate::model::Model;
use crate::model::testing::{Script, interface, plan, supplier};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::observation::InterfaceKind;
use serde_json::{Value, json};

/// The ledger as it stands.
pub(in crate::http::console) fn computers_model() -> Model {
    let mut script = Script::with_agent("tos-app-01");
    script.supplier(supplier("debian"));
    let hosts = ["tos-app-01", "tos-db-01", "tos-web-01", "tos-rep-01"];
    let declared =
        plan("plan-1", "tos").part("os", "operating_system", "debian").part("suite", "application", "debian");
    script.plan(hosts.iter().fold(declared, |plan, host| plan.host(host)));
    script.os_named("debian", "tos-app-01");
    for host in ["tos-db-01", "vpn-01"] {
        script.enrol(host);
        script.os_named("debian", host);
    }
    script.interfaces(Outcome::Complete, &[interface("wg0", InterfaceKind::Wireguard)]);
    let aoi = script.person("aoi", Role::Compliance);
    let suite = json!({ "unit_id": "installed-software", "product": "Example Terminal Suite", "maker": "例示ソフト株式会社",
        "introduced_on": "2026-10-20", "seen_as": "older system" });
    let windows = json!({ "unit_id": "installed-software", "product": "Windows Server 2022", "maker": "Microsoft Corporation",
        "introduced_on": "2020-04-01", "exempt_by": "windows" });
    let mut decide = |name: &str, scope: Value, products: Vec<Value>| {
        let judged = json!({ "equipment_id": "tos", "computers": [{ "name": name }], "in_scope": !scope.is_null(),
            "scope_id": scope, "reason": "閉域の <b>帳票</b> 専用機で、設備にはつながっていない", "products": products });
        script.push(aoi.clone(), Fact::ComputerJudged(serde_json::from_value(judged).unwrap()));
    };
    decide("tos-app-01", json!("equipment-itself"), vec![suite, windows]);
    decide("tos-rep-01", Value::Null, Vec::new());
    let gateway = json!({ "unit_id": "appliance", "product": "Example Gateway 100" });
    decide("保守用VPN装置", json!("internet-address"), vec![gateway]);
    let mut answer = |item: &str, answer: &str, more: Value| {
        let mut all = json!({ "about": { "equipment": "tos" }, "list_id": "water-standard", "item_id": item, "answer": answer,
            "on": "2026-11-01", "note": "サーバー室は <b>施錠</b>、入室は名簿で管理" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        script.push(aoi.clone(), Fact::CheckAnswered(serde_json::from_value(all).unwrap()));
    };
    answer("water-authentication", "yes", json!({ "valid_through": "2026-11-20", "evidence": ["規程 第3条"] }));
    answer("water-antivirus", "no", json!({ "target_on": "2027-03-31" }));
    answer(
        "water-locked",
        "yes",
        json!({ "evidence": ["入退室記録 2026-10", "施設台帳"], "valid_through": "2027-10-31" }),
    );
    script.model
}
