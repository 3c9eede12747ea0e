//! Who made a device, from what it answered: the facts are data in `schemas/fingerprints/devices.json`.
//! It does not send or look; a fact that nobody confirmed is not in the data.
//! Invariant: no match is no maker. Every answer says what it rests on, and the weaker never covers the stronger.

use super::evidence::Mac;
use super::menu::Answer;
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const DATA: &str = include_str!("../../../schemas/fingerprints/devices.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    format: String,
    #[serde(rename = "origins")]
    _origins: Vec<String>,
    enterprises: Vec<Enterprise>,
    patterns: Vec<Pattern>,
    controllers: Vec<Controller>,
}

/// A number of IANA's. Without a maker it is software that many makers use, and says nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Enterprise {
    number: u32,
    #[serde(default)]
    maker: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pattern {
    field: Field,
    pattern: String,
    maker: String,
    #[serde(rename = "examples")]
    #[cfg_attr(not(test), expect(dead_code, reason = "examples are for tests and readers"))]
    examples: Vec<Example>,
}

/// One text that must match, and what comes out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(test), expect(dead_code, reason = "examples are for tests and readers"))]
struct Example {
    text: String,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    firmware: Option<String>,
    #[serde(default)]
    serial: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Controller {
    oui: String,
    maker: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Field {
    SnmpDescription,
    Ssh,
    TlsSubject,
    HttpServer,
    HttpTitle,
}

/// How sure we are, from weak to strong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// A banner, a page or a certificate: anybody can copy it.
    BannerOrCertificate,
    /// The enterprise number in an SNMPv3 engine id, unauthenticated.
    SnmpEngine,
    /// What the device's SNMP agent said to a configured credential.
    SnmpGet,
}

/// A value and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The value as the maker writes it.
    pub value: String,
    /// How sure.
    pub rung: Rung,
}

/// What a device is, as far as it showed. What it did not show is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identified {
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<Known>,
    /// Which model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Known>,
    /// Its firmware.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<Known>,
    /// Its serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Known>,
}

/// The facts, ready to be asked.
#[derive(Debug)]
pub struct Fingerprints {
    enterprises: BTreeMap<u32, Option<String>>,
    patterns: Vec<(Field, Regex, String)>,
    controllers: BTreeMap<[u8; 3], String>,
}

/// The data that this build carries is not sound. A test holds it to be.
#[derive(Debug, thiserror::Error)]
#[error("the fingerprints of this build cannot be read: {0}")]
pub struct DataFault(String);

impl Fingerprints {
    /// The facts of this build.
    ///
    /// # Errors
    /// [`DataFault`] is a bug of this build.
    pub fn load() -> Result<Self, DataFault> {
        let fault = |error: &dyn std::fmt::Display| DataFault(error.to_string());
        let data: Data = serde_json::from_str(DATA).map_err(|error| fault(&error))?;
        if data.format != "daicho.fingerprints.v1" {
            return Err(DataFault(data.format));
        }
        let mut patterns = Vec::new();
        for pattern in data.patterns {
            let regex = Regex::new(&pattern.pattern).map_err(|error| fault(&error))?;
            patterns.push((pattern.field, regex, pattern.maker));
        }
        let mut controllers = BTreeMap::new();
        for Controller { oui, maker } in data.controllers {
            let mac = Mac::parse(&format!("{oui}:00:00:01")).ok_or(DataFault(oui))?;
            let Mac([a, b, c, ..]) = mac;
            controllers.insert([a, b, c], maker);
        }
        let enterprises = data.enterprises.into_iter().map(|row| (row.number, row.maker)).collect();
        Ok(Self { enterprises, patterns, controllers })
    }

    /// The maker of controllers to whom a hardware address was given.
    pub fn controller_maker(&self, Mac([a, b, c, ..]): Mac) -> Option<&str> {
        self.controllers.get(&[a, b, c]).map(String::as_str)
    }

    fn enterprise(&self, number: u32) -> Option<&str> {
        self.enterprises.get(&number)?.as_deref()
    }

