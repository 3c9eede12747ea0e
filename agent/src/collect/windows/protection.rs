//! What keeps a Windows machine safe and current, as far as its settings say: Defender and other antivirus, automatic updates, USB storage, clock.
//! It does not know whether any of it runs or works, and no definitions' day but Defender's.
//! Invariant: one item for each product or mechanism whose settings are there; a setting that is absent is no item and no "off".
//!
//! Microsoft: "Configure Automatic Updates" (`AU`), "Windows Time service tools and settings" (`W32Time`), `USBSTOR\Start` 4 and
//! `StorageDevicePolicies\WriteProtect`, "Removable Storage Access" (`RemovableStorageDevices\Deny_All`), Defender's `Signature Updates`.

use super::super::{Collected, Collector, Gather};
use super::services::SERVICES;
use crate::access::registry::{RegistryKey, instant_of_filetime_bytes};
use crate::access::{Host, Platform};
use daicho_schemas::fact::observation::{
    Observation, PROTECTION_NAMES_MAX, Protection, ProtectionAspect, ProtectionState,
};
use daicho_schemas::text::Text;
use daicho_schemas::time::{CalendarDate, UtcMicros};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeSet;

const DEFENDER: &str = "HKLM/SOFTWARE/Microsoft/Windows Defender";
const DEFENDER_POLICY: &str = "HKLM/SOFTWARE/Policies/Microsoft/Windows Defender";
const REAL_TIME: &str = "HKLM/SOFTWARE/Microsoft/Windows Defender/Real-Time Protection";
const SIGNATURES: &str = "HKLM/SOFTWARE/Microsoft/Windows Defender/Signature Updates";
const UPDATE_POLICY: &str = "HKLM/SOFTWARE/Policies/Microsoft/Windows/WindowsUpdate/AU";
const UPDATES_INSTALLED: &str =
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/WindowsUpdate/Auto Update/Results/Install";
const USB_STORAGE: &str = "HKLM/SYSTEM/CurrentControlSet/Services/USBSTOR";
const WRITE_PROTECT: &str = "HKLM/SYSTEM/CurrentControlSet/Control/StorageDevicePolicies";
const REMOVABLE_POLICY: &str = "HKLM/SOFTWARE/Policies/Microsoft/Windows/RemovableStorageDevices";
const TIME: &str = "HKLM/SYSTEM/CurrentControlSet/Services/W32Time/Parameters";

/// Antivirus beside Defender, by the names of their services: the same products as on Linux have the same ids.
const PRODUCTS: [(&str, &str, &[&str]); 10] = [
    ("crowdstrike", "CrowdStrike Falcon", &["CSFalconService"]),
    ("cybereason", "Cybereason", &["CybereasonActiveProbe"]),
    ("eset", "ESET", &["ekrn"]),
    ("kaspersky", "Kaspersky Endpoint Security", &["KES", "AVP"]),
    ("sentinelone", "SentinelOne", &["SentinelAgent"]),
    ("sophos", "Sophos", &["SAVService", "Sophos Endpoint Defense Service"]),
    ("symantec", "Symantec Endpoint Protection", &["SepMasterService"]),
    ("trellix", "Trellix (McAfee) Endpoint Security", &["McShield", "mfemms"]),
    ("trend-micro-apex-one", "Trend Micro Apex One", &["ntrtscan"]),
    ("trend-micro-ds", "Trend Micro Deep Security Agent", &["ds_agent"]),
];

/// Collects what protects a Windows machine.
pub(in crate::collect) struct ProtectionCollector;

