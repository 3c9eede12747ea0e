//! An airline's flight planning, maintained by an integrator, its subcontractor, and that one's subcontractor, who changes its name.
//! The host stays as it is. Shown: a name in the third tier must be filed first even while the entrustment runs (form 7), every
//! plan that names it says so, and the filing ends the finding and not the duty.

use super::{Story, base_part, day, debian_part, draft, part, records, supplier};
use serde_json::json;

#[test]
fn a_sub_subcontractor_that_is_renamed_is_filed_first() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let mut plan = draft(folder.path(), "flight-planning", "fps-01", "skyroute");
        plan["parts"] = json!([
            part("server", "server_hardware", "サーバ装置", "apron", &[]),
            debian_part(),
            base_part(),
            part("program", "application", "プログラム", "skyroute", &["skyroute-fps"]),
        ]);
        let dates = json!({ "submitted_on": day(-400), "accepted_on": day(-390), "introduced_on": day(-300) });
        let mut entrusted = plan.clone();
        plan["dates"] = dates;
        entrusted["plan_id"] = json!("plan-care");
        entrusted["plan_kind"] = json!("entrustment");
        entrusted["parts"] = json!([]);
        entrusted["contractors"] = json!(["skyroute", "field", "night"]);
        entrusted["contractor_tiers"] = json!([
            { "supplier_id": "skyroute" },
            { "supplier_id": "field", "parent": "skyroute" },
            { "supplier_id": "night", "parent": "field", "work": "夜間の監視" },
        ]);
        entrusted["dates"] = json!({ "submitted_on": day(-380), "accepted_on": day(-370),
            "entrusted_from": day(-300), "entrusted_through": day(300) });
        let mut story = Story::begin().await;
        let night = supplier("night", "night.example", "Night");
        let suppliers = [
            supplier("skyroute", "skyroute.example", "Skyroute"),
            supplier("apron", "apron.example", "Apron Computers"),
            supplier("debian", "debian.org", "Debian"),
            supplier("field", "field.example", "Field"),
            night.clone(),
        ];
        story.enters("/suppliers", &records(&suppliers)).await;
        story.enters("/plans", &plan).await;
        story.enters("/plans", &entrusted).await;
        story.sees("airline.before").await;
        story.findings("undeclared_component", 0).await;
        story.findings("party_changed", 0).await;

        let mut renamed = night;
        renamed["name"] = json!({ "ja": "夜番株式会社", "en": "Night Watch Ltd." });
        story.enters("/suppliers", &records(&[renamed])).await;
        let found = story.findings("party_changed", 1).await;
        assert!(found[0]["why"]["ja"].as_str().unwrap().contains("night社 → 夜番株式会社"), "{}", found[0]["why"]);
        let duties = story.duties(&found[0]).await;
        assert_eq!(duties.len(), 1, "{duties:?}");
        assert_eq!((&duties[0]["outcome"], &duties[0]["plan_id"]), (&json!("file_first"), &json!("plan-care")));
        assert_eq!(duties[0]["phase"], json!("entrustment_running"));
        let page = story.worksheet("plan-care", "form=form-7-2&changed_item=%E5%90%8D%E7%A7%B0").await;
        assert!(page.contains("夜番株式会社") && page.contains("様式第七"));

        entrusted["dates"]["change_submitted_on"] = json!(day(-1));
        entrusted["dates"]["change_accepted_on"] = json!(day(0));
        story.enters("/plans", &entrusted).await;
        story.findings("party_changed", 0).await;
        let after = story.duties(&found[0]).await;
        assert_eq!((&after[0]["state"], &after[0]["cause_gone"]), (&json!("open"), &json!(true)), "{after:?}");
        story.end().await;
    });
}
