//! Says on a terminal which collector is running.
//! It does not know results, and says nothing where nobody watches: into files and pipes it writes not one byte.
//! Invariant: progress goes to standard error only, so that standard output holds the inventory and nothing else.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;

/// A line that names the step that is running.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Ready for some steps; silent when standard error is not a terminal.
    pub fn new(steps: usize) -> Self {
        let bar = ProgressBar::new(u64::try_from(steps).unwrap_or(u64::MAX));
        let target =
            if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        bar.set_draw_target(target);
        if let Ok(style) = ProgressStyle::with_template("{bar:20} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// The next step begins.
    pub fn step(&self, name: &str) {
        self.bar.set_message(name.to_owned());
        self.bar.inc(1);
    }

    /// Takes the line away again.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}