impl Collector for ProtectionCollector {
    fn id(&self) -> &'static str {
        "protection"
    }

    fn about(&self) -> Text {
        Text::new(
            "Defender と定義の日付、他社のアンチウイルス、自動更新、USB ストレージの制限、時刻同期",
            "Defender and the day of its definitions, other antivirus, automatic updates, USB storage, clock",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn lacks(&self) -> Option<Text> {
        Some(Text::new(
            "他社製品の定義の日付、未適用の更新の数は不明",
            "the day of other products' definitions and the count of updates that wait are not told",
        ))
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            SERVICES,
            "HKLM/SYSTEM/CurrentControlSet/Services/*",
            DEFENDER,
            DEFENDER_POLICY,
            REAL_TIME,
            SIGNATURES,
            UPDATE_POLICY,
            UPDATES_INSTALLED,
            WRITE_PROTECT,
            REMOVABLE_POLICY,
            TIME,
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[SIGNATURES, REAL_TIME, USB_STORAGE, UPDATE_POLICY, TIME]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut look = Look { gather: Gather::new(), host };
        let Some(services) = look.gather.key(host, SERVICES) else {
            let text = "the registry has no list of services; if this is a Windows, its SYSTEM hive was not read";
            return look.gather.finish_failed(Trouble::new(TroubleKind::Missing, SERVICES, text));
        };
        look.defender();
        look.products(&services.keys);
        look.updates();
        look.usb_storage();
        look.clock();
        look.gather.finish()
    }
}

struct Look<'a> {
    gather: Gather,
    host: &'a dyn Host,
}

/// What was seen of one thing.
#[derive(Default)]
struct Seen<'a> {
    name: Option<&'a str>,
    state: Option<ProtectionState>,
    on: Option<CalendarDate>,
    names: BTreeSet<String>,
    read_from: &'a [&'a str],
}

