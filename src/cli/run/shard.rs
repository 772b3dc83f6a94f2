//! `--shard`: which part of the hosts a run takes.

use crate::event::Shard;
use clap::Args;

/// Options about running on a part of the hosts.
#[derive(Args)]
pub(in crate::cli) struct ShardOptions {
    /// Run on a part of the hosts only: the M-th of N, or `auto` to let the CI system say which
    #[arg(long, value_name = "M/N", value_parser = asked, env = "NETPLAY_SHARD")]
    shard: Option<Asked>,

    /// Run on a part of the hosts even where the playbook then means something else
    #[arg(long)]
    pub(super) shard_anyway: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Auto,
    Said(Shard),
}

/// Systems that run a job several times and say to each which it is: the variables, and what the first is called.
const SYSTEMS: [(&str, &str, u32); 4] = [
    // GitLab with `parallel: N`.
    ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
    // A Kubernetes Job with `completionMode: Indexed`, which does not say how many there are.
    ("JOB_COMPLETION_INDEX", "NETPLAY_SHARD_TOTAL", 0),
    ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
    ("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
];

impl ShardOptions {
    /// Returns the shard that is asked for.
    pub(super) fn shard(&self) -> Result<Option<Shard>, String> {
        match self.shard {
            None => Ok(None),
            Some(Asked::Said(shard)) => Ok(Some(shard)),
            Some(Asked::Auto) => from_environment(|name| std::env::var(name).ok()).map(Some),
        }
    }
}

fn asked(text: &str) -> Result<Asked, String> {
    if text == "auto" {
        return Ok(Asked::Auto);
    }
    let (index, total) = text.split_once('/').ok_or("write M/N, or `auto`")?;
    shard(index, total, 1).map(Asked::Said)
}

/// Makes a shard of two numbers, of which the first counts from `first`.
fn shard(index: &str, total: &str, first: u32) -> Result<Shard, String> {
    let number = |text: &str| text.trim().parse::<u32>().map_err(|_| format!("`{text}` is no number of a shard"));
    let (index, total) = (number(index)?, number(total)?);
    match index.checked_sub(first) {
        Some(before) if before < total => Ok(Shard { index: before + 1, total }),
        _ => Err(format!("there is no shard {index} of {total} (the first is {first})")),
    }
}

fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Shard, String> {
    for (index, total, first) in SYSTEMS {
        let Some(said) = variable(index) else { continue };
        let count = variable(total).ok_or_else(|| format!("`--shard auto`: {index} is set, but {total} is not"))?;
        return shard(&said, &count, first).map_err(|error| format!("`--shard auto`: {index}, {total}: {error}"));
    }
    let names: Vec<&str> = SYSTEMS.iter().map(|(index, ..)| *index).collect();
    Err(format!("`--shard auto`: no variable says which part this is (looked for {})", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_one_of_so_many() {
        assert_eq!(asked("2/3"), Ok(Asked::Said(Shard { index: 2, total: 3 })));
        assert_eq!(asked("auto"), Ok(Asked::Auto));
        for wrong in ["0/3", "4/3", "1/0", "1", "a/b", "-1/3", "1/3/4", ""] {
            assert!(asked(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ci_systems_say_which() {
        let of = |pairs: &[(&str, &str)]| {
            from_environment(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
                .map(|shard| shard.to_string())
        };
        assert_eq!(of(&[("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "4")]).as_deref(), Ok("1/4"));
        assert_eq!(of(&[("JOB_COMPLETION_INDEX", "3"), ("NETPLAY_SHARD_TOTAL", "4")]).as_deref(), Ok("4/4"));
        for wrong in [
            &[][..],
            &[("CI_NODE_INDEX", "1")],
            &[("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "4")],
            &[("JOB_COMPLETION_INDEX", "4"), ("NETPLAY_SHARD_TOTAL", "4")],
        ] {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
    }
}
