//! Which notice concerns which recipient, and whether it is told at once.
//! It does not know addresses or languages. Pure: the same notice, model and routing file give the same answer.
//! Invariant: a rule that this file does not know concerns every role; what is grave is never held back by its weight.

use crate::model::Model;
use crate::model::rows::{DutyOutcome, DutyRow, FindingRow, Phase, Severity};
use crate::model::rules::{CHANGED_WHILE_PROHIBITED, DEVICE_WAY_IN_UNDECLARED, PLANNED_CHANGE_DIFFERS};
use daicho_schemas::alerts::{Immediate, Recipient, Weight};
use daicho_schemas::fact::decision::{Notice, Role, Transition};
use daicho_schemas::text::Text;
use daicho_schemas::time::UtcMicros;

/// The rule of ways in from outside that hosts show.
const REMOTE_PATH_RULE: &str = "remote_path_undeclared";
/// The rules of ways in from outside that nobody declared, whoever shows them.
const WAYS_IN_UNDECLARED: [&str; 2] = [REMOTE_PATH_RULE, DEVICE_WAY_IN_UNDECLARED];
/// Hosts that a message names; more are counted.
pub const HOSTS_NAMED_MAX: usize = 10;

/// A notice with what the model knows of it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What people are told.
    pub notice: Notice,
    /// The finding; absent only for a notice of another ledger's.
    pub finding: Option<FindingRow>,
    /// What the law asks because of it, the strictest first. Duties whose cause is gone are among them.
    pub duties: Vec<DutyRow>,
    /// The name of the equipment.
    pub equipment: Option<Text>,
    /// The first hosts it concerns, by name.
    pub hosts: Vec<String>,
}

impl Item {
    /// A notice, looked up.
    pub fn of(model: &Model, notice: &Notice) -> Self {
        let finding = model.finding(&notice.finding_id);
        let mut duties: Vec<DutyRow> = model.duties_of(&notice.finding_id);
        duties.sort_by(|a, b| (a.state, b.outcome, &a.duty_id).cmp(&(b.state, a.outcome, &b.duty_id)));
        let equipment = finding.as_ref().and_then(|row| row.equipment_id.as_ref());
        let equipment = equipment.and_then(|id| model.equipment_name(id));
        let agents = finding.iter().flat_map(|row| row.agent_ids.iter()).take(HOSTS_NAMED_MAX);
        let hosts = agents.map(|id| model.hostname(id).unwrap_or_else(|| id.to_string())).collect();
        Self { notice: notice.clone(), finding, duties, equipment, hosts }
    }

    /// The duties whose cause stands.
    fn standing(&self) -> impl Iterator<Item = &DutyRow> {
        self.duties.iter().filter(|duty| !duty.life.cause_gone)
    }

    /// The duties that count: those whose cause stands, or else those that hung on it when it was stated. A message may be late,
    /// and what is gone by then was there.
    pub fn counting(&self) -> impl Iterator<Item = &DutyRow> {
        let none_stands = self.standing().next().is_none();
        let stated = move |duty: &&DutyRow| none_stands && self.notice.duty_ids.contains(&duty.duty_id);
        self.duties.iter().filter(move |duty| !duty.life.cause_gone || stated(duty))
    }

    /// How grave the finding is; what is not known is not light.
    pub fn severity(&self) -> Severity {
        self.finding.as_ref().map_or(Severity::Critical, |row| row.severity)
    }

    /// How much it weighs.
    pub fn weight(&self) -> Weight {
        match self.finding.as_ref().map(|row| row.severity) {
            // What is not known is not light.
            None | Some(Severity::Critical | Severity::Gravest) => Weight::Critical,
            Some(Severity::Warning) => Weight::Warning,
            Some(Severity::Notice) => Weight::Notice,
        }
    }

