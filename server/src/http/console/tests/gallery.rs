//! Renders every page in both languages, full and empty, and checks what must hold on each.
//! It does not check what a page says beyond that; the tests beside it do.
//! Invariant: a page that is added without a line here is found by `every_template_is_in_the_gallery`.

use crate::http::console::layout::{PageContext, Section};
use crate::http::console::pages::*;
use crate::http::console::paging::Listing;
use crate::http::console::samples::{self, context, empty_context};
use crate::http::console::{diagram, i18n};
use crate::ledger::chain::Head;
use crate::model::Model;
use crate::model::queries::decisions::DecisionRow;
use crate::model::queries::radius::{Radius, RadiusQuery};
use crate::model::queries::remote_paths::entry_named;
use crate::model::queries::review::ReviewRow;
use crate::model::regimes::forms;
use crate::model::rows::{
    DutyRow, EquipmentDetail, EquipmentRow, FindingRow, FindingState, HostDetail, Page, SeenRow, Severity,
};
use crate::model::views::declarations::SupplierState;
use crate::output::channels::state::ChannelRow;
use crate::worksheet::{Filing, fill};
use askama::Template;
use daicho_schemas::fact::check_answer::CheckedThing;
use daicho_schemas::ids::{DeviceId, EquipmentId, PlanId, SupplierId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::{Language, Text};
use std::path::Path;

pub(super) const LANGUAGES: [Language; 2] = [Language::Ja, Language::En];

/// Every page, by a name for its file.
pub(super) fn pages(language: Language) -> Vec<(&'static str, String)> {
    let mut pages = full(language);
    pages.extend(judged(language));
    pages.extend(empty(language));
    pages.extend(told(language));
    pages.extend(firmware_of(language));
    pages.extend(computers(language));
    pages.extend(past(language));
    pages.extend(tickets_of(language));
    pages.extend(devices_of(language));
    pages.extend(sheets_of(language));
    pages
}

fn full(language: Language) -> Vec<(&'static str, String)> {
    let ctx = |section| context(language, section);
    let detail = samples::equipment_detail();
    let seen = samples::seen();
    let rows = Page { items: samples::components(), next: Some("libexample29\t1.0-1".into()) };
    let components = components::Components {
        ctx: ctx(Section::Components),
        form: components::ComponentsForm { q: "lib & co".into(), ..Default::default() },
        rows: Some(rows),
        equipment: samples::equipment(),
    };
    let signed_out = sign_in::SignIn { ctx: PageContext { person: None, ..empty_context(language, Section::None) } };
    vec![
        (
            "equipment_list",
            equipment_list::EquipmentList { ctx: ctx(Section::Equipment), equipment: samples::equipment() }
                .render()
                .unwrap(),
        ),
        (
            "equipment",
            equipment::Equipment::new(ctx(Section::Equipment), detail.clone(), &samples::suppliers()).render().unwrap(),
        ),
        (
            "hosts",
            hosts::Hosts {
                ctx: ctx(Section::Hosts),
                list: Listing::cut(samples::hosts(), None),
                seen,
                over_quota: samples::over_quota(),
            }
            .render()
            .unwrap(),
        ),
        (
            "hosts-many",
            hosts::Hosts {
                ctx: ctx(Section::Hosts),
                list: Listing::cut(samples::many_hosts(), Some(2)),
                seen,
                over_quota: vec![],
            }
            .render()
            .unwrap(),
        ),
        ("host", host::Host::new(ctx(Section::Hosts), samples::host_detail()).render().unwrap()),
        ("components", components.render().unwrap()),
        (
            "component",
            component::Component::new(ctx(Section::Components), samples::component_detail()).render().unwrap(),
        ),
        (
            "suppliers",
            suppliers::Suppliers { ctx: ctx(Section::Suppliers), list: Listing::cut(samples::suppliers(), None) }
                .render()
                .unwrap(),
        ),
        ("radius", radius_page(ctx(Section::Suppliers), "supplier", "reiji-soft", Some(samples::radius()))),
        ("radius-ask", radius_page(ctx(Section::Suppliers), "", "", None)),
        ("worksheet", worksheet_page(ctx(Section::Plans))),
        ("plans", plans::Plans { ctx: ctx(Section::Plans), plans: samples::plans() }.render().unwrap()),
        ("sign_in", signed_out.render().unwrap()),
    ]
}

fn computers(language: Language) -> Vec<(&'static str, String)> {
    let model = samples::computers_model();
    let tos = EquipmentId::new("tos").unwrap();
    let ctx = || context(language, Section::Computers);
    let shown = |one: &str, refused: Option<Refusal>| {
        let query = computers::ComputersQuery { equipment: "tos".into(), one: one.into(), ..Default::default() };
        let complaint = refused.map(|refusal| ctx().complaint(&refusal));
        let found = model.computers_of(&tos).unwrap();
        computers::Computers::new(ctx(), query, model.equipment_names(), found, None, complaint).render().unwrap()
    };
    let refused = Refusal::new(RefusalCode::ComputerChangeDayWrong).with("computers[0]: a notification was submitted");
    let nothing = computers::Computers::new(
        empty_context(language, Section::Computers),
        Default::default(),
        Vec::new(),
        Default::default(),
        None,
        None,
    );
    let sheet = model.computers_worksheet(&tos, "acd-form-1", samples::on("2026-11-21")).unwrap();
    let sheet = worksheet::WorksheetPage::of_computers(ctx(), sheet, &tos, Default::default());
    vec![
        ("check_lists", check_lists_page(context(language, Section::CheckLists), &model, "", None)),
        ("check_lists-one", check_lists_page(context(language, Section::CheckLists), &model, "water-standard", None)),
        (
            "check_lists-refused",
            check_lists_page(context(language, Section::CheckLists), &model, "water-standard", Some("water-locked")),
        ),
        ("computers", shown("", None)),
        ("computers-one", shown("tos-app-01", Some(refused))),
        ("computers-empty", nothing.render().unwrap()),
        ("worksheet-acd", sheet.render().unwrap()),
    ]
}

fn sheets_of(language: Language) -> Vec<(&'static str, String)> {
    let model = samples::devices_model();
    let about = CheckedThing::Equipment(EquipmentId::new("tos").unwrap());
    let sheet = |name: &'static str, list: &str, vendor: Option<&str>| {
        let ctx = context(language, Section::CheckLists);
        let vendor = vendor.map(|id| SupplierId::new(id).unwrap());
        let sheet = model.printed_sheet(list, &about, vendor.as_ref(), samples::on("2026-11-21")).unwrap();
        let page = check_sheet::SheetPage { ctx, sheet, about: "equipment:tos".into() };
        (name, page.render().unwrap())
    };
    vec![
        (
            "check_lists-hospital",
            check_lists_page(context(language, Section::CheckLists), &model, "hospital-check-list", None),
        ),
        ("networks", networks_page(&model, context(language, Section::Networks))),
        ("networks-empty", networks_page(&Model::default(), empty_context(language, Section::Networks))),
        sheet("check_sheet", "hospital-check-list", Some("vendor")),
        sheet("check_sheet-inspection", "hospital-check-list", None),
        sheet("check_sheet-water", "water-standard", None),
    ]
}

