//! What the machine below a host tells: parts on its buses, modules of its kernel, connections; and the files that tell it, as a hostile
//! firmware or a hostile maker of a module may have filled them. The first byte picks the file.
//! It does not know any format. Invariant: whatever the bytes are, no collector panics, what it says is within the limits of the
//! contract and the same at a second look.

use super::choices::Choices;
use daicho_agent::access::{Machine, RecordedHost};
use daicho_agent::collect::{COLLECTORS, run};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::{
    Hardware, HardwarePart, KernelModule, Observation, Platform, Session, SessionDirection,
};
use daicho_schemas::limits::{REPORT_ITEMS_MAX, REPORT_TROUBLES_MAX};

macro_rules! fixture {
    ($path:literal) => {
        include_bytes!(concat!("../../../agent/fixtures/", $path))
    };
}

/// A file: its collector, its place, a sound one.
type File = (&'static str, &'static str, &'static [u8]);

const MODULES_DEP: &str = "lib/modules/1/modules.dep";
const FILES: [File; 9] = [
    ("smbios", "sys/firmware/dmi/tables/DMI", fixture!("smbios/rack_server/root/sys/firmware/dmi/tables/DMI")),
    ("smbios", "sys/firmware/dmi/tables/DMI", fixture!("smbios/kvm_guest/root/sys/firmware/dmi/tables/DMI")),
    ("kernel_modules", "proc/modules", fixture!("kernel_modules/dkms_server/root/proc/modules")),
    (
        "kernel_modules",
        MODULES_DEP,
        b"updates/a.ko: kernel/b.ko\nextra/c.ko.xz:\nupdates/d.ko.zst:\nupdates/e.ko.gz:\n",
    ),
    (
        "kernel_modules",
        "lib/modules/1/updates/a.ko",
        fixture!(
            "kernel_modules/dkms_server/root/lib/modules/6.1.0-18-amd64/kernel/drivers/net/ethernet/example/example_eth.ko"
        ),
    ),
    (
        "kernel_modules",
        "lib/modules/1/extra/c.ko.xz",
        fixture!("kernel_modules/dkms_server/root/lib/modules/6.1.0-18-amd64/updates/dkms/example-raid.ko.xz"),
    ),
    (
        "kernel_modules",
        "lib/modules/1/updates/d.ko.zst",
        fixture!("kernel_modules/dkms_server/root/lib/modules/6.1.0-18-amd64/extra/example/net/example_idle.ko.zst"),
    ),
    ("platform", "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", b"\x06\0\0\0\x01"),
    ("sessions", "proc/net/tcp", fixture!("sessions/gateway/root/proc/net/tcp")),
];

pub(super) fn read(bytes: &[u8]) {
    let (pick, file) = bytes.split_first().map_or((0, bytes), |(pick, file)| (usize::from(*pick), file));
    let (id, place, _) = FILES[pick % FILES.len()];
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |place: &str, content: &[u8]| {
        let path = folder.path().join(place);
        std::fs::create_dir_all(path.parent().expect("it is below the folder")).expect("a folder can be made");
        std::fs::write(path, content).expect("a file can be written");
    };
    write("proc/sys/kernel/osrelease", b"1\n");
    write("proc/modules", b"a 1 0 - Live 0x0 (OE)\n");
    write(MODULES_DEP, FILES[3].2);
    write(place, file);
    let host = RecordedHost::running(folder.path(), Machine::default());
    let collector = COLLECTORS.iter().find(|collector| collector.id() == id).expect("the collector is in the list");
    let collected = run(*collector, &host);
    assert!(!collected.troubles.iter().any(|trouble| trouble.text.contains("please report this as a bug")));
    assert!(collected.items.len() <= REPORT_ITEMS_MAX && collected.troubles.len() <= REPORT_TROUBLES_MAX);
    assert!(collected.outcome != Outcome::Partial || !collected.troubles.is_empty());
    for item in &collected.items {
        let again = serde_json::from_str(&serde_json::to_string(item).expect("it can be written")).expect("and read");
        assert_eq!(*item, again);
    }
    assert_eq!(run(*collector, &host), collected, "a second look gives the same");
}

/// Every sound file by its own collector.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let numbered = (0_u8..).zip(FILES);
    numbered.map(|(number, (_, _, sound))| [&[number], sound].concat()).collect()
}

/// What an agent shows of the machine and of connections.
pub(super) fn observation(choices: &mut Choices) -> Observation {
    match choices.below(4) {
        0 => Observation::Platform(Platform {
            is_virtual: [None, Some(true), Some(false)][choices.below(3)],
            virtual_by: choices.maybe(),
            grounds: vec![choices.text()],
            secure_boot: [None, Some(true), Some(false)][choices.below(3)],
            ..Platform::default()
        }),
        1 => Observation::KernelModule(KernelModule {
            name: choices.text(),
            loaded: choices.rarely(2),
            taint: choices.maybe(),
            version: choices.maybe(),
            source_version: None,
            file: choices.maybe(),
            authors: vec![choices.text()],
            license: choices.maybe(),
            has_signature: [None, Some(true), Some(false)][choices.below(3)],
            signer: choices.maybe(),
            package: choices.maybe(),
            carried_by: super::guarded::carried_by(choices),
            started_by: None,
        }),
        2 => Observation::Session(Session {
            direction: [SessionDirection::Inbound, SessionDirection::Outbound][choices.below(2)],
            remote: choices.maybe(),
            service_port: 443,
            process: None,
        }),
        _ => Observation::Hardware(Hardware {
            maker: choices.maybe(),
            model: choices.maybe(),
            device_id: choices.maybe(),
            class: [None, Some("0200".into()), Some("0104".into()), choices.maybe()][choices.below(4)].clone(),
            details: vec![choices.text()],
            ..Hardware::new(
                [HardwarePart::PciDevice, HardwarePart::UsbDevice, HardwarePart::MemoryModule, HardwarePart::Bmc]
                    [choices.below(4)],
                choices.text(),
                choices.text(),
            )
        }),
    }
}
