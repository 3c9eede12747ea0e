//! A water plant's control system, filed, accepted and cleared, not in service: the operator panels are delivered by somebody else.
//! It does not know the plant. Shown: before the introduction this must be filed first (form 7), and thirty days run anew.

use super::{Story, base_part, day, debian_part, draft, part, records, supplier};
use serde_json::json;

#[test]
fn another_maker_s_panels_before_the_introduction_are_filed_first() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let mut plan = draft(folder.path(), "water-treatment", "scada-01", "aqua");
        let categories: Vec<&str> =
            plan["parts"].as_array().unwrap().iter().map(|part| part["category"].as_str().unwrap()).collect();
        assert_eq!(categories, ["server_hardware", "operating_system", "middleware", "application"]);
        plan["parts"] = json!([
            part("server", "server_hardware", "サーバ", "plant", &[]),
            debian_part(),
            base_part(),
            part("bus", "application", "アプリケーション", "aqua", &["opc-bus"]),
            part("panels", "application", "アプリケーション", "aqua", &["plant-hmi"]),
        ]);
        plan["dates"] = json!({ "submitted_on": day(-70), "accepted_on": day(-60) });
        let mut story = Story::begin().await;
        let suppliers = [
            supplier("aqua", "aqua.example", "Aqua Control"),
            supplier("plant", "plant.example", "Plant Computers"),
            supplier("debian", "debian.org", "Debian"),
            supplier("river", "river.example", "River Software"),
        ];
        story.enters("/suppliers", &records(&suppliers)).await;
        story.enters("/plans", &plan).await;
        story.sees("water_plant.before").await;
        story.findings("undeclared_component", 0).await;

        story.sees("water_plant.after").await;
        let found = story.findings("undeclared_component", 1).await;
        assert_eq!(found[0]["components"], json!(["river-view 1.3"]));
        let duties = story.duties(&found[0]).await;
        assert_eq!((duties.len(), &duties[0]["outcome"]), (1, &json!("file_first")), "{duties:?}");
        assert!(duties[0]["clock"]["ja"].as_str().unwrap().contains("30日"), "{}", duties[0]["clock"]);
        let missing = duties[0]["missing"].to_string();
        assert!(missing.contains("役員"), "nothing is recorded of the new supplier: {missing}");
        let page = story.worksheet("plan-eq", "form=form-7-1&changed_item=river-view%201.3").await;
        assert!(page.contains("river-view 1.3") && page.contains("様式第七"));
        story.end().await;
    });
}