fn networks_page(model: &Model, ctx: PageContext) -> String {
    let (sheet, equipment) = (model.networks(&Default::default()), model.equipment_names());
    let circuits = model.circuit_sheet(&Default::default());
    networks::Networks { ctx, query: Default::default(), sheet, circuits, equipment }.render().unwrap()
}

/// The file that is sent to a vendor stands for itself: nothing from elsewhere, no script.
#[test]
fn a_sheet_as_a_file_stands_for_itself() {
    let model = samples::devices_model();
    let about = CheckedThing::Equipment(EquipmentId::new("tos").unwrap());
    let today = samples::on("2026-11-21");
    let vendor = SupplierId::new("vendor").unwrap();
    for language in LANGUAGES {
        let sheet = model.printed_sheet("hospital-check-list", &about, Some(&vendor), today).unwrap();
        let html = check_sheet::SheetFile::new(PageContext::on_paper(language, today, None), sheet).render().unwrap();
        assert!(html.contains("2-⑭") && html.contains("令和7") && html.contains("@page"), "{html}");
        assert!(!html.contains("<script") && !html.contains("src=") && !html.contains("href=") && !html.contains('⟦'));
        assert!(!html.contains("☑"), "nobody answers for the vendor");
        if let Some(folder) = std::env::var_os("DAICHO_GALLERY") {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(Path::new(&folder).join(format!("vendor-{}.html", i18n::tag(language))), html).unwrap();
        }
    }
}