    /// The gravest cause for being told at once, if there is one. A finding that closed is never urgent.
    pub fn urgency(&self) -> Option<Immediate> {
        if self.notice.transition == Transition::Closed {
            return None;
        }
        let rule = self.notice.rule_id.as_str();
        if rule == CHANGED_WHILE_PROHIBITED || self.counting().any(|duty| duty.phase == Some(Phase::Prohibited)) {
            return Some(Immediate::ProhibitionPeriod);
        }
        if rule == PLANNED_CHANGE_DIFFERS {
            return Some(Immediate::PlannedChangeDiffers);
        }
        // What was planned for a day that was not judged too early, and was seen to the letter, is told with the digest.
        let planned = self.finding.as_ref().and_then(|row| row.planned_by.as_ref());
        if planned.is_some_and(|by| by.permitted) {
            return None;
        }
        let on_equipment = self.finding.as_ref().is_none_or(|row| row.equipment_id.is_some());
        if WAYS_IN_UNDECLARED.contains(&rule) && on_equipment {
            return Some(Immediate::UndeclaredRemotePath);
        }
        self.counting().any(|duty| duty.outcome == DutyOutcome::FileFirst).then_some(Immediate::FileFirst)
    }

    /// Whether a role is concerned.
    fn concerns(&self, role: Role) -> bool {
        let roles: &[Role] = match self.notice.rule_id.as_str() {
            "undeclared_component"
            | REMOTE_PATH_RULE
            | DEVICE_WAY_IN_UNDECLARED
            | "remote_tool_undeclared"
            | "package_file_changed" => &[Role::Security],
            // Whoever runs the device can close it or bring the correction in.
            "device_way_in_unrestricted" | "device_firmware_affected" | "device_firmware_end_of_life" => {
                &[Role::Operator, Role::Security]
            }
            // Contracts and letters to vendors are not the trade of whoever runs the hosts.
            "remote_path_without_contract" | "remote_maintenance_unanswered" => &[Role::Compliance, Role::Security],
            "undeclared_supplier" | "supplier_unconfirmed" => &[Role::Compliance, Role::Security],
            "undeclared_host" | "unknown_device_on_segment" => &[Role::Operator, Role::Security],
            "agent_silent" => &[Role::Operator],
            _ => return true,
        };
        let law = role == Role::Compliance && !self.notice.duty_ids.is_empty();
        matches!(role, Role::Auditor | Role::Admin) || law || roles.contains(&role)
    }

    /// Whether a recipient is told at all.
    pub fn is_for(&self, recipient: &Recipient) -> bool {
        let role = recipient.roles.is_empty() || recipient.roles.iter().any(|role| self.concerns(*role));
        let equipment = match self.finding.as_ref().and_then(|row| row.equipment_id.as_ref()) {
            Some(id) => recipient.equipment.is_empty() || recipient.equipment.contains(id),
            None => recipient.equipment.is_empty(),
        };
        role && equipment && (self.weight() >= recipient.severity_min || self.urgency().is_some())
    }

    /// Why a recipient is told at once of something that was stated at an instant, if they are.
    pub fn told_at_once(&self, recipient: &Recipient, stated_at: UtcMicros) -> Option<Immediate> {
        let urgency = self.urgency().filter(|urgency| recipient.immediate.contains(urgency))?;
        let quiet = recipient.quiet_hours.is_some_and(|quiet| quiet.covers(hour_in_japan(stated_at)));
        (self.is_for(recipient) && (!quiet || urgency == Immediate::ProhibitionPeriod)).then_some(urgency)
    }
}

