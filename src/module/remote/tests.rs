use super::*;
use crate::module::fake::Fake;
use proptest::prelude::*;

fn said(text: String) -> String {
    let output = std::process::Command::new("/bin/sh").args(["-c", &text]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn path_words_expand_on_the_host() {
    let home = std::env::var("HOME").unwrap();
    let cases = [
        ("~/a b", format!("{home}/a b")),
        ("~", home.clone()),
        ("$HOME/x'y", format!("{home}/x'y")),
        ("${HOME}x", format!("{home}x")),
        ("a$NETPLAY_UNSET/b", "a$NETPLAY_UNSET/b".into()),
        ("$", "$".into()),
        ("$1 ${x", "$1 ${x".into()),
        ("-e", "./-e".into()),
        ("~no body/x", "~no body/x".into()),
        ("a~", "a~".into()),
    ];
    for (path, expected) in cases {
        assert_eq!(said(format!("printf %s {}", path_word(path))), expected, "{path}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn quoted_text_comes_out_of_sh_as_it_went_in(text in "[^\\x00]{0,20}") {
        prop_assert_eq!(said(format!("printf %s {}", quote(&text))), text);
    }

    #[test]
    fn words_of_any_text_are_one_word(text in "[^\\x00]{0,20}") {
        for word in [path_word(&text), variables_expanded(&text)] {
            let word = if word.is_empty() { "''".into() } else { word };
            prop_assert_eq!(said(format!("set -- {word}; echo $#")), "1\n", "{}", word);
        }
    }
}

#[tokio::test]
async fn every_shell_tells_what_a_path_is() {
    for host in Fake::with_every_shell() {
        host.write("a 'file", "abc");
        std::os::unix::fs::symlink("a 'file", host.path("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", host.path("broken")).unwrap();
        let words: Vec<String> = ["a 'file", "link", "broken", "none", ".", "a 'file/x"]
            .iter()
            .map(|name| path_word(&host.path(name)))
            .collect();
        let seen = look(&host, &words, Look::FILE).await.unwrap();
        let [file, link, broken, none, dir, under] = &seen.stats[..] else { panic!("{}", seen.stats.len()) };
        assert_eq!((file.kind, file.size, file.state()), (FileKind::File, 3, "file"));
        assert_eq!(file.checksum.as_deref(), Some("a9993e364706816aba3e25717850c26c9cd0d89d"));
        assert!(file.readable && file.parent_exists && file.mtime > 1e9 && file.owner.is_some());
        assert_eq!((link.kind, link.target.as_deref()), (FileKind::Link, Some("a 'file")));
        assert_eq!(
            link.source.as_deref(),
            Some(&*std::fs::canonicalize(host.path("a 'file")).unwrap().to_string_lossy())
        );
        assert_eq!(link.checksum, None);
        assert_eq!(broken.kind, FileKind::Link);
        assert_eq!((none.kind, none.error, none.parent_exists), (FileKind::Absent, None, true));
        assert!(dir.is_dir());
        assert_eq!(under.error, Some("Not a directory"));
        let following = Look { follow: true, checksum: Some("md5"), ..Look::FILE };
        let seen = look(&host, &words, following).await.unwrap();
        assert_eq!(seen.stats[1].kind, FileKind::File);
        assert_eq!(seen.stats[1].checksum.as_deref(), Some("900150983cd24fb0d6963f7d28e17f72"));
        assert_eq!(seen.stats[2].kind, FileKind::Absent);
        assert_eq!(i128::from(libc_uid()), seen.me.uid);
    }
}

fn libc_uid() -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    tempfile::NamedTempFile::new().unwrap().as_file().metadata().unwrap().uid()
}

#[tokio::test]
async fn many_paths_take_several_programs_and_lose_none() {
    let host = Fake::new();
    let words: Vec<String> = (0..3000).map(|n| path_word(&format!("/nowhere/{n:060}"))).collect();
    let seen = look(&host, &words, Look::FILE).await.unwrap();
    assert_eq!(seen.stats.len(), 3000);
    assert_eq!(seen.stats[2999].path, format!("/nowhere/{:060}", 2999));
    assert!(host.log.lock().unwrap().len() > 1);
}

#[test]
fn the_three_forms_of_stat_agree() {
    let mut seen = Seen::default();
    let gnu = "path\0/f\0gnu\0\x381a4 0 50 12 1.5 2.5 3.5 7 8 1 8 4096 0 0\nroot\nstaff\0";
    let bsd = "path\0/f\0bsd\0\x381a4 0 50 12 1.5 2.5 3.5 7 8 1 8 4096 0 0\nroot\nstaff\0";
    let ls = "path\0/f\0ls\0-rw-r--r-- 1 0 50 12 Jan 1 2026 /f\0names\0-rw-r--r-- 1 root staff 12 Jan 1 2026 /f\0time\0\x32\0";
    for text in [gnu, bsd, ls] {
        stat::parse(text.as_bytes(), &mut seen).unwrap();
    }
    for now in &seen.stats {
        assert_eq!((now.kind, now.mode, now.uid, now.gid, now.size), (FileKind::File, 0o644, 0, 50, 12));
        assert_eq!((now.owner.as_deref(), now.group.as_deref()), (Some("root"), Some("staff")));
    }
    assert_eq!(seen.stats.len(), 3);
    assert!(stat::parse(b"path\0/f\0gnu\0nonsense\0", &mut seen).is_err());
    assert_eq!(stat::mode_of_letters(b"rwsr-Sr-t"), 0o7745);
}