fn devices_of(language: Language) -> Vec<(&'static str, String)> {
    let model = samples::devices_model();
    let listed = |model: &Model, refused: bool| {
        let ctx = context(language, Section::Devices);
        let refusal = Refusal::new(RefusalCode::DeviceNotRead).with("device_family_unknown");
        let typed =
            devices::Typed { place: "<b>棟</b>".into(), text: "EXAMPLE-SECRET-1".into(), ..Default::default() };
        devices::Devices {
            query: Default::default(),
            list: Listing::cut(model.device_rows(None, samples::on("2026-11-21")), None),
            equipment: model.equipment_names(),
            complaint: refused.then(|| ctx.complaint(&refusal)),
            typed,
            ctx,
        }
        .render()
        .unwrap()
    };
    let paths_of = |model: &Model| {
        let (ctx, query) = (context(language, Section::Paths), Default::default());
        let list =
            Listing::cut(model.path_rows(&model.path_entries(&Default::default()), samples::on("2026-11-21")), None);
        paths::Paths { ctx, query, list, equipment: model.equipment_names() }.render().unwrap()
    };
    let path_of = |at: &str, refused: bool| {
        let (ctx, today) = (context(language, Section::Paths), samples::on("2026-11-21"));
        let row = model.path_at(&entry_named(at).unwrap(), today);
        let refusal = Refusal::new(RefusalCode::RemotePathWrong).with("purpose: words on one line");
        let choices = path::Choices {
            equipment: model.equipment_names(),
            suppliers: vec![(SupplierId::new("vendor").unwrap(), Text::new("<b>保守</b>会社", "<b>Vendor</b>"))],
            contracts: vec![(PlanId::new("plan-2").unwrap(), Text::new("例示TOS", "Example TOS"))],
        };
        let complaint = refused.then(|| ctx.complaint(&refusal));
        path::Path { typed: path::Typed::of(&row, today), ctx, row, choices, complaint }.render().unwrap()
    };
    let one = DeviceId::new("gw").unwrap();
    let one = device::Device {
        ctx: context(language, Section::Devices),
        device: model.device_detail(&one, samples::on("2026-11-21")).unwrap(),
        equipment_name: model.equipment_name(&EquipmentId::new("tos").unwrap()),
    };
    vec![
        ("path", path_of("device:gw:tunnel 9", false)),
        ("path-new-refused", path_of("software:tos-9:ExampleDesk", true)),
        ("devices", listed(&model, false)),
        ("devices-refused", listed(&model, true)),
        ("devices-empty", listed(&Model::default(), false)),
        ("device", one.render().unwrap()),
        ("paths", paths_of(&model)),
        ("paths-empty", paths_of(&Model::default())),
    ]
}

/// What is pasted holds the device's secrets: no page shows it again.
#[test]
fn a_pasted_configuration_is_never_shown_again() {
    for language in LANGUAGES {
        assert!(devices_of(language).iter().all(|(_, html)| !html.contains("EXAMPLE-SECRET-1")));
    }
}

fn check_lists_page(ctx: PageContext, model: &Model, list: &str, refused: Option<&str>) -> String {
    let about = CheckedThing::Equipment(EquipmentId::new("tos").unwrap());
    let wrong = Refusal::new(RefusalCode::CheckAnswerWrong).with("note: say why the answer is no");
    let note = "<b>施錠</b>".to_string();
    let typed = check_lists::Typed {
        item: refused.unwrap_or_default().into(),
        answer: "no".into(),
        note,
        ..Default::default()
    };
    let shown = check_lists::CheckLists {
        things: model.check_things(),
        sheets: model.check_sheets(&about, ctx.today).unwrap(),
        about: Some(about),
        list: list.into(),
        complaint: refused.map(|_| ctx.complaint(&wrong)),
        typed,
        vendors: model.vendors_of(&EquipmentId::new("tos").unwrap()),
        ctx,
    };
    shown.render().unwrap()
}

