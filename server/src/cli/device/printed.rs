//! Devices and readings as people read them in a terminal. It does not decide anything.
//! Invariant: what is unknown says so; what came from a file is made printable.

use comfy_table::{Table, presets};
use daicho_schemas::fact::device::{Answered, DeviceReading, Extent, FarEnd, WayIn};
use daicho_schemas::fact::observation::{DeviceProbed, ProbeRung, ProbedBy};
use daicho_schemas::text::{Language, Text, printable};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::Path;

pub(in crate::cli) fn table<const N: usize>(header: [Text; N], language: Language) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(header.map(|text| text.get(language).to_string()));
    table
}

/// An answer as a word.
pub(in crate::cli) fn answer(value: &str, language: Language) -> String {
    let text = match value {
        "yes" => Text::new("はい", "yes"),
        "no" => Text::new("いいえ", "no"),
        "not_applicable" => Text::new("該当なし", "not applicable"),
        _ => Text::new("不明", "unknown"),
    };
    text.get(language).to_string()
}

fn word(answered: &Answered, language: Language) -> String {
    let value = serde_json::to_value(answered.answer).unwrap_or_default();
    answer(value.as_str().unwrap_or_default(), language)
}

fn because(answered: &Answered, language: Language) -> String {
    let said = answered.because.iter().map(|ground| match ground.line {
        Some(line) => format!("{line}: {}", printable(ground.text.get(language))),
        None => printable(ground.text.get(language)),
    });
    said.collect::<Vec<_>>().join("; ")
}

fn far_end(way: &WayIn, language: Language) -> String {
    match &way.far_end {
        FarEnd::Address(text) | FarEnd::Name(text) => printable(text),
        FarEnd::Anyone => {
            Text::new("誰でも（鍵やパスワードによる）", "anyone (with key or password)").get(language).into()
        }
        FarEnd::Unknown => Text::new("不明", "unknown").get(language).into(),
    }
}

fn ways(all: &[WayIn], language: Language) -> String {
    let mut table = table(
        [
            Text::new("経路", "way in"),
            Text::new("種類", "sort"),
            Text::new("相手", "far end"),
            Text::new("有効", "on"),
            Text::new("接続元制限", "restricted"),
            Text::new("多要素", "second factor"),
        ],
        language,
    );
    for way in all {
        let sort = crate::model::rules::way_in_sort_text(way.sort);
        table.add_row([
            printable(&way.key),
            format!("{} ({})", sort.get(language), printable(&way.technology)),
            far_end(way, language),
            word(&way.enabled, language),
            word(&way.restriction.restricted, language),
            word(&way.second_factor, language),
        ]);
    }
    table.to_string()
}

/// A reading: who the device is, its ways in, and what is not known.
pub(super) fn reading(path: &Path, own: &DeviceReading, language: Language) -> String {
    let say = |ja: &str, en: &str| Text::new(ja, en).get(language).to_string();
    let source = &own.source;
    let mut lines = vec![format!(
        "{}: {} {}–{}, {}, {} {}, SHA-256 {}",
        printable(&path.display().to_string()),
        say("行", "lines"),
        source.lines.0,
        source.lines.1,
        printable(&own.family),
        printable(&source.encoding),
        match own.extent {
            Extent::Whole => say("（全体）", "(whole)"),
            Extent::Partial =>
                say("（一部のみ。ない物を「なし」とはみなしません）", "(in part: what is absent is not denied)"),
        },
        printable(&source.sha256),
    )];
    let unknown = say("不明", "unknown");
    let identity = &own.identity;
    for (name, value) in [
        (say("名前", "name"), &identity.name),
        (say("製造者", "maker"), &identity.maker),
        (say("型番", "model"), &identity.model),
        (say("シリアル番号", "serial number"), &identity.serial),
    ] {
        lines.push(format!("  {name}: {}", value.as_deref().map_or_else(|| unknown.clone(), printable)));
    }
    let firmware: Vec<String> = identity.firmware.iter().map(|bank| printable(&bank.version)).collect();
    let firmware = if firmware.is_empty() { unknown } else { firmware.join(", ") };
    lines.push(format!("  {}: {firmware}", say("ファームウェア", "firmware")));
    for (name, answered) in [
        (say("管理画面の接続元制限", "management restricted"), &own.management.restricted),
        (say("VPN の接続元制限", "VPN restricted"), &own.vpn.restricted),
        (say("ログの外部送信", "log sent elsewhere"), &own.logs_elsewhere),
    ] {
        let why = because(answered, language);
        let why = if why.is_empty() { why } else { format!(" ({why})") };
        lines.push(format!("  {name}: {}{why}", word(answered, language)));
    }
    if own.ways_in.is_empty() {
        lines.push(format!("  {}", say("経路は読み取れませんでした。", "No way in was read.")));
    } else {
        lines.push(ways(&own.ways_in, language));
    }
    for gap in &own.gaps {
        let line = gap.line.map_or_else(String::new, |line| format!("{line}: "));
        lines.push(format!("  ? {line}{}", printable(gap.text.get(language))));
    }
    lines.join("\n")
}

