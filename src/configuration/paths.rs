//! Configurations of RouterOS as people write them and as `/export` prints them: a path on a line of its own stands before the
//! commands after it, and a line that ends with `\` goes on on the next.

/// Words that say what is done at a path.
const VERBS: &[&str] = &[
    "add", "comment", "disable", "edit", "enable", "export", "find", "get", "import", "move", "print", "remove",
    "reset", "run", "set", "unset",
];

/// Returns the commands of a text, each with its whole path on one line.
pub(super) fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut path = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut line = line.trim().to_owned();
        while goes_on(&line) {
            line.pop();
            match lines.next() {
                Some(next) => line.push_str(next.trim()),
                None => break,
            }
        }
        match line.as_str() {
            "" => {}
            line if is_path(line) => path = line.to_owned(),
            line if line.starts_with(['/', '#', ':']) || path.is_empty() => found.push(line.to_owned()),
            line => found.push(format!("{path} {line}")),
        }
    }
    found
}

/// Claims that a line ends with a `\` that nothing before it escapes.
fn goes_on(line: &str) -> bool {
    line.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1
}

fn is_path(line: &str) -> bool {
    let is_name = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let Some(rest) = line.strip_prefix('/') else { return false };
    rest.split([' ', '/']).all(|word| is_name(word) && !VERBS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_have_their_path_and_stand_on_one_line() {
        let text = "# by hand\n/interface bridge\nadd name=lan\nadd name=\"a b\" comment=\\\n    x\n/ip address add address=10.0.0.1/24 interface=lan\n\
                    add name=third\n/system script\nadd name=s source=\"/log info \\\"a\\\\\\\"\\\n    \\r\\\n    \\n:delay 1s\"\n/system/identity set name=r1\n";
        assert_eq!(
            commands(text),
            [
                "# by hand",
                "/interface bridge add name=lan",
                "/interface bridge add name=\"a b\" comment=x",
                "/ip address add address=10.0.0.1/24 interface=lan",
                "/interface bridge add name=third",
                "/system script add name=s source=\"/log info \\\"a\\\\\\\"\\r\\n:delay 1s\"",
                "/system/identity set name=r1",
            ]
        );
        assert_eq!(commands("add name=x\n"), ["add name=x"]);
        assert_eq!(commands("/ip dns\nset servers=1.1.1.1\\"), ["/ip dns set servers=1.1.1.1"]);
    }
}
