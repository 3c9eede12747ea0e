//! What Windows starts beside its services: `Run` keys of the machine and of accounts, and scheduled tasks.
//! It does not know what a job is told to do: arguments stay out; nor tasks below `\Microsoft\Windows`, which come with Windows, unless their
//! program lies elsewhere.
//! Invariant: what cannot be read is told; names of accounts and persons are `*`.
//!
//! Microsoft, "Run and RunOnce Registry Keys" and "Task Scheduler Schema": each task is a file below `\Windows\System32\Tasks`.

mod task;

use super::super::{Collected, Collector, Gather};
use super::commands::{account_of, is_below_windows, program_of};
use super::is_person;
use crate::access::registry::{HKU, RegistryValue};
use crate::access::{EntrySort, Host, Platform};
use daicho_schemas::fact::observation::{JobSort, Observation, ScheduledJob};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

/// What is started when anybody signs in.
const RUN: [&str; 4] = [
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Run",
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/RunOnce",
    "HKLM/SOFTWARE/WOW6432Node/Microsoft/Windows/CurrentVersion/Run",
    "HKLM/SOFTWARE/WOW6432Node/Microsoft/Windows/CurrentVersion/RunOnce",
];
/// The same for one account, below its key.
const RUN_OF_ACCOUNT: [&str; 2] =
    ["Software/Microsoft/Windows/CurrentVersion/Run", "Software/Microsoft/Windows/CurrentVersion/RunOnce"];
/// Definitions of tasks, a file each, in folders.
const TASKS: &str = "/Windows/System32/Tasks";
/// A definition; those of Windows have some 5 kB.
const TASK_BYTES_MAX: usize = 256 * 1024;
/// Folders within folders of tasks.
const DEPTH_MAX: usize = 8;
/// Files and folders in one folder of tasks.
const NAMES_MAX: usize = 4096;
/// Tasks that are read in all.
const TASKS_MAX: usize = 10_000;

/// Collects what is started.
pub(in crate::collect) struct AutostartCollector;

impl Collector for AutostartCollector {
    fn id(&self) -> &'static str {
        "autostart"
    }

    fn about(&self) -> Text {
        Text::new(
            "サインイン時に起動するプログラム（Run キー）とタスクスケジューラのタスク（プログラムまで。引数は送らない）",
            "programs that start at sign-in (Run keys), and scheduled tasks: their programs, never arguments",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            RUN[0],
            RUN[1],
            RUN[2],
            RUN[3],
            HKU,
            "HKU/*/Software/Microsoft/Windows/CurrentVersion/Run",
            "HKU/*/Software/Microsoft/Windows/CurrentVersion/RunOnce",
            "/Windows/System32/Tasks/**",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[RUN[0], RUN[2], TASKS]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        for place in RUN {
            run_key(&mut gather, host, place, place, None);
        }
        let accounts = gather.key(host, HKU).map(|users| users.keys).unwrap_or_default();
        for sid in accounts.iter().filter(|sid| is_person(sid)) {
            // The last number of a SID is the account's own.
            let number = sid.rsplit('-').next().unwrap_or_default();
            for below in RUN_OF_ACCOUNT {
                let told = format!("{HKU}/*-{number}/{below}");
                run_key(&mut gather, host, &format!("{HKU}/{sid}/{below}"), &told, Some(&format!("uid:{number}")));
            }
        }
        let mut left = TASKS_MAX;
        tasks(&mut gather, host, TASKS, DEPTH_MAX, &mut left);
        if gather.has_read_nothing() {
            let text = "neither Run keys nor tasks are there; if this is a Windows, its hives were not read";
            return gather.finish_failed(Trouble::new(TroubleKind::Missing, RUN[0], text));
        }
        gather.finish()
    }
}

/// The programs of one key. `told` is what the place is called in the report.
fn run_key(gather: &mut Gather, host: &dyn Host, place: &str, told: &str, account: Option<&str>) {
    let Some(key) = gather.key(host, place) else { return };
    for (name, value) in &key.values {
        let RegistryValue::Text(command) = value else { continue };
        let executable = program_of(command).map(|path| gather.text(told, path.as_bytes()));
        let job = ScheduledJob {
            sort: JobSort::RunKey,
            place: gather.text(told, format!("{told}:{name}").as_bytes()),
            schedule: None,
            account: account.map(str::to_owned),
            executable,
            executable_carried_by: None,
            carried_by: None,
        };
        gather.item(told, Observation::ScheduledJob(job));
    }
}

fn tasks(gather: &mut Gather, host: &dyn Host, folder: &str, depth: usize, left: &mut usize) {
    let listing = match host.entries(folder, NAMES_MAX) {
        Ok(listing) => listing,
        // Windows XP keeps them elsewhere, in a form of its own.
        Err(error) if error.is_missing() => return,
        Err(error) => return gather.miss_access(&error),
    };
    if depth == DEPTH_MAX {
        gather.source(folder);
    }
    if listing.cut || depth == 0 {
        return gather.miss_rest(folder);
    }
    for (name, sort) in listing.entries {
        let path = format!("{folder}/{name}");
        match sort {
            EntrySort::Folder => tasks(gather, host, &path, depth - 1, left),
            EntrySort::File if *left == 0 => return gather.miss_rest(TASKS),
            EntrySort::File => {
                *left -= 1;
                task(gather, host, &path);
            }
            EntrySort::Link | EntrySort::Special => {}
        }
    }
}

fn task(gather: &mut Gather, host: &dyn Host, path: &str) {
    let reading = match host.read(path, TASK_BYTES_MAX) {
        Ok(reading) => reading,
        Err(error) if error.is_missing() => return,
        Err(error) => return gather.miss_access(&error),
    };
    let Some(task) = task::read(&reading.bytes).filter(|_| !reading.cut) else {
        return gather.miss(Trouble::new(TroubleKind::Malformed, path, "it is no definition of a task"));
    };
    if task.is_off {
        return;
    }
    let executable = task.command.as_deref().and_then(program_of);
    let came_with_windows =
        path.get(TASKS.len()..).is_some_and(|rest| rest.to_lowercase().starts_with("/microsoft/windows/"));
    if came_with_windows && executable.as_deref().is_none_or(|path| is_below_windows(path) || !path.contains('/')) {
        return;
    }
    let triggers = task.triggers.into_iter().collect::<Vec<_>>().join(" ");
    let job = ScheduledJob {
        sort: JobSort::Task,
        place: gather.text(path, path.as_bytes()),
        schedule: (!triggers.is_empty()).then(|| gather.text(path, triggers.as_bytes())),
        account: task.account.as_deref().map(account_of),
        executable: executable.map(|program| gather.text(path, program.as_bytes())),
        executable_carried_by: None,
        carried_by: None,
    };
    gather.item(path, Observation::ScheduledJob(job));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check(&AutostartCollector, false);
        let keys: Vec<_> = all["windows_11"].items.iter().map(Observation::key).collect();
        assert_eq!(
            keys,
            [
                "/Windows/System32/Tasks/Microsoft/Windows/Odd",
                "/Windows/System32/Tasks/夜間バックアップ",
                "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Run:MeetTray",
                "HKU/*-1001/Software/Microsoft/Windows/CurrentVersion/Run:Notes",
            ],
            "a task that is off and those of Windows itself are none"
        );
        let text = serde_json::to_string(&all["windows_11"].items).unwrap();
        assert!(!text.contains("EXAMPLE-SECRET") && !text.contains("maint"), "{text}");
    }
}
