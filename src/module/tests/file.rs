use crate::failure::{Failure, FailureKind};
use crate::module::fake::{Came, Fake};
use crate::module::{file, tempfile};
use crate::value::Value;

type Given = Vec<(&'static str, Value)>;

fn args(host: &Fake, path: &str, more: &[(&'static str, &str)]) -> Given {
    let mut args: Given = vec![("path", host.path(path).into())];
    args.extend(more.iter().map(|(name, value)| (*name, Value::from(*value))));
    args
}

async fn run(host: &Fake, path: &str, more: &[(&'static str, &str)]) -> Result<Came, Failure> {
    host.run(&file::MODULE, &args(host, path, more)).await
}

/// Runs twice: changed, then not.
async fn settles(host: &Fake, path: &str, more: &[(&'static str, &str)]) -> Came {
    let came = run(host, path, more).await.unwrap();
    assert!(came.changed, "{path} {more:?}");
    let change = host.plan(&file::MODULE, &args(host, path, more)).await.unwrap();
    assert!(change.actions.is_empty() && !change.changed, "{path} {more:?} again");
    came
}

#[tokio::test]
async fn folders_are_made_once_with_all_above_them() {
    for host in Fake::with_every_shell() {
        let came = settles(&host, "a/b c/d", &[("state", "directory"), ("mode", "0750")]).await;
        assert_eq!(came.result.get("state"), Some(&"directory".into()));
        assert_eq!(came.result.get("mode"), Some(&"0750".into()));
        assert_eq!((host.mode("a"), host.mode("a/b c/d")), (0o750, 0o750));
        settles(&host, "a", &[("state", "directory"), ("mode", "2755")]).await;
        settles(&host, "a", &[("state", "directory"), ("mode", "0755")]).await;
        assert_eq!(host.mode("a"), 0o755, "the setgid bit goes away");
    }
}

#[tokio::test]
async fn recursion_sets_what_differs() {
    for host in Fake::with_every_shell() {
        host.write("t/x y/f", "");
        host.write("t/g", "");
        std::os::unix::fs::symlink("nowhere", host.path("t/l")).unwrap();
        let mut more = args(&host, "t", &[("state", "directory"), ("mode", "u=rwX,go=")]);
        more.push(("recurse", true.into()));
        assert!(host.run(&file::MODULE, &more).await.unwrap().changed);
        assert_eq!((host.mode("t/x y"), host.mode("t/x y/f"), host.mode("t/g")), (0o700, 0o600, 0o600));
        assert!(host.plan(&file::MODULE, &more).await.unwrap().actions.is_empty());
    }
}

#[tokio::test]
async fn what_should_be_absent_goes_away() {
    let host = Fake::new();
    host.write("t/f", "");
    std::os::unix::fs::symlink("t", host.path("l")).unwrap();
    let came = settles(&host, "l/", &[("state", "absent")]).await;
    assert_eq!(came.result.get("state"), Some(&"absent".into()));
    assert_eq!(host.read_text("t/f"), "", "only the link went");
    settles(&host, "t", &[("state", "absent")]).await;
    assert!(!std::path::Path::new(&host.path("t")).exists());
    let failure = host.plan(&file::MODULE, &[("path", "/".into()), ("state", "absent".into())]).await.err().unwrap();
    assert_eq!(failure.message.expose(), "refusing to remove `/`");
}

#[tokio::test]
async fn touch_changes_each_time_unless_times_are_kept() {
    let host = Fake::new();
    let came = run(&host, "f", &[("state", "touch"), ("mode", "0600")]).await.unwrap();
    assert!(came.changed);
    assert_eq!(host.mode("f"), 0o600);
    assert!(run(&host, "f", &[("state", "touch")]).await.unwrap().changed);
    let kept = [("state", "touch"), ("access_time", "preserve"), ("modification_time", "preserve")];
    assert!(!run(&host, "f", &kept).await.unwrap().changed);
    assert!(run(&host, "f", &[("state", "touch"), ("access_time", "yesterday")]).await.is_err());
}

#[tokio::test]
async fn links_are_made_and_turned() {
    for host in Fake::with_every_shell() {
        host.write("a", "1");
        host.write("d/b", "2");
        let came = settles(&host, "l", &[("state", "link"), ("src", "a")]).await;
        assert_eq!((came.result.get("src"), came.result.get("state")), (Some(&"a".into()), Some(&"link".into())));
        settles(&host, "l", &[("state", "link"), ("src", "d")]).await;
        settles(&host, "l", &[("state", "link"), ("src", "a")]).await;
        assert!(!std::path::Path::new(&host.path("d/a")).exists(), "the link is not made inside the folder");
        let failure = run(&host, "l", &[("state", "link"), ("src", "none")]).await.unwrap_err();
        assert!(failure.message.expose().starts_with("src file does not exist"));
        let failure = run(&host, "d/b", &[("state", "link"), ("src", "../a")]).await.unwrap_err();
        assert!(failure.message.expose().starts_with("refusing to convert from file to symlink"));
        let hard = host.path("a");
        settles(&host, "h", &[("state", "hard"), ("src", &hard)]).await;
        let failure = run(&host, "d/b", &[("state", "hard"), ("src", &hard)]).await.unwrap_err();
        assert_eq!(failure.message.expose(), "Cannot link, file exists at destination");
    }
}

#[tokio::test]
async fn a_file_must_be_there() {
    let host = Fake::new();
    let failure = run(&host, "none", &[("mode", "0600")]).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::File);
    assert_eq!(failure.message.expose(), format!("file ({}) is absent, cannot continue", host.path("none")));
    host.write("f", "");
    std::os::unix::fs::symlink("f", host.path("l")).unwrap();
    settles(&host, "l", &[("mode", "0611"), ("state", "file")]).await;
    assert_eq!(host.mode("f"), 0o611, "the link is followed");
    let failure = run(&host, "f", &[("state", "directory")]).await.unwrap_err();
    assert_eq!(failure.message.expose(), format!("{} already exists as a file", host.path("f")));
}

#[tokio::test]
async fn a_temporary_path_is_fresh_and_private() {
    for host in Fake::with_every_shell() {
        let args = [("suffix", ".x y".into()), ("path", host.path("").into())];
        let came = host.run(&tempfile::MODULE, &args).await.unwrap();
        let path = came.result.get("path").unwrap().to_text();
        let name = path.strip_prefix(&host.path("")).unwrap();
        assert!(name.starts_with("ansible.") && name.ends_with(".x y"), "{path}");
        assert_eq!(host.mode(name), 0o600);
        let came = host.run(&tempfile::MODULE, &[("state", "directory".into())]).await.unwrap();
        assert!(std::fs::metadata(came.result.get("path").unwrap().to_text()).unwrap().is_dir());
        let failure = host.run(&tempfile::MODULE, &[("path", host.path("none").into())]).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::File);
    }
}
