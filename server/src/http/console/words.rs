//! The word, shape and tone for every closed list of the model and the contract. One function per list.
//! It does not know pages. Legal terms are spelled here (through `console.ftl`) exactly as the domain notes spell them.
//! Invariant: every match is total, so a new variant is a compile error here and never a blank on a page.

use super::fragments::{Badge, Tone};
use super::layout::PageContext;
use crate::i18n::confidence_key;
use crate::model::rows::{
    Confidence, DriftStatus, DutyOutcome, DutyRow, DutyState, FindingState, HostRow, Phase, Severity,
};
use crate::output::channels::state::ChannelRow;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::decision::Hearing;
use daicho_schemas::fact::declaration::{Category, PlanKind};
use daicho_schemas::fact::observation::{HardwarePart, InterfaceKind, SocketProtocol};
use daicho_schemas::trouble::TroubleKind;

/// The confidence tag of a fact of law that was read in the text of act, order or ordinance.
const STATUTE: &str = "STAT";

impl PageContext {
    fn badge(&self, tone: Tone, key: &str) -> Badge {
        Badge { tone, label: self.t(key) }
    }

    /// How sure a claim is.
    pub fn confidence(&self, confidence: &Confidence) -> Badge {
        match confidence {
            Confidence::Unknown => self.badge(Tone::Unknown, "confidence-unknown"),
            Confidence::Low => self.badge(Tone::Warn, "confidence-low"),
            Confidence::Medium => self.badge(Tone::Note, "confidence-medium"),
            Confidence::High => self.badge(Tone::Good, "confidence-high"),
            Confidence::Decided => self.badge(Tone::Good, "confidence-decided"),
        }
    }

    /// Where something stands against the plans.
    pub fn drift(&self, status: &DriftStatus) -> Badge {
        match status {
            DriftStatus::Covered => self.badge(Tone::Good, "drift-covered"),
            DriftStatus::Undeclared => self.badge(Tone::Alarm, "drift-undeclared"),
            DriftStatus::NotPart => self.badge(Tone::Quiet, "drift-not-part"),
            DriftStatus::NotSeen => self.badge(Tone::Warn, "drift-not-seen"),
            DriftStatus::NotObservable => self.badge(Tone::Unknown, "drift-not-observable"),
        }
    }

    /// The same where it may stand on no equipment.
    pub fn drift_or_none(&self, status: &Option<DriftStatus>) -> Badge {
        match status {
            Some(status) => self.drift(status),
            None => self.badge(Tone::Quiet, "drift-no-equipment"),
        }
    }

    /// What carries a component and is judged in its place.
    pub fn carried(&self, carrier: &str) -> String {
        if carrier.is_empty() { self.t("component-carrier-unknown") } else { self.tx("component-carried", carrier) }
    }

    /// Where a plan stands.
    pub fn phase(&self, phase: &Phase) -> Badge {
        match phase {
            Phase::Draft => self.badge(Tone::Quiet, "phase-draft"),
            Phase::Submitted => self.badge(Tone::Note, "phase-submitted"),
            Phase::Prohibited => self.badge(Tone::Alarm, "phase-prohibited"),
            Phase::Cleared => self.badge(Tone::Note, "phase-cleared"),
            Phase::Introduced => self.badge(Tone::Good, "phase-introduced"),
            Phase::EntrustmentRunning => self.badge(Tone::Good, "phase-entrustment-running"),
            Phase::EntrustmentEnded => self.badge(Tone::Quiet, "phase-entrustment-ended"),
        }
    }

    /// Which kind of plan.
    pub fn plan_kind(&self, kind: &PlanKind) -> String {
        self.t(match kind {
            PlanKind::Installation => "plan-kind-installation",
            PlanKind::Entrustment => "plan-kind-entrustment",
        })
    }

    /// What a component is.
    pub fn category(&self, category: &Category) -> String {
        self.t(match category {
            Category::ServerHardware => "category-server-hardware",
            Category::OperatingSystem => "category-operating-system",
            Category::Middleware => "category-middleware",
            Category::Application => "category-application",
            Category::NetworkDevice => "category-network-device",
            Category::Firmware => "category-firmware",
            Category::Auxiliary => "category-auxiliary",
        })
    }

    /// Whether a host is heard. Revoked, and never having spoken, are not "heard".
    pub fn hearing(&self, host: &HostRow) -> Badge {
        match (host.revoked, host.hearing, host.last_batch_at) {
            (true, _, _) => self.badge(Tone::Quiet, "hearing-revoked"),
            _ if host.told.is_some() => self.badge(Tone::Quiet, "hearing-told"),
            (_, Hearing::Silent, _) => self.badge(Tone::Alarm, "hearing-silent"),
            (_, Hearing::Heard, None) => self.badge(Tone::Unknown, "hearing-never"),
            (_, Hearing::Heard, Some(_)) => self.badge(Tone::Good, "hearing-heard"),
        }
    }

