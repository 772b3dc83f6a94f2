//! Access lists of ASA as a device keeps them: a line is put where its number says, and the others move.

use crate::configuration::Section;

/// Types a line about an access list; `false` when it is another.
pub(super) fn typed(place: &mut Vec<Section>, line: &str) -> bool {
    let (is_gone, what) = line.strip_prefix("no ").map_or((false, line), |what| (true, what));
    let Some((name, what)) = what.strip_prefix("access-list ").and_then(|what| what.split_once(' ')) else {
        return false;
    };
    let (number, what) = match what.strip_prefix("line ").and_then(|what| what.split_once(' ')) {
        Some((number, what)) => (number.parse::<usize>().ok(), what),
        None => (None, what),
    };
    if !["extended ", "standard ", "remark "].iter().any(|word| what.starts_with(word)) {
        return false;
    }
    let start = format!("access-list {name} line ");
    let mut list: Vec<Section> = Vec::new();
    place.retain(|section| {
        let is_of_it = section.line.starts_with(&start);
        if is_of_it {
            list.push(section.clone());
        }
        !is_of_it
    });
    let says_it = |section: &Section| shown(&section.line, &start) == what;
    match (is_gone, number) {
        (true, Some(number)) => drop(list.remove(number - 1)),
        (true, None) => drop(list.remove(list.iter().position(says_it).expect("what is undone is there"))),
        (false, _) => {
            assert!(what.starts_with("remark") || !list.iter().any(says_it), "`{line}` is there");
            let at = number.map_or(list.len(), |number| number.saturating_sub(1).min(list.len()));
            list.insert(at, Section { line: format!("{start}0 {what}"), children: Vec::new() });
        }
    }
    for (at, section) in list.iter_mut().enumerate() {
        section.line = format!("{start}{} {}", at + 1, section.line[start.len()..].split_once(' ').unwrap().1);
    }
    place.extend(list);
    true
}

/// Returns what a line shows behind its number, without its counter.
fn shown<'a>(line: &'a str, start: &str) -> &'a str {
    let (_, said) = line[start.len()..].split_once(' ').unwrap();
    said.split(" (hitcnt").next().unwrap_or(said)
}