fn worksheet_page(ctx: PageContext) -> String {
    let plan = samples::plan();
    let suppliers: Vec<SupplierState> =
        samples::suppliers().into_iter().map(|row| SupplierState::of_file(row.record)).collect();
    let supplier = |id: &SupplierId| suppliers.iter().find(|supplier| supplier.record.supplier_id == *id);
    let filing =
        Filing { plan: &plan, supplier: &supplier, filing_on: samples::on("2026-11-21"), given: Default::default() };
    let sheet = fill(forms(), "form-4-1", &filing).unwrap();
    worksheet::WorksheetPage::new(ctx, sheet, plan.plan_kind, Default::default()).render().unwrap()
}

fn radius_page(ctx: PageContext, about: &str, q: &str, radius: Option<Radius>) -> String {
    let query = RadiusQuery { about: about.into(), q: q.into() };
    radius::RadiusPage::new(ctx, query, samples::suppliers(), radius).render().unwrap()
}

fn findings_page(ctx: PageContext, rows: Vec<FindingRow>, seen: SeenRow) -> findings::Findings {
    findings::Findings { ctx, query: Default::default(), list: Listing::cut(rows, None), seen }
}

fn duties_page(ctx: PageContext, rows: Vec<DutyRow>) -> duties::Duties {
    let (waiting, owners) = (rows.len(), rows.iter().filter_map(|duty| duty.life.owner.clone()).collect());
    duties::Duties {
        ctx,
        query: Default::default(),
        list: Listing::cut(rows, None),
        waiting,
        owners,
        calendar: Default::default(),
    }
}

fn review_page(ctx: PageContext, rows: Vec<ReviewRow>, seen: SeenRow) -> String {
    review::Review { ctx, list: Listing::cut(rows, None), seen }.render().unwrap()
}

fn decisions_page(ctx: PageContext, rows: Vec<DecisionRow>, refused: bool) -> String {
    let typed = decisions::Typed { decision_id: "d-7".into(), ..Default::default() };
    let complaint = ctx.complaint(&Refusal::new(RefusalCode::DecisionMalformed).with("reason: it is missing"));
    let (typed, complaint) = if refused { (typed, Some(complaint)) } else { Default::default() };
    let query = decisions::DecisionsQuery { show: "all".into(), ..Default::default() };
    decisions::Decisions { ctx, query, list: Listing::cut(rows, None), typed, complaint }.render().unwrap()
}

fn group_page(ctx: PageContext, n: usize, typed: review::Typed) -> String {
    let row = samples::reviewed().remove(n);
    let refused = Refusal::new(RefusalCode::DecisionSupplierUnknown).with("supplier_id: dokcer");
    let complaint = (!typed.choice.is_empty()).then(|| ctx.complaint(&refused));
    let before = row.decision_id.as_ref().map(|_| samples::decided());
    let suppliers = samples::suppliers().into_iter().map(|row| (row.record.supplier_id, row.record.name)).collect();
    review::ReviewGroup { ctx, row, before, suppliers, typed, complaint }.render().unwrap()
}

/// Right after an address was made.
fn with_calendar(page: duties::Duties) -> duties::Duties {
    let link = Some("tos.example/calendar.ics?token=0123456789abcdef".into());
    duties::Duties { calendar: duties::CalendarShown { shared: true, link, complaint: None }, ..page }
}

