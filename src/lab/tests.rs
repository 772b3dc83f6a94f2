//! What devices do, without SSH: a line typed, what is shown.

use super::device::{Device, Reaction};
use super::file::LabFile;
use super::terminal::{Terminal, exec, wants_stdin};
use crate::redact::Secret;
use crate::source::{Source, SourceId};
use std::sync::Arc;
use std::time::Duration;

const IOS: &str = "
name: r1
platform: cisco_ios
enable: s3cret
running_config: |
  hostname r1
  !
  interface Loopback0
   description lo
   ip address 10.0.0.1 255.255.255.255
  !
  router bgp 65000
   neighbor 10.0.0.2 remote-as 65000
  !
  end
";

fn device(yaml: &str) -> Arc<Device> {
    let text = format!("devices:\n- {}\n", yaml.trim().replace('\n', "\n  "));
    let source = Source::new("lab.yml", None, text);
    let mut lab = LabFile::parse(&source, SourceId(0)).expect("the test's lab is right");
    Arc::new(Device::new(lab.devices.remove(0), Secret::new("pw")))
}

/// A session at a device: types lines, collects what is shown.
struct Desk {
    terminal: Terminal,
}

impl Desk {
    fn at(device: &Arc<Device>) -> Desk {
        Desk { terminal: Terminal::open(device).0 }
    }

    /// Returns what is shown after a line, echo included, with plain newlines.
    fn line(&mut self, line: &str) -> String {
        shown(&self.terminal.input(format!("{line}\n").as_bytes()))
    }

    /// Types lines; returns what is shown after the last one.
    fn lines(&mut self, lines: &[&str]) -> String {
        lines.iter().map(|line| self.line(line)).last().unwrap_or_default()
    }
}

fn shown(reactions: &[Reaction]) -> String {
    let sent = reactions.iter().filter_map(|reaction| match reaction {
        Reaction::Send(bytes) => Some(String::from_utf8_lossy(bytes).replace("\r\n", "\n")),
        _ => None,
    });
    sent.collect()
}

#[test]
fn an_ios_router_answers_as_one() {
    // Lines typed, what the last one shows (echo first).
    let cases: &[(&[&str], &str)] = &[
        (&[""], "\nr1>"),
        (&["show running-config"], "show running-config\n   ^\n% Invalid input detected at '^' marker.\n\nr1>"),
        (&["enable"], "enable\nPassword: "),
        (&["enable", "s3cret"], "\nr1#"),
        (&["enable", "wrong"], "\nPassword: "),
        (&["enable", "wrong", "wrong", "wrong"], "\n% Bad secrets\n\nr1>"),
        (&["enable", "s3cret", "disable"], "disable\nr1>"),
        (
            &["en", "s3cret", "conf t"],
            "conf t\nEnter configuration commands, one per line.  End with CNTL/Z.\nr1(config)#",
        ),
        (&["en", "s3cret", "conf t", "interface Loopback0"], "interface Loopback0\nr1(config-if)#"),
        (
            &["en", "s3cret", "conf t", "interface Loopback0", "router bgp 65000"],
            "router bgp 65000\nr1(config-router)#",
        ),
        (&["en", "s3cret", "conf t", "interface Loopback0", "exit"], "exit\nr1(config)#"),
        (&["en", "s3cret", "conf t", "interface Loopback0", "end"], "end\nr1#"),
        (&["en", "s3cret", "conf t", "hostname other"], "hostname other\nother(config)#"),
        (
            &["en", "s3cret", "conf t", "hostname a-name-of-more-than-twenty"],
            "hostname a-name-of-more-than-twenty\na-name-of-more-than-(config)#",
        ),
        (
            &["en", "s3cret", "conf t", "descriptionn x"],
            "descriptionn x\n           ^\n% Invalid input detected at '^' marker.\n\nr1(config)#",
        ),
        (&["en", "s3cret", "conf t", "interface"], "interface\n% Incomplete command.\n\nr1(config)#"),
        (&["en", "s3cret", "foo bar"], "foo bar\n   ^\n% Invalid input detected at '^' marker.\n\nr1#"),
        (&["en", "s3cret", "show"], "show\n% Incomplete command.\n\nr1#"),
        (
            &["en", "s3cret", "sh run | include neighbor"],
            "sh run | include neighbor\n neighbor 10.0.0.2 remote-as 65000\nr1#",
        ),
        (
            &["en", "s3cret", "sh run | section interface"],
            "sh run | section interface\ninterface Loopback0\n description lo\n ip address 10.0.0.1 255.255.255.255\nr1#",
        ),
        (
            &["en", "s3cret", "copy running-config startup-config"],
            "copy running-config startup-config\nDestination filename [startup-config]? ",
        ),
        (&["en", "s3cret", "copy running-config startup-config", ""], "\nBuilding configuration...\n[OK]\nr1#"),
        (&["terminal length 0"], "terminal length 0\nr1>"),
        (&["show privilege"], "show privilege\nCurrent privilege level is 1\nr1>"),
    ];
    for (typed, expected) in cases {
        assert_eq!(Desk::at(&device(IOS)).lines(typed), *expected, "{typed:?}");
    }
}

