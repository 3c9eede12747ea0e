//! The same hospital, from the other end: the caterer hands in the configuration of the VPN box that nobody listed.
//! It does not know parsers or comparators. Shown: what is wrong with it is found at once and is "no" in the list of the ministry, with
//! the lines that say so; each repair takes its own finding away and no other, until nothing is left.

use super::{Story, base_part, day, debian_part, draft, part, recorded, records, supplier};
use harness::executables::{command, executables, said_beside};
use serde_json::{Value, json};
use std::path::Path;

/// What is known about the box's firmware, as somebody carried it in.
fn knowledge() -> Value {
    json!({
        "format": "daicho.firmware_pack.v1", "pack_id": "example", "source": "example", "as_of": day(-1), "confidence": "stated",
        "advisories": [{ "id": "CVE-2099-0001", "vendor": "Fortinet", "product": "fortios",
            "affected": [{ "before": "7.2.9", "branch": "7.2" }], "fixed": ["7.2.9"], "other_versions": "not_affected" }],
        "end_of_life": [{ "vendor": "Fortinet", "product": "fortios", "branch": "7.2", "ends_on": day(-30) },
            { "vendor": "Fortinet", "product": "fortios", "branch": "7.6", "ends_on": day(700) }],
    })
}

/// Runs a command beside the server's own threads; it must end well.
async fn done(folder: &Path, arguments: &[&str]) -> String {
    let mut run = command(&executables().daicho);
    run.current_dir(folder).args(arguments).args(["--connect", "connect.json"]);
    let (code, text) = said_beside(run).await;
    assert_eq!(code, Some(0), "{arguments:?}: {text}");
    text
}

async fn import(folder: &Path, when: &str) -> String {
    let file = recorded("caterer_box").with_extension(format!("{when}.conf"));
    done(folder, &["device", "import", "--equipment", "eq", "--owner", "caterer", file.to_str().unwrap()]).await
}

/// What the evidence says of an item of the ministry's list.
async fn evidence(story: &Story, item: &str) -> Value {
    let sheets = story.server.api.get("/check-lists?equipment_id=eq").await;
    let lists = sheets["items"].as_array().or_else(|| sheets.as_array()).unwrap();
    let mut items = lists.iter().flat_map(|sheet| sheet["items"].as_array().unwrap());
    items.find(|row| row["item"]["item_id"] == item).unwrap()["evidence"].clone()
}

/// The hospital, with its record system's plan; and a filed contract with the caterer, for later.
async fn hospital(folder: &Path) -> (Story, Value) {
    let mut plan = draft(folder, "electronic-health-record", "ehr-01", "karte");
    plan["parts"] = json!([part("server", "server_hardware", "サーバ", "clinic", &[]), debian_part(), base_part()]);
    let story = Story::begin().await;
    let suppliers = [
        supplier("karte", "karte.example", "Karte Works"),
        supplier("clinic", "clinic.example", "Clinic Machines"),
        supplier("debian", "debian.org", "Debian"),
        supplier("caterer", "caterer.example", "Caterer"),
    ];
    story.enters("/suppliers", &records(&suppliers)).await;
    story.enters("/plans", &plan).await;
    std::fs::write(folder.join("connect.json"), serde_json::to_vec(&story.server.api.connect).unwrap()).unwrap();
    std::fs::write(folder.join("pack.json"), knowledge().to_string()).unwrap();
    (plan["plan_id"], plan["plan_kind"]) = (json!("plan-meals"), json!("entrustment"));
    (plan["parts"], plan["contractors"]) = (json!([]), json!(["caterer"]));
    plan["dates"] = json!({ "submitted_on": day(-60), "accepted_on": day(-55), "entrusted_from": day(-10) });
    (story, plan)
}

#[test]
fn the_caterer_s_box_is_put_right_step_by_step() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let (story, contract) = hospital(at).await;
        let unknown = evidence(&story, "hospital-2-14").await;
        assert_eq!(unknown["answer"], "unknown", "nothing was read yet: {unknown}");

        done(at, &["firmware", "import", "pack.json"]).await;
        import(at, "before").await;
        let found = story.findings("device_way_in_undeclared", 2).await;
        story.findings("device_way_in_unrestricted", 2).await;
        story.findings("device_firmware_affected", 1).await;
        story.findings("device_firmware_end_of_life", 1).await;
        let duties = story.duties(&found[0]).await;
        assert_eq!(duties[0]["row_id"], json!("not-in-force-entrustment"), "the law of the day is said: {duties:?}");
        let open = evidence(&story, "hospital-2-14").await;
        assert!(open["answer"] == "no" && open["because"].as_array().is_some_and(|all| all.len() == 2), "{open}");

        // Whose way in it is: a record names the caterer, who has never been asked, and there is no contract.
        let way = |id: &'static str, key: &'static str| {
            [
                "path",
                "record",
                id,
                "--device",
                "meals-gw",
                "--way-in",
                key,
                "--supplier",
                "caterer",
                "--equipment",
                "eq",
            ]
        };
        done(at, &way("meals", "phase1-interface meals")).await;
        done(at, &way("manage", "interface wan1 https")).await;
        story.findings("device_way_in_undeclared", 0).await;
        story.findings("remote_path_without_contract", 2).await;
        story.findings("remote_maintenance_unanswered", 1).await;
        assert_eq!(evidence(&story, "hospital-2-2").await["answer"], "no");

        // The contract is filed, the caterer answers, the box is updated and its doors are closed.
        story.enters("/plans", &contract).await;
        done(at, &["path", "record", "meals", "--contract", "plan-meals"]).await;
        story.findings("remote_path_without_contract", 1).await;
        let until = day(300).to_string();
        let answer = ["path", "answer", "caterer", "--equipment", "eq", "--uses", "yes", "--answered-by", "保守部"];
        done(at, &[&answer[..], &["--how", "form", "--valid-through", &until]].concat()).await;
        story.findings("remote_maintenance_unanswered", 0).await;
        assert_eq!(evidence(&story, "hospital-2-2").await["answer"], "yes");
        import(at, "after").await;
        let gone = day(0).to_string();
        done(at, &["path", "record", "manage", "--removed-on", &gone]).await;
        for rule in [
            "device_way_in_undeclared",
            "device_way_in_unrestricted",
            "device_firmware_affected",
            "device_firmware_end_of_life",
            "remote_path_without_contract",
            "remote_maintenance_unanswered",
        ] {
            story.findings(rule, 0).await;
        }
        let closed = evidence(&story, "hospital-2-14").await;
        assert_eq!(closed["answer"], "yes", "{closed}");
        story.end().await;
    });
}