fn judged(language: Language) -> Vec<(&'static str, String)> {
    let ctx = |section| context(language, section);
    let detail = samples::equipment_detail();
    let seen = samples::seen();
    let [first_duty, duty, ask]: [_; 3] = samples::duties().try_into().unwrap();
    let duty_page = |duty, typed: duty::Typed| {
        let ctx = ctx(Section::Duties);
        let refused = Refusal::new(RefusalCode::DutyMovedMeanwhile).with("from: it is judged; aoi moved it");
        let complaint = (!typed.act.is_empty()).then(|| ctx.complaint(&refused));
        duty::Duty { ctx, shown: samples::shown(duty, Some(detail.row.name.clone())), typed, complaint }
    };
    let finding_page = |n: usize| finding::Finding {
        ctx: ctx(Section::Findings),
        finding: samples::findings().remove(n),
        equipment_name: Some(detail.row.name.clone()),
        hosts: samples::hosts().into_iter().take(2).map(|host| (host.agent_id, host.hostname)).collect(),
        duties: if n == 0 { samples::duties() } else { vec![] },
    };
    let start = start::Start::new(
        ctx(Section::Start),
        (samples::duties(), samples::urgent()),
        samples::findings().into_iter().take(4).collect(),
        [0, 2, 1, 1],
        seen,
        samples::equipment(),
    );
    let findings = findings_page(ctx(Section::Findings), samples::findings(), seen);
    vec![
        ("start", start.render().unwrap()),
        ("duties", duties_page(ctx(Section::Duties), samples::duties()).render().unwrap()),
        ("duties-calendar", with_calendar(duties_page(ctx(Section::Duties), samples::duties())).render().unwrap()),
        ("duty-certain", duty_page(first_duty, Default::default()).render().unwrap()),
        ("duty", duty_page(duty.clone(), Default::default()).render().unwrap()),
        ("duty-refused", duty_page(duty, samples::typed()).render().unwrap()),
        ("duty-ask", duty_page(ask, Default::default()).render().unwrap()),
        ("findings", findings.render().unwrap()),
        ("review", review_page(ctx(Section::Components), samples::reviewed(), seen)),
        ("decisions", decisions_page(ctx(Section::Components), samples::decisions(), false)),
        ("decisions-refused", decisions_page(ctx(Section::Components), samples::decisions(), true)),
        ("review_group", group_page(ctx(Section::Components), 0, Default::default())),
        ("review_group-before", group_page(ctx(Section::Components), 2, Default::default())),
        ("review_group-refused", group_page(ctx(Section::Components), 1, samples::typed_decision())),
        ("finding", finding_page(0).render().unwrap()),
        ("finding-closed", finding_page(4).render().unwrap()),
    ]
}

/// An equipment of which nothing is known but its declaration.
fn bare() -> EquipmentDetail {
    EquipmentDetail {
        row: EquipmentRow { plans: vec![], duties_open: 0, findings_open: 0, ..samples::equipment().remove(0) },
        function: String::new(),
        drift: vec![],
        hosts: vec![],
        hosts_total: 0,
        hosts_without_agent: vec!["tos-app-01".into()],
        findings: vec![],
        duties: vec![],
        rest_in_lists: false,
    }
}

fn empty(language: Language) -> Vec<(&'static str, String)> {
    let ctx = |section| empty_context(language, section);
    let nothing = SeenRow::default();
    let partly = samples::seen();
    let unheard = HostDetail {
        row: samples::hosts().remove(4),
        coverage: vec![],
        facts: vec![],
        applications: vec![],
        losses: vec![],
        findings: vec![],
    };
    let components = |rows, q: &str| components::Components {
        ctx: ctx(Section::Components),
        form: components::ComponentsForm { q: q.into(), ..Default::default() },
        rows,
        equipment: vec![],
    };
    let none = || Some(Page { items: vec![], next: None });
    let ledger =
        ledger::Ledger { ctx: ctx(Section::Ledger), head: Head::EMPTY, rows: vec![], older: None, back: false };
    let message = trouble::Message::of(ctx(Section::None), "not-found-headline", "not-found-remedy");
    let fault = trouble::Message::of(ctx(Section::None), "fault-headline", "fault-remedy");
    vec![
        ("decisions-empty", decisions_page(ctx(Section::Components), vec![], false)),
        ("review-empty", review_page(ctx(Section::Components), vec![], partly)),
        (
            "start-empty",
            start::Start::new(ctx(Section::Start), Default::default(), vec![], [0; 4], nothing, vec![])
                .render()
                .unwrap(),
        ),
        (
            "start-quiet",
            start::Start::new(ctx(Section::Start), Default::default(), vec![], [0; 4], partly, samples::equipment())
                .render()
                .unwrap(),
        ),
        ("duties-empty", duties_page(ctx(Section::Duties), vec![]).render().unwrap()),
        ("findings-empty", findings_page(ctx(Section::Findings), vec![], partly).render().unwrap()),
        (
            "equipment_list-empty",
            equipment_list::EquipmentList { ctx: ctx(Section::Equipment), equipment: vec![] }.render().unwrap(),
        ),
        ("equipment-empty", equipment::Equipment::new(ctx(Section::Equipment), bare(), &[]).render().unwrap()),
        (
            "hosts-empty",
            hosts::Hosts {
                ctx: ctx(Section::Hosts),
                list: Listing::cut(vec![], None),
                seen: nothing,
                over_quota: vec![],
            }
            .render()
            .unwrap(),
        ),
        ("host-empty", host::Host::new(ctx(Section::Hosts), unheard).render().unwrap()),
        ("components-empty", components(none(), "").render().unwrap()),
        ("components-none", components(none(), "zzz").render().unwrap()),
        ("components-wrong", components(None, "").render().unwrap()),
        (
            "suppliers-empty",
            suppliers::Suppliers { ctx: ctx(Section::Suppliers), list: Listing::cut(vec![], None) }.render().unwrap(),
        ),
        ("plans-empty", plans::Plans { ctx: ctx(Section::Plans), plans: vec![] }.render().unwrap()),
        ("ledger-empty", ledger.render().unwrap()),
        ("not-found", message.render().unwrap()),
        ("fault", fault.render().unwrap()),
    ]
}

