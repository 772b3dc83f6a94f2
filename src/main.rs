//! argv to exit code, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    netplay::cli::main(std::env::args_os())
}
