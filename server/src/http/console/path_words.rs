//! The words of devices and remote paths: answers, evidence, contracts, sorts, and whose something is.
//! It does not know pages. Invariant: every match is total, and unknown has a shape of its own that is not that of yes.

use super::fragments::{Badge, Tone};
use super::layout::PageContext;
use crate::model::queries::remote_paths::{ContractState, Evidence, PathRow};
use daicho_schemas::fact::device::{Answer, Extent, FarEnd, Ground, SourceSort, WayInSort};
use daicho_schemas::fact::device_read::HeldBy;
use daicho_schemas::fact::observation::{DeviceProbed, ProbeRung, ProbedBy, ProbedValue};

impl PageContext {
    fn path_badge(&self, tone: Tone, label: String) -> Badge {
        Badge { tone, label }
    }

    /// An answer of which yes is good: restricted, reviewed, a second factor.
    pub fn path_answer(&self, answer: &Answer) -> Badge {
        match answer {
            Answer::Yes => self.path_badge(Tone::Good, self.t("answer-yes")),
            Answer::No => self.path_badge(Tone::Alarm, self.t("answer-no")),
            Answer::Unknown => self.path_badge(Tone::Unknown, self.t("unknown")),
            Answer::NotApplicable => self.path_badge(Tone::Quiet, self.t("answer-not-applicable")),
        }
    }

    /// An answer that is neither good nor bad: there is a VPN, it is switched on.
    pub fn plain_answer(&self, answer: &Answer) -> Badge {
        match answer {
            Answer::Yes => self.path_badge(Tone::Note, self.t("answer-yes")),
            Answer::No => self.path_badge(Tone::Quiet, self.t("answer-no")),
            Answer::Unknown | Answer::NotApplicable => self.path_answer(answer),
        }
    }

    /// The answer to a question of a device, by its key.
    pub fn question_answer(&self, key: &str, answer: &Answer) -> Badge {
        if key == "vpn_exists" { self.plain_answer(answer) } else { self.path_answer(answer) }
    }

    /// A question of a device, by its key.
    pub fn device_question(&self, key: &str) -> String {
        match key {
            "vpn_exists" => self.t("device-question-vpn-exists"),
            "vpn_updated" => self.t("device-question-vpn-updated"),
            "vpn_source_restricted" => self.t("device-question-vpn-restricted"),
            "vpn_log_reviewed" => self.t("device-question-vpn-log"),
            _ => self.t("device-question-management"),
        }
    }

    /// A line of a file.
    pub fn device_line(&self, line: &u32) -> String {
        self.tn("device-line", u64::from(*line))
    }

    /// What an answer rests on, a line each.
    pub fn grounds(&self, because: &[Ground]) -> Vec<String> {
        let said = |ground: &Ground| match ground.line {
            Some(line) => format!("{}: {}", self.device_line(&line), self.say(&ground.text)),
            None => self.say(&ground.text).to_string(),
        };
        because.iter().map(said).collect()
    }

    /// A step of the ladder of evidence.
    pub fn path_evidence(&self, evidence: &Evidence) -> String {
        match evidence {
            Evidence::Said => self.t("evidence-said"),
            Evidence::Oui => self.t("evidence-oui"),
            Evidence::OuiAndGateway => self.t("evidence-oui-gateway"),
            Evidence::Banner => self.t("evidence-banner"),
            Evidence::Snmp => self.t("evidence-snmp"),
            Evidence::Software => self.t("evidence-software"),
            Evidence::Interface => self.t("evidence-interface"),
            Evidence::Configuration => self.t("evidence-configuration"),
            Evidence::ConfigurationAndAnswer => self.t("evidence-configuration-answer"),
        }
    }

    /// What a value of an answer rests on.
    pub fn probe_rung(&self, rung: &ProbeRung) -> String {
        match rung {
            ProbeRung::BannerOrCertificate => self.t("probe-rung-banner"),
            ProbeRung::SnmpEngine => self.t("probe-rung-engine"),
            ProbeRung::SnmpGet => self.t("probe-rung-get"),
        }
    }

