use crate::failure::FailureKind;
use crate::module::fake::{Came, Fake};
use crate::module::{copy, fetch, slurp, stat};
use crate::value::{Map, Value};

fn field(came: &Came, name: &str) -> String {
    came.result.get(name).map(Value::to_text).unwrap_or_else(|| format!("no {name}"))
}

/// Runs twice: changed, then not.
async fn twice(host: &Fake, args: &[(&str, Value)]) -> (Came, Came) {
    let first = host.run(&copy::MODULE, args).await.unwrap();
    assert!(first.changed, "the first time changes");
    let before = host.log.lock().unwrap().len();
    let change = host.plan(&copy::MODULE, args).await.unwrap();
    assert!(change.actions.is_empty() && !change.changed, "the second time does nothing");
    assert!(host.log.lock().unwrap().len() - before <= 2, "and only looks");
    (first, host.act(change).await.unwrap())
}

#[tokio::test]
async fn content_is_placed_once_with_its_mode() {
    for host in Fake::with_every_shell() {
        let dest = host.path("it's new");
        let args = [("content", "hello\n".into()), ("dest", dest.clone().into()), ("mode", "0640".into())];
        let (first, second) = twice(&host, &args).await;
        assert_eq!(host.read_text("it's new"), "hello\n");
        assert_eq!(host.mode("it's new"), 0o640);
        assert_eq!(field(&first, "checksum"), "f572d396fae9206628714fb2ce00f72e94f2258f");
        assert_eq!(field(&first, "md5sum"), "b1946ac92492d2347c6235b4d2611184");
        for came in [&first, &second] {
            assert_eq!((field(came, "mode"), field(came, "size")), ("0640".into(), "6".into()));
            assert_eq!((field(came, "state"), field(came, "dest")), ("file".into(), dest.clone()));
        }
    }
}

#[tokio::test]
async fn a_new_mode_alone_is_a_change_without_a_write() {
    let host = Fake::new();
    let dest = host.write("f", "x");
    host.run(&copy::MODULE, &[("content", "x".into()), ("dest", dest.clone().into()), ("mode", "u=rw,go=".into())])
        .await
        .unwrap();
    assert_eq!(host.mode("f"), 0o600);
    assert!(!host.log.lock().unwrap().contains(&"put"));
    let change = host
        .plan(&copy::MODULE, &[("content", "x".into()), ("dest", dest.into()), ("mode", Value::Int(0o755))])
        .await
        .unwrap();
    assert_eq!((&*change.diff[0].before, &*change.diff[0].after), ("mode: 0600\n", "mode: 0755\n"));
    assert_eq!(change.result.get("mode"), Some(&"0755".into()), "check mode tells the mode that would be");
}

#[tokio::test]
async fn a_file_keeps_its_mode_when_nobody_says() {
    let host = Fake::new();
    host.write("files/a", "new");
    let dest = host.write("there", "old");
    std::process::Command::new("chmod").args(["0751", &dest]).status().unwrap();
    let args = [("src", "a".into()), ("dest", dest.clone().into()), ("backup", true.into())];
    let change = host.plan(&copy::MODULE, &args).await.unwrap();
    assert_eq!((&*change.diff[0].before, &*change.diff[0].after), ("old", "new"));
    let came = host.act(change).await.unwrap();
    assert_eq!((host.read_text("there"), host.mode("there")), ("new".into(), 0o751));
    assert_eq!(std::fs::read_to_string(field(&came, "backup_file")).unwrap(), "old");
    assert!(field(&came, "backup_file").starts_with(&format!("{dest}.")));
    std::process::Command::new("chmod").args(["0700", &host.path("files/a")]).status().unwrap();
    host.run(&copy::MODULE, &[("src", "a".into()), ("dest", dest.into()), ("mode", "preserve".into())]).await.unwrap();
    assert_eq!(host.mode("there"), 0o700);
}