fn told(language: Language) -> Vec<(&'static str, String)> {
    let ctx = || context(language, Section::None);
    let nobody = channels::Channels { ctx: ctx(), tells: true, channels: vec![] };
    vec![
        ("channels", channels_page(ctx(), true).render().unwrap()),
        ("channels-elsewhere", channels_page(ctx(), false).render().unwrap()),
        ("channels-empty", nobody.render().unwrap()),
    ]
}

fn firmware_of(language: Language) -> Vec<(&'static str, String)> {
    let (model, today) = (samples::firmware_model(), samples::on("2027-01-21"));
    let show = |model: &Model, version: &str| {
        let word = |text: &str| text.to_string();
        let query = firmware::FirmwareQuery { maker: word("Fortinet"), model: word("FGT60F"), version: word(version) };
        let verdict = query.judged().map(|judged| model.firmware_verdict(&judged, today));
        let ctx = context(language, Section::None);
        firmware::Firmware { ctx, query, sheet: model.firmware_sheet(today), verdict }.render().unwrap()
    };
    vec![
        ("firmware", show(&model, "7.4.2")),
        ("firmware-ended", show(&model, "7.0.17")),
        ("firmware-empty", show(&Model::default(), "7.4.2")),
        ("firmware-not-asked", show(&model, "")),
    ]
}

fn past(language: Language) -> Vec<(&'static str, String)> {
    let as_of = |hindsight| PageContext {
        stand: Some(samples::stand(hindsight)),
        form_token: None,
        keeps_duties: false,
        here: "/equipment/tos?as_of=2026-11-10".into(),
        ..context(language, Section::Equipment)
    };
    let page = |hindsight| {
        equipment::Equipment::new(as_of(hindsight), samples::equipment_detail(), &samples::suppliers())
            .render()
            .unwrap()
    };
    let preparing = trouble::Message {
        detail: "entry 120000 of 400000".into(),
        ..trouble::Message::of(context(language, Section::None), "as-of-preparing-headline", "as-of-preparing-remedy")
    };
    vec![("as-of", page(false)), ("as-of-hindsight", page(true)), ("as-of-preparing", preparing.render().unwrap())]
}

fn channels_page(ctx: PageContext, tells: bool) -> channels::Channels {
    let at = "2026-11-21T03:00:00.000000Z".parse().unwrap();
    let calm = ChannelRow { delivered_seq: 41, delivered_at: Some(at), ..ChannelRow::default() };
    let refused = ChannelRow { refused: 2, ..calm.clone() };
    let delayed =
        ChannelRow { delayed_since: Some(at), attempts: 7, why: "nobody <answers>".into(), ..ChannelRow::default() };
    let rows = [("digest-office", calm), ("mail-left", refused), ("mail-office", delayed)];
    channels::Channels { ctx, tells, channels: rows.map(|(name, row)| (name.to_string(), row)).into() }
}

