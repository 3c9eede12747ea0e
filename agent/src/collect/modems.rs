//! Modems and telephones on a cable: what could reach a mobile network past every firewall (/sys/class/net, usbmisc).
//! It does not know subscribers, numbers, contracts or whether a line is up, and asks no modem anything.
//! Invariant: no serial number or IMEI is read; where a driver serves other things too, the answer is a question.

use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::fact::observation::{Modem, ModemSort, Observation};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

const NET: &str = "/sys/class/net";
const CONTROL: &str = "/sys/class/usbmisc";
const NAMES_MAX: usize = 50_000;

/// Drivers of modems and of nothing else (drivers/net/usb, drivers/net/wwan).
const MODEMS: &[&str] = &[
    "cdc_mbim",
    "cdc_wdm",
    "hso",
    "huawei_cdc_ncm",
    "iosm",
    "mhi_net",
    "mhi_wwan_mbim",
    "mtk_t7xx",
    "qmi_wwan",
    "sierra_net",
    "kalmia",
    "cx82310_eth",
];
/// An iPhone's tethering has a driver of its own.
const TETHERING: &[&str] = &["ipheth"];
/// Modems and telephones use these, and so do management controllers and docking stations.
const SHARED: &[&str] = &["cdc_eem", "cdc_ether", "cdc_ncm", "cdc_subset", "rndis_host", "rndis_wlan"];
/// USB vendors of modems: Huawei, ZTE, Sierra Wireless, Quectel, Fibocom, Telit, SIMCom, Ericsson, Longcheer, Novatel.
pub(super) const MODEM_VENDORS: &[&str] =
    &["12d1", "19d2", "1199", "2c7c", "2cb7", "1bc7", "1e0e", "0bdb", "1c9e", "1410"];
/// USB vendors of telephones: Apple, Samsung, Google, Sony Mobile, Sharp.
pub(super) const TELEPHONE_VENDORS: &[&str] = &["05ac", "04e8", "18d1", "0fce", "04dd"];

/// Collects modems.
pub(crate) struct ModemsCollector;

impl Collector for ModemsCollector {
    fn id(&self) -> &'static str {
        "modems"
    }

    fn about(&self) -> Text {
        Text::new("モデムとテザリング中の電話機", "modems, and telephones that share their line")
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            NET,
            "/sys/class/net/*/device/driver",
            "/sys/class/net/*/device/../idVendor",
            "/sys/class/net/*/device/../idProduct",
            "/sys/class/net/*/device/../manufacturer",
            "/sys/class/net/*/device/../product",
            CONTROL,
            "/sys/class/usbmisc/*/device/driver",
            "/sys/class/usbmisc/*/device/../idVendor",
            "/sys/class/usbmisc/*/device/../idProduct",
            "/sys/class/usbmisc/*/device/../manufacturer",
            "/sys/class/usbmisc/*/device/../product",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &["netlink:links"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        if !host.is_live() {
            let text = "modems are only known on the running machine";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, NET, text));
        }
        match host.list(NET, NAMES_MAX) {
            Ok(listing) => {
                gather.source(NET);
                if listing.cut {
                    gather.miss_rest(NET);
                }
                listing.names.iter().for_each(|name| look_at(&mut gather, host, NET, name));
            }
            Err(error) => return gather.finish_failed(error.to_trouble()),
        }
        match host.list(CONTROL, NAMES_MAX) {
            Ok(listing) => {
                gather.source(CONTROL);
                // Other devices have an entry here too (`hiddev0` of a power supply).
                let control = listing.names.iter().filter(|name| name.starts_with("cdc-wdm"));
                control.for_each(|name| look_at(&mut gather, host, CONTROL, name));
            }
            // A kernel without such devices has no such class.
            Err(error) if error.is_missing() => {}
            Err(error) => gather.miss_access(&error),
        }
        gather.finish()
    }
}

fn look_at(gather: &mut Gather, host: &dyn Host, class: &str, name: &str) {
    let device = format!("{class}/{name}/device");
    let Ok(target) = host.read_link(&format!("{device}/driver")) else { return };
    let driver = target.rsplit('/').next().unwrap_or_default().to_owned();
    let is_control = class == CONTROL;
    if !is_control && ![MODEMS, TETHERING, SHARED].iter().any(|drivers| drivers.contains(&driver.as_str())) {
        return;
    }
    let mut usb = |file: &str| gather.value(host, &format!("{device}/../{file}"));
    let (vendor, product_id) = (usb("idVendor"), usb("idProduct"));
    let (maker, product) = (usb("manufacturer"), usb("product"));
    let of = |vendors: &[&str]| vendor.as_deref().is_some_and(|vendor| vendors.contains(&vendor));
    let sort = if is_control || MODEMS.contains(&driver.as_str()) || of(MODEM_VENDORS) {
        ModemSort::Modem
    } else if TETHERING.contains(&driver.as_str()) || of(TELEPHONE_VENDORS) {
        ModemSort::Tethering
    } else {
        ModemSort::Possible
    };
    let usb_id = vendor.zip(product_id).map(|(vendor, product)| format!("{vendor}:{product}"));
    let modem = Modem { device: name.to_owned(), sort, driver: Some(driver), usb_id, maker, product };
    gather.item(&device, Observation::Modem(modem));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    fn panel() -> RecordedHost {
        golden::running(&ModemsCollector, "panel", Machine::default())
    }

    #[test]
    fn the_sample_gives_its_golden_from_documented_places_only() {
        let host = panel();
        let collected = golden::check(&ModemsCollector, "panel", &host);
        assert_eq!((collected.outcome, collected.troubles), (Outcome::Complete, Vec::new()));
        golden::every_documented_place(&ModemsCollector, &[&host]);
    }

    #[test]
    fn a_driver_that_serves_other_things_is_a_question_and_a_plain_adapter_is_nothing() {
        let items = ModemsCollector.collect(&panel()).items;
        let seen: Vec<_> = items
            .iter()
            .filter_map(|item| match item {
                Observation::Modem(modem) => Some((modem.device.as_str(), modem.sort)),
                _ => None,
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("cdc-wdm0", ModemSort::Modem),
                ("usb0", ModemSort::Possible),
                ("usb1", ModemSort::Tethering),
                ("usb2", ModemSort::Modem),
                ("wwan0", ModemSort::Modem),
            ]
        );
    }

    #[test]
    fn what_was_not_looked_at_is_not_absent() {
        let closed = panel().without_permission_for(&[CONTROL]);
        let collected = ModemsCollector.collect(&closed);
        assert_eq!((collected.outcome, collected.troubles[0].kind), (Outcome::Partial, TroubleKind::NotPermitted));
    }
}
