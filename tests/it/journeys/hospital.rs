//! A hospital's electronic health record: the caterer's firm keeps a VPN, and one day it ends on the server itself.
//! It does not know the caterer. Shown: the way in is found at once, and the law of that day is said as it is: the sector is enacted
//! and not in force, so nothing is to be filed, a person is asked, and the entrustment can be prepared.

use super::{Story, base_part, day, debian_part, draft, part, records, supplier};
use serde_json::json;

#[test]
fn the_caterer_s_vpn_is_found_and_the_law_of_the_day_is_said() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let mut plan = draft(folder.path(), "electronic-health-record", "ehr-01", "karte");
        assert_eq!(plan["parts"], json!([]), "the ordinance that will name the parts is not there yet");
        plan["parts"] = json!([
            part("server", "server_hardware", "サーバ", "clinic", &[]),
            debian_part(),
            base_part(),
            part("ehr", "application", "アプリケーション", "karte", &["karte-server"]),
        ]);
        let mut entrusted = plan.clone();
        let by = |plan: &mut serde_json::Value, id: &str| plan["plan_id"] = json!(id);
        by(&mut entrusted, "plan-meals");
        entrusted["plan_kind"] = json!("entrustment");
        entrusted["parts"] = json!([]);
        entrusted["contractors"] = json!(["caterer", "vpn-firm"]);
        entrusted["contractor_tiers"] = json!([
            { "supplier_id": "caterer", "work": "給食の発注" },
            { "supplier_id": "vpn-firm", "parent": "caterer", "work": "VPN装置の保守" },
        ]);
        let mut story = Story::begin().await;
        let suppliers = [
            supplier("karte", "karte.example", "Karte Works"),
            supplier("clinic", "clinic.example", "Clinic Machines"),
            supplier("debian", "debian.org", "Debian"),
            supplier("caterer", "caterer.example", "Caterer"),
            supplier("vpn-firm", "vpn.example", "VPN"),
        ];
        story.enters("/suppliers", &records(&suppliers)).await;
        story.enters("/plans", &plan).await;
        story.enters("/plans", &entrusted).await;
        story.sees("hospital.before").await;
        story.findings("remote_path_undeclared", 0).await;

        story.sees("hospital.after").await;
        let found = story.findings("remote_path_undeclared", 1).await;
        assert_eq!(
            (&found[0]["severity"], &found[0]["equipment_id"]),
            (&json!("critical"), &json!("eq")),
            "{}",
            found[0]
        );
        assert!(found[0]["title"]["ja"].as_str().unwrap().contains("meal0"), "{}", found[0]["title"]);
        let duties = story.duties(&found[0]).await;
        assert_eq!(duties[0]["row_id"], json!("not-in-force-entrustment"), "{duties:?}");
        assert_eq!((&duties[0]["outcome"], &duties[0]["confidence"]), (&json!("no_duty"), &json!("MACH")));
        assert!(duties[0]["question"]["ja"].as_str().unwrap().contains("いつ施行"), "{}", duties[0]["question"]);

        // Who comes in through it stands in the entrustment that the form will ask for, to the last tier.
        let page = story.worksheet("plan-meals", &format!("form=form-4-2&on={}", day(0))).await;
        for named in ["caterer社", "vpn-firm社", "VPN装置の保守", "様式第四（二）"] {
            assert!(page.contains(named), "{named}");
        }
        story.end().await;
    });
}
