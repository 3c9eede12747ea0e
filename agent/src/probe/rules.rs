//! The eleven rules of probing. They stand in code: no file and no argument can loosen them.
//! It does not look, wait or send; it is handed what was seen, what was sent, and the time.
//! Invariant: what cannot be ruled out is forbidden. Nothing is sent without a `may` of this moment.

use super::allow::{Allow, Hours, Target, local_minute, minute_of_day};
use super::evidence::{Evidence, Mac};
use super::fingerprints::Fingerprints;
use super::log::Tally;
use super::plan::{Action, Transport};
use chrono::{DateTime, Datelike as _, Days, NaiveDateTime, Timelike as _};
use daicho_schemas::text::Text;
use daicho_schemas::time::UtcMicros;
use serde::Serialize;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Rule 3: ports of controllers, printers and medical devices, never opened by us. An address with a session there is
/// not a VPN box (rule 2).
pub const REFUSED_PORTS: &[RangeInclusive<u16>] = &[
    102..=102,     // S7, IEC 61850 MMS
    104..=104,     // DICOM
    502..=502,     // Modbus
    789..=789,     // Red Lion Crimson
    1089..=1091,   // Foundation Fieldbus HSE
    1911..=1911,   // Fox
    1962..=1962,   // PCWorx
    2222..=2222,   // EtherNet/IP implicit
    2404..=2404,   // IEC 60870-5-104
    2575..=2575,   // HL7
    4840..=4840,   // OPC UA
    4911..=4911,   // Fox over TLS
    5006..=5007,   // MELSEC
    5094..=5094,   // HART-IP
    9100..=9100,   // printers
    9600..=9600,   // FINS
    11112..=11112, // DICOM
    18245..=18246, // GE SRTP
    20000..=20000, // DNP3
    20547..=20547, // ProConOS
    34962..=34964, // PROFINET
    44818..=44818, // EtherNet/IP
    47808..=47808, // BACnet
    55000..=55003, // FL-net
];
/// Rule 4: connections to one target in 24 hours.
pub const TCP_CONNECTS_PER_DAY_MAX: u32 = 6;
/// Rule 4: datagrams to one target in 24 hours.
pub const DATAGRAMS_PER_DAY_MAX: u32 = 12;
/// Rule 4: between any two actions, whomever they are for. One in flight, so this is also the pace for each target.
pub const PAUSE_MIN: Duration = Duration::from_secs(1);
/// Rule 4: on top of it, at random, up to this.
pub const JITTER_MAX: Duration = Duration::from_secs(1);
/// Rule 5: below two seconds, so that the kernel repeats a SYN at most once (after one second).
pub const CONNECT_TIMEOUT: Duration = Duration::from_millis(1900);
/// Rule 5: a whole conversation after the connection stands, and an answer to a datagram.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// Rule 6: in a row.
pub const FAILURES_MAX: u32 = 2;

/// Whether a port is never opened.
pub fn is_refused_port(port: u16) -> bool {
    port == 0 || REFUSED_PORTS.iter().any(|range| range.contains(&port))
}

/// Why nothing is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{rule}: {} {}", .text.en, .remedy.en)]
pub struct Forbidden {
    /// Which rule, for machines.
    pub rule: &'static str,
    /// It ends the whole run and not only this target.
    pub stops_all: bool,
    /// Why.
    pub text: Text,
    /// What to do.
    pub remedy: Text,
}

fn forbidden(rule: &'static str, (ja, en): (&str, &str), (todo_ja, todo_en): (&str, &str)) -> Forbidden {
    Forbidden { rule, stops_all: false, text: Text::new(ja, en), remedy: Text::new(todo_ja, todo_en) }
}

fn stop(rule: &'static str, text: (&str, &str), remedy: (&str, &str)) -> Forbidden {
    Forbidden { stops_all: true, ..forbidden(rule, text, remedy) }
}

/// What one action is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// What the people of this site allow.
    pub allow: &'a Allow,
    /// What was seen on this host just now, without sending anything.
    pub evidence: &'a Evidence,
    /// What was seen when the run began.
    pub before: &'a Evidence,
    /// What was sent in the last 24 hours.
    pub tally: &'a Tally,
    /// Whose addresses belong to controllers.
    pub fingerprints: &'a Fingerprints,
    /// Now.
    pub now: UtcMicros,
}

/// Whether this action may be done at this moment.
///
/// # Errors
/// [`Forbidden`] names the first rule that stands against it.
pub fn may(target: &Target, action: &Action, moment: Moment<'_>) -> Result<(), Forbidden> {
    everything(moment)?;
    in_time(target, moment)?;
    device(target, action, moment)?;
    budget(target, action, moment.tally)
}

/// What stops everything.
fn everything(moment: Moment<'_>) -> Result<(), Forbidden> {
    if moment.evidence.stopped {
        return Err(stop(
            "stop_file",
            ("停止ファイルがあります。", "The stop file is there."),
            ("再開してよければ削除してください。", "Remove it when probing may go on."),
        ));
    }
    if let Some(place) = moment.evidence.unreadable.first() {
        return Err(Forbidden {
            rule: "not_seen",
            stops_all: true,
            text: Text::new(
                format!("{place} を読めないため、制御機器でないことを確かめられません。"),
                format!("{place} cannot be read, so it cannot be ruled out that a target is a controller."),
            ),
            remedy: Text::new("読める権限で実行してください。", "Run it as an account that may read it."),
        });
    }
    if moment.evidence.link_errors > moment.before.link_errors {
        return Err(stop(
            "link_errors",
            ("このホストの回線のエラーが増えています。", "Errors on a link of this host are rising."),
            ("配線と機器を確かめてから再開してください。", "Look at cables and devices before you go on."),
        ));
    }
    Ok(())
}

