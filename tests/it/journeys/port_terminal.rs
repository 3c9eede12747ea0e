//! A port's terminal operating system, in service for a year: an integrator installs a bridge to the cranes.
//! It does not know what a bridge does. Shown: a new supplier's component after the introduction is a report (form 10) that asks
//! whether it is itself a new introduction.

use super::{Story, base_part, day, debian_part, draft, part, records, supplier};
use serde_json::json;

#[test]
fn a_new_component_in_a_terminal_in_service_is_reported() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let mut plan = draft(folder.path(), "tos", "tos-01", "harbour");
        let drafted = plan["parts"].clone();
        let filed = |at: usize| drafted[at]["category_as_filed"].as_str().unwrap().to_string();
        let parts = json!([
            part("server", "server_hardware", &filed(0), "harbour", &[]),
            part("tos", "application", &filed(1), "harbour", &["harbour-tos"]),
            debian_part(),
            base_part(),
        ]);
        plan["parts"] = parts;
        plan["dates"] = json!({ "submitted_on": day(-500), "accepted_on": day(-495), "introduced_on": day(-365) });
        let mut story = Story::begin().await;
        let suppliers = [
            supplier("harbour", "harbour.example", "Harbour Computing"),
            supplier("debian", "debian.org", "Debian"),
            supplier("quay", "quay.example", "Quay Robotics"),
        ];
        story.enters("/suppliers", &records(&suppliers)).await;
        story.enters("/plans", &plan).await;
        story.sees("port_terminal.before").await;
        story.findings("undeclared_component", 0).await;

        story.sees("port_terminal.after").await;
        let found = story.findings("undeclared_component", 1).await;
        assert_eq!(found[0]["components"], json!(["crane-bridge 1.0"]));
        let duties = story.duties(&found[0]).await;
        assert_eq!((duties.len(), &duties[0]["outcome"]), (1, &json!("report")), "{duties:?}");
        assert!(duties[0]["form"]["ja"].as_str().unwrap().contains("様式第十"), "{}", duties[0]["form"]);
        assert!(duties[0]["question"]["ja"].as_str().unwrap().contains("導入"), "{}", duties[0]["question"]);

        plan["parts"].as_array_mut().unwrap().push(part("bridge", "application", &filed(1), "quay", &["crane-bridge"]));
        plan["dates"]["reported_on"] = json!(day(0));
        story.enters("/plans", &plan).await;
        story.findings("undeclared_component", 0).await;
        let after = story.duties(&found[0]).await;
        assert_eq!((&after[0]["state"], &after[0]["cause_gone"]), (&json!("open"), &json!(true)), "{after:?}");
        let page = story.worksheet("plan-eq", &format!("form=form-10&changed_on={}", day(-1))).await;
        assert!(page.contains("crane-bridge") && page.contains("様式第十"));
        story.end().await;
    });
}