    /// What several answers of one device say together: the surest first, and of the less sure only what does not
    /// speak of another maker. A serial number of one device is never put beside the model of another.
    pub fn identify<'a>(&self, answers: impl IntoIterator<Item = &'a Answer>) -> Identified {
        let mut answers: Vec<&Answer> = answers.into_iter().collect();
        answers.sort_by_key(|answer| match answer {
            Answer::SnmpGet(_) => 0,
            Answer::SnmpEngine(_) => 1,
            Answer::Ssh { .. } | Answer::Tls(_) | Answer::Http(_) => 2,
        });
        let mut found = Identified::default();
        for answer in answers {
            self.add(&mut found, answer);
        }
        found
    }

    fn add(&self, found: &mut Identified, answer: &Answer) {
        match answer {
            Answer::SnmpEngine(engine) => {
                take(&mut found.maker, self.enterprise(engine.enterprise), Rung::SnmpEngine);
            }
            Answer::SnmpGet(values) => {
                self.matching(found, Field::SnmpDescription, values.description.as_deref(), Rung::SnmpGet);
                let number = values.object_id.as_deref().and_then(|id| id.strip_prefix("1.3.6.1.4.1."));
                let number = number.and_then(|rest| rest.split('.').next()?.parse().ok());
                take(&mut found.maker, number.and_then(|number| self.enterprise(number)), Rung::SnmpGet);
                take(&mut found.firmware, values.firmware.as_deref(), Rung::SnmpGet);
                take(&mut found.serial, values.serial.as_deref(), Rung::SnmpGet);
            }
            Answer::Ssh { identification } => {
                self.matching(found, Field::Ssh, Some(identification), Rung::BannerOrCertificate);
            }
            Answer::Tls(certificate) => {
                let subject = certificate.subject.as_deref();
                self.matching(found, Field::TlsSubject, subject, Rung::BannerOrCertificate);
            }
            Answer::Http(page) => {
                self.matching(found, Field::HttpServer, page.server.as_deref(), Rung::BannerOrCertificate);
                self.matching(found, Field::HttpTitle, page.title.as_deref(), Rung::BannerOrCertificate);
            }
        }
    }

    fn matching(&self, found: &mut Identified, field: Field, text: Option<&str>, rung: Rung) {
        let Some(text) = text else { return };
        let of_field = self.patterns.iter().filter(|(of, ..)| *of == field);
        let hit = of_field.filter_map(|(_, regex, maker)| Some((regex.captures(text)?, maker))).next();
        let Some((captures, maker)) = hit else { return };
        // `NEC` and `NEC Platforms` are the same to a number of IANA's.
        let same = |known: &Known| known.value.starts_with(maker) || maker.starts_with(&known.value);
        if found.maker.as_ref().is_some_and(|known| !same(known)) {
            return;
        }
        let group = |name: &str| captures.name(name).map(|part| part.as_str());
        take(&mut found.maker, Some(maker), rung);
        take(&mut found.model, group("model"), rung);
        take(&mut found.firmware, group("firmware"), rung);
        take(&mut found.serial, group("serial"), rung);
    }
}

fn take(place: &mut Option<Known>, value: Option<&str>, rung: Rung) {
    if let Some(value) = value.filter(|_| place.as_ref().is_none_or(|known| known.rung < rung)) {
        *place = Some(Known { value: value.to_owned(), rung });
    }
}

#[cfg(test)]
mod tests {
    use super::super::menu::{http, snmp, tls};
    use super::*;

    fn value(known: &Option<Known>) -> Option<&str> {
        known.as_ref().map(|known| known.value.as_str())
    }

    /// The first pattern of its field must be its own: a later one that never wins would be a wrong answer waiting.
    #[test]
    fn every_pattern_finds_its_own_examples() {
        let facts = Fingerprints::load().unwrap();
        let data: Data = serde_json::from_str(DATA).unwrap();
        for pattern in &data.patterns {
            assert!(!pattern.examples.is_empty(), "{}", pattern.pattern);
            for example in &pattern.examples {
                let mut found = Identified::default();
                facts.matching(&mut found, pattern.field, Some(&example.text), Rung::SnmpGet);
                assert_eq!(value(&found.maker), Some(pattern.maker.as_str()), "{}", example.text);
                let three = (value(&found.model), value(&found.firmware), value(&found.serial));
                let wanted = (example.model.as_deref(), example.firmware.as_deref(), example.serial.as_deref());
                assert_eq!(three, wanted, "{}", example.text);
            }
        }
    }

    #[test]
    fn the_surer_answer_wins_and_no_match_is_no_maker() {
        let facts = Fingerprints::load().unwrap();
        let page = |server: &str| Answer::Http(http::Page { status: 200, server: Some(server.into()), title: None });
        let description = Some("RTX1210 Rev.14.01.42".into());
        let values = Answer::SnmpGet(snmp::Values { description, ..Default::default() });
        let found = facts.identify([&page("cisco-IOS"), &values]);
        assert_eq!((value(&found.maker), value(&found.model)), (Some("Yamaha"), Some("RTX1210")));
        assert_eq!(facts.identify([&values, &page("cisco-IOS")]).maker, found.maker);
        let subject = Some("O=Fortinet, OU=FortiGate, CN=FGT60E0000000000".into());
        let certificate =
            tls::Certificate { subject, issuer: None, valid_from: None, valid_until: None, sha256: "00".into() };
        let other = facts.identify([&Answer::Tls(certificate.clone()), &values]);
        assert_eq!((value(&other.maker), other.serial), (Some("Yamaha"), None), "a certificate of somebody else");
        assert_eq!(value(&facts.identify([&Answer::Tls(certificate)]).serial), Some("FGT60E0000000000"));
        assert_eq!(facts.identify([&page("nginx")]), Identified::default());
        // net-snmp runs on everybody's devices.
        let linux =
            Answer::SnmpGet(snmp::Values { object_id: Some("1.3.6.1.4.1.8072.3.2.10".into()), ..Default::default() });
        assert_eq!(facts.identify([&linux]), Identified::default());
        assert_eq!(facts.controller_maker(Mac([0, 0, 0x0a, 1, 2, 3])), Some("Omron"));
        assert_eq!(facts.controller_maker(Mac([0, 0xa0, 0xde, 1, 2, 3])), None);
    }
}