fn in_time(target: &Target, moment: Moment<'_>) -> Result<(), Forbidden> {
    let local = DateTime::from_timestamp_micros(moment.now.micros()).map(|now| now.with_timezone(&moment.allow.zone));
    let Some(local) = local.map(|local| local.naive_local()) else {
        return Err(stop(
            "clock",
            ("時刻が読めません。", "The clock cannot be read."),
            ("時計を直してください。", "Mend it."),
        ));
    };
    if local.date().to_string() > target.expires_on.to_string() {
        return Err(forbidden(
            "expired",
            ("許可の期限が過ぎています。", "The permission has expired."),
            ("責任者が expires_on を更新してください。", "Its owner has to renew expires_on."),
        ));
    }
    let file = &moment.allow.file;
    if !file.windows.iter().any(|hours| within(hours, local)) {
        return Err(stop(
            "window",
            ("保守時間帯の外です。", "It is outside of every maintenance window."),
            ("windows の時間帯に実行してください。", "Run it within one of the windows."),
        ));
    }
    let dated = |from: &str, until: &str| {
        local_minute(from).zip(local_minute(until)).is_none_or(|(from, until)| (from..until).contains(&local))
    };
    if file.weekly_blackouts.iter().any(|hours| within(hours, local))
        || file.blackouts.iter().any(|blackout| dated(&blackout.from, &blackout.until))
    {
        return Err(stop(
            "blackout",
            ("実施してはならない時間帯です。", "It is within a blackout."),
            ("終わってから実行してください。", "Run it when it is over."),
        ));
    }
    Ok(())
}

/// Whether a local time lies in hours of the week that began today or yesterday.
fn within(hours: &Hours, local: NaiveDateTime) -> bool {
    let Some((from, until)) = minute_of_day(&hours.from).zip(minute_of_day(&hours.until)) else { return false };
    let minute = local.hour().saturating_mul(60).saturating_add(local.minute());
    let begins_on = |date: chrono::NaiveDate| {
        hours.days.iter().any(|day| u32::from(*day as u8) == date.weekday().num_days_from_monday())
    };
    let overnight = until <= from;
    let today = begins_on(local.date()) && minute >= from && (overnight || minute < until);
    let yesterday = local.date().checked_sub_days(Days::new(1)).is_some_and(begins_on);
    today || (overnight && yesterday && minute < until)
}

/// Rules 2 and 3.
fn device(target: &Target, action: &Action, moment: Moment<'_>) -> Result<(), Forbidden> {
    if is_refused_port(action.port) {
        return Err(forbidden(
            "port",
            (
                "制御機器・医療機器・プリンターのポートです。",
                "This is a port of controllers, medical devices or printers.",
            ),
            ("このポートは設定で許可できません。", "No setting allows this port."),
        ));
    }
    let mac = moment.evidence.neighbours.get(&target.address).copied().or_else(|| Mac::of_eui64(target.address));
    if let Some(maker) = mac.and_then(|mac| moment.fingerprints.controller_maker(mac)) {
        return Err(Forbidden {
            rule: "controller",
            stops_all: false,
            text: Text::new(
                format!("MAC アドレスが制御機器メーカー（{maker}）のものです。"),
                format!("Its hardware address belongs to a maker of controllers ({maker})."),
            ),
            remedy: Text::new(
                "設定ファイルの取り込みか、担当者への確認で台帳に載せてください。",
                "Enter it from its configuration, or by asking its owner.",
            ),
        });
    }
    if moment.evidence.controllers_spoken_to.contains(&target.address) {
        return Err(forbidden(
            "ics_session",
            ("このホストと制御系プロトコルで通信中です。", "This host has a session with it on a port of controllers."),
            ("制御機器なら許可リストから外してください。", "If it is a controller, take it off the list."),
        ));
    }
    Ok(())
}

/// Rules 4 and 6.
fn budget(target: &Target, action: &Action, tally: &Tally) -> Result<(), Forbidden> {
    let count = tally.of(target.address);
    let spent = match action.transport {
        Transport::Tcp => count.connects >= TCP_CONNECTS_PER_DAY_MAX,
        Transport::Udp => count.datagrams >= DATAGRAMS_PER_DAY_MAX,
    };
    if spent {
        return Err(forbidden(
            "daily_budget",
            ("この 24 時間の上限に達しました。", "What may be sent to it within 24 hours has been sent."),
            ("明日実行してください。", "Run it tomorrow."),
        ));
    }
    if count.failures_in_a_row >= FAILURES_MAX {
        return Err(forbidden(
            "failures",
            ("続けて 2 回失敗したため、この機器には送りません。", "It failed twice in a row and is left alone."),
            (
                "機器とポートを確かめ、24 時間後に実行してください。",
                "Look at the device and its ports; run it after 24 hours.",
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
