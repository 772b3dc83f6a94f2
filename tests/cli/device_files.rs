//! Files to devices and from them, over SCP and over SFTP, by a real sshd.

use crate::project::Project;
use crate::sshd::Sshd;
use std::fs;

const TASKS: &str = "\
    - {name: put, net_put: {src: image.bin, dest: '{{ place }}/image.bin', protocol: '{{ how }}'}}\n\
    - {name: put again, net_put: {src: image.bin, dest: '{{ place }}/image.bin', protocol: '{{ how }}'}}\n\
    - {name: text, net_put: {src: config.j2, dest: '{{ place }}/config', protocol: '{{ how }}', mode: text}}\n\
    - {name: get, net_get: {src: '{{ place }}/image.bin', dest: 'back-{{ how }}', protocol: '{{ how }}'}}\n\
    - {name: get again, net_get: {src: '{{ place }}/image.bin', dest: 'back-{{ how }}', protocol: '{{ how }}'}}\n\
    - {name: missing, net_get: {src: '{{ place }}/nosuch', protocol: '{{ how }}'}, ignore_errors: true}\n\
    - {name: no room, net_put: {src: image.bin, dest: /nosuch/x, protocol: '{{ how }}'}, ignore_errors: true}\n";

fn message(step: &serde_json::Value) -> &str {
    step["failure"]["message"].as_str().unwrap_or_default()
}

#[test]
fn files_are_copied_by_both_protocols_and_once_only() {
    let sshd = Sshd::start();
    let image: Vec<u8> = (0..3_000_017_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut project =
        Project::of_tasks(TASKS).file("image.bin", &image).file("config.j2", "hostname {{ inventory_hostname }}\n");
    for how in ["scp", "sftp"] {
        let place = sshd.dir().join(how);
        fs::create_dir(&place).expect("the folder is ours");
        project = project.ssh_host(&format!("by-{how}"), &sshd, &format!("how={how} place={}", place.display()));
    }
    let ended = project.run_events().with("-e ansible_network_os=cisco.ios.ios").exits(0);
    for how in ["scp", "sftp"] {
        let host = format!("by-{how}");
        let step = |task: &str| ended.step(task, &host);
        for (task, status) in
            [("put", "changed"), ("put again", "ok"), ("text", "changed"), ("get", "changed"), ("get again", "ok")]
        {
            assert_eq!(step(task)["status"], status, "{}", step(task));
        }
        let place = sshd.dir().join(how);
        assert!(fs::read(place.join("image.bin")).expect("it was put") == image, "{how}");
        assert!(fs::read(project.at(&format!("back-{how}"))).expect("it was fetched") == image, "{how}");
        assert_eq!(fs::read_to_string(place.join("config")).expect("it was put"), format!("hostname {host}\n"));
        let missing = step("missing");
        assert_eq!(missing["failure"]["kind"], "file", "{missing}");
        assert!(
            message(&missing).to_lowercase().ends_with("no such file or directory")
                || message(&missing).ends_with("no such file"),
            "{missing}"
        );
        assert_eq!(step("no room")["failure"]["kind"], "file", "{}", step("no room"));
    }
}
