//! What is told at once: one letter per recipient for one entry of notices, the gravest first.
//! It does not know the law; titles, articles and cautions come with the duty, from the regime's table.
//! Invariant: what rests on less than the statute is marked before it is stated, and a cause that is gone by now is said so.

use super::letter::Letter;
use super::routing::Item;
use crate::i18n::confidence_key;
use crate::model::rows::{DutyRow, FindingRow, FindingState, Severity};
use crate::model::rules::CHANGED_WHILE_PROHIBITED;
use daicho_schemas::alerts::{Immediate, Recipient};
use daicho_schemas::canonical::Hash;
use daicho_schemas::time::UtcMicros;
use std::cmp::Reverse;

/// Things that one letter tells in full; the others are counted and stand in the console.
const ITEMS_MAX: usize = 20;
/// Duties that one thing tells in full.
const DUTIES_MAX: usize = 3;
/// Components that are named.
const COMPONENTS_MAX: usize = 10;

/// The entry that states the notices.
#[derive(Clone, Copy, Debug)]
pub struct Stated {
    /// Its number.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
    /// When it was received.
    pub at: UtcMicros,
}

/// The letter to a recipient, if anything of it concerns them at once.
pub fn letter(recipient: &Recipient, console_url: &str, items: &[Item], stated: Stated) -> Option<Letter> {
    let mut urgent: Vec<(Immediate, &Item)> =
        items.iter().filter_map(|item| Some((item.told_at_once(recipient, stated.at)?, item))).collect();
    urgent.sort_by_key(|(urgency, item)| (*urgency, Reverse(item.severity()), &item.notice.finding_id));
    let (gravest, first) = urgent.first()?;
    let mut letter = Letter::new(recipient.language, "");
    let more = urgent.len() - 1;
    letter.subject = subject(&letter, *gravest, first, more);
    for (urgency, item) in urgent.iter().take(ITEMS_MAX) {
        tell(&mut letter, console_url, *urgency, item);
    }
    let rest = urgent.len().saturating_sub(ITEMS_MAX);
    if rest > 0 {
        let words = letter.say("alert-rest", &[("n", rest.into())]);
        letter.heading(&words);
        letter.link("alert-open-findings", console_url, "/findings");
    }
    let entry = stated.seq.to_string();
    let values = [("entry", entry.into()), ("hash", stated.hash.short().into())];
    let mut foot = letter.say("alert-foot", &values);
    foot.push_str(&letter.say("alert-foot-recipient", &[("name", recipient.name.clone().into())]));
    letter.foot(&foot);
    Some(letter)
}

/// The words for a cause.
fn urgency_key(urgency: Immediate) -> &'static str {
    match urgency {
        Immediate::ProhibitionPeriod => "alert-prohibition-period",
        Immediate::UndeclaredRemotePath => "alert-undeclared-remote-path",
        Immediate::FileFirst => "alert-file-first",
        Immediate::PlannedChangeDiffers => "alert-planned-change-differs",
    }
}

/// The words for a weight.
pub(super) fn severity_key(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "severity-notice",
        Severity::Warning => "severity-warning",
        Severity::Critical => "severity-critical",
        Severity::Gravest => "severity-gravest",
    }
}

fn subject(letter: &Letter, urgency: Immediate, item: &Item, more: usize) -> String {
    let cause = letter.word(urgency_key(urgency));
    let title = item.notice.title.get(letter.language).to_string();
    let values = [("cause", cause.into()), ("title", title.into()), ("more", more.into())];
    let key = if more == 0 { "alert-subject" } else { "alert-subject-more" };
    super::letter::clean(&letter.say(key, &values), super::letter::SUBJECT_CHARS_MAX)
}

fn tell(letter: &mut Letter, console_url: &str, urgency: Immediate, item: &Item) {
    let language = letter.language;
    letter.heading(item.notice.title.get(language));
    let cause = letter.word(urgency_key(urgency));
    letter.field("alert-cause", &cause);
    if let Some(finding) = &item.finding {
        what_happened(letter, finding, item);
    }
    let duties: Vec<&DutyRow> = item.counting().collect();
    for duty in duties.iter().take(DUTIES_MAX) {
        what_is_asked(letter, console_url, duty);
    }
    if duties.is_empty() {
        let prohibited = item.notice.rule_id.as_str() == CHANGED_WHILE_PROHIBITED;
        let none = letter.word(if prohibited { "alert-prohibited" } else { "alert-no-duty" });
        letter.field("alert-law", &none);
    }
    if let Some(finding) = &item.finding {
        letter.field("alert-next", finding.next.get(language));
    }
    letter.link("alert-open-finding", console_url, &format!("/findings/{}", item.notice.finding_id));
}

