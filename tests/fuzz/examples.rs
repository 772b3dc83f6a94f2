//! Examples of what each reader reads: files of this repository, and what is short.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Returns the files below a folder that end so, the folder's own first.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn gather(json: &serde_json::Value, found: &mut Vec<Vec<u8>>) {
    match json {
        serde_json::Value::String(text) => found.push(text.clone().into_bytes()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        serde_json::Value::Object(entries) => entries.values().for_each(|value| gather(value, found)),
        _ => {}
    }
}

/// Returns texts that stand in a file of cases, wherever they stand in it.
fn texts_of(file: impl AsRef<Path>) -> Vec<Vec<u8>> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let mut found = Vec::new();
    gather(&serde_json::from_str(&text).unwrap(), &mut found);
    found
}

/// Returns the number of each platform, and all that one of its devices said in a recording.
fn recordings() -> Vec<(u8, Vec<u8>)> {
    let platforms = netplay::platform::all().filter(|platform| !platform.is_host);
    let mut found = Vec::new();
    for (number, platform) in platforms.enumerate() {
        let file = format!("tests/platforms/{}/sessions.yaml", platform.name);
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let sessions: Vec<serde_json::Value> = serde_yaml::from_str(&text).unwrap();
        for session in sessions {
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let talk = session["talk"].as_array().cloned().unwrap_or_default();
            let said: String = std::iter::once(text(&session["opens"]))
                .chain(talk.iter().flat_map(|turn| [text(&turn["comes"]), text(&turn["later"])]))
                .collect();
            found.push((number as u8, said.into_bytes()));
        }
    }
    found
}

/// Returns, for each platform, what is typed otherwise than it is shown, and what is shown.
fn configurations() -> Vec<Vec<u8>> {
    let platforms = netplay::platform::all().filter(|platform| platform.config_level.is_some());
    let mut found = Vec::new();
    for (number, platform) in platforms.enumerate() {
        let file = format!("tests/platforms/{}/spelled.yaml", platform.name);
        let Ok(text) = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)) else { continue };
        let cases: BTreeMap<String, Vec<(String, String)>> = serde_yaml::from_str(&text).unwrap();
        let bytes = |(typed, shown): (String, String)| {
            [&[number as u8][..], typed.as_bytes(), b"\0", shown.as_bytes()].concat()
        };
        found.extend(cases.into_values().flatten().map(bytes));
        // Of whole configurations a part, in bytes: more takes long.
        let part = |file: &str| {
            let file = format!("{}/tests/platforms/{}/whole/{file}", env!("CARGO_MANIFEST_DIR"), platform.name);
            fs::read_to_string(file).map(|text| text.chars().take(2500).collect::<String>()).ok()
        };
        found.extend(part("one.txt").zip(part("two.txt")).map(bytes));
    }
    found
}

/// Returns what devices answered from which facts are made, each behind the number of its platform.
fn recorded_answers() -> Vec<Vec<u8>> {
    let platforms = netplay::platform::all().filter(|platform| !platform.is_host);
    let mut found = Vec::new();
    for (number, platform) in platforms.enumerate() {
        let file = format!("tests/network_facts/{}.yaml", platform.name);
        let Ok(text) = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)) else { continue };
        let recording: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        let answers = recording["answers"].as_object().cloned().unwrap_or_default();
        let said = answers.values().filter_map(|said| said.as_str());
        found.extend(said.map(|said| [&[number as u8][..], said.as_bytes()].concat()));
    }
    found
}

/// Returns what devices show of their resources, each behind the number of its definition. A part of them will do: all read
/// alike.
fn resources() -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for (number, row) in netplay::resource::TABLE.iter().enumerate().step_by(7) {
        let file = format!("tests/resources/{}.yaml", row.name);
        let Ok(text) = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)) else { continue };
        let cases: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        let mut texts = Vec::new();
        gather(&cases, &mut texts);
        let lines = texts.into_iter().filter(|text| text.contains(&b'\n'));
        found.extend(lines.take(5).map(|text| [&(number as u16).to_le_bytes()[..], &text].concat()));
    }
    found
}

