//! Modems of Windows and telephones on a cable: what could reach a mobile network past every firewall.
//! It does not know subscribers, numbers, contracts or whether a line is up.
//! Invariant: no serial number or IMEI is told; where a driver serves other things too, the answer is a question; what was taken out is not told.
//!
//! IANA, interface types 243 and 244 (mobile broadband); the setup class of modems; Microsoft's drivers `usbrndis6`, `usb_rndisx` (RNDIS) and
//! `UsbNcm`, which telephones use and docking stations, too; Apple's `Netaapl`.

use super::super::modems::{MODEM_VENDORS, TELEPHONE_VENDORS};
use super::super::{Collected, Collector, Gather};
use super::adapters::{self, Adapter};
use super::devices::{ENUM, class};
use super::usb_devices::id_part;
use crate::access::{Host, Platform};
use daicho_schemas::fact::observation::{Modem, ModemSort, Observation};
use daicho_schemas::text::Text;

/// Interface types of mobile broadband.
const MOBILE: [u64; 2] = [243, 244];
/// Drivers of telephones' tethering and of nothing else, in small letters, by their beginning.
const TETHERING: [&str; 1] = ["netaapl"];
/// Drivers that telephones share with other things.
const SHARED: [&str; 4] = ["usbrndis", "usb_rndis", "rndismp", "usbncm"];

/// Collects modems.
pub(in crate::collect) struct ModemsCollector;

impl Collector for ModemsCollector {
    fn id(&self) -> &'static str {
        "modems"
    }

    fn about(&self) -> Text {
        Text::new(
            "モデム・モバイルブロードバンドとテザリング中の電話機（今あるもののみ）",
            "modems, mobile broadband, and telephones that share their line, as far as they are there",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn places(&self) -> &'static [&'static str] {
        &adapters::PLACES
    }

    fn watches(&self) -> &'static [&'static str] {
        &["HKLM/SYSTEM/CurrentControlSet/Control/Class/{4d36e972-e325-11ce-bfc1-08002be10318}"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        match adapters::read(&mut gather, host) {
            Ok(adapters) => {
                for adapter in &adapters {
                    if let Some(modem) = modem(&mut gather, adapter) {
                        gather.item(ENUM, Observation::Modem(modem));
                    }
                }
            }
            Err(trouble) => return gather.finish_failed(trouble),
        }
        gather.finish()
    }
}

fn modem(gather: &mut Gather, adapter: &Adapter) -> Option<Modem> {
    let device = &adapter.device;
    let (vendor, product_id) = (id_part(&device.id, "VID_"), id_part(&device.id, "PID_"));
    let of = |vendors: &[&str]| vendor.as_deref().is_some_and(|vendor| vendors.contains(&vendor));
    let driver = device.driver();
    let is = |drivers: &[&str]| {
        driver.as_ref().is_some_and(|driver| drivers.iter().any(|start| driver.to_ascii_lowercase().starts_with(start)))
    };
    let is_mobile = adapter.driver.number("*IfType").is_some_and(|sort| MOBILE.contains(&sort));
    let sort = if device.is_of(class::MODEM) || is_mobile || (is(&SHARED) && of(MODEM_VENDORS)) {
        ModemSort::Modem
    } else if is(&TETHERING) || (is(&SHARED) && of(TELEPHONE_VENDORS)) {
        ModemSort::Tethering
    } else if is(&SHARED) {
        ModemSort::Possible
    } else {
        return None;
    };
    let mut text = |text: Option<&str>| text.map(|text| gather.text(ENUM, text.as_bytes()));
    Some(Modem {
        device: adapter.name.clone(),
        sort,
        driver: text(driver.as_deref()),
        usb_id: vendor.zip(product_id).map(|(vendor, product)| format!("{vendor}:{product}")),
        maker: text(device.text("Mfg")),
        product: text(device.text("FriendlyName").or_else(|| device.text("DeviceDesc"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;
    use daicho_schemas::batch::Outcome;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check_running(&ModemsCollector, &["server_2022"]);
        let told = |machine: &str| {
            let modems = all[machine].items.iter().map(|item| match item {
                Observation::Modem(modem) => (modem.device.as_str(), modem.sort),
                other => panic!("{}", other.kind()),
            });
            modems.collect::<Vec<_>>()
        };
        assert_eq!(
            told("windows_11"),
            [
                ("Example Telephone RNDIS", ModemSort::Tethering),
                ("Example V.92 Modem", ModemSort::Modem),
                ("USB Dock NCM", ModemSort::Possible),
                ("携帯電話", ModemSort::Modem),
            ],
            "not the modem that was taken out"
        );
        assert_eq!(told("server_2019"), []);
        assert_eq!(all["xp"].outcome, Outcome::Failed);
    }
}
