//! The printable pages of a pack and the words on how to check it, in Japanese and English.
//! It does not choose what is in a pack. Invariant: a page stands for itself: no script, nothing from elsewhere, and the state it is of
//! on its first lines and at its end.

mod ways;

use super::rows::Rows;
use crate::http::console::layout::PageContext;
use crate::past::Stand;
use askama::Template;
use daicho_schemas::text::{Language, Text};
use std::fmt::Display;

/// Rows of one table that are printed; the JSON beside it holds all.
const PRINTED_MAX: usize = 2000;

/// One table of a page.
struct Table {
    title: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    /// How many rows there are in all.
    total: usize,
    /// The file that holds them all.
    file: &'static str,
}

#[derive(Template)]
#[template(path = "evidence.html")]
struct Page<'a> {
    ctx: PageContext,
    stand: &'a Stand,
    tables: Vec<Table>,
}

/// One page.
pub(super) fn page(rows: &Rows, stand: &Stand, language: Language) -> askama::Result<String> {
    let ctx = PageContext::printed(language, stand);
    let tables = vec![
        equipment(&ctx, rows),
        plans(&ctx, rows),
        inventory(&ctx, rows),
        drift(&ctx, rows),
        findings(&ctx, rows),
        duties(&ctx, rows),
        ways::devices(&ctx, &rows.ways),
        ways::paths(&ctx, &rows.ways),
        ways::answers(&ctx, &rows.ways),
        ways::tickets(&ctx, &rows.ways),
        ways::computers(&ctx, &rows.ways),
        Table {
            title: ctx.tn("evidence-decisions", rows.decisions_total),
            head: Vec::new(),
            rows: Vec::new(),
            total: 0,
            file: "decisions.ndjson",
        },
    ];
    Page { ctx, stand, tables }.render()
}