    /// What a device answered to: names of protocols, the same in every language.
    pub fn probed_by(&self, answered: &[ProbedBy]) -> String {
        let word = |by: &ProbedBy| match by {
            ProbedBy::SnmpEngine => "SNMPv3 engineID",
            ProbedBy::SnmpGet => "SNMP GET",
            ProbedBy::Ssh => "SSH",
            ProbedBy::Tls => "TLS",
            ProbedBy::Http => "HTTP",
        };
        answered.iter().map(word).collect::<Vec<_>>().join(", ")
    }

    /// What a device showed, with the names of the values.
    pub fn probed_values<'a>(&self, probed: &'a DeviceProbed) -> Vec<(String, &'a ProbedValue)> {
        let DeviceProbed { maker, model, firmware, serial, .. } = probed;
        let named = [
            ("firmware-maker", maker),
            ("firmware-model", model),
            ("firmware-version", firmware),
            ("device-serial", serial),
        ];
        named.into_iter().filter_map(|(key, value)| Some((self.t(key), value.as_ref()?))).collect()
    }

    /// By what an answer is a device's own.
    pub fn probed_match(&self, serial: &Option<ProbedValue>) -> String {
        let rung = serial.as_ref().map(|own| self.probe_rung(&own.rung)).unwrap_or_default();
        format!("{} ({rung})", self.t("probed-match-serial"))
    }

    /// Where the contract of a path stands.
    pub fn path_contract(&self, contract: &ContractState) -> Badge {
        match contract {
            ContractState::Missing => self.path_badge(Tone::Warn, self.t("path-contract-missing")),
            ContractState::Stands => self.path_badge(Tone::Good, self.t("path-contract-stands")),
            ContractState::Ended => self.path_badge(Tone::Alarm, self.t("path-contract-ended")),
            ContractState::NotApplicable => self.path_badge(Tone::Quiet, self.t("path-contract-not-applicable")),
        }
    }

    /// What the vendor of a path answered.
    pub fn vendor_answer(&self, row: &PathRow) -> Badge {
        match &row.answer {
            None => self.path_badge(Tone::Unknown, self.t("path-answer-unasked")),
            Some(state) if state.ended => self.path_badge(Tone::Warn, self.t("path-answer-ended")),
            Some(state) if state.answered.uses => self.path_badge(Tone::Good, self.t("path-answer-uses")),
            // It is listed here, so it is a path: the answer does not fit it.
            Some(_) => self.path_badge(Tone::Alarm, self.t("path-answer-none")),
        }
    }

    /// Whose something is.
    pub fn held_by(&self, who: &Option<HeldBy>) -> String {
        match who {
            None => self.t("unknown"),
            Some(HeldBy::Operator) => self.t("device-owner-operator"),
            Some(HeldBy::Supplier(id)) => id.to_string(),
        }
    }

    /// What sort of way in.
    pub fn way_sort(&self, sort: &WayInSort) -> String {
        self.say(&crate::model::rules::way_in_sort_text(*sort)).to_string()
    }

    /// The other end of a way in.
    pub fn far_end(&self, end: &FarEnd) -> String {
        match end {
            FarEnd::Address(text) | FarEnd::Name(text) => text.clone(),
            FarEnd::Anyone => self.t("far-end-anyone"),
            FarEnd::Unknown => self.t("unknown"),
        }
    }

    /// What sort of text was read.
    pub fn source_sort(&self, sort: &SourceSort) -> String {
        match sort {
            SourceSort::Configuration => self.t("reading-sort-configuration"),
            SourceSort::StatusOutput => self.t("reading-sort-status"),
            SourceSort::ConfigurationAndStatus => self.t("reading-sort-both"),
            SourceSort::Opaque => self.t("reading-sort-opaque"),
        }
    }

    /// How much of it was understood.
    pub fn extent(&self, extent: &Extent) -> String {
        match extent {
            Extent::Whole => self.t("reading-whole"),
            Extent::Partial => self.t("reading-partial"),
        }
    }
}
