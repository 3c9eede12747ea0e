//! Files of a host as a stranger may have left them: accounts, shadow, sudoers, logins, settings, units, jobs, stores of containers.
//! It does not know what they mean; the first byte picks the file, and its collector reads it from a folder.
//! Invariant: no collector panics, whatever it says can be written, and no password leaves.

use daicho_agent::access::{Machine, RecordedHost};
use daicho_agent::collect::{COLLECTORS, run};
use daicho_schemas::batch::item_hash;
use std::fs;
use std::path::Path;

const ADVISORIES: &str = "var/cache/dnf/";

/// The collector, the file that is fed to it, and one to begin with.
const FILES: [(&str, &str, &[u8]); 15] = [
    ("accounts", "etc/passwd", b"root:x:0:0::/root:/bin/sh\nop:x:1000:1000::/home/op:/bin/sh\n"),
    ("accounts", "etc/shadow", b"root:$6$EXAMPLE$SECRET-1:20544:0:99999:7:::\nop:!!:0:0:90:7::20544:\n"),
    ("accounts", "etc/sudoers", b"User_Alias A = op, !root\nA ALL=(ALL:ALL) NOPASSWD: ALL\n@includedir sudoers.d\n"),
    ("accounts", "etc/ssh/sshd_config", b"AuthorizedKeysFile .ssh/authorized_keys %h/%u/%%\nMatch User op\n"),
    ("accounts", "var/log/wtmp", b"\x07"),
    ("protection", "var/lib/clamav/daily.cvd", b"ClamAV-VDB:05 Nov 2026 07-38 -0400:27800:1\n"),
    ("protection", "etc/apt/apt.conf.d/20auto", b"APT::Periodic::Unattended-Upgrade \"1\";\n"),
    (
        "protection",
        "etc/modprobe.d/usb.conf",
        concat!("install usb-storage /bin/false\nblack", "list uas\n").as_bytes(),
    ),
    ("services", "etc/systemd/system/x.service", b"[Service]\nUser=op\nExecStart=-\"/opt/x y\" z\n"),
    ("services", "etc/crontab", b"17 * * * * root X=1 /usr/bin/x EXAMPLE\n@reboot op y\n"),
    ("containers", "var/lib/docker/containers/1/config.v2.json", b"{\"Name\":\"/web\",\"State\":{\"Running\":true}}"),
    (
        "containers",
        "var/lib/docker/image/overlay2/repositories.json",
        b"{\"Repositories\":{\"a\":{\"a:1\":\"sha256:0\"}}}",
    ),
    (
        "protection",
        "var/cache/dnf/example-0123456789abcdef/repodata/u.xml",
        b"<updates><update type=\"security\"><pkglist><collection><module name=\"a\" stream=\"1\"/><package name=\"bash\" \
         version=\"9\" release=\"1\" epoch=\"1\" arch=\"x86_64\"/></collection></pkglist></update></updates>",
    ),
    (
        "protection",
        "var/cache/dnf/example-0123456789abcdef/repodata/repomd.xml",
        b"<repomd><data type=\"updateinfo\"><location href=\"repodata/u.xml\"/><timestamp>1793836800</timestamp></data></repomd>",
    ),
    (
        "containers",
        "var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db",
        include_bytes!(
            "../../../agent/fixtures/containers/rancher/root/var/lib/rancher/k3s/agent/containerd/io.containerd.metadata.v1.bolt/meta.db"
        ),
    ),
];

/// What stands around a list of advisories: a repository that is asked, and something that is installed.
fn around_advisories(root: &Path) {
    let place = |path: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    };
    let database = include_bytes!("../../../agent/fixtures/rpm/el9/root/var/lib/rpm/rpmdb.sqlite");
    fs::write(place("var/lib/rpm/rpmdb.sqlite"), database).unwrap();
    fs::write(place("etc/yum.repos.d/example.repo"), "[example]\n").unwrap();
    for (_, file, bytes) in FILES.iter().filter(|(_, file, _)| file.starts_with(ADVISORIES)) {
        fs::write(place(file), bytes).unwrap();
    }
}

/// A host of one file, beside two accounts.
pub(super) fn read(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let (id, file, _) = FILES[usize::from(*which) % FILES.len()];
    let folder = tempfile::tempdir().unwrap();
    let accounts = folder.path().join(FILES[0].1);
    fs::create_dir_all(accounts.parent().unwrap()).unwrap();
    fs::write(accounts, FILES[0].2).unwrap();
    if file.starts_with(ADVISORIES) {
        around_advisories(folder.path());
    }
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
    let seed = |(which, (_, _, bytes)): (usize, &(&str, &str, &[u8]))| {
        std::iter::once(u8::try_from(which).unwrap()).chain(bytes.iter().copied()).collect()
    };
    FILES.iter().enumerate().map(seed).collect()
}
