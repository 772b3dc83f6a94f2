//! Files of sources as lines: what they say, whether it counts, and what is said beside it.

/// One line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    /// It is a source, not another text.
    is_source: bool,
    enabled: bool,
    text: String,
    comment: String,
}

/// All files of sources of a host, the main one first.
#[derive(Clone, Debug)]
pub(in crate::module) struct Sources(Vec<(String, Vec<Line>)>);

impl Line {
    fn read(line: &str) -> Line {
        let line = line.trim();
        let (enabled, line) = line.strip_prefix('#').map_or((true, line), |rest| (false, rest));
        let (text, comment) = match line.find('#') {
            Some(at) if at > 0 => (&line[..at], line[at + 1..].trim()),
            _ => (line, ""),
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let is_source = matches!(words.first(), Some(&("deb" | "deb-src")));
        let text = if is_source { words.join(" ") } else { text.trim().to_owned() };
        Line { is_source, enabled, text, comment: comment.to_owned() }
    }

    fn written(&self) -> String {
        let off = if self.enabled { "" } else { "# " };
        let comment = if self.comment.is_empty() { String::new() } else { format!(" # {}", self.comment) };
        format!("{off}{}{comment}\n", self.text)
    }
}

impl Sources {
    /// Reads files that stand behind each other: a mark, a path, a mark, the text.
    pub(in crate::module) fn read(said: &str) -> Sources {
        let files = said.split('\u{1}').filter_map(|part| part.split_once('\u{2}'));
        Sources(files.map(|(path, text)| (path.to_owned(), text.lines().map(Line::read).collect())).collect())
    }

    /// Adds a source: the same one that is switched off is switched on, a new one gets a file named after its server.
    /// Fails with what is no source.
    pub(in crate::module) fn add(&mut self, repo: &str, filename: Option<&str>) -> Result<(), String> {
        let new = source(repo)?;
        let mut found = false;
        for line in
            self.0.iter_mut().flat_map(|(_, lines)| lines).filter(|line| line.is_source && line.text == new.text)
        {
            line.enabled = true;
            found = true;
        }
        if found {
            return Ok(());
        }
        let name = filename.map_or_else(|| file_name(&new.text), str::to_owned);
        let path = format!("{name}.list");
        let path = if path.contains('/') { path } else { format!("/etc/apt/sources.list.d/{path}") };
        // What stands beside it in one line is no comment of a new source.
        let line = Line { comment: String::new(), ..new };
        match self.0.iter_mut().find(|(known, _)| *known == path) {
            Some((_, lines)) => lines.push(line),
            None => self.0.push((path, vec![line])),
        }
        Ok(())
    }

    /// Removes a source wherever it counts.
    pub(super) fn remove(&mut self, repo: &str) -> Result<(), String> {
        let gone = source(repo)?;
        for (_, lines) in &mut self.0 {
            lines.retain(|line| !(line.is_source && line.enabled && line.text == gone.text));
        }
        Ok(())
    }

    /// Returns the files that have lines, with their texts.
    pub(super) fn texts(&self) -> Vec<(String, String)> {
        let files = self.0.iter().filter(|(_, lines)| !lines.is_empty());
        files.map(|(path, lines)| (path.clone(), lines.iter().map(Line::written).collect())).collect()
    }
}

fn source(repo: &str) -> Result<Line, String> {
    let line = Line::read(repo);
    if line.is_source && line.enabled { Ok(line) } else { Err(repo.trim().trim_start_matches('#').to_owned()) }
}

/// Returns the name of a file for a source: what its URL is made of, without options, scheme and login.
fn file_name(source: &str) -> String {
    let mut text = String::new();
    let mut rest = source;
    while let Some(at) = rest.find('[') {
        text.push_str(&rest[..at]);
        rest = rest[at..].find(']').map_or("", |end| &rest[at + end + 1..]);
    }
    text.push_str(rest);
    let url = text.split_whitespace().find(|word| !matches!(*word, "deb" | "deb-src")).unwrap_or_default();
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    let url = url.split_once('@').map_or(url, |(_, rest)| rest);
    let words: String = url.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    words.split_whitespace().collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_gets_a_file_of_its_own() {
        let name = file_name("deb [arch=amd64 signed-by=/k.gpg] https://me:pw@deb.example.com/a-b/ stable main");
        assert_eq!(name, "deb_example_com_a_b");
    }

    #[test]
    fn sources_are_switched_on_added_and_removed() {
        let said = "\u{1}/etc/apt/sources.list\u{2}# deb http://a  x  y # why\ntext\n\n";
        let mut sources = Sources::read(said);
        sources.add("deb http://a x y", None).unwrap();
        sources.add("deb http://b.c x", Some("own")).unwrap();
        let texts = sources.texts();
        assert_eq!(texts[0].1, "deb http://a x y # why\ntext\n\n");
        assert_eq!(texts[1], ("/etc/apt/sources.list.d/own.list".into(), "deb http://b.c x\n".into()));
        sources.remove("deb http://b.c x").unwrap();
        assert_eq!(sources.texts().len(), 1);
        assert_eq!(sources.add("nonsense", None), Err("nonsense".into()));
    }
}
