//! `scheduled_job.v1`: a program that cron, anacron, at, inittab, a script of old, a `Run` key or a task of Windows starts.
//! It does not know timers of systemd (`service_unit.v1`), nor what a job is told to do: arguments stay out.
//! Invariant: of a command only the name of its program is here; a person's job is told by the account's number.

use super::CarriedBy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobSort {
    /// A line of crontab(5).
    Cron,
    /// A script in a folder whose scripts are run by the hour, day, week or month.
    CronFolder,
    /// A line of anacrontab(5).
    Anacron,
    /// A job of at(1), once.
    At,
    /// A script of SysV, or `rc.local`.
    RcScript,
    /// A line of inittab(5).
    Inittab,
    /// A value of a `Run` key of Windows: when somebody signs in.
    RunKey,
    /// A task of Windows' Task Scheduler.
    Task,
}

/// One job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduledJob {
    /// What starts it.
    pub sort: JobSort,
    /// File, with the line where it has lines: `/etc/cron.d/backup:3`. A person's table is told by number.
    pub place: String,
    /// When, as it is written: `17 * * * *`, `@reboot`, `daily`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// As which account: the name of a system account, `uid:1001` of a person's, `*` of one that is not local.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The program, without arguments; absent where the line does not begin with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<String>,
    /// What brought the program; absent where there is none, or none of this name was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable_carried_by: Option<CarriedBy>,
    /// What brought the table or script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried_by: Option<CarriedBy>,
}

impl ScheduledJob {
    /// The place.
    pub fn key(&self) -> String {
        self.place.clone()
    }
}