/// The hour of the day in Japan, 0 to 23.
pub fn hour_in_japan(instant: UtcMicros) -> u8 {
    const HOUR_MICROS: i64 = 3_600_000_000;
    u8::try_from((instant.micros().div_euclid(HOUR_MICROS) + 9).rem_euclid(24)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::testing::recipient;
    use super::*;
    use crate::ledger::entry::Author;
    use crate::model::rows::PlannedBy;
    use crate::model::testing::{Script, interface, plan, reading, tunnel as tunnel_of, way};
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::fact::Fact;
    use daicho_schemas::fact::observation::InterfaceKind;
    use serde_json::json;

    fn tunnel(equipment: bool) -> Item {
        let mut script = Script::with_agent("tos-1");
        if equipment {
            script.plan(plan("plan-1", "tos").host("tos-1"));
        }
        script.interfaces(Outcome::Complete, &[interface("wg0", InterfaceKind::Wireguard)]);
        let notices = script.model.next_notices(200);
        let notice = notices.iter().find(|notice| notice.rule_id.as_str() == REMOTE_PATH_RULE).unwrap();
        Item::of(&script.model, notice)
    }

    fn at(text: &str) -> UtcMicros {
        text.parse().unwrap()
    }

    #[test]
    fn a_way_in_to_critical_equipment_is_told_at_once_and_one_elsewhere_is_not() {
        let (now, everyone) = (at("2026-11-21T03:00:00.000000Z"), recipient(json!({})));
        assert_eq!(tunnel(true).told_at_once(&everyone, now), Some(Immediate::UndeclaredRemotePath));
        assert_eq!(tunnel(true).hosts, ["tos-1"]);
        assert_eq!(tunnel(false).told_at_once(&everyone, now), None);
        assert!(tunnel(false).is_for(&everyone), "it comes with the digest");
    }

    #[test]
    fn role_equipment_and_weight_narrow_and_gravity_stands_above_weight() {
        let item = tunnel(true);
        assert!(item.is_for(&recipient(json!({ "roles": ["security"] }))));
        assert!(item.is_for(&recipient(json!({ "roles": ["compliance"] }))), "a duty hangs on it");
        assert!(!item.is_for(&recipient(json!({ "roles": ["operator"] }))));
        assert!(item.is_for(&recipient(json!({ "equipment": ["tos"], "severity_min": "critical" }))));
        assert!(!item.is_for(&recipient(json!({ "equipment": ["other"] }))));
        let elsewhere = tunnel(false);
        assert!(!elsewhere.is_for(&recipient(json!({ "severity_min": "warning" }))));
        assert!(!elsewhere.is_for(&recipient(json!({ "equipment": ["tos"] }))));
        let mut unknown = elsewhere.clone();
        unknown.notice.rule_id = daicho_schemas::ids::RuleId::new("a_rule_of_tomorrow").unwrap();
        assert!(unknown.is_for(&recipient(json!({ "roles": ["operator"] }))), "an unknown rule concerns everybody");
    }

    /// One ledger with a device, its weak firmware and a path without a contract; who is told of what.
    #[test]
    fn devices_go_to_who_runs_them_and_contracts_to_who_writes_them() {
        let mut script = Script::with_agent("tos-1");
        script.plan(plan("plan-1", "tos").host("tos-1"));
        let open = way("sslvpn", "remote_access", "yes", "no");
        script.device(
            "gw",
            &reading("S1", &[tunnel_of("tunnel 1"), open]),
            json!({ "owner": { "supplier": "vendor" } }),
        );
        script.path("caterer", ("gw", "tunnel 1"), json!({}));
        let pack = json!({ "format": "daicho.firmware_pack.v1", "pack_id": "y", "source": "test", "as_of": "2026-11-20",
            "confidence": "stated",
            "advisories": [{ "id": "CVE-2099-0002", "vendor": "Yamaha", "product": "yamaha_rt", "models": ["RTX1210"],
                "affected": [{ "before": "14.01.50", "branch": "14.01" }], "fixed": ["14.01.50"] }],
            "end_of_life": [{ "vendor": "Yamaha", "product": "yamaha_rt", "branch": "14.01", "ends_on": "2026-01-01" }] });
        script.push(Author::Server, Fact::FirmwareKnowledge(serde_json::from_value(pack).unwrap()));
        let items: Vec<Item> = script.model.next_notices(200).iter().map(|own| Item::of(&script.model, own)).collect();
        let told = |role: &str, rule: &str| {
            let item =
                items.iter().find(|item| item.notice.rule_id.as_str() == rule).unwrap_or_else(|| panic!("{rule}"));
            item.is_for(&recipient(json!({ "roles": [role], "severity_min": "notice" })))
        };
        for rule in ["device_way_in_unrestricted", "device_firmware_affected", "device_firmware_end_of_life"] {
            let all = ["operator", "security", "compliance"].map(|role| told(role, rule));
            assert_eq!(all, [true, true, false], "{rule}");
        }
        assert_eq!(["operator", "security"].map(|role| told(role, DEVICE_WAY_IN_UNDECLARED)), [false, true]);
        for rule in ["remote_path_without_contract", "remote_maintenance_unanswered"] {
            let all = ["operator", "security", "compliance"].map(|role| told(role, rule));
            assert_eq!(all, [false, true, true], "{rule}");
        }
        let undeclared = items.iter().find(|item| item.notice.rule_id.as_str() == DEVICE_WAY_IN_UNDECLARED).unwrap();
        assert_eq!(undeclared.urgency(), Some(Immediate::UndeclaredRemotePath));
    }

    #[test]
    fn quiet_hours_leave_only_the_prohibition_period() {
        let night = recipient(json!({ "quiet_hours": { "from_hour": 22, "to_hour": 6 } }));
        let (noon, late) = (at("2026-11-21T03:00:00.000000Z"), at("2026-11-21T14:30:00.000000Z"));
        assert_eq!((hour_in_japan(noon), hour_in_japan(late)), (12, 23));
        let mut item = tunnel(true);
        assert!(item.told_at_once(&night, noon).is_some());
        assert_eq!(item.told_at_once(&night, late), None);
        item.duties[0].phase = Some(Phase::Prohibited);
        assert_eq!(item.told_at_once(&night, late), Some(Immediate::ProhibitionPeriod));
        let nothing = recipient(json!({ "immediate": [] }));
        assert_eq!(item.told_at_once(&nothing, noon), None);
    }

    /// A mail server was dead for a night, and the change was undone meanwhile.
    #[test]
    fn what_was_grave_when_it_was_stated_is_told_late_although_its_cause_is_gone() {
        let mut item = tunnel(true);
        item.duties[0].phase = Some(Phase::Prohibited);
        item.duties[0].life.cause_gone = true;
        assert_eq!(item.urgency(), Some(Immediate::ProhibitionPeriod));
        item.notice.duty_ids.clear();
        assert_eq!(item.urgency(), Some(Immediate::UndeclaredRemotePath), "an older duty is not what was stated");
    }

    #[test]
    fn what_a_ticket_planned_waits_for_the_digest_and_what_is_prohibited_waits_for_nothing() {
        let mut item = tunnel(true);
        let planned = |item: &mut Item, permitted: bool| {
            let change_id = "chg-1".to_string().try_into().unwrap();
            item.finding.as_mut().unwrap().planned_by = Some(PlannedBy { change_id, permitted });
            item.urgency()
        };
        assert_eq!(planned(&mut item, true), None);
        assert_eq!(planned(&mut item, false), Some(Immediate::UndeclaredRemotePath), "planned for a day too early");
        item.duties[0].phase = Some(Phase::Prohibited);
        assert_eq!(planned(&mut item, true), Some(Immediate::ProhibitionPeriod));
        item.duties.clear();
        for (rule, urgency) in [
            (CHANGED_WHILE_PROHIBITED, Immediate::ProhibitionPeriod),
            (PLANNED_CHANGE_DIFFERS, Immediate::PlannedChangeDiffers),
        ] {
            item.notice.rule_id = daicho_schemas::ids::RuleId::new(rule).unwrap();
            assert_eq!(planned(&mut item, true), Some(urgency));
        }
    }

    #[test]
    fn what_closed_is_never_urgent() {
        let mut item = tunnel(true);
        item.notice.transition = Transition::Closed;
        assert_eq!(item.urgency(), None);
        assert!(item.is_for(&recipient(json!({ "severity_min": "critical" }))));
    }
}
