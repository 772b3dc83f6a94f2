//! Files there and back, and what a disk may have against them.

use super::*;
use crate::failure::FailureKind;
use crate::module::{Content, Get, Put};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

fn put(path: &Path, bytes: &[u8]) -> Put {
    Put {
        path: path.to_str().unwrap().into(),
        content: Content::Bytes(bytes.into()),
        mode: None,
        owner: None,
        group: None,
        backup: None,
    }
}

async fn write(connection: &dyn Connection, put: Put) -> Result<(), Failure> {
    let action = Action::on_host(Effect::Write, Work::Put(put));
    connection.perform(&action, &limits()).await.map(|output| assert!(matches!(output, Output::Done)))
}

async fn read(connection: &dyn Connection, path: &Path, limit_bytes: Option<u64>) -> Result<Vec<u8>, Failure> {
    let get = Get { path: path.to_str().unwrap().into(), limit_bytes };
    match connection.perform(&Action::on_host(Effect::Read, Work::Get(get)), &limits()).await? {
        Output::File(bytes) => Ok(bytes),
        other => panic!("a file gave {other:?}"),
    }
}

/// Runs the same test on both kinds of connection: over SSH and on this machine.
fn on_both(test: impl AsyncFn(&dyn Connection, &Path)) {
    let sshd = Sshd::start();
    run(async {
        let over_ssh = target(&sshd);
        let here = Target { kind: Kind::Local, ..over_ssh.clone() };
        for target in [over_ssh, here] {
            let folder = sshd.dir().join(format!("{:?} it's", target.kind));
            fs::create_dir(&folder).unwrap();
            let connection = open(&target).await.unwrap();
            test(&*connection, &folder).await;
            let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            let temporary = |name: &&std::ffi::OsString| name.to_string_lossy().contains("netplay");
            assert_eq!(left.iter().find(temporary), None, "temporary files are removed");
        }
    });
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn files_go_there_and_come_back_as_they_were() {
    let bytes: Vec<u8> = (0..5_000_000u32).map(|n| (n * 7 / 3) as u8).collect();
    on_both(async |connection, folder| {
        for (name, bytes) in [("empty", &[][..]), ("-dash", b"x"), ("large\nname $HOME", &bytes)] {
            let path = folder.join(name);
            write(connection, put(&path, bytes)).await.unwrap();
            assert!(fs::read(&path).unwrap() == bytes, "{name}");
            assert!(read(connection, &path, None).await.unwrap() == bytes, "{name}");
        }
        let source = folder.join("source");
        fs::write(&source, &bytes).unwrap();
        let path = folder.join("from a file");
        write(connection, Put { content: Content::File(source.clone()), ..put(&path, b"") }).await.unwrap();
        assert!(fs::read(&path).unwrap() == bytes);
        let missing = Put { content: Content::File("/nope".into()), ..put(&path, b"") };
        assert_eq!(write(connection, missing).await.unwrap_err().kind, FailureKind::File);
    });
}

#[test]
fn modes_and_owners_are_set_or_kept() {
    on_both(async |connection, folder| {
        let path = folder.join("file");
        write(connection, put(&path, b"1")).await.unwrap();
        let touched = folder.join("touched");
        assert!(Command::new("touch").arg(&touched).status().unwrap().success());
        assert_eq!(mode(&path), mode(&touched), "a new file is what the umask makes of it");
        for (asked, expected) in [("0640", 0o640), ("u=rw,go=", 0o600), ("a+x", 0o711), ("755", 0o755)] {
            write(connection, Put { mode: Some(asked.into()), ..put(&path, b"2") }).await.unwrap();
            assert_eq!(mode(&path), expected, "{asked}");
        }
        write(connection, put(&path, b"3")).await.unwrap();
        assert_eq!(mode(&path), 0o755, "the old file's is kept");
        if sshd::is_root() {
            std::os::unix::fs::chown(&path, Some(12), Some(34)).unwrap();
            write(connection, put(&path, b"4")).await.unwrap();
            let meta = fs::metadata(&path).unwrap();
            assert_eq!((meta.uid(), meta.gid()), (12, 34), "the old file's owner is kept");
            let given = Put { owner: Some("56".into()), group: Some("78".into()), ..put(&path, b"5") };
            write(connection, given).await.unwrap();
            let meta = fs::metadata(&path).unwrap();
            assert_eq!((meta.uid(), meta.gid(), mode(&path)), (56, 78, 0o755));
            let group_only = Put { group: Some("79".into()), ..put(&path, b"6") };
            write(connection, group_only).await.unwrap();
            assert_eq!((fs::metadata(&path).unwrap().uid(), fs::metadata(&path).unwrap().gid()), (56, 79));
        } else {
            sshd::left_out("owners of files", "only root can give files away");
        }
    });
}

#[test]
fn a_failed_write_leaves_the_old_file_and_nothing_else() {
    on_both(async |connection, folder| {
        let path = folder.join("file");
        fs::write(&path, "old").unwrap();
        for (wrong, part) in [
            (Put { mode: Some("rwx!".into()), ..put(&path, b"new") }, "invalid mode"),
            (Put { owner: Some("no-such-user".into()), ..put(&path, b"new") }, "invalid user"),
            (Put { backup: Some("/nope/backup".into()), ..put(&path, b"new") }, "no such file or directory"),
            (put(&folder.join("no/such/folder"), b"new"), "no such file or directory"),
            (put(folder, b"new"), "is a directory"),
        ] {
            let failure = write(connection, wrong).await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::File, "{part}");
            let said = failure.message.expose().to_lowercase();
            assert!(said.starts_with("cannot write `") && said.contains(part), "{part}: {said}");
        }
        assert_eq!(fs::read(&path).unwrap(), b"old");
    });
}