#[test]
fn what_is_configured_is_shown_to_every_session() {
    let device = device(IOS);
    let mut desk = Desk::at(&device);
    desk.lines(&["enable", "s3cret", "conf t", "interface Loopback0", "description new", "no ip address", "shutdown"]);
    desk.lines(&["router bgp 65000", "neighbor 10.0.0.3 remote-as 65001", "no router ospf 1", "end"]);
    let mut other = Desk::at(&device);
    other.lines(&["enable", "s3cret", "terminal length 0"]);
    let config = other.line("show running-config");
    let body = config.split_once("!\n").map(|(_, body)| body).unwrap_or_default();
    assert_eq!(
        body,
        "hostname r1\ninterface Loopback0\n description new\n shutdown\n!\nrouter bgp 65000\n neighbor 10.0.0.2 remote-as 65000\n \
         neighbor 10.0.0.3 remote-as 65001\n!\n!\nend\nr1#"
    );
    let started = other.line("show startup-config | include description");
    assert!(started.contains(" description lo\n"), "not saved yet: {started}");
    assert!(other.lines(&["write memory", "show startup-config | include description"]).contains(" description new\n"));
}

#[test]
fn long_output_is_paged_until_that_is_turned_off() {
    let long: String = (1..=30).map(|n| format!("    {n}\n")).collect();
    let device = device(&format!("name: r1\nplatform: cisco_ios\nanswers:\n- command: show long\n  output: |\n{long}"));
    let mut desk = Desk::at(&device);
    let first = desk.line("show long");
    assert!(first.ends_with("24\n --More-- "), "{first:?}");
    let one_more = shown(&desk.terminal.input(b"\r"));
    assert_eq!(one_more, format!("{0}{1}{0}25\n --More-- ", "\u{8}".repeat(10), " ".repeat(10)));
    let rest = shown(&desk.terminal.input(b" "));
    assert!(rest.ends_with("30\nr1#") && !rest.contains("More"), "{rest:?}");
    desk.line("show long");
    assert!(shown(&desk.terminal.input(b"q")).ends_with("\u{8}r1#"));
    assert!(desk.lines(&["terminal length 0", "show long"]).ends_with("30\nr1#"));
}

#[test]
fn lines_are_edited_and_passwords_not_echoed() {
    let mut desk = Desk::at(&device(IOS));
    assert_eq!(
        shown(&desk.terminal.input(b"show x\x7f\x15privil")),
        "show x\u{8} \u{8}\u{8} \u{8}\u{8} \u{8}\u{8} \u{8}\u{8} \u{8}\u{8} \u{8}privil"
    );
    assert_eq!(shown(&desk.terminal.input(b"\x03")), "\nr1>");
    assert_eq!(shown(&desk.terminal.input(b"enable\r\ns3cr\x08ret\r\n")), "enable\nPassword: \nr1#");
}

#[test]
fn eos_and_frr_have_their_own_wording() {
    let eos = device("name: s1\nplatform: arista_eos\nrunning_config: |\n  interface Ethernet1\n     description x\n");
    assert_eq!(Desk::at(&eos).line("foo"), "foo\n% Invalid input\ns1#");
    let config = Desk::at(&eos).line("show running-config");
    assert!(
        config.contains("! Command: show running-config\n") && config.contains("\n   description x\n!\n"),
        "{config}"
    );
    assert_eq!(Desk::at(&eos).lines(&["configure", "interface Ethernet1"]), "interface Ethernet1\ns1(config-if)#");

    let frr = device("name: f1\nplatform: frr\nrunning_config: |\n  interface lo\n   ip address 10.0.0.1/32\n");
    assert_eq!(Desk::at(&frr).line("foo x"), "foo x\n% Unknown command: foo x\nf1# ");
    assert!(
        Desk::at(&frr)
            .line("show running-config")
            .contains("interface lo\n ip address 10.0.0.1/32\nexit\n!\nend\nf1# ")
    );
    assert_eq!(Desk::at(&frr).lines(&["conf t", "hostname bb"]), "hostname bb\nbb(config)# ");
}