/// Returns what programs print and files hold, each behind the number of its reader.
fn listings() -> Vec<Vec<u8>> {
    const SAID: &[(&str, &str)] = &[
        ("apk", "P:musl-1.2.4-r2 description:\nmusl-1.2.4-r2\n"),
        ("apt-cache", "D 1.2 installed/1.2\n@ vim vim\nI installed 9.0\nC 9.1\nM 9.1\nV installed\n"),
        (
            "apt-key",
            "pub   ed25519/3FBCC87CDB728BA4 2020-01-01 [SC]\nsub   rsa4096/0123456789ABCDEF [expired: 2011]\npub:u:255:22:3FBC:1:::u:\n",
        ),
        ("authorized_keys", "# c\nno-pty,from=\"a,b\" ssh-ed25519 AAAA me\nssh-rsa BBBB you there\n"),
        ("crontab", "MAILTO=me\n#Ansible: np\n* * * * * true\n@daily root /bin/x # c\n"),
        ("debconf-get-selections", "# c\nnp\tnp/password\tpassword\tsecret\nother\tq\tstring\tx y\n"),
        ("debconf-show", "* tzdata/Areas: Etc\n  tzdata/Zones/Etc: UTC\n"),
        (
            "dnf",
            "Installing:\n vim  x86_64  2:9.0-1  base  1.2 M\nTransaction Summary\n= 1\nError: No packages marked for upgrade.\nNo match for argument: x\n= 0\n",
        ),
        ("dpkg-query", "ii \tvim\t2:9.0\tamd64\teditors\tdebian\n"),
        ("fstab", "# c\n/dev/x /mnt/a\\040b ext4 defaults 0 0\nnone none swap sw 0 0\n"),
        ("getent", "root:x:0:0:root:/root:/bin/sh\n10.0.0.1  a b\nroot:y:1\n"),
        ("iptables", "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n"),
        ("mounts", "/dev/x /mnt/a\\040b ext4 rw 0 0\nproc / proc rw 0 0\n"),
        ("pacman", "Name            : vim\nVersion         : 9.0-1\nGroups : None\n\n"),
        ("rpm", "vim\t2\t9.0\t1\tx86_64\n"),
        (
            "sources.list",
            "\u{1}/etc/apt/sources.list\u{2}deb http://deb.debian.org/debian stable main # c\n# deb-src [a=b] http://x y z\n",
        ),
        (
            "ssh-keygen",
            "# Host h found: line 7 \nh ssh-ed25519 AAAA\n@revoked h ssh-rsa BBBB\n|1|a|b ssh-ed25519 CCCC\n",
        ),
        ("stat", "p /a\u{0}f 81a4 0 0 12 1 1 1 1 1 1 1\u{0}"),
        ("sysctl.conf", "# c\nnet.ipv4.ip_forward = 0\n;x\na=b=c\nnet.ipv4.ip_forward=2\n"),
        ("systemctl", "Id=a.service\nExecStart={ path=/x ; argv[]=/x\n y }\nActiveState=active\n"),
        (
            "ufw",
            "### tuple ### allow tcp 22 0.0.0.0/0 any ::/0 in\nSkipping x\n[ 1] 80/tcp ALLOW IN Anywhere (v6)\n\u{1}### tuple ### deny any\n",
        ),
    ];
    let listings = netplay::module::LISTINGS;
    assert!(
        listings.iter().all(|(name, _)| SAID.iter().any(|(known, _)| known == name)),
        "an example for every reader"
    );
    let number = |name: &str| listings.iter().position(|(known, _)| *known == name).expect("a reader of that name");
    SAID.iter().map(|(name, said)| [&[number(name) as u8][..], said.as_bytes()].concat()).collect()
}

