//! Command output to rows.

use crate::project::Project;

const TEMPLATE: &str = "Value Required PORT (\\S+)\nValue List VLANS (\\d+)\n\nStart\n  ^port ${PORT} -> Continue\n  \
    ^port \\S+ ${VLANS} -> Continue\n  ^port \\S+ \\S+ ${VLANS}\n  ^end -> Record\n  ^! -> Error \"a comment\"\n";

fn project() -> Project {
    Project::new()
        .file("t.textfsm", TEMPLATE)
        .file("out.txt", "port Gi1 10 20\nend\nport Gi2 30\nend\n")
        .file("bad.textfsm", "Value PORT (\\S+)\n\nStart\n  ^${PROT} -> Record\n  ^x -> Sart\n")
        .file("folder/index", "Template, Platform, Command\nports.textfsm, cisco_(ios|xe), sh[[ow]] ports\n")
        .file("folder/ports.textfsm", TEMPLATE)
}

#[test]
fn output_becomes_rows_by_a_template_or_by_its_command() {
    let project = project();
    let rows = r#"[{"PORT":"Gi1","VLANS":["10","20"]},{"PORT":"Gi2","VLANS":["30"]}]"#;
    let rows: serde_json::Value = serde_json::from_str(rows).expect("JSON");
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let by_template = project.netplay("parse --template t.textfsm out.txt").exits(0);
    assert_eq!(json(&by_template.stdout), rows);
    let table = project.netplay("parse -t t.textfsm out.txt --output table").exits(0);
    assert_eq!(table.stdout, "PORT  VLANS\n----  ------\nGi1   10, 20\nGi2   30\n");
    let csv = project.netplay("parse -p cisco_xe -c sho_ports --templates folder out.txt -o csv");
    csv.exits(65).complains("no template in folder is for `sho_ports` of `cisco_xe`");
    let by_command = project.netplay("parse -p cisco_xe --templates folder -o csv out.txt -c").arg("sho ports");
    assert_eq!(by_command.exits(0).stdout, "port,vlans\nGi1,\"10, 20\"\nGi2,30\n");
}

#[test]
fn a_template_s_mistakes_are_shown_with_their_places() {
    let project = project();
    let ended = project.netplay("parse -t bad.textfsm out.txt").exits(65);
    let ended =
        ended.complains("bad.textfsm:4:4").complains("no Value is called `PROT`").complains("did you mean `PORT`?");
    ended.complains("bad.textfsm:5:").complains("no state is called `Sart`");
    project.netplay("parse -t none.textfsm out.txt").exits(65).complains("cannot read `none.textfsm`");
    project.netplay("parse -t t.textfsm none.txt").exits(65).complains("cannot read `none.txt`");
    project.netplay("parse out.txt").exits(64);
}

#[test]
fn an_error_of_the_template_names_both_lines() {
    let project = project().file("odd.txt", "port Gi1\n! x\n");
    let ended = project.netplay("parse -t t.textfsm odd.txt").exits(65);
    ended.complains("t.textfsm:9: a comment: line 2 is `! x`");
}

#[test]
fn a_template_with_a_mistake_fails_its_command_and_leaves_the_session() {
    let lab = "devices: [{name: ios1, platform: cisco_ios}]\n";
    let tasks = "- name: parse\n  cli_command: {command: show version, parse: textfsm}\n  ignore_errors: true\n\
                 - name: after\n  cli_command: {command: show version}\n";
    let project = Project::of_tasks(tasks)
        .file("lab.yml", lab)
        .file("folder/index", "Template, Platform, Command\nv.textfsm, cisco_ios, show version\n")
        .file("folder/v.textfsm", "Value V (\\S+\n\nStart\n  ^Version ${V} -> Record\n");
    let call = project.run_events().with("--lab lab.yml").env("NTC_TEMPLATES_DIR", project.at("folder"));
    let ended = call.exits(0);
    let parse = ended.step("parse", "ios1");
    let message = parse["failure"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("v.textfsm:1:9: an expression must stand in brackets"), "{parse}");
    // What the device said is not lost.
    assert!(parse.to_string().contains("RELEASE SOFTWARE"), "{parse}");
    assert_eq!(ended.step("after", "ios1")["status"], "ok");
}

#[test]
fn platforms_are_listed_and_a_user_s_own_is_among_them() {
    let own = "name: acme_os\naliases: [acme]\ncommand_level: exec\nlevels: [{name: exec, prompt: '^acme>$'}]\n\
               text: {}\ntimeout_seconds: 5\n";
    let project = Project::new().file("platforms/acme.yaml", own);
    let list = project.netplay("platforms").exits(0).shows("acme_os").shows("(platforms/acme.yaml)");
    list.shows("cisco_ios ").shows("nokia_srlinux ").shows("candidate");
    project.netplay("platforms show nxos").exits(0).shows("name: cisco_nxos").shows("terminal length 0");
    project.netplay("platforms show acme").exits(0).shows("name: acme_os");
    project.netplay("platforms show cisco_ois").exits(64).complains("did you mean `cisco_ios`?");
    let wrong = Project::new().file("platforms/bad.yaml", own.replace("levels", "lvels"));
    wrong.netplay("platforms").exits(65).complains("bad.yaml:4:").complains("unknown field `lvels`");
}

