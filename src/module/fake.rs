//! A host for tests: this machine. Programs run for real through `std::process`, so that the sh programs of modules are
//! tested and not only looked at; files are read and written in a temporary folder of the test.

use super::*;
use crate::source::SourceMap;
use crate::value::{Map, Value};
use crate::vars::Var;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

/// The host.
pub(super) struct Fake {
    /// The folder that the test owns; also the playbook's.
    pub(super) dir: ::tempfile::TempDir,
    /// The shell that stands for `/bin/sh`: words.
    pub(super) shell: Vec<String>,
    /// What was asked for, by kind of work.
    pub(super) log: Mutex<Vec<&'static str>>,
    /// What `Ping` answers, first to last; then it succeeds.
    pub(super) pings: Mutex<Vec<Failure>>,
    /// How often `-v` was given.
    pub(super) verbosity: u8,
    /// Whether `--diff` was given.
    pub(super) diff: bool,
    /// What places count in.
    pub(super) sources: Arc<SourceMap>,
    /// The host is a network device.
    pub(super) device: Option<Device>,
}

/// A network device: what it is, and what it answers to commands.
pub(super) struct Device {
    pub(super) platform: &'static Platform,
    pub(super) answers: Vec<(&'static str, &'static str)>,
}

/// How a step came out.
#[derive(Debug)]
pub(super) struct Came {
    pub(super) result: Map,
    pub(super) changed: bool,
}

impl Fake {
    pub(super) fn new() -> Fake {
        Fake {
            dir: ::tempfile::tempdir().unwrap(),
            shell: vec!["/bin/sh".into()],
            log: Mutex::default(),
            pings: Mutex::default(),
            verbosity: 0,
            diff: true,
            sources: Arc::default(),
            device: None,
        }
    }

    /// Returns a host for each sh of this machine.
    pub(super) fn with_every_shell() -> Vec<Fake> {
        let shells: [&[&str]; 4] = [&["/bin/sh"], &["/bin/dash"], &["/bin/bash", "--posix"], &["/bin/busybox", "sh"]];
        shells
            .into_iter()
            .filter(|words| std::path::Path::new(words[0]).exists())
            .map(|words| Fake { shell: words.iter().map(|w| (*w).to_owned()).collect(), ..Fake::new() })
            .collect()
    }