#[test]
fn junos_changes_a_candidate() {
    let device = device("name: j1\nplatform: juniper_junos\nuser: lab\nrunning_config: |\n  set system host-name j1\n");
    let mut desk = Desk::at(&device);
    assert_eq!(desk.line("foo"), "foo\n        ^\nunknown command.\nlab@j1> ");
    assert_eq!(desk.line("configure"), "configure\nEntering configuration mode\n[edit]\nlab@j1# ");
    desk.line("set system host-name j2");
    assert!(desk.line("set nonsense x").contains("^\nsyntax error.\n"));
    assert_eq!(
        desk.line("show | compare"),
        "show | compare\n[edit system]\n-  host-name j1;\n+  host-name j2;\n[edit]\nlab@j1# "
    );
    assert!(Desk::at(&device).line("show configuration | display set").contains("set system host-name j1\n"));
    assert!(desk.line("exit").contains("Exit with uncommitted changes? [yes,no] (yes) "));
    assert_eq!(desk.line("no"), "no\n[edit]\nlab@j1# ");
    assert_eq!(desk.line("commit"), "commit\ncommit complete\n[edit]\nlab@j2# ");
    assert_eq!(desk.lines(&["rollback 1", "show | compare"]).lines().nth(2), Some("-  host-name j2;"));
    assert_eq!(
        desk.lines(&["rollback", "commit and-quit"]),
        "commit and-quit\ncommit complete\nExiting configuration mode\nlab@j2> "
    );
    assert!(desk.line("show configuration").contains("system {\n    host-name j2;\n}\n"));
}

#[test]
fn an_exclusive_junos_session_keeps_others_out_and_leaves_nothing_behind() {
    let device = device("name: j1\nplatform: juniper_junos\n");
    let mut first = Desk::at(&device);
    first.lines(&["configure exclusive", "set system domain-name x.example"]);
    let mut second = Desk::at(&device);
    assert!(second.line("configure exclusive").contains("error: configuration database locked by:"));
    first.lines(&["exit configuration-mode", "yes"]);
    assert_eq!(second.lines(&["configure exclusive", "show | compare"]), "show | compare\n[edit]\nlab@j1# ");
    second.line("set system domain-name y.example");
    drop(second);
    assert_eq!(first.lines(&["configure", "show | compare"]), "show | compare\n[edit]\nlab@j1# ");
}

#[test]
fn nobody_commits_while_an_iosxr_session_configures_exclusively() {
    let device = device("name: xr1\nplatform: cisco_iosxr\n");
    let (mut first, mut second, mut third) = (Desk::at(&device), Desk::at(&device), Desk::at(&device));
    first.lines(&["configure exclusive", "hostname one"]);
    assert!(second.line("configure exclusive").ends_with("is locked\nRP/0/RP0/CPU0:xr1#"));
    second.lines(&["configure terminal", "hostname two"]);
    assert!(second.line("commit").contains("% Failed to commit .. Another configuration session had a lock"));
    assert_eq!(first.line("commit"), "commit\nRP/0/RP0/CPU0:one(config)#");
    drop(first);
    assert_eq!(third.line("configure exclusive"), "configure exclusive\nRP/0/RP0/CPU0:one(config)#");
    third.line("end");
    assert!(second.line("commit").contains("One or more commits have occurred from other"));
}

#[test]
fn answers_delays_and_faults_are_as_prescribed() {
    let device = device(
        "name: r1\nplatform: cisco_ios\ndelay_seconds: 1\nanswers:\n- {command: show x, output: \"1234\\n5678\", delay_seconds: 5}\n\
         - {matches: '^show (y|z)$', output: yz}\n- {command: show cut, output: \"1234\\n5678\", fault: close}\n\
         - {command: show nothing, fault: silence}\n",
    );
    let typed = |line: &str| Desk::at(&device).terminal.input(format!("{line}\n").as_bytes());
    let sent = |text: &str| Reaction::Send(text.as_bytes().to_vec());
    let wait = |seconds| Reaction::Wait(Duration::from_secs(seconds));
    assert_eq!(typed("show x"), [sent("show x\r\n"), wait(5), sent("1234\r\n5678\r\nr1#")]);
    assert_eq!(typed("show z"), [sent("show z\r\n"), wait(1), sent("yz\r\nr1#")]);
    assert_eq!(typed("show cut"), [sent("show cut\r\n"), wait(1), sent("1234"), Reaction::Cut]);
    assert_eq!(typed("show nothing"), [sent("show nothing\r\n"), wait(1), Reaction::Silence]);
    assert_eq!(typed("exit"), [sent("exit\r\n"), wait(1), Reaction::End(0)]);
    assert_eq!(typed(""), [sent("\r\nr1#")], "an empty line is no command");
}