#[test]
fn a_backup_is_what_was_there() {
    on_both(async |connection, folder| {
        let path = folder.join("file");
        let backup = folder.join("file.old copy");
        let with_backup = || Put { backup: Some(backup.to_str().unwrap().into()), ..put(&path, b"new") };
        write(connection, with_backup()).await.unwrap();
        assert!(!backup.exists(), "there was nothing to keep");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        write(connection, with_backup()).await.unwrap();
        assert_eq!((fs::read(&backup).unwrap(), mode(&backup)), (b"old".to_vec(), 0o604));
        assert_eq!(fs::read(&path).unwrap(), b"new");
    });
}

#[test]
fn a_link_is_replaced_not_followed() {
    on_both(async |connection, folder| {
        let path = folder.join("link");
        fs::write(folder.join("elsewhere"), "precious").unwrap();
        symlink(folder.join("elsewhere"), &path).unwrap();
        write(connection, put(&path, b"new")).await.unwrap();
        assert_eq!(fs::read(folder.join("elsewhere")).unwrap(), b"precious");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
    });
}

#[test]
fn what_cannot_be_read_says_why() {
    on_both(async |connection, folder| {
        let large = folder.join("large");
        fs::write(&large, vec![0; 100_000]).unwrap();
        assert_eq!(read(connection, &large, Some(100_000)).await.unwrap().len(), 100_000);
        for (path, limit, why) in [
            (folder.join("none"), None, "no such file or directory"),
            (folder.to_owned(), None, "is a directory"),
            (large.clone(), Some(99_999), "larg"),
            ("/dev/zero".into(), Some(1000), "larger than 1000 bytes"),
        ] {
            let failure = read(connection, &path, limit).await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::File, "{why}");
            assert!(failure.message.expose().contains(why), "{why}: {}", failure.message.expose());
        }
    });
}

/// A file system of its own, unmounted when it is dropped.
struct Mount(std::path::PathBuf);

impl Mount {
    fn make(folder: &Path, options: &str) -> Option<Mount> {
        fs::create_dir_all(folder).unwrap();
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder).output();
        if !status.is_ok_and(|output| output.status.success()) {
            sshd::left_out("a full disk and a read-only one", "a tmpfs cannot be mounted here");
            return None;
        }
        Some(Mount(folder.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_and_a_read_only_one_are_told() {
    on_both(async |connection, folder| {
        let Some(small) = Mount::make(&folder.join("small"), "size=64k") else { return };
        let failure = write(connection, put(&small.0.join("file"), &[7; 200_000])).await.unwrap_err();
        assert!(failure.message.expose().ends_with("no space left on device"), "{}", failure.message.expose());
        assert_eq!(fs::read_dir(&small.0).unwrap().count(), 0);
        let Some(fixed) = Mount::make(&folder.join("fixed"), "ro,size=64k") else { return };
        let failure = write(connection, put(&fixed.0.join("file"), b"x")).await.unwrap_err();
        assert!(failure.message.expose().ends_with("read-only file system"), "{}", failure.message.expose());
    });
}

#[test]
fn a_file_cut_short_by_a_lost_connection_is_not_moved_into_place() {
    let sshd = Sshd::start();
    let path = sshd.dir().join("file");
    fs::write(&path, "old").unwrap();
    // The program as the server has it, with less on its standard input than was announced.
    let script = crate::transport::posix::put_script(&put(&path, b""), 10).unwrap();
    let mut child = Command::new("/bin/sh")
        .args(["-c", &script])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"short").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("incomplete: 5 of 10 bytes"));
    assert_eq!(fs::read(&path).unwrap(), b"old");
}

#[test]
fn other_rights_reach_files_too() {
    if !sshd::is_root() || Command::new("sudo").arg("-V").output().is_err() {
        sshd::left_out("files with `become`", "needs root and `sudo`");
        return;
    }
    let sshd = Sshd::start();
    run(async {
        let elevate = crate::transport::Elevate {
            method: "sudo".into(),
            user: "nobody".into(),
            exe: None,
            flags: None,
            password: None,
        };
        let over_ssh = Target { elevate: Some(elevate), ..target(&sshd) };
        let here = Target { kind: Kind::Local, ..over_ssh.clone() };
        for target in [over_ssh, here] {
            let folder = tempfile::Builder::new().prefix("np").tempdir_in("/tmp").unwrap();
            let connection = open(&target).await.unwrap();
            let path = folder.path().join("file");
            let failure = write(&*connection, put(&path, b"x")).await.unwrap_err();
            assert!(failure.message.expose().ends_with("permission denied"), "{}", failure.message.expose());
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
            write(&*connection, put(&path, b"content")).await.unwrap();
            assert_ne!(fs::metadata(&path).unwrap().uid(), 0, "nobody wrote it");
            assert_eq!(read(&*connection, &path, None).await.unwrap(), b"content");
            let exec = Exec { elevate: true, ..shell("id -un") };
            let output = exec_within(&*connection, exec, &limits()).await.unwrap();
            assert_eq!(text(&output.stdout), "nobody\n");
        }
    });
}
