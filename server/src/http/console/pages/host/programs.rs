//! Programs that no package owns, and files that differ from their package's, as rows of the host's page.
//! It does not know suppliers; the list of components does. Whether a program listens stands with the sockets, by its path.
//! Invariant: a row repeats what the agent saw; what is not known of a package is said to be unknown.

use super::ways::SeenRow;
use crate::http::console::layout::PageContext;
use daicho_schemas::fact::observation::{
    CarriedBy, ChangedFile, Ownership, Program, ProgramPlace, ProgramSort, Starter, StarterSort,
};

impl PageContext {
    /// What brought a file onto the host: the package, no package, or that it is not known.
    pub fn carried_by(&self, carried_by: &CarriedBy) -> String {
        match carried_by {
            CarriedBy::Package { ecosystem, name } => self.tx("program-of-package", format!("{ecosystem} {name}")),
            CarriedBy::Nobody => self.t("program-no-package"),
            CarriedBy::Unknown => self.t("program-unknown-package"),
        }
    }
}

impl SeenRow {
    /// A program: what shows it is what starts it.
    pub fn program(ctx: &PageContext, body: &Program) -> Self {
        let sort = ctx.t(match (body.place, body.ownership) {
            (ProgramPlace::OtherRoot, _) => "program-other-root",
            (ProgramPlace::Deleted, _) => "program-deleted",
            (ProgramPlace::Host, Ownership::NoPackage) => "program-no-package",
            (ProgramPlace::Host, Ownership::Unknown) => "program-unknown-package",
        });
        let script = (body.sort == ProgramSort::Script).then(|| match &body.interpreter {
            Some(interpreter) => ctx.tx("program-script-of", interpreter),
            None => ctx.t("program-script"),
        });
        let words = [body.name.as_deref(), body.version.as_deref()];
        let words = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let told = (!words.is_empty()).then(|| ctx.tx("program-says", words));
        let build = body.build_id.as_ref().map(|id| ctx.tx("program-build", id));
        let ran = ctx.t(if body.seen_running { "program-ran" } else { "program-not-seen-running" });
        let starters = body.started_by.iter().map(|starter| starter_words(ctx, starter));
        Self {
            sort,
            name: body.path.clone(),
            towards: body.sha256.clone(),
            seen_by: [Some(ran), script, told, build].into_iter().flatten().chain(starters).collect(),
        }
    }

    /// A file that differs from its package's.
    pub fn changed_file(ctx: &PageContext, body: ChangedFile) -> Self {
        let of = ctx.tx("program-of-package", &body.package);
        let expected = ctx.tx("program-expected", &body.expected);
        Self {
            sort: ctx.t("program-changed-file"),
            name: body.path,
            towards: Some(body.sha256),
            seen_by: vec![of, expected],
        }
    }
}

fn starter_words(ctx: &PageContext, starter: &Starter) -> String {
    let name = match starter.line {
        Some(line) => format!("{}:{line}", starter.name),
        None => starter.name.clone(),
    };
    let key = match starter.sort {
        StarterSort::Unit => "program-by-unit",
        StarterSort::Timer => "program-by-timer",
        StarterSort::Cron => "program-by-cron",
        StarterSort::RcScript => "program-by-rc",
        StarterSort::Process => "program-by-process",
    };
    ctx.tx(key, name)
}
