//! The agent's status as tables.
//! It does not read anything; it is given what was read.
//! Invariant: what stands in the way is shown first, with what to do.

use super::{outcome_words, plain, table};
use crate::status::{Sending, Status};

/// The status as text.
pub fn status_table(status: &Status) -> String {
    let mut text = String::new();
    for line in warnings(status) {
        text.push_str(&format!("! {}\n", plain(&line)));
    }
    let dash = || "–".to_owned();
    let at = |instant: Option<daicho_schemas::time::UtcMicros>| {
        instant.map_or_else(dash, |instant| format!("{} (JST)", instant.for_people_in_japan()))
    };
    let run = &status.run;
    let spool = &status.spool;
    let mut facts = table(["", ""]);
    for (name, value) in [
        ("agent / エージェント", status.agent_id.as_ref().map_or_else(dash, ToString::to_string)),
        ("server / サーバー", status.server.clone().unwrap_or_else(dash)),
        ("certificate until / 証明書の期限", at(status.certificate_expires_at)),
        (
            "last acknowledged / 最後に受理された番号",
            format!("{} {}", run.acknowledged_number, at(run.acknowledged_at)),
        ),
        ("server last heard / サーバーの最終応答", at(run.heard_at)),
        ("waiting in the spool / 送信待ち", format!("{} ({} bytes)", spool.batches, spool.bytes)),
        ("oldest waiting / 最も古い送信待ち", spool.oldest_age_seconds.map_or_else(dash, |age| format!("{age} s"))),
        ("refused / 拒否された数", spool.refused.to_string()),
        ("written / 更新", at(run.updated_at)),
    ] {
        facts.add_row([name.to_owned(), plain(&value)]);
    }
    text.push_str(&format!("{facts}\n"));
    if !run.collectors.is_empty() {
        let mut collectors = table(["collector / 収集器", "outcome / 結果", "items / 件数"]);
        for collector in &run.collectors {
            let row =
                [collector.collector.to_string(), outcome_words(collector.outcome).into(), collector.items.to_string()];
            collectors.add_row(row);
        }
        text.push_str(&format!("\n{collectors}\n"));
    }
    text
}

fn warnings(status: &Status) -> Vec<String> {
    let mut warnings = Vec::new();
    if status.agent_id.is_none() {
        warnings.push(
            "未登録です。daicho-agent enroll を実行してください。 Not enrolled: run `daicho-agent enroll`.".into(),
        );
    }
    if status.certificate_expired {
        warnings.push("証明書が期限切れです。再登録してください。 The certificate has expired: enrol anew.".into());
    }
    match status.run.sending {
        Sending::Ready => {}
        Sending::Waiting => {
            warnings.push("送信できていません（自動で再試行します）。 Not sending; retried by itself.".into())
        }
        Sending::Stopped => {
            warnings.push("送信を停止しています（収集は継続）。 Sending has stopped; collecting goes on.".into());
        }
    }
    warnings.extend(status.run.obstacle.clone());
    if let Some(refusal) = &status.run.last_refusal {
        warnings.push(format!(
            "最後の拒否 last refusal ({}): {} {}",
            refusal.at.for_people_in_japan(),
            refusal.ja,
            refusal.en
        ));
    }
    warnings
}
