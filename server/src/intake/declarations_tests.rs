//! Hostile and mistaken files: every refusal names the place; nothing panics, whatever the bytes.
//! It does not test what a plan means.
//! Invariant tested: a file is either read as it stands or refused with line, column and field.

use super::*;
use serde_json::{Value, json};

fn plan() -> Value {
    json!({
        "format": "daicho.plan.v1",
        "plan_id": "plan-1",
        "plan_kind": "installation",
        "regime": "jp-espa",
        "operator": { "name": { "ja": "例示港運", "en": "Example Port" }, "business": "一般港湾運送" },
        "equipment": {
            "equipment_id": "tos",
            "equipment_type": "TOS",
            "name": { "ja": "例示", "en": "Example" },
            "function": "船舶へのコンテナの積込に関する計画の作成",
            "place": "例示県",
            "hosts": ["tos-1", "tos-2"],
        },
        "dates": { "submitted_on": "2026-11-20", "accepted_on": "2026-12-01" },
        "parts": [
            { "part_id": "os", "category": "operating_system", "category_as_filed": "ソフトウェア", "name": "OS",
              "function": "基本", "supplier_id": "debian" },
        ],
    })
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).unwrap()
}

fn detail(value: &Value) -> String {
    let refusal = parse_plan(&bytes(value)).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::PlanMalformed);
    refusal.detail
}

#[test]
fn a_plan_is_read_with_and_without_a_byte_order_mark() {
    let plain = bytes(&plan());
    let marked = [b"\xef\xbb\xbf", plain.as_slice()].concat();
    assert_eq!(parse_plan(&plain).unwrap(), parse_plan(&marked).unwrap());
}

#[test]
fn a_wrong_value_is_named_by_line_column_and_field() {
    let json = "{\n  \"format\": \"daicho.plan.v1\",\n  \"plan_id\": \"bad id\"\n}";
    let refusal = parse_plan(json.as_bytes()).unwrap_err();
    assert!(
        refusal.detail.starts_with("line 3, column 14, field plan_id: 'bad id' is not a PlanId"),
        "{}",
        refusal.detail
    );
    let mut wrong = plan();
    wrong["parts"][0]["category"] = json!("opsys");
    assert!(detail(&wrong).contains("field parts[0].category: unknown variant `opsys`"), "{}", detail(&wrong));
    let mut unknown = plan();
    unknown["equipment"]["colour"] = json!("red");
    assert!(detail(&unknown).contains("field equipment.colour: unknown field"), "{}", detail(&unknown));
}

#[test]
fn what_does_not_fit_together_is_named_too() {
    let cases: [(&str, Value, &str); 13] = [
        ("/format", json!("daicho.plan.v9"), "field format: the format is 'daicho.plan.v1'"),
        ("/regime", json!("moon"), "field regime: this release knows"),
        ("/operator/name/en", json!(" "), "field operator.name.en: a name is needed in both languages"),
        (
            "/equipment/hosts",
            json!(["a", "A."]),
            "field equipment.hosts[1]: the host 'a' stands here for the second time",
        ),
        ("/equipment/hosts", json!(["."]), "field equipment.hosts[0]: a host name must not be empty"),
        (
            "/dates/accepted_on",
            json!("2026-11-19"),
            "field dates.accepted_on: 2026-11-19 is before submitted_on (2026-11-20)",
        ),
        (
            "/dates",
            json!({"accepted_on": "2026-12-01", "prohibited_through": "2027-04-01"}),
            "field dates.prohibited_through: 2027-04-01 is later than four months counted from the day of acceptance (2027-03-31)",
        ),
        ("/dates", json!({"reported_on": "2026-12-01"}), "field dates.reported_on: nothing was filed yet"),
        (
            "/dates",
            json!({"submitted_on": "2026-11-20", "reported_on": "2026-11-19"}),
            "field dates.reported_on: 2026-11-19 is before submitted_on (2026-11-20)",
        ),
        ("/dates", json!({"prohibited_through": "2027-04-01"}), "field dates.prohibited_through: no period runs"),
        ("/dates", json!({"entrusted_from": "2027-04-01"}), "field dates.entrusted_from: an installation plan"),
        ("/dates", json!({"introduced_on": "2026-02-30"}), "field dates.introduced_on: '2026-02-30' is not a date"),
        ("/parts/0/supplier_id", json!("../x"), "field parts[0].supplier_id: '../x' is not a SupplierId"),
    ];
    for (pointer, value, wanted) in cases {
        let mut changed = plan();
        *changed.pointer_mut(pointer).unwrap() = value;
        let said = detail(&changed);
        assert!(said.starts_with("line ") && said.contains(wanted), "{pointer}: {said}");
    }
    let mut twice = plan();
    let part = twice["parts"][0].clone();
    twice["parts"].as_array_mut().unwrap().push(part);
    assert!(detail(&twice).contains("field parts[1].part_id: the part_id 'os' stands here for the second time"));
}