    /// How completely a collector looked.
    pub fn outcome(&self, outcome: &Outcome) -> Badge {
        match outcome {
            Outcome::Complete => self.badge(Tone::Good, "outcome-complete"),
            Outcome::Partial => self.badge(Tone::Warn, "outcome-partial"),
            Outcome::NotApplicable => self.badge(Tone::Quiet, "outcome-not-applicable"),
            Outcome::Failed => self.badge(Tone::Alarm, "outcome-failed"),
        }
    }

    /// Why a place could not be read.
    pub fn trouble(&self, kind: &TroubleKind) -> String {
        self.t(match kind {
            TroubleKind::NotPermitted => "trouble-not-permitted",
            TroubleKind::Missing => "trouble-missing",
            TroubleKind::SourceVanished => "trouble-source-vanished",
            TroubleKind::Unreadable => "trouble-unreadable",
            TroubleKind::Malformed => "trouble-malformed",
            TroubleKind::TooLarge => "trouble-too-large",
            TroubleKind::Duplicate => "trouble-duplicate",
            TroubleKind::NotObservable => "trouble-not-observable",
            TroubleKind::Stopped => "trouble-stopped",
        })
    }

    /// How much a finding matters.
    pub fn severity(&self, severity: &Severity) -> Badge {
        match severity {
            Severity::Notice => self.badge(Tone::Note, "severity-notice"),
            Severity::Warning => self.badge(Tone::Warn, "severity-warning"),
            Severity::Critical => self.badge(Tone::Alarm, "severity-critical"),
            Severity::Gravest => self.badge(Tone::Alarm, "severity-gravest"),
        }
    }

    /// Where a finding is in its life.
    pub fn finding_state(&self, state: &FindingState) -> Badge {
        match state {
            FindingState::Open => self.badge(Tone::Warn, "finding-open"),
            FindingState::Closed => self.badge(Tone::Quiet, "finding-closed"),
        }
    }

    /// How a channel stands. Refusals are over, a delay is not.
    pub fn channel(&self, row: &ChannelRow) -> Badge {
        match (row.delayed_since, row.refused) {
            (Some(_), _) => self.badge(Tone::Alarm, "channel-delayed"),
            (None, 1..) => self.badge(Tone::Warn, "channel-refused"),
            (None, 0) => self.badge(Tone::Good, "channel-calm"),
        }
    }

    /// What the law asks.
    pub fn duty_outcome(&self, outcome: &DutyOutcome) -> Badge {
        match outcome {
            DutyOutcome::Nothing => self.badge(Tone::Quiet, "duty-nothing"),
            DutyOutcome::AskPerson => self.badge(Tone::Unknown, "duty-ask-person"),
            DutyOutcome::Report => self.badge(Tone::Warn, "duty-report"),
            DutyOutcome::Notify => self.badge(Tone::Warn, "duty-notify"),
            DutyOutcome::FileFirst => self.badge(Tone::Alarm, "duty-file-first"),
        }
    }

    /// Where a duty is in its life.
    pub fn duty_state(&self, state: &DutyState) -> Badge {
        match state {
            DutyState::Open => self.badge(Tone::Warn, "duty-open"),
            DutyState::Judged => self.badge(Tone::Warn, "duty-judged"),
            DutyState::Drafted => self.badge(Tone::Warn, "duty-drafted"),
            DutyState::Submitted => self.badge(Tone::Note, "duty-submitted"),
            DutyState::Accepted => self.badge(Tone::Note, "duty-accepted"),
            DutyState::Cleared => self.badge(Tone::Note, "duty-cleared"),
            DutyState::Done => self.badge(Tone::Good, "duty-done"),
            DutyState::NotNeeded => self.badge(Tone::Quiet, "duty-not-needed"),
        }
    }

    /// What a duty's statement of the law rests on. Only the statute itself is not marked as uncertain.
    pub fn legal_basis(&self, confidence: &str) -> Badge {
        match confidence {
            STATUTE => self.badge(Tone::Good, "basis-stat"),
            "SEED" => self.badge(Tone::Warn, "basis-seed"),
            "SEC" => self.badge(Tone::Warn, "basis-sec"),
            "MACH" => self.badge(Tone::Warn, "basis-mach"),
            "INF" => self.badge(Tone::Warn, "basis-inf"),
            "MEM" => self.badge(Tone::Warn, "basis-mem"),
            _ => self.badge(Tone::Unknown, "basis-unknown"),
        }
    }

