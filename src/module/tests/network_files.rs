//! Files of network devices: the real `scp` stands for the device's.

use crate::module::fake::Fake;
use crate::module::{cli_backup, cli_restore, net_get, net_put};
use crate::platform;
use crate::value::Value;

fn args<'a>(src: &str, dest: &str) -> Vec<(&'a str, Value)> {
    vec![("src", src.into()), ("dest", dest.into())]
}

#[tokio::test]
async fn a_file_is_put_once_and_comes_back_as_it_was() {
    let fake = Fake::new();
    let bytes: Vec<u8> = (0..70_000u32).map(|n| (n % 251) as u8).collect();
    let here = fake.write("image.bin", &bytes);
    let there = fake.path("flash.bin");
    let first = fake.run(&net_put::MODULE, &args(&here, &there)).await.unwrap();
    assert!(first.changed);
    assert_eq!(std::fs::read(&there).unwrap(), bytes);
    assert!(!fake.run(&net_put::MODULE, &args(&here, &there)).await.unwrap().changed, "it is there already");
    let back = fake.path("back.bin");
    assert!(fake.run(&net_get::MODULE, &args(&there, &back)).await.unwrap().changed);
    assert_eq!(std::fs::read(&back).unwrap(), bytes);
    assert!(!fake.run(&net_get::MODULE, &args(&there, &back)).await.unwrap().changed);
}

#[tokio::test]
async fn templates_of_a_text_are_rendered() {
    let fake = Fake::new();
    let here = fake.write("motd.j2", "2 + 2 = {{ 2 + 2 }}\n");
    let there = fake.path("motd");
    let mut args = args(&here, &there);
    args.push(("mode", "text".into()));
    assert!(fake.run(&net_put::MODULE, &args).await.unwrap().changed);
    assert_eq!(fake.read_text("motd"), "2 + 2 = 4\n");
}

#[tokio::test]
async fn what_the_device_says_against_it_is_the_failure() {
    let fake = Fake::new();
    let here = fake.write("x", "x");
    let nowhere = fake.path("no/such/folder/x");
    let failure = fake.run(&net_put::MODULE, &args(&here, &nowhere)).await.unwrap_err();
    assert!(failure.message.expose().contains("does not copy"), "{}", failure.message.expose());
    let failure = fake.run(&net_get::MODULE, &args(&nowhere, &here)).await.unwrap_err();
    assert!(failure.message.expose().contains("No such file"), "{}", failure.message.expose());
    assert_eq!(fake.read_text("x"), "x", "what is here stays");
}

fn device(name: &str, answers: &[(&'static str, &'static str)]) -> Fake {
    let platform = platform::find(name).unwrap();
    Fake { device: Some(crate::module::fake::Device { platform, answers: answers.to_vec() }), ..Fake::new() }
}

#[tokio::test]
async fn a_configuration_is_kept_in_a_file_here() {
    let fake = device("ios", &[("show running-config", "hostname r1\n")]);
    let args = [("filename", Value::from("r1.cfg")), ("dir_path", Value::from(fake.path("kept")))];
    let came = fake.run(&cli_backup::MODULE, &args).await.unwrap();
    assert!(came.changed);
    assert_eq!(came.result.get("backup_path"), Some(&Value::from(fake.path("kept/r1.cfg"))));
    assert_eq!(fake.read_text("kept/r1.cfg"), "hostname r1\n");
    assert!(!fake.run(&cli_backup::MODULE, &args).await.unwrap().changed, "the same text is not written again");
}

#[tokio::test]
async fn a_device_goes_back_to_a_file_of_its_own() {
    let args = [("filename", Value::from("base.cfg")), ("path", "flash:".into())];
    let fake =
        device("ios", &[("configure replace flash:base.cfg force", "Total number of passes: 1\nRollback Done\n")]);
    assert!(fake.run(&cli_restore::MODULE, &args).await.unwrap().changed);
    let refusing = device("ios", &[("configure replace flash:base.cfg force", "%Error opening flash:base.cfg")]);
    let failure = refusing.run(&cli_restore::MODULE, &args).await.unwrap_err();
    assert!(failure.message.expose().starts_with("the device refuses `configure replace flash:base.cfg force`"));
    let other = device("checkpoint_gaia", &[]).run(&cli_restore::MODULE, &args).await.unwrap_err();
    assert!(other.message.expose().contains("is not known"), "{}", other.message.expose());
}