#[test]
fn the_longest_extension_is_taken() {
    let mut extended = plan();
    extended["dates"]["prohibited_through"] = json!("2027-03-31");
    assert!(parse_plan(&bytes(&extended)).is_ok());
}

#[test]
fn an_unrecorded_supplier_is_refused_with_its_place() {
    let text = bytes(&plan());
    let parsed = parse_plan(&text).unwrap();
    assert!(check_plan_suppliers(&parsed, &text, |id| id.as_str() == "debian").is_ok());
    let refusal = check_plan_suppliers(&parsed, &text, |_| false).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::SupplierUnknown);
    assert!(
        refusal.detail.contains("field parts[0].supplier_id: no supplier record has the id 'debian'"),
        "{}",
        refusal.detail
    );
    assert!(refusal.detail.starts_with("line "));
}

#[test]
fn too_large_too_deep_cut_short_and_foreign_bytes_are_refused() {
    let large = vec![b' '; IMPORT_BYTES_MAX + 1];
    assert!(parse_plan(&large).unwrap_err().detail.contains("at most 8388608"));
    let deep = format!("{{\"format\":{}", "[".repeat(200_000));
    assert_eq!(parse_plan(deep.as_bytes()).unwrap_err().code, RefusalCode::PlanMalformed);
    let deep_unknown = format!("{{\"parts\":[{}", "{\"x\":".repeat(200_000));
    assert!(parse_plan(deep_unknown.as_bytes()).is_err());
    let whole = bytes(&plan());
    for cut in 0..whole.len() {
        assert!(parse_plan(&whole[..cut]).is_err(), "cut at {cut}");
    }
    assert!(parse_plan(b"\xff\xfe{\x00}\x00").is_err());
    assert!(parse_plan(&[whole.as_slice(), b"{}"].concat()).unwrap_err().detail.contains("trailing characters"));
}

#[test]
fn a_refusal_repeats_little_and_no_control_characters() {
    let mut hostile = plan();
    hostile["regime"] = json!(format!("\u{1b}[2J{}", "x".repeat(100_000)));
    let said = detail(&hostile);
    assert!(said.len() < 2_000 && !said.contains('\u{1b}'), "{said}");
    let key = format!("{{\"{}\u{1b}\": 1}}", "k".repeat(100_000)).replace('\u{1b}', "\\u001b");
    let said = parse_plan(key.as_bytes()).unwrap_err().detail;
    assert!(said.len() < 2_000 && !said.contains('\u{1b}'), "{said}");
}

fn suppliers() -> Value {
    json!({ "format": "daicho.suppliers.v1", "suppliers": [
        { "supplier_id": "a", "name": { "ja": "甲", "en": "A" }, "source": "contract", "as_of": "2026-11-01",
          "recognise": { "maintainer_domains": ["a.example"] } },
    ] })
}

