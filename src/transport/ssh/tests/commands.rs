//! Commands: streams, status, signals, time, and how many at once.

use super::*;

#[test]
fn a_command_gives_output_errors_and_status() {
    let sshd = Sshd::start();
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        let output = exec(&*connection, "echo out; echo err >&2; exit 3").await.unwrap();
        assert_eq!((text(&output.stdout), text(&output.stderr), output.status), ("out\n", "err\n", 3));
        assert_eq!(output.signal, None);
        assert!(connection.is_open());
        connection.close().await;
        assert!(!connection.is_open());
    });
}
