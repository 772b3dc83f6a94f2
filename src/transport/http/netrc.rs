//! `~/.netrc` (or `$NETRC`): user and password for hosts.

use crate::redact::Secret;
use std::path::PathBuf;
use tokio::sync::OnceCell;

/// The user's file, read when it is first asked for: to read it for every call would cost more than the call.
#[derive(Debug, Default)]
pub(super) struct Netrc(OnceCell<Option<Secret>>);

impl Netrc {
    /// Returns user and password for a host; `None` when there is no file or nothing for the host.
    pub(super) async fn login(&self, host: &str) -> Option<(String, Secret)> {
        find(self.0.get_or_init(read).await.as_ref()?.expose(), host)
    }
}

async fn read() -> Option<Secret> {
    let path = std::env::var_os("NETRC")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".netrc")))?;
    tokio::fs::read_to_string(path).await.ok().map(Secret::new)
}

/// Returns what a file's text says for a host: its `machine` entry, else `default`.
pub(super) fn find(text: &str, host: &str) -> Option<(String, Secret)> {
    let mut fallback = None;
    let mut entry: Option<Entry> = None;
    let mut in_macro = false;
    for line in text.lines() {
        // A macro runs to the next empty line.
        if in_macro {
            in_macro = !line.trim().is_empty();
            continue;
        }
        let mut words = line.split_whitespace();
        while let Some(word) = words.next() {
            match word {
                w if w.starts_with('#') => break,
                "machine" => {
                    if let Some(found) = close(entry.take(), host, &mut fallback) {
                        return Some(found);
                    }
                    entry = Some(Entry { machine: words.next().map(str::to_owned), ..Entry::default() });
                }
                "default" => {
                    if let Some(found) = close(entry.take(), host, &mut fallback) {
                        return Some(found);
                    }
                    entry = Some(Entry::default());
                }
                "login" | "user" => {
                    let user = words.next().map(str::to_owned);
                    entry.iter_mut().for_each(|entry| entry.user.clone_from(&user));
                }
                "password" => {
                    let password = words.next().map(Secret::new);
                    entry.iter_mut().for_each(|entry| entry.password.clone_from(&password));
                }
                "account" => drop(words.next()),
                "macdef" => {
                    in_macro = true;
                    break;
                }
                _ => {}
            }
        }
    }
    close(entry, host, &mut fallback).or(fallback)
}

#[derive(Default)]
struct Entry {
    /// `None` is `default`.
    machine: Option<String>,
    user: Option<String>,
    password: Option<Secret>,
}

/// Ends an entry: returned when it is the host's own, kept when it is the default.
fn close(entry: Option<Entry>, host: &str, fallback: &mut Option<(String, Secret)>) -> Option<(String, Secret)> {
    let entry = entry?;
    let login = entry.user.zip(entry.password)?;
    match entry.machine {
        Some(machine) if machine.eq_ignore_ascii_case(host) => return Some(login),
        Some(_) => {}
        None => *fallback = Some(login),
    }
    None
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_machine_is_found_before_the_default() {
        let text = "# mine\nmachine a login ann password s1\nmacdef init\nmachine x login evil password no\n\nmachine b\n  \
                    login bob\n  password s2 account z\ndefault login any password s3\n";
        for (host, user, password) in [("a", "ann", "s1"), ("B", "bob", "s2"), ("x", "any", "s3")] {
            let (found, secret) = find(text, host).expect("every host has a login here");
            assert_eq!((found.as_str(), secret.expose()), (user, password), "{host}");
        }
        assert!(find("machine a login ann", "a").is_none(), "half an entry is none");
        assert!(find("", "a").is_none());
    }
}