#[test]
fn a_host_runs_a_few_programs() {
    let device = device(
        "name: h1\nplatform: linux\nuser: ann\nfiles: {/etc/motd: \"hi\\n\"}\nanswers:\n- {command: df, output: full, status: 3}\n",
    );
    // Command, standard output, standard error, status.
    let cases = [
        ("hostname", "h1\n", "", 0),
        ("whoami; pwd", "ann\n/home/ann\n", "", 0),
        ("cat /etc/motd", "hi\n", "", 0),
        ("cat nope", "", "cat: nope: No such file or directory\n", 1),
        ("false || echo 'a  b' && echo \"c\\\"\"", "a  b\nc\"\n", "", 0),
        ("true && false", "", "", 1),
        ("exit 7; echo never", "", "", 7),
        ("/bin/sh -c 'exit 4'; echo on", "on\n", "", 0),
        ("/bin/sh -c 'cd /tmp && pwd'", "/tmp\n", "", 0),
        ("LANG=C uname -s", "Linux\n", "", 0),
        ("echo one | cat", "one\n", "", 0),
        ("nonsense", "", "sh: 1: nonsense: not found\n", 127),
        ("echo 'open", "", "sh: a quote is not closed\n", 2),
        ("echo $(id)", "", "sh: substitution is not simulated\n", 2),
        ("cat nope 2>/dev/null", "", "", 1),
        ("df", "full", "", 3),
        ("/bin/sh -c 'cd /tmp || { echo no >&2; exit 97; }\nexport A=1\nexec pwd'", "/tmp\n", "", 0),
        ("/bin/sh -c 'cd /nope 2>/dev/null || { echo no >&2; exit 97; }\npwd'", "", "no\n", 97),
        ("nonsense 2>&1 | cat; { echo a; echo b; }", "sh: 1: nonsense: not found\na\nb\n", "", 0),
        ("test ! -e /x && echo gone", "gone\n", "", 0),
        ("mkdir -p /tmp/a/b; echo 1 > /tmp/a/b/c; echo 2 >> /tmp/a/b/c; cat /tmp/a/b/c; ls /tmp/a", "1\n2\nb\n", "", 0),
        ("cat < /tmp/a/b/c; rm -r /tmp/a; [ -d /tmp/a ]", "1\n2\n", "", 1),
    ];
    for (command, stdout, stderr, status) in cases {
        let (mut out, mut err, mut code) = (String::new(), String::new(), None);
        for reaction in exec(&device, command, b"") {
            match reaction {
                Reaction::Send(bytes) => out.push_str(&String::from_utf8_lossy(&bytes)),
                Reaction::SendError(bytes) => err.push_str(&String::from_utf8_lossy(&bytes)),
                Reaction::End(status) => code = Some(status),
                other => panic!("{command}: {other:?}"),
            }
        }
        assert_eq!((out.as_str(), err.as_str(), code), (stdout, stderr, Some(status)), "{command}");
    }
    assert_eq!(exec(&device, "sleep 2", b"")[0], Reaction::Wait(Duration::from_secs(2)));
    assert_eq!(exec(&device, "cat", b"in")[0], Reaction::Send(b"in".to_vec()));
    assert_eq!(Desk::at(&device).line("cd /etc"), "cd /etc\nann@h1:/etc$ ");
}

#[test]
fn standard_input_is_waited_for_only_where_it_is_read() {
    let device = device("name: h1\nplatform: linux\nanswers: [{command: cat, output: x}]\n");
    let cases = [
        ("cat > /tmp/x", true),
        ("/bin/sh -c 'cat >/tmp/x && true'", true),
        ("true; { cat; }", true),
        ("cat /etc/motd", false),
        ("echo x | cat", false),
        ("cat < /etc/motd", false),
        ("cat", false),
        ("echo 'cat", false),
    ];
    for (command, waits) in cases {
        assert_eq!(wants_stdin(&device, command), waits, "{command}");
    }
}

#[test]
fn a_router_takes_commands_by_exec() {
    let router = device("name: r1\nplatform: frr\n");
    let reactions = exec(&router, "show privilege", b"");
    assert_eq!(reactions, [Reaction::Send(b"Current privilege level is 15\n".to_vec()), Reaction::End(0)]);
}

proptest::proptest! {
    /// Whatever is typed, a device neither panics nor hangs.
    #[test]
    fn typing_anything_is_harmless(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300), which in 0usize..5) {
        let platform = ["cisco_ios", "arista_eos", "juniper_junos", "frr", "linux"][which];
        let device = device(&format!("name: r1\nplatform: {platform}\n"));
        let mut desk = Desk::at(&device);
        desk.terminal.input(&bytes);
        desk.terminal.input(b"\nconfigure\nset system x y\ninterface x\n no y\n show | compare\n");
        exec(&device, &String::from_utf8_lossy(&bytes), b"");
    }
}