    /// Returns a path in the test's folder.
    pub(super) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// Writes a file in the test's folder.
    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// Reads a file of the test's folder.
    pub(super) fn read_text(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(name)).unwrap()
    }

    /// Returns the permission bits of a file of the test's folder.
    pub(super) fn mode(&self, name: &str) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(self.dir.path().join(name)).unwrap().permissions().mode() & 0o7777
    }

    /// Plans a module with these arguments.
    pub(super) async fn plan(&self, module: &'static Module, args: &[(&str, Value)]) -> Result<Change, Failure> {
        let rendered: Map = args.iter().map(|(k, v)| (*k, v.clone())).collect();
        self.plan_with(module, &Mapping::default(), &self.templar(""), |_| Ok(rendered)).await
    }

    /// Plans a module with arguments and variables as an author writes them, in YAML.
    pub(super) async fn task(&self, module: &'static Module, args: &str, vars: &str) -> Result<Change, Failure> {
        let written = self.yaml(args);
        let kind = |name: &str| module.args.iter().find(|arg| arg.name == name).map(|arg| arg.kind);
        let render = |templar: &Templar| {
            let mut rendered = Map::new();
            for (key, _, node) in written.iter().filter(|(key, ..)| kind(&key.to_string()) != Some(ArgKind::Expression))
            {
                rendered.insert(key.clone(), templar.node(node)?);
            }
            Ok(rendered)
        };
        self.plan_with(module, &written, &self.templar(vars), render).await
    }

    async fn plan_with(
        &self,
        module: &'static Module,
        written: &Mapping,
        templar: &Templar,
        render: impl FnOnce(&Templar) -> Result<Map, Failure>,
    ) -> Result<Change, Failure> {
        let args = coerce_args(module, module.name, written, render(templar)?)?;
        let context = Context {
            args: &args,
            templar,
            probe: self,
            files: templar.files(),
            host: "h1",
            platform: self.device.as_ref().map(|device| device.platform),
            diff: self.diff,
            run: self,
            module,
        };
        (module.plan)(context).await
    }

    /// Makes a templar that knows the variables of a YAML text.
    fn templar(&self, vars: &str) -> Templar {
        let dir = self.dir.path().to_owned();
        let files = crate::source::SearchPath { role: None, task_dir: dir.clone(), playbook_dir: dir };
        let vars = self.yaml(vars);
        let vars = vars.iter().map(|(key, _, node)| (Arc::from(key.to_string()), Var::Author(node.clone()))).collect();
        Templar::new(Arc::new(Variables(vars)), files, Arc::clone(&self.sources))
    }

    fn yaml(&self, text: &str) -> Mapping {
        let id = self.sources.add(crate::source::Source::new("test", None, text));
        self.mapping(id)
    }

    fn mapping(&self, id: SourceId) -> Mapping {
        let mut found = crate::source::Diagnostics::new();
        let node = crate::yaml::parse(id, &self.sources, &mut found);
        assert!(!found.has_errors(), "{found:?}");
        node.and_then(|node| node.as_map().cloned()).unwrap_or_default()
    }

    /// Plans and acts, as the executor does outside check mode.
    pub(super) async fn run(&self, module: &'static Module, args: &[(&str, Value)]) -> Result<Came, Failure> {
        self.act(self.plan(module, args).await?).await
    }

    /// Performs a change.
    pub(super) async fn act(&self, change: Change) -> Result<Came, Failure> {
        let mut outputs = Vec::new();
        for action in change.actions {
            outputs.push(self.perform(action)?);
        }
        let (result, changed) = match change.finish {
            Some(finish) => {
                let finished = finish(outputs, change.result)?;
                (finished.result, finished.changed)
            }
            None => (change.result, change.changed),
        };
        Ok(Came { result, changed })
    }

    fn note(&self, what: &'static str) {
        self.log.lock().unwrap().push(what);
    }

    fn perform(&self, action: Action) -> Result<Output, Failure> {
        match action.work {
            Work::Exec(exec) => {
                self.note("exec");
                self.exec(exec).map(Output::Exec)
            }
            Work::Put(put) => {
                self.note("put");
                self.put(&put).map(|()| Output::Done)
            }
            Work::Get(get) => {
                self.note("get");
                let bytes = std::fs::read(&get.path).map_err(|e| local::cannot_read(Path::new(&get.path), &e))?;
                Ok(Output::File(bytes))
            }
            Work::Connect(tcp) => {
                self.note("connect");
                connect(&tcp)
            }
            Work::Ping => {
                self.note("ping");
                let mut pings = self.pings.lock().unwrap();
                if pings.is_empty() { Ok(Output::Done) } else { Err(pings.remove(0)) }
            }
            Work::Reset => {
                self.note("reset");
                Ok(Output::Done)
            }
            Work::Sleep(_) => {
                self.note("sleep");
                Ok(Output::Done)
            }
            Work::Cli(cli) => {
                self.note("cli");
                let device = self.device.as_ref().expect("the host is a device");
                Ok(Output::Cli(cli.lines.iter().map(|line| device.answer(&line.text)).collect()))
            }
            Work::Http(_) | Work::Sftp(_) | Work::Netconf(_) => panic!("not part of this host"),
        }
    }

    fn exec(&self, exec: Exec) -> Result<ExecOutput, Failure> {
        let mut words = match exec.program {
            Program::Argv(words) => words,
            Program::Shell { text, executable: Some(path) } => vec![path, "-c".into(), text],
            Program::Shell { text, executable: None } | Program::Raw(text) => {
                self.shell.iter().cloned().chain(["-c".into(), text]).collect()
            }
        };
        let program = words.remove(0);
        let mut command = Command::new(&program);
        command.args(words).envs(exec.env).current_dir(exec.chdir.map_or(self.dir.path().into(), PathBuf::from));
        command.env("TMPDIR", self.dir.path());
        let stdin = exec.stdin.unwrap_or_default();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().map_err(|e| Failure::new(crate::failure::FailureKind::Command, e.to_string()))?;
        let mut pipe = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || {
            // A program that reads nothing closes the pipe; that is its right.
            let _ = pipe.write_all(&stdin);
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Ok(ExecOutput {
            status: output.status.code().unwrap_or(-1),
            signal: output.status.code().is_none().then(|| "KILL".into()),
            stdout: output.stdout,
            stderr: output.stderr,
        })
    }

    fn put(&self, put: &Put) -> Result<(), Failure> {
        use std::os::unix::fs::PermissionsExt;
        let cannot = |e: std::io::Error| local::cannot_read(Path::new(&put.path), &e);
        let path = Path::new(&put.path);
        if let Some(backup) = &put.backup {
            std::fs::copy(path, backup).map_err(cannot)?;
        }
        let temporary = path.with_extension("fake-temporary");
        match &put.content {
            Content::Bytes(bytes) => std::fs::write(&temporary, bytes).map_err(cannot)?,
            Content::File(from) => std::fs::copy(from, &temporary).map(|_| ()).map_err(cannot)?,
        }
        if let Some(mode) = &put.mode {
            let bits = u32::from_str_radix(mode, 8).expect("modules give octal digits");
            std::fs::set_permissions(&temporary, PermissionsExt::from_mode(bits)).map_err(cannot)?;
        }
        std::fs::rename(&temporary, path).map_err(cannot)
    }
}

