//! A plan of probing and what came of it, for people.
//! It does not send, and it does not read files.
//! Invariant: what is shown is the plan that a run goes through, byte for byte.

use super::{plain, table};
use crate::probe::fingerprints::{Known, Rung};
use crate::probe::menu::Answer;
use crate::probe::plan::{Action, Transport, duration};
use crate::probe::{Outcome, Report};
use daicho_schemas::text::Text;

/// Every action, and how long they take.
pub fn plan_text(actions: &[Action]) -> String {
    let mut text = String::new();
    for (number, action) in (1_usize..).zip(actions) {
        let transport = match action.transport {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        };
        let Text { ja, en } = &action.text;
        text.push_str(&format!("{number}. {} {transport}/{}\n   {ja}\n   {en}\n", action.address, action.port));
        match action.bytes_hex.as_deref() {
            Some("") => {}
            Some(bytes) => text.push_str(&format!("   {} bytes: {bytes}\n", bytes.len() / 2)),
            None => text.push_str("   バイト列は送信時に決まります（乱数または秘密を含む）。 The bytes hold a secret or a random number.\n"),
        }
    }
    let (least, most) = duration(actions);
    let count = actions.len();
    text.push_str(&format!(
        "計 {count} 件、{least}〜{most} 秒。接続は最後まで確立し、丁寧に閉じます。再送はカーネルによる SYN 1 回までです。\n\
         {count} in all, {least} to {most} seconds. Connections are made in full and closed politely; \
         only the kernel repeats, one SYN at most.\n",
        least = least.as_secs(),
        most = most.as_secs(),
    ));
    text
}

/// What came of a run.
pub fn report_text(report: &Report) -> String {
    let mut asked = table(["address / アドレス", "probe / 探査", "result / 結果"]);
    for row in &report.asked {
        let result = match &row.outcome {
            Outcome::Answered { answer } => answer_words(answer),
            Outcome::NoAnswer { why } => format!("no answer 応答なし: {why}"),
            Outcome::Forbidden { forbidden } => {
                let (text, remedy) = (&forbidden.text, &forbidden.remedy);
                format!("{}: {} {}\n{} {}", forbidden.rule, text.ja, remedy.ja, text.en, remedy.en)
            }
        };
        let probe = serde_json::to_value(row.probe).ok().and_then(|word| word.as_str().map(str::to_owned));
        let lines: Vec<String> = result.lines().map(plain).collect();
        asked.add_row([row.address.to_string(), probe.unwrap_or_default(), lines.join("\n")]);
    }
    let mut devices =
        table(["address / アドレス", "maker / メーカー", "model / 機種", "firmware / 版", "serial / 製造番号"]);
    for (address, seen) in &report.seen {
        let who = &seen.identified;
        let cells = [&who.maker, &who.model, &who.firmware, &who.serial].map(known_words);
        devices.add_row([vec![address.to_string()], cells.to_vec()].concat());
    }
    format!("{asked}\n\n{devices}\n")
}

fn known_words(known: &Option<Known>) -> String {
    let Some(known) = known else { return "unknown 不明".into() };
    let rung = match known.rung {
        Rung::BannerOrCertificate => "banner/certificate",
        Rung::SnmpEngine => "SNMPv3 engine id",
        Rung::SnmpGet => "SNMP GET",
    };
    format!("{} ({rung})", plain(&known.value))
}

fn answer_words(answer: &Answer) -> String {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".into());
    match answer {
        Answer::SnmpEngine(engine) => format!("engine id {}, enterprise {}", engine.engine_id, engine.enterprise),
        Answer::SnmpGet(values) => format!("{} | {}", shown(&values.name), shown(&values.description)),
        Answer::Ssh { identification } => identification.clone(),
        Answer::Tls(certificate) => format!("{} | SHA-256 {}", shown(&certificate.subject), certificate.sha256),
        Answer::Http(page) => format!("{} | {} | {}", page.status, shown(&page.server), shown(&page.title)),
    }
}