    /// Whether a duty may be shown as what the law says: it rests on the statute and carries no caution.
    pub fn is_certain(&self, duty: &DutyRow) -> bool {
        duty.is_certain()
    }

    /// Which part of a machine.
    pub fn hardware_part(&self, part: &HardwarePart) -> String {
        self.t(match part {
            HardwarePart::System => "hardware-system",
            HardwarePart::Board => "hardware-board",
            HardwarePart::Chassis => "hardware-chassis",
            HardwarePart::Bios => "hardware-bios",
            HardwarePart::Cpu => "hardware-cpu",
            HardwarePart::Memory => "hardware-memory",
            HardwarePart::Disk => "hardware-disk",
            HardwarePart::Nic => "hardware-nic",
            HardwarePart::Processor => "hardware-processor",
            HardwarePart::MemoryModule => "hardware-memory-module",
            HardwarePart::Bmc => "hardware-bmc",
            HardwarePart::Tpm => "hardware-tpm",
            HardwarePart::OemStrings => "hardware-oem-strings",
            HardwarePart::PciDevice => "hardware-pci",
            HardwarePart::UsbDevice => "hardware-usb",
            HardwarePart::StorageController => "hardware-storage-controller",
        })
    }

    /// Which sort of network interface.
    pub fn interface_kind(&self, kind: &InterfaceKind) -> String {
        self.t(match kind {
            InterfaceKind::Loopback => "interface-loopback",
            InterfaceKind::Ethernet => "interface-ethernet",
            InterfaceKind::Wireless => "interface-wireless",
            InterfaceKind::Wwan => "interface-wwan",
            InterfaceKind::Bridge => "interface-bridge",
            InterfaceKind::Bond => "interface-bond",
            InterfaceKind::Vlan => "interface-vlan",
            InterfaceKind::Veth => "interface-veth",
            InterfaceKind::Wireguard => "interface-wireguard",
            InterfaceKind::Tun => "interface-tun",
            InterfaceKind::Tap => "interface-tap",
            InterfaceKind::Ppp => "interface-ppp",
            InterfaceKind::KernelTunnel => "interface-kernel-tunnel",
            InterfaceKind::Other(word) => return self.tx("interface-other", word),
        })
    }

    /// Whether an interface may be a way in from outside.
    pub fn remote_path(&self, kind: &InterfaceKind) -> Badge {
        if kind.may_be_remote_path() {
            self.badge(Tone::Alarm, "interface-may-be-remote")
        } else if matches!(kind, InterfaceKind::Other(_)) {
            self.badge(Tone::Unknown, "interface-remote-unknown")
        } else {
            self.badge(Tone::Quiet, "interface-not-remote")
        }
    }

    /// Transport and family of a socket.
    pub fn protocol(&self, protocol: &SocketProtocol) -> &'static str {
        match protocol {
            SocketProtocol::Tcp => "TCP (IPv4)",
            SocketProtocol::Tcp6 => "TCP (IPv6)",
            SocketProtocol::Udp => "UDP (IPv4)",
            SocketProtocol::Udp6 => "UDP (IPv6)",
        }
    }

    /// What the confidence of a duty means, in a sentence.
    pub fn basis_explained(&self, confidence: &str) -> String {
        self.t(confidence_key(confidence))
    }

    /// A regime by its id.
    pub fn regime(&self, id: &str) -> String {
        match id {
            "jp-espa" => self.t("regime-jp-espa"),
            "jp-acd" => self.t("regime-jp-acd"),
            other => other.to_string(),
        }
    }

    /// Whether a plan is one of installation.
    pub fn is_installation(&self, kind: &PlanKind) -> bool {
        *kind == PlanKind::Installation
    }

    /// Whether the cause of a duty is gone.
    pub fn cause_gone(&self) -> Badge {
        self.badge(Tone::Unknown, "duty-cause-gone")
    }

    /// Whether a host is heard and every collector on it looks completely.
    pub fn is_seen(&self, host: &HostRow) -> bool {
        !host.revoked && host.hearing == Hearing::Heard && host.last_batch_at.is_some() && host.collectors_troubled == 0
    }

    /// How completely a host is seen.
    pub fn host_seen(&self, host: &HostRow) -> Badge {
        if self.is_seen(host) {
            self.badge(Tone::Good, "seen-whole")
        } else if host.last_batch_at.is_none() {
            self.badge(Tone::Unknown, "seen-nothing")
        } else if host.collectors_troubled > 0 {
            Badge { tone: Tone::Warn, label: self.tn("seen-collectors-troubled", host.collectors_troubled) }
        } else {
            self.badge(Tone::Unknown, "seen-stale")
        }
    }
}