impl Device {
    fn answer(&self, line: &str) -> CliResponse {
        let answer = self.answers.iter().find(|(asked, _)| *asked == line).map(|(_, answer)| *answer);
        let output = answer.unwrap_or_else(|| panic!("`{line}` is not answered"));
        let error = self.platform.error_in(output);
        CliResponse { line: line.to_owned(), output: output.to_owned(), error, prompt: String::new() }
    }
}

fn connect(tcp: &TcpTry) -> Result<Output, Failure> {
    use std::io::Read as _;
    use std::net::{TcpStream, ToSocketAddrs as _};
    let refused =
        |e: std::io::Error| Failure::new(crate::failure::FailureKind::Unreachable, crate::source::plain_io_error(&e));
    let mut addresses = (tcp.host.as_str(), tcp.port).to_socket_addrs().map_err(refused)?;
    let address = addresses.next().unwrap();
    let mut stream = TcpStream::connect_timeout(&address, tcp.timeout).map_err(refused)?;
    let mut bytes = vec![0; tcp.read_bytes];
    let mut n = 0;
    if tcp.read_bytes > 0 {
        stream.set_read_timeout(Some(tcp.timeout)).map_err(refused)?;
        n = stream.read(&mut bytes).unwrap_or(0);
    }
    bytes.truncate(n);
    Ok(Output::Connected(bytes))
}

impl Probe for Fake {
    fn read(&self, action: Action) -> Boxed<'_, Result<Output, Failure>> {
        assert!(action.effect != Effect::Write, "a module writes while it plans");
        Box::pin(async move { self.perform(action) })
    }
}

impl Run for Fake {
    fn verbosity(&self) -> u8 {
        self.verbosity
    }

    fn load_vars(&self, path: &Path) -> Result<Vars, Failure> {
        let text = std::fs::read_to_string(path).map_err(|e| local::cannot_read(path, &e))?;
        let vars = self.mapping(self.source(path, &text));
        Ok(vars.iter().map(|(key, _, node)| (Arc::from(key.to_string()), Var::Author(node.clone()))).collect())
    }

    fn source(&self, path: &Path, text: &str) -> SourceId {
        let name = path.display().to_string();
        self.sources.add(crate::source::Source::new(name, Some(path.to_owned()), text))
    }

    fn open_vault(&self, _: &[u8]) -> Result<Vec<u8>, Failure> {
        Ok(b"opened".to_vec())
    }
}

/// Variables of a step.
struct Variables(Vars);

impl crate::vars::Scope for Variables {
    fn var(&self, name: &str) -> Option<Var> {
        self.0.get(name).cloned()
    }
    fn names(&self) -> Vec<Arc<str>> {
        self.0.keys().cloned().collect()
    }
    fn host(&self, _: &str) -> Option<Arc<dyn crate::vars::Scope>> {
        None
    }
    fn hosts(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
}
