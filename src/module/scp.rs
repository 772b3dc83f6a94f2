//! Files over SCP, as devices speak it: a program `scp -t PATH` on the device takes a file from its standard input, and
//! `scp -f PATH` writes one to its standard output.
//!
//! Both sides of the protocol are a line about the file, its bytes, and a byte that says how it went. Everything that we
//! say can be said at once: the device reads it in its own time.

use super::{Action, Exec, ExecOutput, Program, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};

/// Makes the action that writes a file on the device.
pub(super) fn put(path: &str, bytes: &[u8]) -> Result<Action, Failure> {
    let path = checked(path)?;
    let name = path.rsplit(['/', ':', '\\']).next().filter(|name| !name.is_empty()).unwrap_or("file");
    let mut stdin = format!("C0644 {} {name}\n", bytes.len()).into_bytes();
    stdin.extend_from_slice(bytes);
    stdin.push(0);
    Ok(run(Effect::Write, format!("scp -t {path}"), stdin))
}

/// Makes the action that reads a file of the device.
pub(super) fn get(path: &str) -> Result<Action, Failure> {
    // "Go on" three times: at the beginning, after the line about the file, and after its bytes.
    Ok(run(Effect::Read, format!("scp -f {}", checked(path)?), vec![0, 0, 0]))
}

fn run(effect: Effect, command: String, stdin: Vec<u8>) -> Action {
    let exec = Exec { program: Program::Raw(command), stdin: Some(stdin), ..Exec::default() };
    Action::on_host(effect, Work::Exec(exec))
}

/// Refuses a path that would be more than one word of a command.
fn checked(path: &str) -> Result<&str, Failure> {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-:+=@%,~\\".contains(c);
    if !path.is_empty() && !path.starts_with('-') && path.chars().all(is_plain) {
        return Ok(path);
    }
    let message = format!("`{path}` cannot be the name of a file on a device");
    Err(Failure::new(FailureKind::Argument, message)
        .help("letters, digits and `/._-:+=@%,~` may stand in it: the device takes it as a word of a command"))
}

/// Reads what `scp -t` said: a zero byte for each thing that went well.
pub(super) fn was_put(output: &ExecOutput, path: &str) -> Result<(), Failure> {
    let said = output.stdout.iter().position(|byte| *byte != 0).map(|at| &output.stdout[at..]).unwrap_or_default();
    let took_all = output.stdout.iter().filter(|byte| **byte == 0).count() >= 2;
    if said.is_empty() && (took_all || output.status == 0) {
        return Ok(());
    }
    Err(refused(output, said, path))
}

/// Reads a file from what `scp -f` said.
pub(super) fn file(output: &ExecOutput, path: &str) -> Result<Vec<u8>, Failure> {
    let mut rest = output.stdout.as_slice();
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(|| refused(output, rest, path))?;
        let (line, after) = (&rest[..end], &rest[end + 1..]);
        match line.first() {
            // When the file was changed: nothing that we keep.
            Some(b'T') => rest = after,
            Some(b'C') => {
                let size =
                    std::str::from_utf8(line).ok().and_then(|line| line.split(' ').nth(1)?.parse::<usize>().ok());
                let size = size.ok_or_else(|| refused(output, line, path))?;
                return match after.get(..size) {
                    Some(bytes) => Ok(bytes.to_vec()),
                    None => Err(Failure::new(
                        FailureKind::File,
                        format!("the device sent {} of {size} bytes of `{path}`", after.len()),
                    )),
                };
            }
            _ => return Err(refused(output, line, path)),
        }
    }
}

fn refused(output: &ExecOutput, said: &[u8], path: &str) -> Failure {
    let said = String::from_utf8_lossy(said);
    let said = said.trim_matches(|c: char| c.is_control() || c.is_whitespace());
    let also = String::from_utf8_lossy(&output.stderr);
    let reason = [said, also.trim()].into_iter().find(|text| !text.is_empty()).unwrap_or("it says nothing");
    Failure::new(
        FailureKind::File,
        format!("the device does not copy `{path}`: {}", reason.lines().next().unwrap_or("")),
    )
    .help("SCP must be allowed there (`ip scp server enable` on IOS, `feature scp-server` on NX-OS)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stdout: &[u8]) -> ExecOutput {
        ExecOutput { stdout: stdout.to_vec(), ..ExecOutput::default() }
    }

    #[test]
    fn a_file_comes_with_a_line_before_it_and_a_byte_behind() {
        assert_eq!(file(&said(b"C0644 5 x\nhello\0"), "x").unwrap(), b"hello");
        assert_eq!(file(&said(b"T1 0 2 0\nC0644 0 x\n\0"), "x").unwrap(), b"");
        for wrong in [
            &b"C0644 9 x\nhello"[..],
            b"",
            b"\x01scp: x: No such file\n",
            b"C0644 x\n",
            b"C0644 99999999999999999999999 x\n",
        ] {
            assert!(file(&said(wrong), "x").is_err(), "{wrong:?}");
        }
        let failure = file(&said(b"\x01scp: x: No such file\n"), "x").unwrap_err();
        assert_eq!(failure.message.expose(), "the device does not copy `x`: scp: x: No such file");
    }

    #[test]
    fn a_file_was_put_when_nothing_was_said_against_it() {
        assert!(was_put(&said(b"\0\0\0"), "x").is_ok());
        assert!(was_put(&said(b"\0\x01scp: no space\n"), "x").is_err());
        let ended = ExecOutput { status: 1, ..ExecOutput::default() };
        assert!(was_put(&ended, "x").is_err(), "the device hung up");
    }

    #[test]
    fn a_path_is_one_word() {
        for path in ["flash:/x.bin", "bootflash:a", "/var/tmp/x", "x"] {
            assert!(put(path, b"").is_ok(), "{path}");
        }
        for path in ["", "-r", "a b", "a;reload", "$(x)", "a\nb", "'x'"] {
            assert!(put(path, b"").is_err() && get(path).is_err(), "{path}");
        }
        let Work::Exec(exec) = put("flash:/a.txt", b"hi").unwrap().work else { panic!() };
        assert_eq!(exec.stdin.unwrap(), b"C0644 2 a.txt\nhi\0");
    }
}
