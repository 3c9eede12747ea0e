//! Owners by opkg (OpenWrt and other small systems): `info/*.list`, one path a line; opkg keeps no digests.
//! It does not know feeds or versions.
//! Invariant: a path may be followed by a tab and more (its mode, the target of a link); only the path counts.

use super::{Manager, Owned, Search};

const FOLDERS: &[&str] = &["/usr/lib/opkg/info", "/var/lib/opkg/info"];

pub(super) fn read(search: &mut Search<'_>) {
    for folder in FOLDERS {
        for name in search.list(folder).unwrap_or_default() {
            let Some(package) = name.strip_suffix(".list") else { continue };
            let mut found = Vec::new();
            search.each_line(&format!("{folder}/{name}"), |search, line| {
                let path = line.split(|byte| *byte == b'\t').next().unwrap_or_default();
                found.extend(search.matches(path));
            });
            search.read(*folder);
            for at in found {
                let owned =
                    Owned { ecosystem: Manager::Opkg, name: package.to_owned(), digest: None, may_differ: false };
                search.own(at, owned);
            }
        }
    }
}
