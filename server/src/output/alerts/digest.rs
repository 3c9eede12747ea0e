//! The digest: what the ledger stated for one recipient between two times, in one letter.
//! It does not know what time it is. Pure: the same ledger and the same two times give the same bytes.
//! Invariant: everything that is for the recipient is in it or counted in it, also what was told at once; what is not seen is
//! said before anything may look calm.

use super::letter::Letter;
use super::routing::{Item, hour_in_japan};
use super::urgent::severity_key;
use crate::model::Model;
use daicho_schemas::alerts::{Recipient, Weekday};
use daicho_schemas::fact::decision::{Notice, Transition};
use daicho_schemas::ids::FindingId;
use daicho_schemas::time::UtcMicros;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Findings that each part of a digest names; the others are counted.
const NAMED_MAX: usize = 50;
const HOUR_MICROS: i64 = 3_600_000_000;
/// Hours by which Japan is ahead of UTC.
const JAPAN_HOURS: i64 = 9;

/// From an instant on, and before another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first instant.
    pub from: UtcMicros,
    /// The first instant that is not in it.
    pub to: UtcMicros,
}

/// The last time at which a digest of some hour was due, as whole hours since 1970 in UTC.
pub fn last_due(now: UtcMicros, hour: u8) -> u64 {
    let hours = now.micros().div_euclid(HOUR_MICROS);
    let behind = (hours + JAPAN_HOURS - i64::from(hour)).rem_euclid(24);
    u64::try_from(hours - behind).unwrap_or_default()
}

/// The instant at which an hour begins, counted from 1970 in UTC.
pub fn begin_of_hour(hours: u64) -> UtcMicros {
    let micros = i64::try_from(hours).unwrap_or_default().saturating_mul(HOUR_MICROS);
    UtcMicros::from_micros(micros).unwrap_or_else(|_| unreachable!("hours since 1970 are in range"))
}

/// The day of the week in Japan.
fn weekday(instant: UtcMicros) -> Weekday {
    // 1970-01-01 was a Thursday.
    match (instant.micros().div_euclid(HOUR_MICROS) + JAPAN_HOURS).div_euclid(24).rem_euclid(7) {
        0 => Weekday::Thursday,
        1 => Weekday::Friday,
        2 => Weekday::Saturday,
        3 => Weekday::Sunday,
        4 => Weekday::Monday,
        5 => Weekday::Tuesday,
        _ => Weekday::Wednesday,
    }
}

/// The letter for a period; nothing where there is nothing to say and no heartbeat is wanted on its day. `notices` are those
/// that the ledger stated in the period, in its order.
pub fn letter<'a>(
    recipient: &Recipient,
    console_url: &str,
    model: &Model,
    notices: impl Iterator<Item = &'a Notice>,
    period: Period,
) -> Option<Letter> {
    // What became of a finding last is what counts.
    let last: BTreeMap<&FindingId, &Notice> = notices.map(|notice| (&notice.finding_id, notice)).collect();
    let items = last.into_values().map(|notice| Item::of(model, notice)).filter(|item| item.is_for(recipient));
    let (mut opened, closed): (Vec<Item>, Vec<Item>) =
        items.partition(|item| item.notice.transition == Transition::Opened);
    opened.sort_by_key(|item| (item.urgency().is_none(), item.urgency(), Reverse(item.weight())));
    if opened.is_empty() && closed.is_empty() && recipient.digest.heartbeat != Some(weekday(period.to)) {
        return None;
    }
    let mut letter = Letter::new(recipient.language, "");
    let counts = || {
        let day = period.to.date_in_japan().to_string();
        [("day", day.into()), ("opened", opened.len().into()), ("closed", closed.len().into())]
    };
    let calm = opened.is_empty() && closed.is_empty();
    letter.subject = letter.say(if calm { "digest-subject-calm" } else { "digest-subject" }, &counts());
    let (from, to) = (period.from.for_people_in_japan(), period.to.for_people_in_japan());
    let words = letter.say("digest-period", &[("from", from.into()), ("to", to.into())]);
    letter.text(&words);
    what_is_seen(&mut letter, model);
    if calm {
        let words = letter.word("digest-calm");
        letter.text(&words);
    }
    part(&mut letter, console_url, "digest-opened", &opened);
    part(&mut letter, console_url, "digest-closed", &closed);
    let waiting = model.duties_waiting();
    let words = letter.say("digest-waiting", &[("n", waiting.into())]);
    letter.heading(&words);
    letter.link("alert-open-duties", console_url, "/duties");
    let hour = hour_in_japan(period.to).to_string();
    let foot = letter.say("digest-foot", &[("hour", hour.into()), ("name", recipient.name.clone().into())]);
    letter.foot(&foot);
    Some(letter)
}

fn part(letter: &mut Letter, console_url: &str, key: &str, items: &[Item]) {
    if items.is_empty() {
        return;
    }
    let words = letter.say(key, &[("n", items.len().into())]);
    letter.heading(&words);
    for item in items.iter().take(NAMED_MAX) {
        name(letter, item);
        letter.link("alert-open-finding", console_url, &format!("/findings/{}", item.notice.finding_id));
    }
    let rest = items.len().saturating_sub(NAMED_MAX);
    if rest > 0 {
        let words = letter.say("alert-rest", &[("n", rest.into())]);
        letter.text(&words);
        letter.link("alert-open-findings", console_url, "/findings");
    }
}

