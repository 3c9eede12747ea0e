//! Devices that answered when a person had them asked with `daicho-agent probe run` (D-0021): what is kept of it in the state folder.
//! It sends nothing, and does not know the allow-list, whose a device is, or what its banners said word for word.
//! Invariant: no text of a device leaves but what our fingerprints recognised in it; what is no such text is named and left out.

use super::{Collected, Collector, Gather};
use crate::access::Host;
use crate::probe::fingerprints::{Identified, Known, Rung};
use crate::probe::menu::Answer;
use crate::probe::{RESULTS_BYTES_MAX, Seen};
use daicho_schemas::fact::observation::{DeviceProbed, Observation, ProbeRung, ProbedBy, ProbedValue};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Where `probe run` keeps it, in the state folder that it uses unless told otherwise.
const RESULTS: &str = "/var/lib/daicho-agent/probe/results.json";

/// Collects what devices showed when they were asked.
pub(crate) struct DevicesProbedCollector;

impl Collector for DevicesProbedCollector {
    fn id(&self) -> &'static str {
        "devices_probed"
    }

    fn about(&self) -> Text {
        Text::new(
            "人が問い合わせを実行した機器の回答（メーカー・型番など。認証情報と応答文は送らない）",
            "who devices are that a person had asked; no credential and no text of theirs but maker, model, firmware, serial number",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &[RESULTS]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[RESULTS]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let reading = match host.read(RESULTS, RESULTS_BYTES_MAX) {
            Ok(reading) => reading,
            Err(error) if error.is_missing() => return gather.finish_not_applicable(),
            Err(error) => return gather.finish_failed(error.to_trouble()),
        };
        // A part of the file is no JSON: without the whole of it nothing is said, and nothing is taken back.
        let all = match serde_json::from_slice::<BTreeMap<IpAddr, Seen>>(&reading.bytes) {
            Ok(all) if !reading.cut => all,
            _ => {
                let text = "it is not what probe run keeps there, or too large; run it again";
                return gather.finish_failed(Trouble::new(TroubleKind::Malformed, RESULTS, text));
            }
        };
        gather.source(RESULTS);
        for (address, seen) in all {
            let item = probed(address, seen);
            match item.check() {
                Ok(()) => gather.item(RESULTS, Observation::DeviceProbed(item)),
                Err(what) => {
                    let text = format!("{address}: {what}; it is left out");
                    gather.miss(Trouble::new(TroubleKind::Malformed, RESULTS, text));
                }
            }
        }
        gather.finish()
    }
}

fn probed(address: IpAddr, seen: Seen) -> DeviceProbed {
    let answered: BTreeSet<ProbedBy> = seen.answers.iter().map(asked).collect();
    let engine = seen.answers.iter().find_map(|answer| match answer {
        Answer::SnmpEngine(engine) => Some(engine),
        _ => None,
    });
    let certificate = seen.answers.iter().find_map(|answer| match answer {
        Answer::Tls(certificate) => Some(&certificate.sha256),
        _ => None,
    });
    let Identified { maker, model, firmware, serial } = seen.identified;
    DeviceProbed {
        address: address.to_string(),
        asked_on: seen.at.date_in_japan(),
        run: seen.run,
        answered: answered.into_iter().collect(),
        maker: maker.map(value),
        model: model.map(value),
        firmware: firmware.map(value),
        serial: serial.map(value),
        engine_id: engine.map(|engine| engine.engine_id.clone()),
        mac: engine.and_then(|engine| engine.mac.clone()),
        certificate_sha256: certificate.cloned(),
    }
}

fn value(known: Known) -> ProbedValue {
    let rung = match known.rung {
        Rung::BannerOrCertificate => ProbeRung::BannerOrCertificate,
        Rung::SnmpEngine => ProbeRung::SnmpEngine,
        Rung::SnmpGet => ProbeRung::SnmpGet,
    };
    ProbedValue { value: known.value, rung }
}

fn asked(answer: &Answer) -> ProbedBy {
    match answer {
        Answer::SnmpEngine(_) => ProbedBy::SnmpEngine,
        Answer::SnmpGet(_) => ProbedBy::SnmpGet,
        Answer::Ssh { .. } => ProbedBy::Ssh,
        Answer::Tls(_) => ProbedBy::Tls,
        Answer::Http(_) => ProbedBy::Http,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    #[test]
    fn devices_are_named_and_no_word_of_theirs_leaves() {
        let host = golden::running(&DevicesProbedCollector, "asked", Machine::default());
        let collected = golden::check(&DevicesProbedCollector, "asked", &host);
        assert_eq!((collected.outcome, collected.items.len()), (Outcome::Complete, 3));
        assert!(!format!("{collected:?}").contains("EXAMPLE-SECRET"), "a banner may hold anything");
        golden::every_documented_place(&DevicesProbedCollector, &[&host]);
    }

    #[test]
    fn without_a_run_there_is_nothing_and_a_broken_file_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let host = RecordedHost::image(folder.path());
        assert_eq!(DevicesProbedCollector.collect(&host).outcome, Outcome::NotApplicable);
        let place = folder.path().join(&RESULTS[1..]);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        for broken in ["", "{", "[1]", r#"{"192.0.2.1":{"at":1}}"#, r#"{"a host":{}}"#] {
            std::fs::write(&place, broken).unwrap();
            let collected = DevicesProbedCollector.collect(&host);
            assert_eq!((collected.outcome, collected.items.len()), (Outcome::Failed, 0), "{broken}");
        }
        let long = "x".repeat(300);
        let text = format!(
            r#"{{"192.0.2.1":{{"at":"2026-11-20T00:00:05.000000Z","identified":{{"maker":{{"value":"{long}","rung":"snmp_get"}}}},
            "answers":[{{"probe":"ssh","identification":"SSH-2.0-x"}}]}}}}"#
        );
        std::fs::write(&place, text).unwrap();
        let collected = DevicesProbedCollector.collect(&host);
        assert_eq!((collected.outcome, collected.items.len(), collected.troubles.len()), (Outcome::Partial, 0, 1));
        assert!(!format!("{collected:?}").contains(&long));
    }
}
