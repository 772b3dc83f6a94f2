use super::table::{self, TABLE};
use super::*;

/// Reads an `ansible.cfg` and a `netplay.toml`; returns the settings and what was found.
fn read(cfg: &str, toml: &str) -> (Config, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let (cfg_path, toml_path) = (dir.path().join("ansible.cfg"), dir.path().join("netplay.toml"));
    std::fs::write(&cfg_path, cfg).unwrap();
    std::fs::write(&toml_path, toml).unwrap();
    let (sources, mut found, mut config) = (SourceMap::new(), Diagnostics::new(), Config::default());
    ansible_cfg::read(&cfg_path, &sources, &mut config, &mut found);
    netplay_toml::read(&toml_path, &sources, &mut config, &mut found);
    let shown = |diagnostic: &Diagnostic| {
        let place = diagnostic.primary.as_ref().map(|label| sources.place(label.span)).unwrap_or_default();
        let place = place.rsplit('/').next().unwrap_or_default().to_owned();
        format!("{} {place} {} ({})", diagnostic.code, diagnostic.message, diagnostic.help.clone().unwrap_or_default())
    };
    let found = found.iter().map(shown).collect();
    (config, found)
}

#[test]
fn rows_have_names_of_their_own_and_end_their_sentences() {
    for setting in TABLE {
        assert_eq!(TABLE.iter().filter(|other| other.name == setting.name).count(), 1, "{}", setting.name);
        assert!(setting.doc.ends_with('.'), "{}", setting.name);
        for item in setting.kind.split(setting.default).iter().filter(|item| !item.is_empty()) {
            assert_eq!(setting.kind.refuses(item), None, "default of {}", setting.name);
        }
        for (section, key) in setting.ini {
            assert!(table::is_section(section) && !unused::is_unused(section, key), "{section} {key}");
        }
    }
}

#[test]
fn an_ansible_cfg_is_read_as_pythons_parser_reads_it() {
    let text = "# comment\n; another\n[defaults]\nforks = 7 ; why\nRemote_User: me;too\ninventory =\n  a.ini,\n  b.ini\n\
                host_key_checking=\"False\"\nroles_path = ~/r:./rel:/abs\n[tags]\nrun = a, b,c\nskip =\n";
    let (config, found) = read(text, "");
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(config.number(&table::FORKS), Some(7));
    assert_eq!(config.text(&table::REMOTE_USER).as_deref(), Some("me;too"));
    assert_eq!(config.text(&table::HOST_KEY_CHECKING).as_deref(), Some("False"));
    assert_eq!(config.list(&table::TAGS_RUN), ["a", "b", "c"]);
    assert!(config.said(&table::TAGS_SKIP).is_none());
    let paths = config.paths(&table::ROLES_PATH).unwrap();
    assert!(paths[1].ends_with("rel") && paths[1].is_absolute() && paths[2] == Path::new("/abs"), "{paths:?}");
    assert_eq!(config.text(&table::INVENTORY).as_deref(), Some("a.ini,\nb.ini"));
}

#[test]
fn what_nobody_knows_is_said_with_its_place() {
    let text = "[defaults]\nforkss = 7\nnocows = 1\nbecome = yes\n[defalts]\nx = 1\ny = 2\n[galaxy_server.x]\nurl = u\n\
                [callback_foo]\na = b\n";
    let (config, found) = read(text, "");
    assert_eq!(
        found,
        [
            "W0510 ansible.cfg:2:1 `ansible.cfg` knows no `forkss` in `[defaults]` (did you mean `forks`?)",
            "W0510 ansible.cfg:4:1 `ansible.cfg` knows no `become` in `[defaults]` (it belongs in `[privilege_escalation]`)",
            "W0510 ansible.cfg:6:1 `ansible.cfg` has no section `[defalts]` (did you mean `defaults`?)",
        ]
    );
    let unused: Vec<&str> = config.unused.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(unused, ["nocows in [defaults]", "url in [galaxy_server.x]", "a in [callback_foo]"]);
}

#[test]
fn wrong_values_and_lines_are_errors() {
    let (_, found) = read("x = 1\n[defaults]\nforks = many\nword\nhost_key_checking = maybe\n", "");
    let codes: Vec<&str> = found.iter().filter_map(|line| line.split(" `").next()).collect();
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(codes.iter().any(|code| code.starts_with("E0512 ansible.cfg:1:1")), "{codes:?}");
    assert!(codes.iter().any(|code| code.starts_with("E0512 ansible.cfg:4:1")), "{codes:?}");
    assert!(codes.contains(&"E0510 ansible.cfg:3:1") && codes.contains(&"E0510 ansible.cfg:5:1"), "{codes:?}");
}

#[test]
fn netplay_toml_is_stronger_and_stricter() {
    let (config, found) =
        read("[defaults]\nforks = 7\nremote_user = a\n", "forks = 1_000\nrun_tags = ['x', 'y']\nbecome = true\n");
    assert_eq!(found, Vec::<String>::new());
    assert_eq!((config.number(&table::FORKS), config.flag(&table::BECOME)), (Some(1000), Some(true)));
    assert_eq!(
        (config.text(&table::REMOTE_USER), config.list(&table::TAGS_RUN)),
        (Some("a".into()), vec!["x".into(), "y".into()])
    );
    let (_, found) = read("", "forkz = 1\nforks = 1.5\nbecome = 'perhaps'\n");
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found[0].starts_with("E0511 netplay.toml:1:1 there is no setting `forkz` (did you mean `forks`?)"),
        "{found:?}"
    );
    let (_, found) = read("", "forks = \n");
    assert!(found[0].starts_with("E0513 netplay.toml:1:"), "{found:?}");
}

#[test]
fn the_environment_is_stronger_than_files() {
    let (mut config, _) = read("[defaults]\nforks = 7\ntimeout = 5\n", "");
    let env = |name: &str| match name {
        "ANSIBLE_FORKS" => Some("9".to_owned()),
        "ANSIBLE_TIMEOUT" => Some(String::new()),
        _ => None,
    };
    let mut found = Diagnostics::new();
    config.take_environment(&env, &mut found);
    assert_eq!((config.number(&table::FORKS), config.number(&table::TIMEOUT)), (Some(9), Some(5)));
    config.take_environment(&|name| (name == "ANSIBLE_FORKS").then(|| "x".into()), &mut found);
    assert!(found.has_errors());
}

#[test]
fn any_text_is_read_without_a_fault() {
    for text in
        ["[", "[]", "[a\n", "=\n", "[a]\n=\n", "[a]\n = x", "[é]\né=é;é\n ü", "\u{feff}[a]", "[a]b=c", " [a]\n x"]
    {
        read(text, text);
    }
}

#[test]
fn the_page_names_every_setting_and_every_key_without_effect() {
    let page = include_str!("../../../docs/settings.md");
    for setting in TABLE {
        let names = setting.env.iter().copied().chain(setting.ini.iter().map(|(_, key)| *key)).chain([setting.name]);
        for name in names {
            assert!(page.contains(&format!("`{name}`")) || page.contains(&format!("] {name}`")), "{name}");
        }
    }
    for (section, keys) in unused::unused() {
        for key in keys.split_whitespace() {
            assert!(page.split_whitespace().any(|word| word == key), "[{section}] {key}");
        }
    }
}