fn table(
    ctx: &PageContext,
    title: &str,
    file: &'static str,
    head: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> Table {
    let mut all: Vec<Vec<String>> = rows.collect();
    let total = all.len();
    all.truncate(PRINTED_MAX);
    Table { title: ctx.t(title), head: head.iter().map(|key| ctx.t(key)).collect(), rows: all, total, file }
}

fn day(day: Option<impl Display>) -> String {
    day.map_or_else(|| "–".into(), |day| day.to_string())
}

fn equipment(ctx: &PageContext, rows: &Rows) -> Table {
    let law = |id: &_| rows.law.iter().find(|law| law.equipment_id == *id);
    let row = |detail: &crate::model::rows::EquipmentDetail| {
        let rule = law(&detail.row.equipment_id).and_then(|law| law.rule);
        let basis = rule.map_or_else(
            || ctx.t("evidence-no-rule"),
            |rule| {
                let (from, to) = (day(rule.basis.effective_from), day(rule.basis.effective_to));
                format!("{} ({from} – {to}) [{}]", ctx.say(&rule.name), rule.basis.confidence.as_str())
            },
        );
        vec![
            format!("{} ({})", ctx.say(&detail.row.name), detail.row.equipment_id),
            detail.row.equipment_type.clone(),
            ctx.say(&detail.row.operator).to_string(),
            detail.row.place.clone(),
            basis,
        ]
    };
    let head = [
        "evidence-col-equipment",
        "evidence-col-type",
        "evidence-col-operator",
        "evidence-col-place",
        "evidence-col-law",
    ];
    table(ctx, "evidence-equipment", "equipment.json, law.json", &head, rows.equipment.iter().map(row))
}

fn plans(ctx: &PageContext, rows: &Rows) -> Table {
    let row = |row: &crate::model::rows::PlanRow| {
        let dates = &row.plan.dates;
        vec![
            row.plan_id.to_string(),
            ctx.plan_kind(&row.plan_kind),
            ctx.phase(&row.phase).label,
            day(dates.submitted_on),
            day(dates.accepted_on),
            day(row.prohibited_through),
            row.seq.to_string(),
        ]
    };
    let head = [
        "evidence-col-plan",
        "evidence-col-kind",
        "evidence-col-phase",
        "evidence-col-submitted",
        "evidence-col-accepted",
        "evidence-col-prohibited",
        "evidence-col-entry",
    ];
    table(ctx, "evidence-plans", "plans.json", &head, rows.plans.iter().map(row))
}

fn inventory(ctx: &PageContext, rows: &Rows) -> Table {
    let row = |host: &super::rows::HostInventory| {
        let row = &host.host.row;
        vec![
            row.hostname.clone().unwrap_or_else(|| ctx.t("unknown")),
            row.agent_id.to_string(),
            row.operating_system.clone().unwrap_or_else(|| ctx.t("unknown")),
            ctx.hearing(row).label,
            host.components.len().to_string(),
            row.last_batch_at.map_or_else(|| "–".into(), |at| ctx.when(&at)),
        ]
    };
    let head = [
        "evidence-col-host",
        "evidence-col-agent",
        "evidence-col-os",
        "evidence-col-heard",
        "evidence-col-components",
        "evidence-col-last-report",
    ];
    table(ctx, "evidence-inventory", "inventory.json, inventory.cdx.json", &head, rows.inventory.iter().map(row))
}

fn drift(ctx: &PageContext, rows: &Rows) -> Table {
    let of = |detail: &crate::model::rows::EquipmentDetail| {
        let id = detail.row.equipment_id.to_string();
        let line = move |line: &crate::model::rows::DriftLine| {
            vec![
                id.clone(),
                ctx.drift(&line.status).label,
                line.product.clone(),
                ctx.category(&line.category),
                ctx.say(&line.supplier.name).to_string(),
                line.components.to_string(),
                line.hosts_total.to_string(),
            ]
        };
        detail.drift.iter().map(line).collect::<Vec<_>>()
    };
    let head = [
        "evidence-col-equipment",
        "evidence-col-status",
        "evidence-col-product",
        "evidence-col-category",
        "evidence-col-supplier",
        "evidence-col-components",
        "evidence-col-hosts",
    ];
    table(ctx, "evidence-drift", "equipment.json", &head, rows.equipment.iter().flat_map(of))
}

fn findings(ctx: &PageContext, rows: &Rows) -> Table {
    let row = |row: &crate::model::rows::FindingRow| {
        vec![
            ctx.finding_state(&row.state).label,
            ctx.severity(&row.severity).label,
            ctx.say(&row.title).to_string(),
            ctx.when(&row.opened_at),
            row.opened_seq.to_string(),
        ]
    };
    let head = [
        "evidence-col-state",
        "evidence-col-severity",
        "evidence-col-finding",
        "evidence-col-opened",
        "evidence-col-entry",
    ];
    table(ctx, "evidence-findings", "findings.json", &head, rows.findings.iter().map(row))
}

fn duties(ctx: &PageContext, rows: &Rows) -> Table {
    let row = |row: &super::rows::DutyWithLife| {
        let duty = &row.duty;
        let articles: Vec<&str> = duty.articles.iter().map(|article| ctx.say(article)).collect();
        vec![
            ctx.duty_outcome(&duty.outcome).label,
            ctx.say(&duty.title).to_string(),
            ctx.say(&duty.subject).to_string(),
            ctx.duty_state_word(&duty.state),
            day(ctx.next_day(duty).map(|next| next.on)),
            articles.join(" / "),
            // What rests on less than statute is said to.
            format!("{} {}", duty.confidence, duty.caution.as_ref().map_or("", |caution| ctx.say(caution))),
        ]
    };
    let head = [
        "evidence-col-asked",
        "evidence-col-duty",
        "evidence-col-subject",
        "evidence-col-state",
        "evidence-col-day",
        "evidence-col-articles",
        "evidence-col-basis",
    ];
    table(ctx, "evidence-duties", "duties.json", &head, rows.duties.iter().map(row))
}

/// How a pack is checked, for whoever opens it.
pub(super) fn how_to_check(stand: &Stand) -> String {
    let (text, head) = (stand.text(), stand.entry_hash);
    let checking = Text::new(
        format!(
            "{}\n\n確認のしかた\n1. daicho verify このフォルダー（または ZIP）\n   全ファイルのハッシュ、台帳の連鎖と署名を確かめ、台帳からこの一式を作り直して比べます。\n2. daicho verify ledger.ndjson --head {head}\n   台帳だけを確かめます。\n3. 事業者が別の場所に控えた先頭ハッシュがあれば、--head に指定してください。それがなければ、この一式が矛盾しないことは示せますが、台帳がその後に作り直されていないことまでは示せません。\n個人の情報は封印されたままです。鍵は含まれません。",
            text.ja
        ),
        format!(
            "{}\n\nHow to check it\n1. daicho verify THIS_FOLDER (or the ZIP)\n   checks the hash of every file, the chain and the signatures of the ledger, makes the pack again from the ledger and compares.\n2. daicho verify ledger.ndjson --head {head}\n   checks the ledger alone.\n3. Where the operator noted a head hash elsewhere, give that one to --head. Without it the pack is shown to be consistent, but not that the ledger was never written anew.\nData of people stays sealed; no key is in here.",
            text.en
        ),
    );
    format!("{}\n\n----\n\n{}\n", checking.ja, checking.en)
}
