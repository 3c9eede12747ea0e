//! One host: how completely it is seen, then what it is, then what was found.
//! It does not know packages; the components page lists them for this host.
//! Invariant: coverage stands before facts, so that a reader knows what an empty table means.

mod guarded;
mod machine;
mod programs;
mod ways;

use super::trouble;
use crate::http::App;
use crate::http::console::fragments::Maybe;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::rows::HostDetail;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::fact::observation::{Hardware, ListeningSocket, NetworkInterface, Observation, OperatingSystem};
use daicho_schemas::ids::AgentId;
use daicho_schemas::time::{CalendarDate, UtcMicros};
use guarded::AccountRow;
use std::sync::Arc;
use ways::SeenRow;

/// Applications that are shown; the components page lists all their packages.
const APPLICATIONS_MAX: usize = 200;

/// The page.
#[derive(Template)]
#[template(path = "host.html")]
pub struct Host {
    /// Shared.
    pub ctx: PageContext,
    /// Everything about it; its facts are below, by kind.
    pub detail: HostDetail,
    /// The operating system.
    pub systems: Vec<OperatingSystem>,
    /// What it stands on, and how it was started.
    pub platform: Vec<SeenRow>,
    /// Modules of its kernel that did not come with it.
    pub modules: Vec<SeenRow>,
    /// With whom it speaks for long.
    pub sessions: Vec<SeenRow>,
    /// Parts of the machine.
    pub hardware: Vec<Hardware>,
    /// Network interfaces, possible ways in from outside first.
    pub interfaces: Vec<NetworkInterface>,
    /// Listening sockets.
    pub sockets: Vec<ListeningSocket>,
    /// Tunnels, tools, configured tunnels and modems.
    pub ways: Vec<SeenRow>,
    /// Programs that no package owns, and files that differ from their package's.
    pub programs: Vec<SeenRow>,
    /// Its place in the network.
    pub places: Vec<SeenRow>,
    /// Its local accounts, those that can be used first.
    pub accounts: Vec<AccountRow>,
    /// What keeps it safe and current.
    pub protections: Vec<SeenRow>,
    /// Applications that are not shown; they are counted.
    pub applications_left_out: u64,
    /// What starts on it: units, jobs and containers.
    pub services: Vec<SeenRow>,
}

impl Host {
    /// From rows.
    pub fn new(ctx: PageContext, mut detail: HostDetail) -> Self {
        let (mut systems, mut hardware, mut interfaces, mut sockets) = (vec![], vec![], vec![], vec![]);
        let (mut ways, mut places, mut programs) = (vec![], vec![], vec![]);
        let (mut accounts, mut protections, mut services) = (vec![], vec![], vec![]);
        let (mut platform, mut modules, mut sessions) = (vec![], vec![], vec![]);
        for fact in std::mem::take(&mut detail.facts) {
            match fact {
                Observation::OperatingSystem(body) => systems.push(body),
                Observation::Hardware(body) => hardware.push(body),
                Observation::NetworkInterface(body) => interfaces.push(body),
                Observation::ListeningSocket(body) => sockets.push(body),
                Observation::NetworkPlace(body) => places.push(SeenRow::place(&ctx, &body)),
                Observation::Account(body) => accounts.push(AccountRow::new(&ctx, &body)),
                Observation::Protection(body) => protections.push(guarded::protection(&ctx, &body)),
                Observation::Platform(body) => platform.extend(SeenRow::platform(&ctx, &body)),
                Observation::KernelModule(body) => modules.push(SeenRow::module(&ctx, &body)),
                Observation::Session(body) => sessions.push(SeenRow::session(&ctx, &body)),
                started @ (Observation::ServiceUnit(_)
                | Observation::ScheduledJob(_)
                | Observation::Container(_)
                | Observation::ContainerImage(_)) => services.extend(guarded::started(&ctx, &started)),
                way @ (Observation::Tunnel(_)
                | Observation::RemoteTool(_)
                | Observation::ConfiguredTunnel(_)
                | Observation::Modem(_)) => ways.extend(SeenRow::way(&ctx, &way)),
                Observation::Program(body) => programs.push(SeenRow::program(&ctx, &body)),
                Observation::ChangedFile(body) => programs.insert(0, SeenRow::changed_file(&ctx, body)),
                // The components page shows these, with their supplier.
                Observation::Package(_)
                | Observation::PackageOrigin(_)
                | Observation::LanguagePackage(_)
                | Observation::ToldComponent(_) => {}
                // The page of devices shows these.
                Observation::DeviceConfiguration(_) | Observation::DeviceProbed(_) => {}
            }
        }
        interfaces.sort_by_key(|body| (!body.interface_kind.may_be_remote_path(), body.name.clone()));
        accounts.sort_by_key(|row: &AccountRow| (!row.can_be_used, row.uid));
        let applications_left_out = detail.applications.len().saturating_sub(APPLICATIONS_MAX) as u64;
        detail.applications.truncate(APPLICATIONS_MAX);
        Self {
            ctx,
            detail,
            systems,
            platform,
            modules,
            sessions,
            hardware,
            interfaces,
            sockets,
            ways,
            programs,
            places,
            accounts,
            protections,
            services,
            applications_left_out,
        }
    }

