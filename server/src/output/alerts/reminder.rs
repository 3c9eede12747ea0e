//! Reminders of days: one letter per recipient for one entry of reminders, the day that comes first in front.
//! It does not know how days are counted; the entry states them. Invariant: whoever sees to duties of an equipment is told of its
//! days, whatever the weight; what rests on less than the statute is marked, and a day that the operator set is called its own.

use super::letter::{Letter, SUBJECT_CHARS_MAX, clean};
use super::urgent::Stated;
use crate::i18n::deadline_key;
use crate::model::Model;
use daicho_schemas::alerts::Recipient;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::duty::{Reminder, Reminders};

/// Days that one letter tells in full; the others are counted.
const DAYS_MAX: usize = 30;

/// Those of an entry's reminders that concern a recipient: compliance, auditors and administrators, on their equipment.
pub fn for_recipient(model: &Model, recipient: &Recipient, reminders: &Reminders) -> Vec<Reminder> {
    let role = recipient.roles.is_empty()
        || recipient.roles.iter().any(|role| matches!(role, Role::Compliance | Role::Auditor | Role::Admin));
    let concerns = |reminder: &&Reminder| {
        let duty = model.duty(&reminder.duty_id);
        recipient.equipment.is_empty() || duty.is_some_and(|duty| recipient.equipment.contains(&duty.equipment_id))
    };
    reminders.reminders.iter().filter(|_| role).filter(concerns).cloned().collect()
}

/// The letter to a recipient, if any of it concerns them.
pub fn letter(
    recipient: &Recipient,
    console_url: &str,
    model: &Model,
    reminders: &Reminders,
    stated: Stated,
) -> Option<Letter> {
    let mut concerned = for_recipient(model, recipient, reminders);
    concerned.sort_by(|a, b| (a.due_on, &a.duty_id, a.deadline).cmp(&(b.due_on, &b.duty_id, b.deadline)));
    let first = concerned.first()?;
    let mut letter = Letter::new(recipient.language, "");
    let values = [
        ("title", first.subject.get(letter.language).to_string().into()),
        ("day", first.due_on.to_string().into()),
        ("more", (concerned.len() - 1).into()),
    ];
    let key = if concerned.len() == 1 { "reminder-subject" } else { "reminder-subject-more" };
    letter.subject = clean(&letter.say(key, &values), SUBJECT_CHARS_MAX);
    for reminder in concerned.iter().take(DAYS_MAX) {
        tell(&mut letter, console_url, model, reminder);
    }
    let rest = concerned.len().saturating_sub(DAYS_MAX);
    if rest > 0 {
        let words = letter.say("alert-rest", &[("n", rest.into())]);
        letter.heading(&words);
    }
    letter.link("reminder-all", console_url, "/duties");
    let values = [("entry", stated.seq.to_string().into()), ("hash", stated.hash.short().into())];
    let mut foot = letter.say("alert-foot", &values);
    foot.push_str(&letter.say("alert-foot-recipient", &[("name", recipient.name.clone().into())]));
    letter.foot(&foot);
    Some(letter)
}

fn tell(letter: &mut Letter, console_url: &str, model: &Model, reminder: &Reminder) {
    let language = letter.language;
    letter.heading(reminder.subject.get(language));
    let kind = letter.word(deadline_key(reminder.deadline));
    let day = letter.say("reminder-day", &[("day", reminder.due_on.to_string().into()), ("kind", kind.into())]);
    letter.field("alert-due", &day);
    let duty = model.duty(&reminder.duty_id);
    if duty.as_ref().is_some_and(|duty| !duty.is_certain()) {
        let words = letter.word("alert-provisional");
        letter.caution(&words);
    }
    letter.field("alert-law", reminder.title.get(language));
    if let Some(equipment) = duty.as_ref().and_then(|duty| model.equipment_name(&duty.equipment_id)) {
        letter.field("alert-equipment", equipment.get(language));
    }
    let nobody = letter.word("reminder-nobody");
    letter.field("reminder-owner", reminder.owner.as_ref().map_or(nobody.as_str(), |owner| owner.as_str()));
    letter.link("alert-open-duty", console_url, &format!("/duties/{}", reminder.duty_id));
}

#[cfg(test)]
mod tests {
    use super::super::testing::recipient;
    use super::*;
    use crate::model::testing::{Script, package, plan, supplier};
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::canonical::Hash;
    use daicho_schemas::fact::duty::DeadlineKind;
    use daicho_schemas::text::Language;
    use serde_json::json;

    fn due() -> (Script, Reminders) {
        let mut script = Script::with_agent("tos-1");
        script.supplier(supplier("vendor"));
        script.plan(plan("plan-1", "tos").host("tos-1"));
        script.dpkg(Outcome::Complete, &[package("tool", "1", "vendor.example")]);
        let duty = script.model.duties().remove(0);
        let reminder = |due_on: &str, deadline| Reminder {
            duty_id: duty.duty_id.clone(),
            deadline,
            due_on: due_on.parse().unwrap(),
            days_before: 3,
            owner: None,
            subject: duty.subject.clone(),
            title: duty.title.clone(),
        };
        let reminders =
            vec![reminder("2026-11-30", DeadlineKind::Target), reminder("2026-11-24", DeadlineKind::Permitted)];
        (script, Reminders { on: "2026-11-21".parse().unwrap(), reminders })
    }

    fn written(recipient: &Recipient) -> Option<Letter> {
        let (script, reminders) = due();
        let at = "2026-11-20T15:05:00.000000Z".parse().unwrap();
        letter(recipient, "https://daicho.example", &script.model, &reminders, Stated { seq: 9, hash: Hash::ZERO, at })
    }

    #[test]
    fn a_letter_names_the_first_day_and_what_sort_each_is() {
        for (language, first, own) in [
            (Language::Ja, "2026-11-24", "法令上の期限ではありません"),
            (Language::En, "2026-11-24", "not a day of the law"),
        ] {
            let letter = written(&recipient(json!({ "language": language }))).unwrap();
            assert!(letter.subject.contains(first), "{}", letter.subject);
            let plain = letter.plain();
            assert!(plain.contains("2026-11-30") && plain.contains(own), "{plain}");
            assert!(plain.contains("https://daicho.example/duties/duty-"), "{plain}");
        }
    }

    #[test]
    fn days_concern_those_who_see_to_duties_of_that_equipment() {
        for (more, told) in [
            (json!({}), true),
            (json!({ "roles": ["compliance"] }), true),
            (json!({ "roles": ["security", "operator"] }), false),
            (json!({ "equipment": ["tos"], "severity_min": "critical", "immediate": [] }), true),
            (json!({ "equipment": ["other"] }), false),
        ] {
            assert_eq!(written(&recipient(more.clone())).is_some(), told, "{more}");
        }
    }
}
