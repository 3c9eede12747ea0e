//! The executable: arguments, wiring, exit codes.
//! It does not know how anything is done; the library does.
//! Invariant: every way out has a documented code, and a closed pipe is not an error.

use clap::Parser as _;
use daicho_agent::access::LiveHost;
use daicho_agent::arguments::{Arguments, Command, Format};
use daicho_agent::collect::{self, COLLECTORS};
use daicho_agent::print::inventory_table;
use daicho_agent::progress::Progress;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Inventory { root, format } => inventory(&root, format),
        _ => Ok(()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::from(1)
        }
    }
}

fn inventory(root: &Path, format: Format) -> anyhow::Result<()> {
    let root = open_root(root)?;
    let progress = Progress::new(COLLECTORS.len());
    let inventory = collect::inventory(&root, |collector| progress.step(collector.id()));
    progress.done();
    let text = match format {
        Format::Json => serde_json::to_string_pretty(&inventory)? + "\n",
        Format::Table => inventory_table(&inventory),
    };
    print(&text)
}

/// The host under a root. A root that is not a folder is a mistake of the caller, not an empty host.
fn open_root(root: &Path) -> anyhow::Result<LiveHost> {
    use anyhow::Context as _;
    let root = root.canonicalize().with_context(|| format!("--root {}", root.display()))?;
    anyhow::ensure!(root.is_dir(), "--root {} is not a folder", root.display());
    Ok(LiveHost::new(root))
}

/// Writes to standard output. Whoever reads may stop reading (`| head`): that ends the program quietly.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// One line to standard error; where even that is closed there is nobody to tell.
fn say(line: &str) {
    let _unheard = writeln!(io::stderr(), "daicho-agent: {line}");
}