impl Look<'_> {
    fn put(&mut self, aspect: ProtectionAspect, subject: &str, seen: Seen<'_>) {
        let Seen { name, state, on, names, read_from } = seen;
        let names = names.into_iter().map(|name| self.gather.text(subject, name.as_bytes())).collect();
        let item = Protection {
            aspect,
            subject: subject.to_owned(),
            name: name.map(str::to_owned),
            state,
            on,
            count: None,
            names: self.gather.first_of(subject, names, PROTECTION_NAMES_MAX),
            read_from: read_from.iter().map(|place| (*place).to_owned()).collect(),
        };
        self.gather.item("protection", Observation::Protection(item));
    }

    /// Whether a service starts by itself; none where there is no such service.
    fn service(&mut self, name: &str) -> Option<ProtectionState> {
        match self.gather.subkey(self.host, &format!("{SERVICES}/{name}"))?.number("Start") {
            Some(0..=2) => Some(ProtectionState::Enabled),
            Some(3 | 4) => Some(ProtectionState::Disabled),
            _ => Some(ProtectionState::Present),
        }
    }

    fn defender(&mut self) {
        let Some(own) = self.gather.key(self.host, DEFENDER) else { return };
        let policy = self.gather.key(self.host, DEFENDER_POLICY).unwrap_or_default();
        let real_time = self.gather.key(self.host, REAL_TIME).unwrap_or_default();
        let is_off =
            [(&own, "DisableAntiSpyware"), (&policy, "DisableAntiSpyware"), (&real_time, "DisableRealtimeMonitoring")]
                .iter()
                .any(|(key, name)| key.number(name) == Some(1));
        let state = match self.service("WinDefend") {
            _ if is_off => ProtectionState::Disabled,
            None => ProtectionState::Present,
            Some(state) => state,
        };
        let signatures = self.gather.key(self.host, SIGNATURES).unwrap_or_default();
        let on =
            signatures.bytes("AVSignatureApplied").and_then(instant_of_filetime_bytes).map(UtcMicros::date_in_japan);
        let seen = Seen {
            name: Some("Microsoft Defender Antivirus"),
            state: Some(state),
            on,
            read_from: &[DEFENDER, SIGNATURES],
            ..Seen::default()
        };
        self.put(ProtectionAspect::Antivirus, "microsoft-defender", seen);
    }

    fn products(&mut self, services: &[String]) {
        for (subject, name, names) in PRODUCTS {
            let here: Vec<_> =
                services.iter().filter(|found| names.iter().any(|name| found.eq_ignore_ascii_case(name))).collect();
            let states: Vec<_> = here.iter().filter_map(|service| self.service(service)).collect();
            // Of several services of one product, the one that starts tells that it does.
            let Some(state) = states.iter().find(|state| **state == ProtectionState::Enabled).or(states.first()) else {
                continue;
            };
            let seen = Seen { name: Some(name), state: Some(*state), read_from: &[SERVICES], ..Seen::default() };
            self.put(ProtectionAspect::Antivirus, subject, seen);
        }
    }

    fn updates(&mut self) {
        if let Some(policy) = self.gather.key(self.host, UPDATE_POLICY) {
            // 2 asks before it loads and 3 before it installs; 4 and 5 install by themselves.
            let state = match (policy.number("NoAutoUpdate"), policy.number("AUOptions")) {
                (Some(1), _) => Some(ProtectionState::Disabled),
                (_, Some(4 | 5)) => Some(ProtectionState::Enabled),
                (_, Some(2 | 3)) => Some(ProtectionState::Disabled),
                _ => None,
            };
            if state.is_some() {
                let seen = Seen { state, read_from: &[UPDATE_POLICY], ..Seen::default() };
                self.put(ProtectionAspect::UpdatesAutomatic, "windows-update", seen);
            }
        }
        // Windows 10 and later do not keep this value.
        let results = self.gather.key(self.host, UPDATES_INSTALLED);
        let last = results.as_ref().and_then(|key| key.text("LastSuccessTime")?.get(..10)?.parse().ok());
        if let Some(on) = last {
            let seen = Seen { on: Some(on), read_from: &[UPDATES_INSTALLED], ..Seen::default() };
            self.put(ProtectionAspect::UpdatesInstalled, "windows-update", seen);
        }
    }

    fn usb_storage(&mut self) {
        let enabled = |look: &mut Self, subject: &str, name: &str, place: &str| {
            let seen = Seen {
                name: Some(name),
                state: Some(ProtectionState::Enabled),
                read_from: &[place],
                ..Seen::default()
            };
            look.put(ProtectionAspect::UsbStorage, subject, seen);
        };
        let is =
            |key: Option<RegistryKey>, name: &str, value: u64| key.is_some_and(|key| key.number(name) == Some(value));
        let driver = self.gather.subkey(self.host, USB_STORAGE);
        if is(driver, "Start", 4) {
            enabled(self, "usbstor", "USBSTOR is disabled", USB_STORAGE);
        }
        let protected = self.gather.key(self.host, WRITE_PROTECT);
        if is(protected, "WriteProtect", 1) {
            enabled(self, "write-protect", "StorageDevicePolicies WriteProtect", WRITE_PROTECT);
        }
        let policy = self.gather.key(self.host, REMOVABLE_POLICY);
        if is(policy, "Deny_All", 1) {
            enabled(self, "removable-storage-policy", "Removable Storage Access: deny all", REMOVABLE_POLICY);
        }
    }

    fn clock(&mut self) {
        let Some(settings) = self.gather.key(self.host, TIME) else { return };
        let sort = settings.text("Type").unwrap_or_default().to_ascii_uppercase();
        let state = match sort.as_str() {
            "NTP" | "NT5DS" | "ALLSYNC" => self.service("W32Time"),
            "NOSYNC" => Some(ProtectionState::Disabled),
            _ => None,
        };
        // A member of a domain takes the time from it; the list of servers does not count then.
        let servers = settings.text("NtpServer").filter(|_| sort != "NT5DS").unwrap_or_default();
        let names = servers.split_ascii_whitespace().filter_map(|server| server.split(',').next()).map(str::to_owned);
        let seen = Seen {
            name: Some("Windows Time"),
            state,
            names: names.filter(|name| !name.is_empty()).collect(),
            read_from: &[TIME],
            ..Seen::default()
        };
        self.put(ProtectionAspect::TimeSynchronisation, "w32time", seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check(&ProtectionCollector, false);
        let keys: Vec<_> = all["server_2019"].items.iter().map(Observation::key).collect();
        assert_eq!(
            keys,
            [
                "antivirus:microsoft-defender",
                "antivirus:trend-micro-ds",
                "time_synchronisation:w32time",
                "updates_automatic:windows-update",
                "usb_storage:usbstor",
            ]
        );
        assert!(all["xp"].items.iter().all(|item| !item.key().starts_with("usb_storage")), "absent is not off");
    }
}
