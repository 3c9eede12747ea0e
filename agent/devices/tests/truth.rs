//! The scores: questions about each sample and their true answers, as a person who knows the device gives them.
//! It does not know what a parser says. A wrong answer fails; `unknown` where the truth is known is counted.
//! Invariant: the number of unknowns only goes down.

use super::samples;
use daicho_schemas::fact::device::{Answer, DeviceReading, FarEnd};
use std::collections::BTreeMap;

/// Unknown answers to questions of which the truth is known. Lower it when parsers learn; never raise it.
const UNKNOWN_MAX: usize = 1;

fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value).unwrap() {
        serde_json::Value::String(word) => word,
        other => other.to_string(),
    }
}

fn answer(value: Answer) -> Option<String> {
    (value != Answer::Unknown).then(|| word(&value))
}

/// `management`, `vpn`, `logs`, `model` …, or `way KEY | what`. `None` is unknown.
fn asked(reading: &DeviceReading, question: &str) -> Option<String> {
    let identity = &reading.identity;
    if let Some(rest) = question.strip_prefix("way ") {
        let (key, what) = rest.split_once(" | ").unwrap_or((rest, "there"));
        let Some(way) = reading.ways_in.iter().find(|way| way.key == key) else {
            return (what == "there").then(|| "no".to_owned());
        };
        return match what {
            "there" => Some("yes".to_owned()),
            "enabled" => answer(way.enabled.answer),
            "restricted" => answer(way.restriction.restricted.answer),
            "sources" => Some(way.restriction.sources.join(" ")),
            "second_factor" => answer(way.second_factor.answer),
            "sort" => Some(word(&way.sort)),
            "technology" => (way.technology != "unknown").then(|| way.technology.clone()),
            "users" => way.users.map(|users| users.to_string()),
            "inside" => Some(way.inside.join(" ")),
            "far_end" => match &way.far_end {
                FarEnd::Address(far) | FarEnd::Name(far) => Some(far.clone()),
                FarEnd::Anyone => Some("anyone".to_owned()),
                FarEnd::Unknown => None,
            },
            other => panic!("no such question: {other}"),
        };
    }
    if let Some(known) = of_networks(reading, question) {
        return Some(known);
    }
    match question {
        "management" => answer(reading.management.restricted.answer),
        "management sources" => Some(reading.management.sources.join(" ")),
        "vpn" => answer(reading.vpn.restricted.answer),
        "vpn sources" => Some(reading.vpn.sources.join(" ")),
        "logs" => answer(reading.logs_elsewhere.answer),
        "log targets" => Some(reading.log_targets.join(" ")),
        "administrators" => reading.administrators.map(|number| number.to_string()),
        "extent" => Some(word(&reading.extent)),
        "sort" => Some(word(&reading.source.sort)),
        "encoding" => Some(reading.source.encoding.clone()),
        "name" => identity.name.clone(),
        "maker" => identity.maker.clone(),
        "model" => identity.model.clone(),
        "serial" => identity.serial.clone(),
        "macs" => Some(identity.macs.join(" ")),
        "firmware" => identity.firmware.first().map(|firmware| firmware.version.clone()),
        "build" => identity.firmware.first().and_then(|firmware| firmware.build.clone()),
        "running" => identity.firmware.first().and_then(|firmware| answer(firmware.running)),
        "ways" => Some(reading.ways_in.len().to_string()),
        other => panic!("no such question: {other}"),
    }
}

/// `interface lan1`: addresses, `dynamic`, role, VLAN, `off`. `description lan1`. `route 10.0.0.0/8`: next hop and interface.
fn of_networks(reading: &DeviceReading, question: &str) -> Option<String> {
    let (what, name) = question.split_once(' ')?;
    let networks = reading.networks.clone().unwrap_or_default();
    let interface = networks.interfaces.iter().find(|own| own.name == name);
    match what {
        "interface" => {
            let Some(own) = interface else { return Some("no".to_owned()) };
            let mut words = own.addresses.clone();
            words.extend(own.address_from_elsewhere.then(|| "dynamic".to_owned()));
            words.extend(own.role.map(|role| word(&role)));
            words.extend(own.vlan.map(|id| format!("vlan {id}")));
            words.extend((own.shut_down == Answer::Yes).then(|| "off".to_owned()));
            Some(if words.is_empty() { "nothing".to_owned() } else { words.join(" ") })
        }
        "description" => Some(interface?.description.clone().unwrap_or_else(|| "none".to_owned())),
        "route" => {
            let routes = networks.routes.iter().filter(|route| route.destination == name);
            let ways = routes.map(|route| {
                let over = route.interface.as_ref().map(|name| format!("over {name}"));
                route.next_hop.iter().cloned().chain(over).collect::<Vec<_>>().join(" ")
            });
            let ways: Vec<String> = ways.collect();
            Some(if ways.is_empty() { "none".to_owned() } else { ways.join("; ") })
        }
        _ => None,
    }
}

#[test]
fn no_answer_is_wrong_and_unknowns_only_go_down() {
    let (mut right, mut wrong, mut unknown) = (0, Vec::new(), Vec::new());
    for sample in samples::all() {
        let Ok(text) = std::fs::read_to_string(sample.folder.join("truth.json")) else { continue };
        let truth: Vec<BTreeMap<String, String>> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", sample.name));
        let readings = daicho_devices::read(&sample.bytes).unwrap_or_else(|why| panic!("{}: {why}", sample.name));
        assert_eq!(readings.len(), truth.len(), "{}: devices", sample.name);
        for (index, (reading, truth)) in readings.iter().zip(&truth).enumerate() {
            for (question, truth) in truth {
                let said = asked(reading, question);
                match said {
                    Some(said) if said == *truth => right += 1,
                    // Truth that nobody can know from this file: any answer but unknown is made up.
                    None if truth == "unknown" => right += 1,
                    None => unknown.push(format!("{}[{index}] {question}: {truth}", sample.name)),
                    Some(said) => wrong.push(format!("{}[{index}] {question}: {said}, in truth {truth}", sample.name)),
                }
            }
        }
    }
    for question in &unknown {
        println!("unknown: {question}");
    }
    println!("measured: {right} right, {} unknown, {} wrong", unknown.len(), wrong.len());
    assert!(wrong.is_empty(), "wrong:\n  {}", wrong.join("\n  "));
    assert!(unknown.len() <= UNKNOWN_MAX, "unknown:\n  {}", unknown.join("\n  "));
}