fn name(letter: &mut Letter, item: &Item) {
    let language = letter.language;
    let mut title = item.notice.title.get(language).to_string();
    if let Some(equipment) = &item.equipment {
        title = letter
            .say("digest-on", &[("title", title.into()), ("equipment", equipment.get(language).to_string().into())]);
    }
    let severity = item.finding.as_ref().map_or("severity-critical", |row| severity_key(row.severity));
    letter.field(severity, &title);
    let mut cause_gone = false;
    for duty in item.counting() {
        if !duty.is_certain() {
            let words = letter.word("alert-provisional");
            letter.caution(&words);
        }
        letter.field("alert-law", duty.title.get(language));
        cause_gone |= duty.life.cause_gone;
    }
    if cause_gone {
        let words = letter.word("alert-duty-cause-gone");
        letter.caution(&words);
    }
}

fn what_is_seen(letter: &mut Letter, model: &Model) {
    let seen = model.seen();
    if seen.whole() {
        return;
    }
    let words = letter.word(if seen.hosts == 0 { "seen-no-host" } else { "seen-not-all" });
    letter.caution(&words);
    let counts: [(&str, u64); 4] = [
        ("seen-silent", seen.silent as u64),
        ("seen-never", seen.never as u64),
        ("seen-troubled", seen.troubled as u64),
        ("seen-declared-not-heard", seen.declared_not_heard),
    ];
    for (key, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        let words = letter.say(key, &[("shown", count.to_string().into())]);
        letter.text(&words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{Script, interface, plan};
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::fact::observation::InterfaceKind;

    fn at(text: &str) -> UtcMicros {
        text.parse().unwrap()
    }

    fn recipient(more: &str) -> Recipient {
        serde_json::from_str(&format!(r#"{{"name":"office","language":"en","mail":"a@example.jp"{more}}}"#)).unwrap()
    }

    fn told(recipient: &Recipient, notices: &[Notice], model: &Model) -> Option<Letter> {
        let period = Period { from: at("2026-11-21T23:00:00.000000Z"), to: at("2026-11-22T23:00:00.000000Z") };
        letter(recipient, "https://daicho.example.jp", model, notices.iter(), period)
    }

    #[test]
    fn a_digest_is_due_at_its_hour_in_japan() {
        let eight = |text| begin_of_hour(last_due(at(text), 8)).to_string();
        assert_eq!(eight("2026-11-21T22:59:59.999999Z"), "2026-11-20T23:00:00.000000Z");
        assert_eq!(eight("2026-11-21T23:00:00.000000Z"), "2026-11-21T23:00:00.000000Z");
        assert_eq!(eight("2026-11-22T12:00:00.000000Z"), "2026-11-21T23:00:00.000000Z");
        assert_eq!(
            begin_of_hour(last_due(at("2026-11-21T15:30:00.000000Z"), 0)).to_string(),
            "2026-11-21T15:00:00.000000Z"
        );
        assert_eq!(weekday(at("2026-11-21T15:00:00.000000Z")), Weekday::Sunday);
        assert_eq!(weekday(at("2026-11-21T14:59:59.000000Z")), Weekday::Saturday);
    }

    #[test]
    fn what_opened_and_what_closed_is_told_once_with_its_last_turn() {
        let mut script = Script::with_agent("tos-1");
        script.plan(plan("plan-1", "tos").host("tos-1"));
        let tunnels =
            |names: &[&str]| -> Vec<_> { names.iter().map(|name| interface(name, InterfaceKind::Wireguard)).collect() };
        script.interfaces(Outcome::Complete, &tunnels(&["wg0", "wg1"]));
        let mut notices = script.model.next_notices(200);
        notices.retain(|notice| notice.rule_id.as_str() == "remote_path_undeclared");
        script.interfaces(Outcome::Complete, &tunnels(&["wg1"]));
        let of_wg0 = notices.iter().find(|notice| notice.title.en.contains("wg0")).unwrap().clone();
        notices.push(Notice { transition: Transition::Closed, ..of_wg0 });
        let office = recipient("");
        let letter = told(&office, &notices, &script.model).unwrap();
        let plain = letter.plain();
        assert_eq!(letter, told(&office, &notices, &script.model).unwrap(), "the same again");
        assert!(letter.subject.contains("1 closed"), "{}", letter.subject);
        assert_eq!(plain.matches("\"wg0\"").count(), 1, "{plain}");
        assert!(plain.find("\"wg1\"").unwrap() < plain.find("\"wg0\"").unwrap(), "what is open comes first: {plain}");
        assert!(plain.contains("a duty never ends by itself") && !plain.contains('⟦'), "{plain}");
    }

    #[test]
    fn nothing_to_say_is_no_letter_but_the_heartbeat_is_and_it_says_what_is_not_seen() {
        let script = Script::with_agent("tos-1");
        assert_eq!(told(&recipient(""), &[], &script.model), None);
        // 2026-11-23, 08:00 in Japan, is a Monday.
        let monday = recipient(r#","digest":{"hour":8,"heartbeat":"monday"}"#);
        let letter = told(&monday, &[], &script.model).unwrap();
        assert!(letter.plain().contains("[!] Not everything is seen"), "{}", letter.plain());
        assert!(!letter.plain().contains('⟦'));
        assert_eq!(told(&recipient(r#","digest":{"hour":8,"heartbeat":"tuesday"}"#), &[], &script.model), None);
    }
}