#[tokio::test]
async fn a_destination_that_is_a_folder_or_ends_with_a_slash_takes_the_name() {
    let host = Fake::new();
    host.write("files/a.conf", "x");
    host.write("dir/other", "");
    let (came, _) = twice(&host, &[("src", "a.conf".into()), ("dest", host.path("dir").into())]).await;
    assert_eq!(field(&came, "dest"), host.path("dir/a.conf"));
    let args = [
        ("src", "a.conf".into()),
        ("dest", format!("{}/", host.path("new/deep er")).into()),
        ("directory_mode", "0700".into()),
    ];
    let (came, _) = twice(&host, &args).await;
    assert_eq!(field(&came, "dest"), host.path("new/deep er/a.conf"));
    assert_eq!((host.mode("new"), host.mode("new/deep er")), (0o700, 0o700));
    std::os::unix::fs::symlink("dir", host.path("to-dir")).unwrap();
    let came =
        host.run(&copy::MODULE, &[("src", "a.conf".into()), ("dest", host.path("to-dir").into())]).await.unwrap();
    assert_eq!(field(&came, "dest"), host.path("to-dir/a.conf"));
}

#[tokio::test]
async fn a_link_is_replaced_or_followed() {
    let host = Fake::new();
    host.write("real", "old");
    std::os::unix::fs::symlink("real", host.path("link")).unwrap();
    let args = [("content", "new".into()), ("dest", host.path("link").into()), ("follow", true.into())];
    let (came, _) = twice(&host, &args).await;
    assert_eq!(host.read_text("real"), "new");
    assert!(field(&came, "dest").ends_with("/real"));
    let args = [("content", "own".into()), ("dest", host.path("link").into())];
    twice(&host, &args).await;
    assert!(!std::fs::symlink_metadata(host.path("link")).unwrap().is_symlink());
    assert_eq!(host.read_text("real"), "new");
}

#[tokio::test]
async fn a_file_that_does_not_validate_is_not_placed() {
    for host in Fake::with_every_shell() {
        let dest = host.write("x.conf", "good\n");
        let args = |content: &str, validate: &str| {
            vec![("content", content.into()), ("dest", dest.clone().into()), ("validate", Value::from(validate))]
        };
        let failure = host.run(&copy::MODULE, &args("bad\n", "grep good %s")).await.unwrap_err();
        assert_eq!(failure.message.expose(), "failed to validate");
        assert_eq!(failure.result.get("exit_status"), Some(&1.into()));
        assert_eq!(host.read_text("x.conf"), "good\n");
        host.run(&copy::MODULE, &args("very good\n", "grep -q 'good' %s")).await.unwrap();
        assert_eq!(host.read_text("x.conf"), "very good\n");
        let failure = host.plan(&copy::MODULE, &args("x", "true")).await.err().unwrap();
        assert_eq!(failure.message.expose(), "validate must contain %s: true");
        let left: Vec<_> = std::fs::read_dir(host.dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["x.conf"], "no temporary file is left");
    }
}

#[tokio::test]
async fn what_cannot_be_copied_says_why() {
    let host = Fake::new();
    host.write("dir/x", "");
    let dest = host.path("none/file");
    let cases: [(&[(&str, Value)], String); 5] = [
        (
            &[("content", "x".into()), ("dest", dest.into())],
            format!("Destination directory {} does not exist", host.path("none")),
        ),
        (
            &[("content", "x".into()), ("dest", host.path("dir").into())],
            "can not use content with a dir as dest".into(),
        ),
        (&[("src", "nope".into()), ("dest", host.path("y").into())], "Could not find or access 'nope'".into()),
        (
            &[("content", "x".into()), ("dest", host.path("y").into()), ("checksum", "00".into())],
            "Copied file does not match the expected checksum. Transfer failed.".into(),
        ),
        (
            &[("content", "x".into()), ("dest", host.path("y").into()), ("mode", "rwx".into())],
            "argument `mode` must be in octal or symbolic form, not `rwx`".into(),
        ),
    ];
    for (args, message) in cases {
        let failure = host.plan(&copy::MODULE, args).await.err().unwrap();
        assert_eq!(failure.message.expose(), message);
    }
}

#[tokio::test]
async fn without_force_a_file_that_is_there_stays() {
    let host = Fake::new();
    let dest = host.write("f", "mine");
    let args = [("content", "yours".into()), ("dest", dest.into()), ("force", false.into())];
    let came = host.run(&copy::MODULE, &args).await.unwrap();
    assert!(!came.changed);
    assert_eq!(host.read_text("f"), "mine");
}

