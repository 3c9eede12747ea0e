//! Samples of module tables and files, and files damaged at every byte.
//! It does not know real modules beyond the samples.
//! Invariant tested: no panic, bounded memory, no option of a module, and no claim about a file that could not be read.

use super::file::said;
use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;
use std::io::{BufReader, Cursor};

fn sample(name: &str) -> RecordedHost {
    golden::running(&KernelModulesCollector, name, Machine::default())
}

fn modules(host: &RecordedHost) -> BTreeMap<String, KernelModule> {
    let items = KernelModulesCollector.collect(host).items.into_iter();
    let modules = items.map(|item| match item {
        Observation::KernelModule(module) => (module.name.clone(), module),
        other => panic!("{}", other.kind()),
    });
    modules.collect()
}

#[test]
fn samples_give_their_goldens_from_documented_places_only() {
    let (server, fixed) = (sample("dkms_server"), sample("fixed_kernel"));
    let collected = golden::check(&KernelModulesCollector, "dkms_server", &server);
    assert_eq!((collected.outcome, collected.troubles.len()), (Outcome::Complete, 1), "{:?}", collected.troubles);
    assert_eq!(golden::check(&KernelModulesCollector, "fixed_kernel", &fixed).outcome, Outcome::NotApplicable);
    golden::every_documented_place(&KernelModulesCollector, &[&server, &fixed]);
}

#[test]
fn only_what_did_not_come_with_the_kernel_is_told_in_every_packing() {
    let modules = modules(&sample("dkms_server"));
    let names: Vec<_> = modules.keys().map(String::as_str).collect();
    let expected =
        ["example_eth", "example_ghost", "example_gpu", "example_ice", "example_idle", "example_raid", "example_weak"];
    assert_eq!(names, expected);
    let licenses: Vec<_> = modules.values().map(|module| module.license.as_deref()).collect();
    assert_eq!(
        licenses,
        [Some("GPL"), None, Some("Proprietary"), None, Some("Dual BSD/GPL"), Some("GPL"), Some("GPL v2")]
    );
    let gpu = &modules["example_gpu"];
    assert_eq!((gpu.has_signature, gpu.signer.as_deref()), (Some(true), Some("Example Signing Key 2026")));
    assert_eq!(modules["example_raid"].has_signature, Some(false));
    assert_eq!(modules["example_ghost"].has_signature, None, "without a file nothing is said of a signature");
    assert_eq!(modules["example_raid"].started_by.as_deref(), Some("/etc/modules-load.d/raid.conf"));
    let told = |name: &str| (modules[name].package.as_deref(), modules[name].carried_by.clone());
    let package = CarriedBy::Package { ecosystem: "deb".into(), name: "example-gpu-modules".into() };
    assert_eq!(told("example_gpu"), (Some("example-gpu-modules"), Some(package)));
    assert_eq!(told("example_raid"), (None, Some(CarriedBy::Nobody)), "built on this host");
    assert_eq!(told("example_ghost"), (None, None));
    let loaded: Vec<_> = modules.values().filter(|module| !module.loaded).map(|module| module.name.as_str()).collect();
    assert_eq!(loaded, ["example_idle", "example_weak"]);
}

/// In a container, or under a unit that hides them, no file is there: what is not loaded is not gone for that.
#[test]
fn without_the_files_it_is_partial() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("proc/modules", "example_raid 1 0 - Live 0x0 (OE)\n");
    write("proc/sys/kernel/osrelease", "6.1.0\n");
    let collected = KernelModulesCollector.collect(&RecordedHost::running(folder.path(), Machine::default()));
    assert_eq!((collected.outcome, collected.items.len()), (Outcome::Partial, 1));
    assert_eq!(collected.troubles[0].kind, TroubleKind::Missing);
}

/// An option of a module can be a password.
#[test]
fn options_stay_where_they_are() {
    let text = format!("{:?}", KernelModulesCollector.collect(&sample("dkms_server")));
    assert!(!text.contains("SECRET"), "{text}");
}

#[test]
fn damaged_files_say_less_and_stop_nobody() {
    let file = golden::fixtures("kernel_modules")
        .join("dkms_server/root/lib/modules/6.1.0-18-amd64/kernel/drivers/net/ethernet/example/example_eth.ko");
    let bytes = std::fs::read(file).unwrap();
    let read = |bytes: Vec<u8>| {
        said(&move || Ok(Box::new(BufReader::new(Cursor::new(bytes.clone()))) as Box<dyn std::io::BufRead>))
    };
    assert!(read(bytes.clone()).is_ok());
    for at in 0..bytes.len() {
        for byte in [0, 1, 0x7f, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] = byte;
            drop(read(damaged));
        }
        drop(read(bytes[..at].to_vec()));
    }
}
