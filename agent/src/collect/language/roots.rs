//! Where languages' packages lie on servers: known folders of installers, and the few roots that are walked.
//! It does not know packages.
//! Invariant: a root that is not there is no trouble; one that may not be read is.

use super::{Look, applications, executables, node, python, ruby, walk};
use crate::access::EntrySort;

/// Every place that may be looked at; a running program's own files may lie anywhere.
pub(super) const PLACES: &[&str] = &[
    "/opt/**",
    "/srv/**",
    "/var/www/**",
    "/var/lib/tomcat*/**",
    "/var/lib/jetty*/**",
    "/usr/share/java/**",
    "/usr/share/tomcat*/**",
    "/usr/share/jetty*/**",
    "/usr/local/share/java/**",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share",
    "/var/lib",
    "/usr/lib/python3*/**",
    "/usr/lib/python2*/**",
    "/usr/lib64/python3*/**",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/usr/local/lib/python3*/**",
    "/usr/local/lib64/python3*/**",
    "/usr/lib/node_modules/**",
    "/usr/local/lib/node_modules/**",
    "/usr/share/nodejs/**",
    "/usr/share/rubygems-integration/**",
    "/usr/share/gems/**",
    "/usr/local/share/gems/**",
    "/var/lib/gems/**",
    "/usr/lib/ruby/gems/**",
    "/usr/local/lib/ruby/gems/**",
    "/usr/local/bin",
    "/usr/local/bin/*",
    "/usr/local/sbin",
    "/usr/local/sbin/*",
    "/proc",
    "/proc/*/exe",
    "/proc/*/cwd",
    "/proc/*/cmdline",
    "/proc/*/mountinfo",
    "/proc/*/maps",
    "/proc/*/fd",
    "/proc/*/fd/*",
    "/**",
];

/// What announces a change: the folders themselves, and the package managers, which decide what carries what. Deeper changes are
/// found by the schedule.
pub(super) const WATCHES: &[&str] = &[
    "/opt",
    "/srv",
    "/var/www",
    "/var/lib/tomcat9/webapps",
    "/var/lib/tomcat10/webapps",
    "/usr/local/lib/node_modules",
    "/usr/local/bin",
    "/var/lib/dpkg",
    "/var/lib/rpm",
    "/usr/lib/sysimage/rpm",
];

/// Roots that are walked; a `*` stands for the rest of one name.
const WALKED: &[&str] = &[
    "/opt",
    "/srv",
    "/var/www",
    "/usr/share/java",
    "/usr/local/share/java",
    "/var/lib/tomcat*",
    "/var/lib/jetty*",
    "/usr/share/tomcat*",
    "/usr/share/jetty*",
    "/usr/share/rubygems-integration",
    "/usr/share/gems",
    "/usr/local/share/gems",
    "/var/lib/gems",
    "/usr/lib/ruby/gems",
    "/usr/local/lib/ruby/gems",
];

/// Folders of Python's installers.
const PYTHON: &[&str] = &[
    "/usr/lib/python3*/dist-packages",
    "/usr/lib/python3*/site-packages",
    "/usr/lib/python2*/site-packages",
    "/usr/lib/python2*/dist-packages",
    "/usr/lib64/python3*/site-packages",
    "/usr/local/lib/python3*/dist-packages",
    "/usr/local/lib/python3*/site-packages",
    "/usr/local/lib64/python3*/site-packages",
];

/// Folders of Node.js's installers.
const NODE: &[&str] = &["/usr/lib/node_modules", "/usr/local/lib/node_modules", "/usr/share/nodejs"];

/// Folders of programs that no package manager put there.
const PROGRAMS: &[&str] = &["/usr/local/bin", "/usr/local/sbin"];

/// Reads all of them.
pub(super) fn read(look: &mut Look<'_>) {
    each(look, WALKED, walk::walk);
    each(look, PYTHON, python::read);
    each(look, NODE, |look, folder| {
        if look.host.exists(folder) {
            node::read(look, folder);
        }
    });
    each(look, PROGRAMS, |look, folder| {
        let Some(entries) = walk::entries(look, folder) else { return };
        look.gather.source(folder);
        for (name, _) in entries.iter().filter(|(_, sort)| *sort == EntrySort::File) {
            executables::read(look, &format!("{folder}/{name}"));
        }
    });
}

/// The environment of Python in a folder, if it is one (PEP 405).
pub(super) fn virtual_environment(look: &mut Look<'_>, folder: &str) {
    if look.host.exists(&format!("{folder}/pyvenv.cfg")) {
        for found in folders(look, &format!("{folder}/lib/python3*/site-packages")) {
            python::read(look, &found);
        }
    }
}

/// What installers leave in an application's own folder.
pub(super) fn application(look: &mut Look<'_>, folder: &str) {
    let modules = format!("{folder}/node_modules");
    if look.host.exists(&modules) {
        node::read(look, &modules);
    }
    super::php::read(look, &format!("{folder}/vendor/composer"));
    for found in folders(look, &format!("{folder}/vendor/bundle/ruby/*/specifications")) {
        ruby::read(look, &found);
    }
    for name in ["venv", ".venv", "env"] {
        virtual_environment(look, &format!("{folder}/{name}"));
    }
}

fn each(look: &mut Look<'_>, patterns: &[&str], read: impl Fn(&mut Look<'_>, &str)) {
    for pattern in patterns {
        for folder in folders(look, pattern) {
            read(look, &folder);
        }
    }
}

/// The folders that a pattern stands for: `*` for the rest of one name, once in a pattern.
fn folders(look: &mut Look<'_>, pattern: &str) -> Vec<String> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![pattern.to_owned()] };
    let (parent, start) = (applications::parent(before), before.rsplit('/').next().unwrap_or_default());
    match look.host.list(parent, walk::NAMES_MAX) {
        Ok(listing) => {
            let fits = listing.names.into_iter().filter(|name| name.starts_with(start));
            fits.map(|name| format!("{parent}/{name}{after}")).collect()
        }
        Err(error) => {
            look.no_access(&error);
            Vec::new()
        }
    }
}
