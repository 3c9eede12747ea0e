//! `daicho example`: a plan, suppliers and a planned change for this host, as files to start from.
//! It does not touch a server. Invariant: nothing that is there is overwritten, and everything in the files is fictitious.

use super::files::write_new;
use super::say_text;
use crate::clock::{Clock as _, SystemClock};
use crate::example::{example_change, example_files};
use crate::serve::hostname;
use anyhow::Context as _;
use clap::Args;
use daicho_schemas::text::Language;
use std::path::PathBuf;
use std::process::ExitCode;

/// Where to write.
#[derive(Debug, Args)]
pub(crate) struct ExampleArguments {
    /// The folder for plan.json, suppliers.json and change.json (書き出すフォルダー)
    #[arg(default_value = ".")]
    folder: PathBuf,
}

pub(crate) fn run(arguments: &ExampleArguments, language: Language) -> anyhow::Result<ExitCode> {
    let (plan, suppliers) = of_this_host();
    std::fs::create_dir_all(&arguments.folder).with_context(|| format!("create {}", arguments.folder.display()))?;
    write_new(&arguments.folder.join("plan.json"), &plan)?;
    write_new(&arguments.folder.join("suppliers.json"), &suppliers)?;
    let change = example_change(SystemClock.now().date_in_japan());
    write_new(&arguments.folder.join("change.json"), &change)?;
    say_text(
        language,
        "plan.json、suppliers.json、change.json を書き出しました（架空の事業者の例です）。",
        "Wrote plan.json, suppliers.json and change.json (a fictitious operator).",
    );
    Ok(ExitCode::SUCCESS)
}

/// The example that fits this host.
pub(crate) fn of_this_host() -> (daicho_schemas::fact::declaration::Plan, daicho_schemas::fact::supplier::SuppliersFile)
{
    let hostname = hostname().unwrap_or_else(|| "localhost".into());
    let os_release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    example_files(&hostname, &os_release)
}
