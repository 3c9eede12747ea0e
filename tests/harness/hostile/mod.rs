//! What a stranger can hand to the server, as functions of bytes: each feeds one way in and checks what must hold whatever
//! the bytes are. It does not know who makes the bytes: cargo-fuzz (`tests/fuzz/`) and a plain test (`tests/it/hostile.rs`)
//! both do. Invariant: what is accepted can be written, read back, folded and sent again; what is refused leaves nothing.

mod batches;
mod choices;
mod circuits;
mod declared;
mod devices;
mod enrolment;
mod firmware;
mod guarded;
mod hives;
mod host_files;
mod import;
mod inventories;
mod languages;
mod machine;
mod networks;
mod packages;
mod probe_answers;
mod programs;
mod scribe;
mod segments;
mod sheets;
mod ways;

/// One way in.
pub struct Target {
    /// Its name, the same in `tests/fuzz/`.
    pub name: &'static str,
    /// Feeds it. Panics when something does not hold.
    pub feed: fn(&[u8]),
    /// Good inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every way in.
pub const TARGETS: &[Target] = &[
    Target { name: "batch_wire", feed: batches::wire, seeds: batches::wire_seeds },
    Target { name: "batch_signed", feed: batches::signed, seeds: batches::signed_seeds },
    Target { name: "change_file", feed: declared::change, seeds: declared::change_seeds },
    Target { name: "circuit_list", feed: circuits::read, seeds: circuits::seeds },
    Target { name: "device_file", feed: devices::read, seeds: devices::seeds },
    Target { name: "enrolment", feed: enrolment::enrolment, seeds: enrolment::seeds },
    Target { name: "firmware_files", feed: firmware::files, seeds: firmware::seeds },
    Target { name: "inventory_file", feed: inventories::read, seeds: inventories::seeds },
    Target { name: "language_files", feed: languages::read, seeds: languages::seeds },
    Target { name: "host_files", feed: host_files::read, seeds: host_files::seeds },
    Target { name: "ledger_import", feed: import::lines, seeds: import::lines_seeds },
    Target { name: "ledger_linked", feed: import::linked, seeds: import::linked_seeds },
    Target { name: "machine_files", feed: machine::read, seeds: machine::seeds },
    Target { name: "network_table", feed: networks::read, seeds: networks::seeds },
    Target { name: "package_database", feed: packages::read, seeds: packages::seeds },
    Target { name: "plan_file", feed: declared::plan, seeds: declared::plan_seeds },
    Target { name: "probe_answers", feed: probe_answers::read, seeds: probe_answers::seeds },
    Target { name: "program_files", feed: programs::files, seeds: programs::seeds },
    Target { name: "registry_hive", feed: hives::read, seeds: hives::seeds },
    Target { name: "segment_open", feed: segments::open, seeds: segments::seeds },
    Target { name: "spreadsheet", feed: sheets::read, seeds: sheets::seeds },
    Target { name: "supplier_file", feed: declared::suppliers, seeds: declared::suppliers_seeds },
];

/// Feeds one target by its name.
pub fn feed(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("the target is in the list");
    (target.feed)(bytes);
}