fn tickets_of(language: Language) -> Vec<(&'static str, String)> {
    let (model, today) = (samples::ticketed(), samples::on("2026-11-21"));
    let ctx = || context(language, Section::Tickets);
    let list = |rows| {
        let list = Listing::cut(rows, None);
        tickets::Tickets { ctx: ctx(), query: Default::default(), list }.render().unwrap()
    };
    let ticket = |id: &str, typed: ticket::Typed| {
        let ticket = model.ticket_detail(&id.to_string().try_into().unwrap(), today).unwrap();
        let refused = Refusal::new(RefusalCode::TicketChangedMeanwhile).with("from: it is done");
        let complaint = (!typed.step.is_empty()).then(|| ctx().complaint(&refused));
        let equipment_name = model.equipment_name(&ticket.row.equipment_id);
        ticket::Ticket { ctx: ctx(), ticket, equipment_name, typed, complaint }.render().unwrap()
    };
    let asked = |judged: bool| {
        let change = model.ticket(&"chg-1".to_string().try_into().unwrap()).unwrap().change.clone();
        let equipment = vec![(change.equipment_id.clone(), model.equipment_name(&change.equipment_id).unwrap())];
        change::ChangePage {
            ctx: ctx(),
            typed: change::Typed { summary: change.summary.clone(), equipment_id: "tos".into(), ..Default::default() },
            choices: change::Choices { equipment, suppliers: vec![], hosts: vec!["tos-1".into()] },
            judged: judged.then(|| model.judge_change(&change, today)),
            prohibited: model.prohibited_window(&change).filter(|_| judged),
            complaint: None,
        }
        .render()
        .unwrap()
    };
    let refused = ticket::Typed { step: "open:done".into(), reason: "<b>why</b>".into(), ..Default::default() };
    vec![
        ("tickets", list(model.tickets(None, None))),
        ("tickets-empty", list(vec![])),
        ("ticket", ticket("chg-1", Default::default())),
        ("ticket-refused", ticket("chg-2", refused)),
        ("ticket-silent", ticket("chg-3", Default::default())),
        ("change", asked(false)),
        ("change-judged", asked(true)),
    ]
}

/// The ledger pages are made from frames of an engine, so the tests of the door give them.
#[test]
fn what_holds_on_every_page() {
    for language in LANGUAGES {
        for (name, html) in pages(language).into_iter().chain(super::door::ledger_pages(language)) {
            let tag = i18n::tag(language);
            assert!(html.starts_with(&format!("<!doctype html>\n<html lang=\"{tag}\">")), "{name}: {}", &html[..60]);
            let unworded = html.split('⟦').nth(1).and_then(|rest| rest.split('⟧').next());
            assert_eq!(unworded, None, "{name} {tag}: a key without words");
            assert_eq!(html.matches("<h1").count(), 1, "{name} {tag}: one headline");
            assert_eq!(html.matches("<main id=\"main\"").count(), 1, "{name} {tag}: one main part");
            assert_eq!(html.matches("<table>").count(), html.matches("<caption").count(), "{name} {tag}: captions");
            assert!(!html.contains("></caption>") && !html.contains("<th>"), "{name} {tag}: table heads");
            assert!(!html.contains(" style=") && !html.contains("<style"), "{name} {tag}: inline style");
            assert!(!html.contains("<script>") && !html.contains(" on="), "{name} {tag}: inline script");
            assert!(!html.contains("http://") && !html.contains("https://"), "{name} {tag}: something from elsewhere");
            assert!(!html.contains("<title> –"), "{name} {tag}: a title");
        }
    }
    write_gallery();
}

fn write_gallery() {
    let Some(folder) = std::env::var_os("DAICHO_GALLERY") else { return };
    for language in LANGUAGES {
        let folder = Path::new(&folder).join(i18n::tag(language));
        std::fs::create_dir_all(&folder).unwrap();
        for (name, html) in pages(language).into_iter().chain(super::door::ledger_pages(language)) {
            std::fs::write(folder.join(format!("{name}.html")), html).unwrap();
        }
    }
}