fn what_happened(letter: &mut Letter, finding: &FindingRow, item: &Item) {
    let language = letter.language;
    let severity = letter.word(severity_key(finding.severity));
    letter.field("alert-severity", &severity);
    letter.field("alert-why", finding.why.get(language));
    if let Some(equipment) = &item.equipment {
        letter.field("alert-equipment", equipment.get(language));
    }
    let hosts = counted(letter, &item.hosts, finding.hosts);
    letter.field("alert-hosts", &hosts);
    let named: Vec<String> = finding.components.iter().take(COMPONENTS_MAX).cloned().collect();
    let components = counted(letter, &named, finding.components.len() as u64);
    letter.field("alert-components", &components);
    if let Some(claim) = &finding.supplier {
        letter.field("alert-supplier", claim.name.get(language));
    }
    letter.field("alert-since", &finding.opened_at.for_people_in_japan());
    if finding.state == FindingState::Closed {
        let at = finding.closed_at.map(|at| at.for_people_in_japan()).unwrap_or_default();
        let words = letter.say("alert-cause-gone", &[("at", at.into())]);
        letter.caution(&words);
    }
}

/// Names, and how many more there are.
fn counted(letter: &Letter, named: &[String], total: u64) -> String {
    let rest = total.saturating_sub(named.len() as u64);
    let mut words = named.join(", ");
    if rest > 0 {
        words.push_str(&letter.say("alert-and-more", &[("n", rest.into())]));
    }
    words
}

fn what_is_asked(letter: &mut Letter, console_url: &str, duty: &DutyRow) {
    let language = letter.language;
    if duty.life.cause_gone {
        let words = letter.word("alert-duty-cause-gone");
        letter.caution(&words);
    }
    if !duty.is_certain() {
        let words = [letter.word("alert-provisional"), letter.word(confidence_key(&duty.confidence))].concat();
        letter.caution(&words);
    }
    if let Some(caution) = &duty.caution {
        letter.caution(caution.get(language));
    }
    letter.field("alert-law", duty.title.get(language));
    let articles: Vec<&str> = duty.articles.iter().map(|article| article.get(language)).collect();
    letter.field("alert-articles", &articles.join(letter.word("alert-separator").as_str()));
    if let Some(form) = &duty.form {
        letter.field("alert-form", form.get(language));
    }
    let mut due = duty.clock.get(language).to_string();
    if let Some(day) = duty.due_on {
        due = letter.say("alert-due-day", &[("day", day.to_string().into()), ("rule", due.into())]);
    }
    letter.field("alert-due", &due);
    if let Some(question) = &duty.question {
        letter.field("alert-question", question.get(language));
    }
    let missing: Vec<&str> = duty.missing.iter().map(|field| field.get(language)).collect();
    letter.field("alert-missing", &missing.join(letter.word("alert-separator").as_str()));
    letter.link("alert-open-duty", console_url, &format!("/duties/{}", duty.duty_id));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{Script, interface, plan};
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::fact::observation::InterfaceKind;
    use daicho_schemas::text::Language;

    fn stated() -> Stated {
        Stated { seq: 42, hash: Hash::of("test", &[]), at: "2026-11-21T03:00:00.000000Z".parse().unwrap() }
    }

    fn told(language: Language, interface_name: &str) -> Letter {
        let mut script = Script::with_agent("tos-1");
        script.plan(plan("plan-1", "tos").host("tos-1"));
        script.interfaces(Outcome::Complete, &[interface(interface_name, InterfaceKind::Wireguard)]);
        let items: Vec<Item> =
            script.model.next_notices(200).iter().map(|notice| Item::of(&script.model, notice)).collect();
        let mut recipient: Recipient = serde_json::from_str(r#"{"name":"office","mail":"office@example.jp"}"#).unwrap();
        recipient.language = language;
        letter(&recipient, "https://daicho.example.jp", &items, stated()).unwrap()
    }

    #[test]
    fn a_letter_says_what_where_since_when_what_the_law_asks_and_what_next() {
        for (language, words) in [
            (Language::Ja, ["外部からの経路", "記録 42", "根拠条文"]),
            (Language::En, ["way in from outside", "entry 42", "Articles"]),
        ] {
            let letter = told(language, "wg0");
            let plain = letter.plain();
            for word in
                words.into_iter().chain(["tos-1", "wg0", "2026-11-21", "https://daicho.example.jp/duties/duty-"])
            {
                assert!(plain.contains(word), "{word}: {plain}");
            }
            assert!(!plain.contains('⟦'), "a key without words: {plain}");
            assert!(plain.contains("[!]"), "what rests on less than the statute is marked: {plain}");
            assert!(letter.subject.contains("wg0"), "{}", letter.subject);
        }
    }

    #[test]
    fn the_same_entry_gives_the_same_letter_and_a_hostile_name_stays_in_its_line() {
        assert_eq!(told(Language::En, "wg0"), told(Language::En, "wg0"));
        let letter = told(Language::En, "wg0\r\nBcc: a@example.jp\r\n\r\n<b>");
        assert!(!letter.subject.contains(['\r', '\n']), "{}", letter.subject);
        assert!(letter.plain().lines().all(|line| !line.starts_with("Bcc:")));
        assert!(!letter.html().unwrap().contains("<b>"));
    }
}