#[test]
fn a_playbook_makes_data_of_texts_and_commands() {
    let project = Project::new()
        .playbook(PLAYBOOK)
        .file("t.textfsm", TEMPLATE)
        .file(
            "templates/native.yaml",
            "- getval: '(?P<n>\\S+) is (?P<s>\\S+)'\n  result: {ports: {'{{ n }}': '{{ s }}'}}\n",
        )
        .file("t.ttp", "interface {{ name }}\n mtu {{ mtu | to_int }}\n")
        .file("cli.yaml", "keys:\n  ports: {value: {name: '{{ item.n }}'}, items: '^(?P<n>\\S+) is'}\n")
        .file("xml.yaml", "keys: {b: {value: '{{ item.b }}', top: b, items: {b: .}}}\n")
        .file("folder/index", "Template, Platform, Command\nx, y\nports.textfsm, cisco_ios, sh[[ow]] ports\n")
        .file("folder/ports.textfsm", TEMPLATE)
        .host("here ansible_connection=local textfsm_templates=folder");
    // What the index has wrong is said, and once only.
    project.run().exits(0).shows("index:2:1: 2 cells under 3 columns; the line is left out");
}

#[test]
fn a_parser_that_there_is_not_is_told_before_anything_runs() {
    let task = |parser: &str| {
        format!(
            "- hosts: all\n  gather_facts: false\n  tasks:\n    - fail:\n    - cli_parse: {{text: x, parser: {parser}}}\n"
        )
    };
    for (parser, complaint) in [
        ("{name: ansible.utils.textfsn}", "did you mean `ansible.utils.textfsm`?"),
        ("{name: pyats}", "the parser `pyats` is not supported"),
        ("{name: ttp, vars: {ttp_init: {log_level: x}}}", "`ttp_init`, which is not supported"),
        ("{nam: json}", "did you mean `name`?"),
        ("{template_path: x}", "`parser` needs a `name`"),
    ] {
        let project = Project::new().playbook(&task(parser)).host("here ansible_connection=local");
        project.run().exits(65).complains("site.yml:5:").complains(complaint);
    }
}

const PLAYBOOK: &str = r#"- hosts: all
  gather_facts: false
  tasks:
    - cli_parse:
        text: |
          port Gi1 10 20
          end
        parser: {name: ansible.utils.textfsm, template_path: t.textfsm}
        set_fact: ports
    - assert: {that: "ports == [{'PORT': 'Gi1', 'VLANS': ['10', '20']}]"}
    - ansible.utils.cli_parse:
        command: printf '[{"a":1}]'
        parser: {name: ansible.utils.json}
      register: out
    - assert: {that: ["out.parsed == [{'a': 1}]", out.stdout_lines | length == 1, out is not changed]}
    - ansible.netcommon.cli_parse:
        command: printf 'port Gi2 30\nend\n'
        parser: {name: ntc_templates, command: sho ports, os: cisco_ios}
      register: out
    - assert: {that: "out.parsed == [{'port': 'Gi2', 'vlans': ['30']}]"}
    - assert:
        that: "(text | parse_cli_textfsm('t.textfsm')) == ports"
      vars: {text: "port Gi1 10 20\nend\n"}
    - cli_parse:
        text: "Gi1 is up\nGi2 is down\n"
        parser: {name: ansible.netcommon.native, template_path: native.yaml}
      register: out
    - assert: {that: "out.parsed == {'ports': {'Gi1': 'up', 'Gi2': 'down'}}"}
    - cli_parse:
        text: "interface Gi1\n mtu 9000\ninterface Gi2\n"
        parser: {name: ansible.utils.ttp, template_path: t.ttp, vars: {ttp_results: {structure: flat_list}}}
      register: out
    - assert: {that: "out.parsed == [{'name': 'Gi1', 'mtu': 9000}, {'name': 'Gi2'}]"}
    - cli_parse:
        text: "<a><b c='1'>x</b></a>\n]]>]]>"
        parser: {name: ansible.utils.xml}
      register: out
    - assert: {that: "out.parsed == {'a': {'b': {'@c': '1', '#text': 'x'}}}"}
    - assert:
        that:
          - "(text | parse_cli('cli.yaml')) == {'ports': [{'name': 'Gi1'}, {'name': 'Gi2'}]}"
          - "('<a><b>1</b><b>2</b></a>' | ansible.netcommon.parse_xml('xml.yaml')) == {'b': [1, 2]}"
      vars: {text: "ports\nGi1 is up\nGi2 is down\n"}
"#;