#[tokio::test]
async fn content_that_is_data_becomes_json_as_python_writes_it() {
    let host = Fake::new();
    let content = Value::map([("a", Value::list([1, 2])), ("ü", Value::Null)]);
    host.run(&copy::MODULE, &[("content", content), ("dest", host.path("j").into())]).await.unwrap();
    assert_eq!(host.read_text("j"), r#"{"a": [1, 2], "\u00fc": null}"#);
}

#[tokio::test]
async fn a_folder_is_copied_with_all_in_it() {
    for host in Fake::with_every_shell() {
        host.write("files/tree/a", "1");
        host.write("files/tree/sub dir/b", "2");
        std::fs::create_dir_all(host.path("files/tree/empty")).unwrap();
        std::os::unix::fs::symlink("nowhere", host.path("files/tree/broken")).unwrap();
        let args = [("src", "tree".into()), ("dest", host.path("out").into()), ("mode", "0600".into())];
        let (came, _) = twice(&host, &args).await;
        assert_eq!(field(&came, "dest"), format!("{}/", host.path("out")));
        assert_eq!(host.read_text("out/tree/sub dir/b"), "2");
        assert_eq!(host.mode("out/tree/a"), 0o600);
        assert!(std::path::Path::new(&host.path("out/tree/empty")).is_dir());
        assert_eq!(std::fs::read_link(host.path("out/tree/broken")).unwrap().to_string_lossy(), "nowhere");
        twice(&host, &[("src", "tree/".into()), ("dest", host.path("flat").into())]).await;
        assert_eq!(host.read_text("flat/a"), "1");
    }
}

#[tokio::test]
async fn a_folder_that_leads_around_in_circles_is_refused() {
    let host = Fake::new();
    host.write("files/tree/a", "1");
    std::os::unix::fs::symlink(".", host.path("files/tree/me")).unwrap();
    let failure =
        host.plan(&copy::MODULE, &[("src", "tree".into()), ("dest", host.path("o").into())]).await.err().unwrap();
    assert_eq!(failure.kind, FailureKind::File);
}

#[tokio::test]
async fn files_and_folders_of_the_host_are_copied_there() {
    for host in Fake::with_every_shell() {
        let src = host.write("from/a b", "x");
        let args = |src: &str, dest: &str| {
            vec![("src", Value::from(src)), ("dest", host.path(dest).into()), ("remote_src", true.into())]
        };
        let (came, _) = twice(&host, &args(&src, "to")).await;
        assert_eq!((host.read_text("to"), field(&came, "state")), ("x".into(), "file".into()));
        twice(&host, &args(&host.path("from"), "tree")).await;
        assert_eq!(host.read_text("tree/from/a b"), "x");
        twice(&host, &args(&host.path("from/"), "flat")).await;
        assert_eq!(host.read_text("flat/a b"), "x");
        let failure = host.plan(&copy::MODULE, &args(&host.path("nope"), "z")).await.err().unwrap();
        assert_eq!(failure.message.expose(), format!("Source {} not found", host.path("nope")));
    }
}

#[tokio::test]
async fn a_fetched_file_goes_below_the_host_once() {
    let host = Fake::new();
    let src = host.write("etc/x.conf", "abc");
    let args = [("src", src.clone().into()), ("dest", "backup".into())];
    let came = host.run(&fetch::MODULE, &args).await.unwrap();
    let dest = format!("{}/h1{src}", host.path("backup"));
    assert!(came.changed);
    assert_eq!((field(&came, "dest"), std::fs::read_to_string(&dest).unwrap()), (dest.clone(), "abc".into()));
    assert_eq!(field(&came, "checksum"), field(&came, "remote_checksum"));
    let came = host.run(&fetch::MODULE, &args).await.unwrap();
    assert!(!came.changed);
    assert_eq!(field(&came, "file"), src);
    let args = [("src", src.into()), ("dest", "flat/".into()), ("flat", true.into())];
    host.run(&fetch::MODULE, &args).await.unwrap();
    assert_eq!(host.read_text("flat/x.conf"), "abc");
}

#[tokio::test]
async fn a_file_that_cannot_be_fetched_fails_or_is_passed_over() {
    let host = Fake::new();
    let missing = host.path("none");
    let args = [("src", missing.clone().into()), ("dest", "b".into())];
    let failure = host.run(&fetch::MODULE, &args).await.unwrap_err();
    assert_eq!(failure.message.expose(), "the remote file does not exist, not transferring");
    let args = [("src", missing.into()), ("dest", "b".into()), ("fail_on_missing", false.into())];
    let came = host.run(&fetch::MODULE, &args).await.unwrap();
    assert_eq!(field(&came, "msg"), "the remote file does not exist, not transferring, ignored");
    let dir = [("src", host.path("").into()), ("dest", "b".into())];
    assert!(host.run(&fetch::MODULE, &dir).await.unwrap_err().message.expose().contains("is a directory"));
}

#[tokio::test]
async fn stat_tells_kind_checksum_and_rights() {
    let host = Fake::new();
    let path = host.write("f", "abc");
    let stat = |args: Vec<(&'static str, Value)>| {
        let host = &host;
        async move {
            host.run(&stat::MODULE, &args).await.unwrap().result.get("stat").and_then(Value::as_map).cloned().unwrap()
        }
    };
    let of = |map: &Map, name: &str| map.get(name).map(Value::to_text);
    let seen = stat(vec![("path", path.into()), ("checksum_algorithm", "sha256".into())]).await;
    assert_eq!(of(&seen, "checksum").unwrap(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!((of(&seen, "isreg"), of(&seen, "isdir")), (Some("True".into()), Some("False".into())));
    let seen = stat(vec![("path", host.path("none").into())]).await;
    assert_eq!(Value::from(seen).to_text(), "{'exists': False}");
    std::os::unix::fs::symlink("f", host.path("l")).unwrap();
    let seen = stat(vec![("path", host.path("l").into())]).await;
    assert_eq!((of(&seen, "islnk"), of(&seen, "lnk_target")), (Some("True".into()), Some("f".into())));
    let seen = stat(vec![("path", host.path("l").into()), ("follow", true.into())]).await;
    assert_eq!((of(&seen, "islnk"), of(&seen, "size")), (Some("False".into()), Some("3".into())));
    let failure = host.run(&stat::MODULE, &[("path", host.path("f/x").into())]).await.unwrap_err();
    assert_eq!(failure.message.expose(), "Not a directory");
}

#[tokio::test]
async fn slurp_gives_base64_or_says_why_not() {
    let host = Fake::new();
    let path = host.write("f", [0, 255]);
    let came = host.run(&slurp::MODULE, &[("src", path.clone().into())]).await.unwrap();
    assert_eq!((field(&came, "content"), field(&came, "encoding")), ("AP8=".into(), "base64".into()));
    assert_eq!(field(&came, "source"), path);
    let failure = host.run(&slurp::MODULE, &[("src", host.path("g").into())]).await.unwrap_err();
    assert_eq!(failure.message.expose(), format!("File not found: {}", host.path("g")));
}

#[tokio::test]
async fn large_files_are_opened_or_streamed_as_small_ones_are() {
    let host = Fake::new();
    let large = vec![b'x'; 9 << 20];
    host.write("sealed", [b"$ANSIBLE_VAULT;1.1;AES256\n".as_slice(), &large].concat());
    host.write("plain", &large);
    let copy = async |src: &str, dest: String| {
        host.run(&copy::MODULE, &[("src", src.into()), ("dest", dest.into())]).await.unwrap()
    };
    copy("sealed", host.path("a")).await;
    assert_eq!(host.read_text("a"), "opened", "what is encrypted never arrives as it is");
    let came = copy("plain", host.path("b")).await;
    assert_eq!(std::fs::read(host.path("b")).unwrap(), large);
    let sum = std::process::Command::new("sha1sum").arg(host.path("plain")).output().unwrap();
    assert!(String::from_utf8_lossy(&sum.stdout).starts_with(&field(&came, "checksum")));
}
