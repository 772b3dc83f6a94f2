//! Templates that ask for more than there is: each fails with what is wrong, in bounded time and memory.

use crate::call::Call;
use crate::project::Project;

/// What a template says, and what its failure says.
const CASES: &[(&str, &str)] = &[
    ("{{ range(10 ** 9) | list | length }}", "is too long"),
    ("{{ 'x' * 10 ** 10 }}", "longer than 64 MiB"),
    ("{{ [[]] * 10 ** 9 }}", "is too long"),
    ("{{ 10 ** (10 ** 8) }}", "larger than 128 bits"),
    ("{{ 2 | pow(10 ** 8) }}", "too large"),
    ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion limit exceeded"),
    ("{{ range(1000) | permutations(5) | list | length }}", "more than 1000000 items"),
    ("{{ range(1000) | product(range(1000), range(1000)) | list | length }}", "more than 1000000 items"),
    (
        "{% set l = [1] %}{% for i in range(60) %}{% set _ = l.extend(l) %}{% endfor %}{{ l | length }}",
        "list is too long",
    ),
    ("{{ 'x'.rjust(10 ** 10) }}", "more than 1048576 characters"),
    ("{{ ('x' * 1000000).replace('x', 'y' * 1000000) }}", "longer than 64 MiB"),
    ("{{ ('x' * 1000000).join(['a'] * 1000000) }}", "longer than 64 MiB"),
    ("{{ ('{0}' * 1000000).format('x' * 1000000) }}", "longer than 64 MiB"),
    ("{{ ('%(a)s' * 1000000) % {'a': 'x' * 1000000} }}", "longer than 64 MiB"),
    ("{{ ('a ' * 1000000) | wordwrap(1, wrapstring='x' * 10000) }}", "67108864"),
    ("{{ '%1000000000s' % 'a' }}", "more than 10000 places"),
    ("{{ '{:>1000000000}'.format('a') }}", "more than 10000 places"),
    (
        "{% set n = namespace(s='x') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}{{ n.s | length }}",
        "longer than 64 MiB",
    ),
    (
        "{% set n = namespace(s=[1]) %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}{{ n.s | length }}",
        "is too long",
    ),
    ("{{ ('a' * 1000000) | replace('a', 'b' * 1000000) | length }}", "67108864"),
    ("{{ ('a' * 1000000) | regex_replace('a', 'b' * 1000000) | length }}", "makes the text too long"),
    ("{{ (range(1000000) | list) | join('x' * 1000) | length }}", "67108864"),
    ("{{ ('a' * 30 ~ '!') | regex_replace('^(?:(?=a)a+)+$', 'x') }}", "backtracks too much"),
    ("{{ ('[' * 100000) | from_json }}", "from_json"),
    ("{{ ('[' * 100000) | from_yaml }}", "nested deeper"),
    ("{{ ('1-' ~ 10 ** 9) | ansible.netcommon.vlan_expander | length }}", "too long a range"),
    ("{{ query('sequence', 'start=1 end=1000000000') | length }}", "is too long"),
    ("{{ range(30) | combinations(15) | list | length }}", "more than 1000000 items"),
    ("{{ '10.0.0.0/8' | ansible.utils.usable_range }}", "more than 1000000 addresses"),
    ("{{ 'x' | password_hash('sha512', rounds=9999999999) }}", "`rounds` cannot be 9999999999"),
];

#[test]
fn each_ends_with_a_failure_that_says_why() {
    let task = |(at, (text, _)): (usize, &(&str, &str))| {
        format!("- {{name: 't{at}', debug: {{msg: {}}}, ignore_errors: true}}\n", serde_json::json!(text))
    };
    let project =
        Project::of_tasks(&CASES.iter().enumerate().map(task).collect::<String>()).host("h1 ansible_connection=local");
    // Far less than any of them asks for; threads have their stacks in it.
    let call = Call::limited("ulimit -v 4000000", project.dir(), &project.at("home"));
    let ended = call.with("run site.yml -i hosts.ini --output jsonl").exits(0);
    let mut wrong = Vec::new();
    for (at, (text, phrase)) in CASES.iter().enumerate() {
        let step = ended.step(&format!("t{at}"), "h1");
        let message = step["failure"]["message"].as_str().unwrap_or_default().to_owned();
        if step["status"] != "ignored" || !message.contains(phrase) || message.len() > 2_000 {
            wrong.push(format!(
                "{text}\n    {} {}",
                step["status"],
                &step.to_string()[..step.to_string().len().min(400)]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