fn contents(files: Vec<PathBuf>) -> Vec<Vec<u8>> {
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Returns examples of what a reader reads.
pub(super) fn examples(reader: &str) -> Vec<Vec<u8>> {
    match reader {
        "configuration" => configurations(),
        "device_facts" => recorded_answers(),
        "events" => contents(files("tests/fuzz", ".jsonl")),
        "expression" => texts_of("tests/regex/cases.json"),
        "facts" => files("tests/facts", "answers.json").iter().flat_map(texts_of).collect(),
        "host_pattern" => ["web:db", "web[0:3]:!db-a", "~web\\d+", "all:&site", "*.example.org,2001:db8::1"]
            .map(|text| text.as_bytes().to_vec())
            .into(),
        "http_fields" => [
            "\u{0}id=1; Domain=.example.org; Path=/a; Secure; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT\nother=\"2\"\n",
            "\u{1}Digest realm=\"a, b\", nonce=\"n\", qop=\"auth,auth-int\", algorithm=SHA-256-sess, opaque=\"o\\\"p\"\nBasic realm=x\n",
            "\u{2}machine r2 login me password p\nmacdef init\ncd /\n\ndefault user other account a password q # c\n",
        ]
        .map(|text| text.as_bytes().to_vec())
        .into(),
        "inventory" => contents([files("tests/inventory", ".ini"), files("tests/inventory", ".yml")].concat()),
        "listing" => listings(),
        "moment" => [
            "\u{0}2024-02-29 10:20:30\u{0}%Y-%m-%d %H:%M:%S",
            "\u{1}Thu Feb  9 1:2:3 2024 +0530\u{0}%a %b %d %H:%M:%S %Y %z",
            "\u{2}29.2.24 12 PM\u{0}%d.%m.%y %I %p",
            "\u{4}1709202030.25\u{0}%A %B %j %U %W %V %G %s %Z%% %c %x %X %f %-d %e",
            "\u{6}60 2024\u{0}%j %Y",
        ]
        .map(|text| text.as_bytes().to_vec())
        .into(),
        "netconf" => vec![
            b"\0<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities><capability>urn:ietf:params:netconf:base:1.1\
              </capability></capabilities><session-id>4</session-id></hello>]]>]]><rpc-reply/>]]>]]>"
                .to_vec(),
            b"\x01\n#24\n<rpc-reply message-id=\"1\"\n#65\n><rpc-error><error-severity>error</error-severity></rpc-error></x>\n##\n"
                .to_vec(),
            b"\x01\n#4\n<a/>\n##\n\n#1\n<\n#3\nb/>\n##\n".to_vec(),
        ],
        "outline" => texts_of("tests/outline/cases.json"),
        "platform" => contents(files("src/platform/definitions", ".yaml")),
        "resource" => resources(),
        "session" => recordings().iter().map(|(platform, said)| [&[*platform, 7], said.as_slice()].concat()).collect(),
        "ssh_files" => vec![
            b"\0# c\n@cert-authority *.example.org,!r2 ssh-ed25519 AAAA\n|1|c2FsdA==|aGFzaA== ssh-rsa AAAA c\n@revoked * ssh-ed25519 AAAA\n\
              [r1.example.org]:2222 ssh-ed25519 AAAA\n"
                .to_vec(),
            b"\x01Host r? !r2 *.example.org\n  User=me\n  IdentityFile \"~/a b\"\nMatch originalhost r1 user !root\n  ProxyJump a,b\n\
              Include other\n  Port 22\n  ProxyCommand nc %h %p\n"
                .to_vec(),
            b"\x02\0\0\0\x20ssh-ed25519-cert-v01@openssh.com\0\0\0\x04abcd\0\0\0\x04key0".to_vec(),
            b"\x03output np-np-1 137 1 KILL.rest".to_vec(),
        ],
        "telnet" => {
            vec![b"\xff\xfd\x18\xff\xfb\x01\xff\xfa\x18\x01\xff\xf0Username: \xff\xff\xff\xfe\x1f\r\0\r\nr1#".to_vec()]
        }
        "template" => texts_of("tests/template/generated.json"),
        "terminal" => recordings().into_iter().map(|(_, said)| said).collect(),
        "textfsm_index" => vec![
            b"Template, Hostname, Platform, Command\na.textfsm:b.textfsm, .*, cisco_ios, sh[[ow]] ver[[sion]]\n"
                .to_vec(),
        ],
        "textfsm_run" | "textfsm_template" => texts_of("tests/textfsm/cases.json"),
        "ttp" => texts_of("tests/ttp/cases.json"),
        "vault" => texts_of("tests/vault/recorded.json"),
        "xml" => vec![
            b"<?xml version=\"1.0\"?><nc:a xmlns:nc=\"urn:x\" b='&lt;&#65;'><nc:c> t &amp; u<![CDATA[<x>]]></nc:c><d xmlns=\"urn:y\"/><!-- e --></nc:a>"
                .to_vec(),
            b"<a>\n  <b>1</b>\n  <b/>\n</a>".to_vec(),
        ],
        "yaml" => contents(files("tests/language", ".yml")),
        other => panic!("no examples for `{other}`"),
    }
}
