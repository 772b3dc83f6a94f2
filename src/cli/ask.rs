//! Questions to the person at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _};
use zeroize::Zeroizing;

/// Asks for a secret; nothing of the answer is shown. Without a terminal the next line of standard input is the answer.
pub(super) fn secret(prompt: &str) -> io::Result<Zeroizing<String>> {
    match rpassword::prompt_password(prompt) {
        Ok(answer) => Ok(Zeroizing::new(answer)),
        Err(_) if !io::stdin().is_terminal() => {
            super::say_error(prompt);
            let answer = line();
            super::say_error("\n");
            answer
        }
        Err(error) => Err(error),
    }
}

/// Asks for a text that may be seen.
pub(super) fn text(prompt: &str) -> io::Result<String> {
    super::say_error(prompt);
    line().map(|line| line.to_string())
}

/// Reads a line of standard input; its end is an error.
fn line() -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    if io::stdin().lock().read_line(&mut line)? == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "standard input has ended"));
    }
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
    Ok(line)
}
