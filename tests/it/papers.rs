//! Worksheets and the blast radius, from files and from a server: what compliance prints and what it is asked about a supplier.
//! It does not test what a form asks; the model does.
//! Invariant: page, spreadsheet and terminal say the same; a form that does not fit is never shown empty.

use harness::executables::{command, executables};
use harness::server::{Api, TestServer};
use serde_json::json;

#[test]
fn a_worksheet_is_written_once_and_says_what_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let daicho = |arguments: &[&str]| {
        let output = command(&executables().daicho).current_dir(folder.path()).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &*String::from_utf8_lossy(&output.stderr);
        (output.status.code(), text)
    };
    assert_eq!(daicho(&["example", "."]).0, Some(0));
    let worksheet = |form: &str, out: &str| {
        let files = ["worksheet", "--plan", "plan.json", "--suppliers", "suppliers.json", "--form", form];
        daicho(&[&files[..], &["--on", "2026-11-30", "--out", out]].concat())
    };
    let (code, text) = worksheet("form-4-1", "sheet.xlsx");
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("still open (day of filing 2026-11-30)") && text.contains("◆"), "{text}");
    let bytes = std::fs::read(folder.path().join("sheet.xlsx")).unwrap();
    assert!(bytes.starts_with(b"PK"));
    let (code, text) = worksheet("form-4-1", "sheet.xlsx");
    assert_eq!(code, Some(1), "an existing file is never written over: {text}");
    assert_eq!(std::fs::read(folder.path().join("sheet.xlsx")).unwrap(), bytes);
    let (code, text) = worksheet("form-4-2", "other.xlsx");
    assert!(code == Some(1) && text.contains("--form takes: form-2 form-4-1"), "{text}");
    assert!(!folder.path().join("other.xlsx").exists());
}

#[test]
fn a_server_shows_the_forms_of_a_plan_and_what_a_supplier_touches() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let api = &server.api;
        let plan = api.declare_example().await;
        let sheet = format!("/plans/{}/worksheet", plan.plan_id);
        let (status, page) = api.page(&sheet).await;
        assert!(status == 200 && page.contains("様式第四（一）") && page.contains("導入の目的"), "{status}");
        let (status, page) = api.page(&format!("{sheet}?form=form-7-1&on=2026-12-01&changed_item=%3Cb%3E")).await;
        assert!(status == 200 && page.contains("&#60;b&#62;") && !page.contains("<b>"), "{status}");
        let (status, file) = api.page(&format!("{sheet}.xlsx?form=form-4-1&on=2026-12-01")).await;
        assert!(status == 200 && file.starts_with("PK"));
        for wrong in ["?form=form-4-2", "?form=form-99", "?on=tomorrow"] {
            assert_eq!(api.page(&format!("{sheet}{wrong}")).await.0, 404, "{wrong}");
        }
        let supplier = plan.parts[0].supplier_id.as_str();
        let radius = api.get(&format!("/radius?about=supplier&q={supplier}")).await;
        assert_eq!(radius["declared"][0]["plan_id"], json!(plan.plan_id), "{radius}");
        let (status, refused) = api.try_get("/radius?about=planet&q=x").await.unwrap();
        assert_eq!((status, &refused["refusal"]["code"]), (400, &json!("request_malformed")));
        assert_eq!(api.page("/radius?about=country&q=Atlantis").await.0, 400);
        let mut stranger = api.connect.clone();
        stranger.token = "0".repeat(64);
        assert_ne!(Api::new(stranger).page(&format!("{sheet}.xlsx")).await.0, 200);
        server.stop().await;
    });
}
