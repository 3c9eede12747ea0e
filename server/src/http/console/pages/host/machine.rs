//! What a host shows of the machine below it, as rows: what it stands on, modules of its kernel, and with whom it speaks for long.
//! It does not judge: that Secure Boot is off is said, not blamed.
//! Invariant: what was not told has no row, so that no row says "no" where nobody knows.

use super::ways::SeenRow;
use crate::http::console::layout::PageContext;
use daicho_schemas::fact::observation::{KernelModule, Platform, Session, SessionDirection};

impl SeenRow {
    /// What the host stands on: one row for each thing that was told.
    pub fn platform(ctx: &PageContext, body: &Platform) -> Vec<Self> {
        let yes_no = |value: bool| ctx.t(if value { "platform-yes" } else { "platform-no" });
        let sort = body.is_virtual.map(|is| match (is, &body.virtual_by) {
            (true, Some(by)) => ctx.tx("platform-virtual-by", by),
            (true, None) => ctx.t("platform-virtual"),
            (false, _) => ctx.t("platform-physical"),
        });
        let grounds = |said: &Option<String>| if said.is_some() { body.grounds.clone() } else { Vec::new() };
        let rows = [
            ("platform-sort", sort.clone(), grounds(&sort)),
            ("platform-container", body.container.clone(), grounds(&body.container)),
            ("platform-uefi", body.uefi.map(yes_no), Vec::new()),
            ("platform-secure-boot", body.secure_boot.map(yes_no), Vec::new()),
            ("platform-setup-mode", body.setup_mode.map(yes_no), Vec::new()),
            ("platform-lockdown", body.lockdown.clone(), Vec::new()),
            ("platform-signed-only", body.signed_modules_only.map(yes_no), Vec::new()),
        ];
        let told = rows.into_iter().filter_map(|(label, value, seen_by)| {
            Some(Self { sort: ctx.t(label), name: value?, towards: None, seen_by })
        });
        told.collect()
    }

    /// A module of the kernel.
    pub fn module(ctx: &PageContext, body: &KernelModule) -> Self {
        let sort = ctx.t(if body.loaded { "module-loaded" } else { "module-ready" });
        let signature = body.has_signature.map(|has| match (&body.signer, has) {
            (Some(signer), true) => ctx.tx("module-signed-by", signer),
            (None, true) => ctx.t("module-signed"),
            (_, false) => ctx.t("module-unsigned"),
        });
        let said = [
            body.taint.as_ref().map(|taint| ctx.tx("module-taint", taint)),
            body.license.as_ref().map(|license| ctx.tx("module-license", license)),
            signature,
            body.file.clone(),
            body.carried_by.as_ref().map(|by| ctx.carried_by(by)),
            body.started_by.as_ref().map(|file| ctx.tx("module-started-by", file)),
        ];
        let authors = (!body.authors.is_empty()).then(|| body.authors.join(", "));
        let name = match &body.version {
            Some(version) => format!("{} {version}", body.name),
            None => body.name.clone(),
        };
        Self { sort, name, towards: authors, seen_by: said.into_iter().flatten().collect() }
    }

    /// Somebody with whom it speaks for long.
    pub fn session(ctx: &PageContext, body: &Session) -> Self {
        let sort = ctx.t(match body.direction {
            SessionDirection::Inbound => "session-inbound",
            SessionDirection::Outbound => "session-outbound",
        });
        let name = body.remote.clone().unwrap_or_else(|| ctx.t("session-many"));
        let process =
            body.process.as_ref().map(|process| process.executable.clone().unwrap_or_else(|| process.name.clone()));
        Self { sort, name, towards: Some(body.service_port.to_string()), seen_by: process.into_iter().collect() }
    }
}
