//! The printed tables of devices, remote paths, vendors' answers, tickets and computers.
//! It does not choose what is in a pack. Invariant: unknown is printed as unknown, never left empty.

use super::super::ways::Ways;
use super::{Table, day, table};
use crate::http::console::layout::PageContext;
use crate::model::queries::computers::ComputerRow;
use crate::model::queries::devices::DeviceDetail;
use crate::model::queries::remote_paths::PathRow;
use crate::model::rows::TicketDetail;
use crate::model::views::remote_paths::AnswerState;
use daicho_schemas::fact::device::Answer;

pub(super) fn devices(ctx: &PageContext, ways: &Ways) -> Table {
    let row = |own: &DeviceDetail| {
        let (row, identity) = (&own.row, &own.identity);
        let made: Vec<&str> = [&identity.maker, &identity.model].into_iter().flatten().map(String::as_str).collect();
        let version = identity.firmware.first().map(|bank| bank.version.clone());
        let question = |key: &str| {
            let own = row.questions.iter().find(|own| own.key == key);
            ctx.path_answer(&own.map_or(Answer::Unknown, |own| own.answered.answer)).label
        };
        vec![
            row.name.clone().unwrap_or_else(|| row.device_id.to_string()),
            if made.is_empty() { ctx.t("unknown") } else { made.join(" ") },
            version.unwrap_or_else(|| ctx.t("unknown")),
            format!("{} {}", ctx.firmware_state(&own.firmware.state).label, ctx.stale(&own.firmware.stale)),
            day(row.equipment_id.as_ref()),
            row.ways_in.to_string(),
            question("vpn_source_restricted"),
            question("management_restricted"),
            row.taken_on.to_string(),
        ]
    };
    let head = [
        "device-col-device",
        "device-col-made",
        "firmware-version",
        "path-col-firmware",
        "col-equipment",
        "device-col-ways",
        "device-question-vpn-restricted",
        "device-question-management",
        "device-col-taken-on",
    ];
    table(ctx, "nav-devices", "devices.json", &head, ways.devices.iter().map(row))
}

pub(super) fn paths(ctx: &PageContext, ways: &Ways) -> Table {
    let row = |row: &PathRow| {
        vec![
            ctx.say(&row.what).to_string(),
            row.supplier_id.as_ref().map_or_else(|| ctx.t("unknown"), ToString::to_string),
            ctx.path_contract(&row.contract).label,
            ctx.plain_answer(&row.enabled.answer).label,
            ctx.path_answer(&row.restriction.restricted.answer).label,
            ctx.path_answer(&row.second_factor.answer).label,
            ctx.path_answer(&row.log_reviewed.answer).label,
            ctx.path_evidence(&row.evidence),
        ]
    };
    let head = [
        "path-col-path",
        "path-col-vendor",
        "path-col-contract",
        "way-col-enabled",
        "way-col-restricted",
        "way-col-second-factor",
        "path-col-log",
        "path-col-evidence",
    ];
    table(ctx, "nav-paths", "remote_paths.json", &head, ways.paths.iter().map(row))
}

pub(super) fn answers(ctx: &PageContext, ways: &Ways) -> Table {
    let row = |own: &AnswerState| {
        let said = &own.answered;
        let ended = if own.ended { format!(" ({})", ctx.t("path-answer-ended")) } else { String::new() };
        vec![
            said.supplier_id.to_string(),
            said.equipment_id.to_string(),
            ctx.t(if said.uses { "answer-yes" } else { "answer-no" }),
            said.on.to_string(),
            format!("{}{ended}", said.valid_through),
            said.answered_by.clone(),
            own.seq.to_string(),
        ]
    };
    let head = [
        "evidence-col-supplier",
        "col-equipment",
        "answer-uses",
        "answer-on",
        "answer-through",
        "answer-by",
        "evidence-col-entry",
    ];
    table(ctx, "answers-title", "remote_answers.json", &head, ways.answers.iter().map(row))
}

pub(super) fn tickets(ctx: &PageContext, ways: &Ways) -> Table {
    let row = |own: &TicketDetail| {
        vec![
            own.row.change_id.to_string(),
            own.row.equipment_id.to_string(),
            own.row.summary.clone(),
            ctx.ticket_state(&own.row.state).label,
            format!("{} – {}", own.row.planned_on, own.row.planned_through),
        ]
    };
    let head = ["change-id", "col-equipment", "evidence-col-planned", "evidence-col-state", "evidence-col-window"];
    table(ctx, "nav-tickets", "tickets.json", &head, ways.tickets.iter().map(row))
}

pub(super) fn computers(ctx: &PageContext, ways: &Ways) -> Table {
    let row = |row: &ComputerRow| {
        let decided = row.decided.as_ref();
        let word = match decided.map(|state| state.judged.in_scope) {
            None => "computer-undecided",
            Some(true) => "computer-in-scope",
            Some(false) => "computer-out-of-scope",
        };
        vec![row.name.clone(), row.equipment_id.to_string(), ctx.t(word), day(decided.map(|state| state.seq))]
    };
    let head = ["evidence-col-host", "col-equipment", "evidence-col-state", "evidence-col-entry"];
    table(ctx, "nav-computers", "computers.json", &head, ways.computers.iter().map(row))
}
