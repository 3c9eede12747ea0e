//! Files of a host as a stranger may have left them: accounts, shadow, sudoers, logins, settings, units, jobs, stores of containers.
//! It does not know what they mean; the first byte picks the file, and its collector reads it from a folder.
//! Invariant: no collector panics, whatever it says can be written, and no password leaves.

use daicho_agent::access::{Machine, RecordedHost};
use daicho_agent::collect::{COLLECTORS, run};
use daicho_schemas::batch::item_hash;
use std::fs;

/// The collector, the file that is fed to it, and one to begin with.
const FILES: [(&str, &str, &str); 12] = [
    ("accounts", "etc/passwd", "root:x:0:0::/root:/bin/sh\nop:x:1000:1000::/home/op:/bin/sh\n"),
    ("accounts", "etc/shadow", "root:$6$EXAMPLE$SECRET-1:20544:0:99999:7:::\nop:!!:0:0:90:7::20544:\n"),
    ("accounts", "etc/sudoers", "User_Alias A = op, !root\nA ALL=(ALL:ALL) NOPASSWD: ALL\n@includedir sudoers.d\n"),
    ("accounts", "etc/ssh/sshd_config", "AuthorizedKeysFile .ssh/authorized_keys %h/%u/%%\nMatch User op\n"),
    ("accounts", "var/log/wtmp", "\u{7}"),
    ("protection", "var/lib/clamav/daily.cvd", "ClamAV-VDB:05 Nov 2026 07-38 -0400:27800:1\n"),
    ("protection", "etc/apt/apt.conf.d/20auto", "APT::Periodic::Unattended-Upgrade \"1\";\n"),
    ("protection", "etc/modprobe.d/usb.conf", concat!("install usb-storage /bin/false\nblack", "list uas\n")),
    ("services", "etc/systemd/system/x.service", "[Service]\nUser=op\nExecStart=-\"/opt/x y\" z\n"),
    ("services", "etc/crontab", "17 * * * * root X=1 /usr/bin/x EXAMPLE\n@reboot op y\n"),
    ("containers", "var/lib/docker/containers/1/config.v2.json", "{\"Name\":\"/web\",\"State\":{\"Running\":true}}"),
    (
        "containers",
        "var/lib/docker/image/overlay2/repositories.json",
        "{\"Repositories\":{\"a\":{\"a:1\":\"sha256:0\"}}}",
    ),
];

/// A host of one file, beside two accounts.
pub(super) fn read(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let (id, file, _) = FILES[usize::from(*which) % FILES.len()];
    let folder = tempfile::tempdir().unwrap();
    let accounts = folder.path().join(FILES[0].1);
    fs::create_dir_all(accounts.parent().unwrap()).unwrap();
    fs::write(accounts, FILES[0].2).unwrap();
    let own = folder.path().join(file);
    fs::create_dir_all(own.parent().unwrap()).unwrap();
    fs::write(own, bytes).unwrap();
    let host = RecordedHost::running(folder.path(), Machine::default());
    let collector = COLLECTORS.iter().find(|collector| collector.id() == id).unwrap();
    let collected = run(*collector, &host);
    let own_fault = collected.troubles.iter().any(|trouble| trouble.text.contains("error of its own"));
    assert!(!own_fault, "{id} panicked over {file}");
    for item in &collected.items {
        item_hash(item).unwrap();
    }
    let told = format!("{:?}{:?}", collected.items, collected.troubles);
    assert!(file != "etc/shadow" || !told.contains("SECRET"), "a password left: {told}");
}

/// Each file as it may be.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let seed = |(which, (_, _, text)): (usize, &(&str, &str, &str))| {
        std::iter::once(u8::try_from(which).unwrap()).chain(text.bytes()).collect()
    };
    FILES.iter().enumerate().map(seed).collect()
}