#[test]
fn every_template_is_in_the_gallery() {
    let shared = [
        "base",
        "macros",
        "claim",
        "judgement",
        "diagram",
        "duty_life",
        "equipment_cards",
        "message",
        "ledger",
        "entry",
        "letter",
        "evidence",
        "firmware_verdict",
        "check_sheet_body",
        "check_sheet_file",
    ];
    let shown: Vec<&str> = pages(Language::Ja).into_iter().map(|(name, _)| name).collect();
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")).unwrap() {
        let path = file.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_string();
        assert!(shared.contains(&stem.as_str()) || shown.contains(&stem.as_str()), "{stem} is shown by no sample");
    }
}

fn page_of(name: &str, language: Language) -> String {
    pages(language).into_iter().find(|(found, _)| *found == name).unwrap().1
}

/// An empty list of findings says that hosts were not seen; it never says that there is no open finding.
#[test]
fn empty_is_not_all_fine() {
    let html = page_of("start-quiet", Language::En);
    assert!(html.contains("not everything is seen") && html.contains("Hosts that do not answer: 1"));
    assert!(!html.contains("There is no open finding.") && !html.contains("No duty waits."));
    let html = page_of("start-empty", Language::Ja);
    assert!(html.contains("何も観測していない") && !html.contains("未解決の検知事項はありません"));
    let html = page_of("host-empty", Language::En);
    assert!(html.contains("What is on it is unknown") && !html.contains("There is no open finding."));
}

/// A duty that rests on less than the statute is marked on its page and in the list; one on the statute is not.
#[test]
fn what_is_not_certain_is_marked() {
    let uncertain = page_of("duty", Language::Ja);
    assert!(uncertain.contains("この判定は確定していません") && uncertain.contains("条文からの推論"));
    assert!(page_of("duty-ask", Language::En).contains("This is not certain"));
    let certain = page_of("duty-certain", Language::Ja);
    assert!(!certain.contains("この判定は確定していません") && !certain.contains("暫定"));
    assert_eq!(page_of("duties", Language::Ja).matches("暫定（要確認）").count(), 2);
}

#[test]
fn undeclared_lines_come_first_and_covered_ones_last() {
    let html = page_of("equipment", Language::En);
    let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text} is missing"));
    let order = [
        "covered by no part of a plan",
        "not found on hosts that were fully",
        "nobody could look: no agent",
        "Covered by a part",
    ]
    .map(place);
    assert!(order.is_sorted(), "{order:?}");
    assert!(html.contains("1 host is named in the plan and has no agent"));
}

/// The picture shows each part with its own status and joins it to its supplier; more boxes than fit are counted.
#[test]
fn the_picture_counts_what_it_cannot_show() {
    let ctx = context(Language::En, Section::Equipment);
    let mut detail = samples::equipment_detail();
    let svg = diagram::Diagram::of(&ctx, &detail, &samples::suppliers()).render().unwrap();
    for text in
        ["docker-ce", "? not observable · middleware", "▲ declared, not seen · network device", "Reiji Networks K.K."]
    {
        assert!(svg.contains(text), "{text} is missing in {svg}");
    }
    let line = detail.drift[2].clone();
    detail.drift.extend((0..100).map(|_| line.clone()));
    let svg = diagram::Diagram::of(&ctx, &detail, &samples::suppliers()).render().unwrap();
    let left_out = 4 + 2 + 100 - diagram::MIDDLE_BOXES_MAX;
    assert!(svg.contains(&format!("and {left_out} more")));
}

#[test]
fn each_severity_is_counted_apart() {
    let ctx = context(Language::Ja, Section::Start);
    let start = start::Start::new(ctx, Default::default(), vec![], [0, 2, 1, 0], SeenRow::default(), vec![]);
    let counts = start.by_severity.map(|(severity, _, n)| (severity, n));
    assert_eq!(
        counts,
        [(Severity::Gravest, 0), (Severity::Critical, 2), (Severity::Warning, 1), (Severity::Notice, 0)]
    );
}

#[test]
fn a_filter_takes_only_what_it_names_and_other_words_mean_all() {
    let query = |state: &str, severity: &str| {
        let query = findings::FindingsQuery { state: state.into(), severity: severity.into(), ..Default::default() };
        (query.wanted_state(), query.wanted_severity(), query.filters())
    };
    assert_eq!(query("closed", ""), (Some(FindingState::Closed), None, true));
    assert_eq!(query("", "warning"), (None, Some(Severity::Warning), true));
    assert_eq!(query("every", "all"), (None, None, false));
}
