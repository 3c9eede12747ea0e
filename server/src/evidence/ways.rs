//! What a pack holds of ways in from outside, and of what people planned and decided: devices with the verdict on their firmware, remote
//! paths, vendors' answers, tickets, computers.
//! It does not know files of a folder or pages. Invariant: what is tied to no equipment is in every pack, and what a row rests on is named.

use super::json;
use crate::model::Model;
use crate::model::queries::computers::ComputerRow;
use crate::model::queries::devices::DeviceDetail;
use crate::model::queries::firmware::PackRow;
use crate::model::queries::remote_paths::{PathQuery, PathRow};
use crate::model::rows::TicketDetail;
use crate::model::views::remote_paths::AnswerState;
use daicho_schemas::ids::EquipmentId;
use daicho_schemas::time::CalendarDate;
use std::collections::BTreeMap;

/// The rows.
pub(super) struct Ways {
    pub(super) devices: Vec<DeviceDetail>,
    pub(super) paths: Vec<PathRow>,
    pub(super) answers: Vec<AnswerState>,
    /// What was known about firmware: verdicts rest on it.
    firmware: Vec<PackRow>,
    pub(super) tickets: Vec<TicketDetail>,
    pub(super) computers: Vec<ComputerRow>,
}

impl Ways {
    pub(super) fn of(model: &Model, equipment: &[EquipmentId], only: Option<&EquipmentId>, day: CalendarDate) -> Self {
        let here = |id: Option<&EquipmentId>| only.is_none() || id.is_none_or(|id| Some(id) == only);
        let devices = model.device_ids(None);
        let devices = devices.iter().filter_map(|id| model.device_detail(id, day));
        let paths = model.path_rows(&model.path_entries(&PathQuery::default()), day).into_iter();
        let leads_here = |row: &PathRow| row.equipment.is_empty() || row.equipment.iter().any(|id| here(Some(id)));
        let tickets = model.tickets(None, only).into_iter();
        let lists = equipment.iter().filter_map(|id| model.computers_of(id));
        Self {
            devices: devices.filter(|own| here(own.row.equipment_id.as_ref())).collect(),
            paths: paths.filter(leads_here).collect(),
            answers: model.remote_answers(only),
            firmware: model.firmware_sheet(day).packs,
            tickets: tickets.filter_map(|row| model.ticket_detail(&row.change_id, day)).collect(),
            computers: lists.flat_map(|list| list.rows).collect(),
        }
    }

    /// The entries that the rows rest on, each with what rests on it.
    pub(super) fn named(&self, rests: &mut impl FnMut(u64, String)) {
        for own in &self.devices {
            let id = &own.row.device_id;
            let seqs = own.readings.iter().map(|own| own.seq).chain(own.probed.iter().map(|own| own.seq));
            seqs.chain(own.seq).for_each(|seq| rests(seq, format!("device {id}")));
        }
        for row in &self.paths {
            let said = row.said.as_ref().map(|said| said.seq);
            row.seen_seq.into_iter().chain(said).for_each(|seq| rests(seq, format!("remote path {}", row.key)));
        }
        for own in &self.answers {
            let said = &own.answered;
            rests(own.seq, format!("answer of {} about {}", said.supplier_id, said.equipment_id));
        }
        self.firmware.iter().for_each(|row| rests(row.seq, format!("firmware pack {}", row.pack_id)));
        for own in &self.tickets {
            own.turns.iter().for_each(|turn| rests(turn.seq, format!("ticket {}", own.row.change_id)));
        }
        for row in &self.computers {
            if let Some(decided) = &row.decided {
                rests(decided.seq, format!("computer {} {}", row.equipment_id, row.name));
            }
        }
    }

    /// The rows as files.
    pub(super) fn files(&self) -> serde_json::Result<BTreeMap<String, Vec<u8>>> {
        Ok(BTreeMap::from([
            ("devices.json".into(), json(&self.devices)?),
            ("remote_paths.json".into(), json(&self.paths)?),
            ("remote_answers.json".into(), json(&self.answers)?),
            ("firmware.json".into(), json(&self.firmware)?),
            ("tickets.json".into(), json(&self.tickets)?),
            ("computers.json".into(), json(&self.computers)?),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{Script, plan, reading, tunnel};
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn a_pack_of_one_equipment_holds_its_devices_and_those_of_nobody_and_names_their_entries() {
        let mut script = Script::with_agent("tos-1");
        script.plan(plan("plan-1", "tos").host("tos-1"));
        script.plan(plan("plan-2", "gate").host("tos-2"));
        script.device("gw", &reading("S1", &[tunnel("tunnel 1")]), json!({}));
        let of_tos = script.seq();
        script.device("other", &reading("S2", &[]), json!({ "equipment_id": "gate" }));
        let of_gate = script.seq();
        script.device("nobody", &reading("S3", &[]), json!({ "equipment_id": null }));
        script.path("a", ("gw", "tunnel 1"), json!({}));
        script.answer("vendor", true, "2027-11-20");
        let answer = script.seq();
        let only = EquipmentId::new("tos").unwrap();
        let ways = Ways::of(&script.model, std::slice::from_ref(&only), Some(&only), script.today());
        let ids: Vec<&str> = ways.devices.iter().map(|own| own.row.device_id.as_str()).collect();
        assert_eq!((ids, ways.paths.len(), ways.answers.len()), (vec!["gw", "nobody"], 1, 1));
        let mut named = BTreeSet::new();
        ways.named(&mut |seq, _| named.extend([seq]));
        assert!(named.contains(&of_tos) && named.contains(&answer) && !named.contains(&of_gate), "{named:?}");
        assert_eq!(ways.files().unwrap().len(), 6);
    }
}