#[test]
fn supplier_files_are_checked_alike() {
    assert!(parse_suppliers(&bytes(&suppliers())).is_ok());
    for (pointer, value, wanted) in [
        (
            "/suppliers/0/recognise/maintainer_domains/0",
            json!("org"),
            "field suppliers[0].recognise.maintainer_domains[0]: a domain",
        ),
        (
            "/suppliers/0/recognise/maintainer_domains/0",
            json!(" "),
            "field suppliers[0].recognise.maintainer_domains[0]: a mark",
        ),
        ("/suppliers/0/source", json!(""), "field suppliers[0].source: every record"),
        ("/suppliers/0/as_of", json!("today"), "field suppliers[0].as_of: 'today' is not a date"),
        ("/format", json!("x"), "field format"),
    ] {
        let mut changed = suppliers();
        *changed.pointer_mut(pointer).unwrap() = value;
        let refusal = parse_suppliers(&bytes(&changed)).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::SuppliersMalformed);
        assert!(refusal.detail.contains(wanted), "{}", refusal.detail);
    }
    let mut twice = suppliers();
    let record = twice["suppliers"][0].clone();
    twice["suppliers"].as_array_mut().unwrap().push(record);
    assert!(parse_suppliers(&bytes(&twice)).unwrap_err().detail.contains("suppliers[1].supplier_id"));
}

#[test]
fn inventories_are_checked_alike() {
    let part = json!({ "collector": "dpkg", "outcome": "complete", "sources": [], "troubles": [], "items": [
        { "kind": "package.v1", "ecosystem": "deb", "name": "bash", "version": "1", "state": "installed" },
    ] });
    let good = json!({ "format": "daicho.inventory.v1", "collectors": [part] });
    assert!(parse_inventory(&bytes(&good)).is_ok());
    let twice = json!({ "format": "daicho.inventory.v1", "collectors": [part, part] });
    assert!(parse_inventory(&bytes(&twice)).unwrap_err().detail.contains("collectors[1].collector"));
    let mut same = good.clone();
    let item = same["collectors"][0]["items"][0].clone();
    same["collectors"][0]["items"].as_array_mut().unwrap().push(item);
    assert!(parse_inventory(&bytes(&same)).unwrap_err().detail.contains("collectors[0].items[1]"));
}

#[test]
fn a_filing_that_does_not_fit_its_plan_is_refused_with_field_and_remedy() {
    let mut wrong = plan();
    wrong["filing"] = json!({ "entrustment_content": "保守" });
    assert!(detail(&wrong).contains("field filing: an installation plan entrusts nothing"), "{}", detail(&wrong));
    let mut entrusted = plan();
    entrusted["plan_kind"] = json!("entrustment");
    entrusted["parts"] = json!([]);
    entrusted["contractors"] = json!(["a", "b"]);
    entrusted["contractor_tiers"] = json!([{ "supplier_id": "a" }, { "supplier_id": "b", "parent": "a" }]);
    let relief = |id: &str, proof: &str| json!({ "supplier_id": id, "knows_work": "契約", "verifies_access_and_records": "監査", "proof": proof });
    entrusted["filing"] = json!({ "reliefs": [relief("b", "写し")] });
    assert!(parse_plan(&bytes(&entrusted)).is_ok());
    entrusted["filing"] = json!({ "reliefs": [relief("a", "写し")] });
    assert!(detail(&entrusted).contains("reliefs[0].supplier_id: 'a' is no subcontractor"), "{}", detail(&entrusted));
    entrusted["filing"] = json!({ "reliefs": [relief("b", " ")] });
    assert!(detail(&entrusted).contains("reliefs[0].proof: relief needs both"), "{}", detail(&entrusted));
    entrusted["filing"] = json!({ "introduction_purpose": "更新" });
    assert!(detail(&entrusted).contains("an entrustment plan introduces nothing"), "{}", detail(&entrusted));
}

#[test]
fn only_in_an_emergency_does_the_filing_come_after_the_introduction() {
    let mut late = plan();
    late["dates"] = json!({ "introduced_on": "2026-11-10", "submitted_on": "2026-11-12" });
    assert!(
        detail(&late).contains("field dates.introduced_on: 2026-11-10 is before submitted_on"),
        "{}",
        detail(&late)
    );
    late["filing"] = json!({ "emergency_reason": "停止した装置の交換。他に方法がない。" });
    assert!(parse_plan(&bytes(&late)).is_ok());
}
