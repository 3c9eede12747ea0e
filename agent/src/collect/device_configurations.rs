//! Configurations of devices that somebody laid into the drop folder: each is read where it lies, and only what it says of
//! the device leaves (`daicho_devices`). The folder is another one where `--device-folder` says so.
//! It does not know whose device it is, how a maker writes, or whether anything was declared.
//! Invariant: no line and no secret of a file leaves, not in a trouble either; a file that was not read is named.

use super::{Collected, Collector, Gather};
use crate::access::{DEVICE_FOLDER_DEFAULT, DEVICE_FOLDER_WINDOWS, Host, Platform};
use daicho_devices::FILE_BYTES_MAX;
use daicho_schemas::fact::device::DeviceReading;
use daicho_schemas::fact::observation::{DeviceConfiguration, Observation};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

/// Files in the folder: a device each.
const FILES_MAX: usize = 1000;

/// Collects what configurations in the drop folder say.
pub(crate) struct DeviceConfigurationsCollector;

impl Collector for DeviceConfigurationsCollector {
    fn id(&self) -> &'static str {
        "device_configurations"
    }

    fn about(&self) -> Text {
        Text::new(
            "受け渡しフォルダーに置かれた機器の設定（ファイルの内容と秘密情報は送らない）",
            "what the configurations of devices in the drop folder say, never the files or secrets in them",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &[DEVICE_FOLDER_DEFAULT, "/etc/daicho/devices.d/*", DEVICE_FOLDER_WINDOWS, "/ProgramData/Daicho/devices.d/*"]
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Linux, Platform::Windows]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[DEVICE_FOLDER_DEFAULT]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let folder = host.device_folder();
        let listing = match host.list(folder, FILES_MAX) {
            Ok(listing) => listing,
            Err(error) if error.is_missing() => return gather.finish_not_applicable(),
            Err(error) => return gather.finish_failed(error.to_trouble()),
        };
        gather.source(folder);
        if listing.cut || listing.unreadable_names > 0 {
            let text =
                format!("there are more than {FILES_MAX} files, or names that are not UTF-8; those are not read");
            gather.miss(Trouble::new(TroubleKind::TooLarge, folder, text));
        }
        // What is being written bears such a name (rsync, editors); it is read when it has its own.
        for name in listing.names.into_iter().filter(|name| !name.starts_with('.')) {
            read_file(&mut gather, host, name);
        }
        gather.finish()
    }
}

fn read_file(gather: &mut Gather, host: &dyn Host, name: String) {
    let place = format!("{}/{name}", host.device_folder());
    // One byte more than the limit, so that the reader itself says that a file is too large.
    let reading = match host.read(&place, FILE_BYTES_MAX.saturating_add(1)) {
        Ok(reading) => reading,
        Err(error) => return gather.miss_access(&error),
    };
    match daicho_devices::read(&reading.bytes) {
        Ok(readings) => {
            for reading in readings {
                show(gather, &place, &name, reading);
            }
        }
        Err(why) => {
            let text = format!("{}: {}; {}", why.code, why.text.en, why.remedy.en);
            gather.miss(Trouble::new(TroubleKind::Malformed, place, text));
        }
    }
}

/// A reading beyond the limits of its shape would have the whole batch refused; it alone is left out, and that is said.
fn show(gather: &mut Gather, place: &str, name: &str, reading: DeviceReading) {
    let (first, last) = reading.source.lines;
    let seen = DeviceConfiguration { file_name: name.to_owned(), reading: Box::new(reading) };
    match seen.check() {
        Ok(()) => gather.item(place, Observation::DeviceConfiguration(seen)),
        Err(what) => {
            let text = format!(
                "what lines {first} to {last} say is beyond the limits of a reading ({what}) and was left out; take the part out or \
                 import the device by hand"
            );
            gather.miss(Trouble::new(TroubleKind::TooLarge, place, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Machine;
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::fact::device_networks::{DeviceInterface, INTERFACES_MAX};

    #[test]
    fn a_file_that_says_nothing_is_named_and_nothing_of_it_leaves() {
        let host = golden::running(&DeviceConfigurationsCollector, "dropped", Machine::default());
        let collected = golden::check(&DeviceConfigurationsCollector, "dropped", &host);
        assert_eq!((collected.outcome, collected.troubles.len()), (Outcome::Partial, 1));
        assert!(!format!("{collected:?}").contains("EXAMPLE-SECRET"));
        let windows = golden::running(&DeviceConfigurationsCollector, "dropped_on_windows", Machine::default());
        golden::check(&DeviceConfigurationsCollector, "dropped_on_windows", &windows);
        golden::every_documented_place(&DeviceConfigurationsCollector, &[&host, &windows]);
    }

    #[test]
    fn a_reading_beyond_its_limits_is_left_out_and_the_others_are_sent() {
        let text = b"interface GigaEthernet0.0\n  ip address 192.0.2.1/24\nip napt enable\nssh-server ip enable\n";
        let good = daicho_devices::read_as("nec_ix", text).unwrap().remove(0);
        let mut wide = good.clone();
        wide.networks = Some(Default::default());
        let interfaces = good.networks.clone().unwrap().interfaces;
        let many = (0..=INTERFACES_MAX).map(|n| DeviceInterface { name: format!("i{n}"), ..interfaces[0].clone() });
        wide.networks.as_mut().unwrap().interfaces = many.collect();
        let mut gather = Gather::new();
        gather.source("/d");
        show(&mut gather, "/d/wide.txt", "wide.txt", wide);
        show(&mut gather, "/d/good.txt", "good.txt", good);
        let collected = gather.finish();
        assert_eq!((collected.outcome, collected.items.len(), collected.troubles.len()), (Outcome::Partial, 1, 1));
        let trouble = &collected.troubles[0];
        assert_eq!((trouble.kind, trouble.place.as_str()), (TroubleKind::TooLarge, "/d/wide.txt"));
        assert!(trouble.text.contains("reading.networks"), "{trouble:?}");
    }

    #[test]
    fn without_the_folder_there_is_nothing_to_ask() {
        let folder = tempfile::tempdir().unwrap();
        let host = crate::access::RecordedHost::image(folder.path());
        assert_eq!(DeviceConfigurationsCollector.collect(&host).outcome, Outcome::NotApplicable);
    }
}
