//! `daicho`: the server and the people's command line. Reads arguments and exit codes; the rest is the library.
//! It does not know what any command does.
//! Invariant: exit 0 is done, 1 is a fault of ours, 2 is bad input, 3 is "something was found".

use std::process::ExitCode;

fn main() -> ExitCode {
    daicho::cli::main()
}