fn read<T: DeserializeOwned>(row: &Value, name: &str) -> Option<T> {
    serde_json::from_value(row.get(name)?.clone()).ok()
}

/// The word of one question of a row.
fn question(row: &Value, key: &str, language: Language) -> String {
    let all = row.get("questions").and_then(Value::as_array).into_iter().flatten();
    let own = all.into_iter().find(|own| own.get("key").and_then(Value::as_str) == Some(key));
    let word = own.and_then(|own| own.pointer("/answered/answer")).and_then(Value::as_str);
    answer(word.unwrap_or_default(), language)
}

/// Devices as a table.
pub(super) fn devices(rows: &[Value], language: Language) -> String {
    let mut table = table(
        [
            Text::new("機器", "device"),
            Text::new("型番", "model"),
            Text::new("設備", "equipment"),
            Text::new("取得日", "taken on"),
            Text::new("経路", "ways in"),
            Text::new("申告なし", "undeclared"),
            Text::new("管理の制限", "management restricted"),
            Text::new("VPN の制限", "VPN restricted"),
        ],
        language,
    );
    for row in rows {
        let text = |name: &str| super::text_of(row, name);
        let count = |name: &str| row.get(name).and_then(Value::as_u64).unwrap_or_default().to_string();
        table.add_row([
            text("device_id"),
            format!("{} {}", text("maker"), text("model")),
            text("equipment_id"),
            text("taken_on"),
            count("ways_in"),
            count("undeclared"),
            question(row, "management_restricted", language),
            question(row, "vpn_source_restricted", language),
        ]);
    }
    table.to_string()
}

/// One device.
pub(super) fn device(device: &Value, language: Language) -> String {
    let row = device.get("row").cloned().unwrap_or_default();
    let mut lines = vec![devices(std::slice::from_ref(&row), language)];
    for own in row.get("questions").and_then(Value::as_array).into_iter().flatten() {
        let Some(answered) = read::<Answered>(own, "answered") else { continue };
        let key = super::text_of(own, "key");
        lines.push(format!("  {key}: {} ({})", word(&answered, language), because(&answered, language)));
    }
    let all = device.get("ways").and_then(Value::as_array).into_iter().flatten();
    let all: Vec<WayIn> = all.filter_map(|own| read(own, "way")).collect();
    lines.push(ways(&all, language));
    lines.extend(probes(device, language));
    for finding in device.get("findings").and_then(Value::as_array).into_iter().flatten() {
        if let Some(title) = read::<Text>(finding, "title") {
            lines.push(format!("  ! {}", printable(title.get(language))));
        }
    }
    lines.join("\n")
}

/// What it answered when it was asked, and answers that may be its own. They say who it is, and nothing of its ways in.
fn probes(device: &Value, language: Language) -> Vec<String> {
    let rows = |name: &str| device.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let own = rows("probed").into_iter().map(|row| (row, None));
    let perhaps = rows("perhaps").into_iter().filter_map(|row| {
        let mac = row.get("mac").and_then(Value::as_str)?.to_string();
        Some((row.get("row")?.clone(), Some(mac)))
    });
    own.chain(perhaps).filter_map(|(row, mac)| Some(probe(&read(&row, "probed")?, mac.as_deref(), language))).collect()
}

fn probe(own: &DeviceProbed, mac: Option<&str>, language: Language) -> String {
    let by: Vec<&str> = own.answered.iter().map(|by| probed_by(*by)).collect();
    let values = [&own.maker, &own.model, &own.firmware, &own.serial].into_iter().flatten();
    let values: Vec<String> =
        values.map(|own| format!("{} [{}]", printable(&own.value), rung(own.rung).get(language))).collect();
    let nothing = || Text::new("何も読み取れません", "nothing was recognised").get(language).to_string();
    let said = if values.is_empty() { nothing() } else { values.join(", ") };
    let unsure = mac.map(|mac| {
        Text::new(
            format!("（この機器とは限りません：同じ MAC アドレス {mac}）"),
            format!(" (perhaps of this device: the same hardware address {mac})"),
        )
    });
    let unsure = unsure.unwrap_or_default();
    let text = Text::new(
        format!("問い合わせ {} {}（{}）：{said}{}", own.address, own.asked_on, by.join(", "), unsure.ja),
        format!("asked at {} on {} ({}): {said}{}", own.address, own.asked_on, by.join(", "), unsure.en),
    );
    format!("  {}", text.get(language))
}

fn probed_by(by: ProbedBy) -> &'static str {
    match by {
        ProbedBy::SnmpEngine => "SNMPv3 engineID",
        ProbedBy::SnmpGet => "SNMP GET",
        ProbedBy::Ssh => "SSH",
        ProbedBy::Tls => "TLS",
        ProbedBy::Http => "HTTP",
    }
}

fn rung(rung: ProbeRung) -> Text {
    match rung {
        ProbeRung::BannerOrCertificate => Text::new("名乗り・証明書", "banner or certificate"),
        ProbeRung::SnmpEngine => Text::new("SNMPv3 engineID", "SNMPv3 engine id"),
        ProbeRung::SnmpGet => Text::new("SNMP の回答", "answer by SNMP"),
    }
}