    fn serial(&self, part: &Hardware) -> Maybe {
        let worded = |serial: &String| {
            let placeholder = part.serial_is_placeholder;
            if placeholder { self.ctx.tx("hardware-serial-placeholder", serial) } else { serial.clone() }
        };
        self.ctx.maybe(&part.serial.as_ref().map(worded))
    }

    /// What tells a part on a bus from others: its numbers, driver and the words that fit no column.
    fn on_bus(&self, part: &Hardware) -> Vec<String> {
        let driver = part.driver.as_ref().map(|driver| self.ctx.tx("hardware-driver", driver));
        let ids = [part.device_id.clone(), part.subsystem_id.clone()];
        ids.into_iter().chain([driver]).flatten().chain(part.details.iter().cloned()).collect()
    }

    /// How old the list of another tool is, where it is old.
    fn old_days(&self) -> Option<u64> {
        old_days(self.ctx.today, self.detail.row.told.as_ref()?.said_at?)
    }

    fn capacity(&self, part: &Hardware) -> String {
        let size = part.capacity_bytes.map(readable_bytes);
        let count = part.count.map(|count| self.ctx.tn("hardware-count", count));
        [size, count].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }
}

/// A list that another tool made is old when it is older than this: long enough for a monthly round.
const TOLD_DAYS_MAX: i64 = 35;

/// How many days ago something was said, where that is too long.
fn old_days(today: CalendarDate, said_at: UtcMicros) -> Option<u64> {
    let days = today.days_since(said_at.date_in_japan());
    (days > TOLD_DAYS_MAX).then(|| u64::try_from(days).ok()).flatten()
}

/// A size in the unit that gives a short number (binary units, one digit after the point).
pub fn readable_bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut tenths = u128::from(bytes) * 10;
    let mut shown = None;
    for unit in UNITS {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        shown = Some(unit);
    }
    match shown {
        Some(unit) => format!("{}.{} {unit}", tenths / 10, tenths % 10),
        None => format!("{bytes} B"),
    }
}

/// `GET /hosts/{id}`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Path(id): Path<String>) -> Response {
    let rows = visitor.read(&app, Section::Hosts, |model, _| model.host_detail(&AgentId::new(id).ok()?));
    match rows {
        Ok((ctx, Some(detail))) => page(StatusCode::OK, &Host::new(ctx, detail)),
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::{old_days, readable_bytes};

    /// A tool's clock may be ahead of ours; that makes nothing old.
    #[test]
    fn a_list_of_another_tool_is_old_after_its_month() {
        let of = |today: &str| old_days(today.parse().unwrap(), "2026-10-01T20:00:00.000000Z".parse().unwrap());
        assert_eq!(["2026-09-01", "2026-10-02", "2026-11-06", "2026-11-07"].map(of), [None, None, None, Some(36)]);
    }

    #[test]
    fn sizes_are_short_and_never_rounded_up() {
        let sizes = [0, 1023, 1024, 1536, 17_179_869_184, u64::MAX].map(readable_bytes);
        assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "16.0 GiB", "16383.9 PiB"]);
    }
}
