//! What modules ask the transports to do, and what comes back.

use crate::effect::Effect;
use crate::redact::Secret;
use crate::xml::Element;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// One thing sent: one command, one configuration change, one file, one HTTP call.
#[derive(Clone, Debug)]
pub struct Action {
    /// What it may do. The gate withholds `Write` in check mode; a probe refuses it.
    pub effect: Effect,
    /// Where it happens.
    pub place: Place,
    /// What is done.
    pub work: Work,
}

/// Where an action happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the task's host (or the one it is delegated to).
    Host,
    /// On this machine.
    Controller,
}

/// What is done.
#[derive(Clone, Debug)]
pub enum Work {
    /// Run a program.
    Exec(Exec),
    /// Write a whole file, by way of a temporary one and a rename.
    Put(Put),
    /// Read a whole file.
    Get(Get),
    /// Copy a whole file to or from a device by SFTP.
    Sftp(Sftp),
    /// Send lines to a network CLI.
    Cli(Cli),
    /// Call operations of a NETCONF server.
    Netconf(Netconf),
    /// An HTTP call. Always made from this machine, whatever the place says.
    Http(Box<HttpCall>),
    /// Try to open a TCP connection.
    Connect(TcpTry),
    /// Open the connection to the host if it is not open, and check that it answers.
    Ping,
    /// Close the connection; the next action opens a new one.
    Reset,
    /// Wait. No transport has a part in it.
    Sleep(Duration),
}

impl Action {
    /// Makes an action on the task's host.
    pub fn on_host(effect: Effect, work: Work) -> Action {
        Action { effect, place: Place::Host, work }
    }

    /// Makes an action on this machine.
    pub fn here(effect: Effect, work: Work) -> Action {
        Action { effect, place: Place::Controller, work }
    }
}

/// A program to run.
#[derive(Clone, Debug, Default)]
pub struct Exec {
    /// What runs.
    pub program: Program,
    /// Standard input; closed after it.
    pub stdin: Option<Vec<u8>>,
    /// Environment variables to add.
    pub env: Vec<(String, String)>,
    /// The folder to run in.
    pub chdir: Option<String>,
    /// Whether `become` of the task applies. False for `raw` scripts that a module runs for itself.
    pub elevate: bool,
}

/// What runs.
#[derive(Clone, Debug)]
pub enum Program {
    /// Words, run without a shell's meaning.
    Argv(Vec<String>),
    /// Text for a shell; `None` is `/bin/sh`.
    Shell {
        /// The text.
        text: String,
        /// The shell's path.
        executable: Option<String>,
    },
    /// Text sent to the host's login shell just as it is.
    Raw(String),
}

impl Default for Program {
    fn default() -> Program {
        Program::Raw(String::new())
    }
}

/// A file to write.
#[derive(Clone, Debug)]
pub struct Put {
    /// The path.
    pub path: String,
    /// The bytes.
    pub content: Content,
    /// The mode as `chmod` takes it (`0644`, `u=rw,go=r`), if it is to be set.
    pub mode: Option<String>,
    /// The owner, if it is to be set.
    pub owner: Option<String>,
    /// The group, if it is to be set.
    pub group: Option<String>,
    /// Keep a copy of the file that is replaced, under this path.
    pub backup: Option<String>,
}

/// The bytes of a file.
#[derive(Clone, Debug)]
pub enum Content {
    /// In memory.
    Bytes(std::sync::Arc<[u8]>),
    /// A file on this machine, streamed.
    File(PathBuf),
}

/// A file to read.
#[derive(Clone, Debug)]
pub struct Get {
    /// The path.
    pub path: String,
    /// Give up when it is larger.
    pub limit_bytes: Option<u64>,
}

/// A file of a device.
#[derive(Clone, Debug)]
pub struct Sftp {
    /// The path.
    pub path: String,
    /// What it is to hold; without it, the file is read.
    pub bytes: Option<Arc<[u8]>>,
}

/// Lines for a network CLI.
#[derive(Clone, Debug, Default)]
pub struct Cli {
    /// The lines in order.
    pub lines: Vec<CliLine>,
    /// The level (mode) of the platform in which they are sent (`enable`, `config`); `None` is where commands run.
    pub level: Option<String>,
    /// Stop at the first line that the device answers with an error text.
    pub stop_on_error: bool,
    /// How long one line may take.
    pub line_timeout: Option<Duration>,
    /// How configuration lines take effect.
    pub commit: Commit,
    /// A configuration that the device reads itself; the only line says in words what is done with it.
    pub load: Option<Box<Load>>,
}

/// A configuration that a device reads itself, as a whole (Junos, over NETCONF).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The form in which it is written: `xml`, `json`, `text`.
    pub format: &'static str,
    /// What is done with what is there: `merge`, `override`, `replace`, `update`.
    pub action: &'static str,
    /// The configuration.
    pub text: String,
}

/// Returns lines for a message: the first few, and how many more.
pub fn listed(lines: &[String]) -> String {
    /// Arbitrary: what fits a line of a screen.
    const SHOWN: usize = 3;
    match lines {
        [] => "no lines".to_owned(),
        _ => {
            let shown: Vec<String> = lines.iter().take(SHOWN).map(|line| format!("`{line}`")).collect();
            let more = lines.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}{more}", shown.join(", "))
        }
    }
}

/// How configuration lines take effect.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// A comment that the device keeps with the commit.
    pub comment: Option<String>,
    /// A name for the commit.
    pub label: Option<String>,
    /// When the commit takes effect, as the device writes times.
    pub at: Option<String>,
    /// The candidate is checked by the device, shown and thrown away.
    pub check: bool,
    /// The candidate is shown and thrown away.
    pub discard: bool,
    /// The device takes the change back unless it is confirmed in this time.
    pub within: Option<Duration>,
    /// The name of the configuration session, on platforms that have them; chosen by the session when not given.
    pub session: Option<String>,
    /// Nothing but its time takes a change back that was made with `within`.
    pub only_time: bool,
    /// The lines keep a change that was made with `within`, or take it back.
    pub concludes: bool,
    /// Nothing more is said: the session ends without a farewell.
    pub hangs_up: bool,
}

impl Commit {
    /// Returns a name for a configuration session that nobody else uses.
    pub fn new_session() -> String {
        let name = uuid::Uuid::new_v4().simple().to_string();
        format!("netplay-{}", &name[..8])
    }
}

/// A line for a network CLI.
#[derive(Clone, Debug, Default)]
pub struct CliLine {
    /// The line.
    pub text: String,
    /// Questions that the device may ask, with the answers, in order.
    pub expect: Vec<CliAnswer>,
    /// Send it and do not wait for the prompt.
    pub send_only: bool,
    /// All questions must come, each in its turn.
    pub check_all: bool,
    /// Whether answers end with a newline.
    pub newline: bool,
}

impl CliLine {
    /// Makes a line that asks nothing.
    pub fn new(text: impl Into<String>) -> CliLine {
        CliLine { text: text.into(), newline: true, ..CliLine::default() }
    }
}

/// A question and its answer.
#[derive(Clone, Debug)]
pub struct CliAnswer {
    /// A regular expression that the question matches.
    pub question: String,
    /// What to type.
    pub answer: Secret,
}

/// Operations for a NETCONF server, called one after the other over the host's session. The first that is refused ends
/// them. Without any, the session is opened, and what it can do is told.
#[derive(Clone, Debug, Default)]
pub struct Netconf {
    /// The operations in order.
    pub calls: Vec<Rpc>,
    /// Claims of answers none of which refuses that what was done came to nothing: then it is undone, too.
    pub is_lost: Option<IsLost>,
}

/// Looks at operations and their answers.
pub type IsLost = fn(&[Rpc], &[RpcReply]) -> bool;

/// An operation of a NETCONF server.
#[derive(Clone, Debug, Default)]
pub struct Rpc {
    /// The element that stands in `<rpc>`. What is of the protocol itself has the prefix `nc`.
    pub xml: String,
    /// What is called when this operation, or a later one, was refused, or all came to nothing: it takes back what may
    /// have come of it.
    pub undo: Option<String>,
    /// What is called in the end, when this operation was not refused: it gives back what was taken.
    pub after: Option<String>,
}

impl Rpc {
    /// Makes an operation that leaves nothing to be undone.
    pub fn new(xml: impl Into<String>) -> Rpc {
        Rpc { xml: xml.into(), ..Rpc::default() }
    }
}

/// A TCP connection to try.
#[derive(Clone, Debug)]
pub struct TcpTry {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How long to wait.
    pub timeout: Duration,
    /// Bytes to read after connecting (`wait_for` with `search_regex`), up to this many.
    pub read_bytes: usize,
}

/// An HTTP call.
#[derive(Clone, Debug, Default)]
pub struct HttpCall {
    /// The method, in capitals.
    pub method: String,
    /// The URL.
    pub url: String,
    /// Header fields in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: HttpBody,
    /// How long the whole call may take.
    pub timeout: Option<Duration>,
    /// Which redirects are followed.
    pub redirects: Redirects,
    /// User and password for basic or digest authentication.
    pub login: Option<(String, Secret)>,
    /// Send basic authentication without being asked.
    pub force_basic: bool,
    /// Take user and password from `~/.netrc` where no login is given.
    pub use_netrc: bool,
    /// Check the server's certificate.
    pub validate_certs: bool,
    /// A file of certificates to trust.
    pub ca_path: Option<PathBuf>,
    /// A client certificate in PEM, and its key if that is in a file of its own.
    pub client_cert: Option<(PathBuf, Option<PathBuf>)>,
    /// OpenSSL cipher names.
    pub ciphers: Vec<String>,
    /// Use the proxies of the environment.
    pub use_proxy: bool,
    /// A Unix socket to connect to instead of the URL's host.
    pub unix_socket: Option<PathBuf>,
    /// Header fields that are not sent on after a redirect.
    pub unredirected_headers: Vec<String>,
    /// Undo the content encoding.
    pub decompress: bool,
    /// How many calls may be under way to the server at once, where the host has another bound than the run.
    pub most_per_origin: Option<usize>,
}

/// The body of an HTTP call.
#[derive(Clone, Debug, Default)]
pub enum HttpBody {
    /// None.
    #[default]
    Empty,
    /// Bytes; the content type is among the headers.
    Bytes(Vec<u8>),
    /// A file on this machine, streamed.
    File(PathBuf),
    /// A multipart form.
    Multipart(Vec<HttpPart>),
}

/// A part of a multipart form.
#[derive(Clone, Debug)]
pub struct HttpPart {
    /// The field's name.
    pub name: String,
    /// The file name to send, if any.
    pub filename: Option<String>,
    /// The type, if it is said.
    pub mime_type: Option<String>,
    /// The content.
    pub content: Content,
}

/// Which redirects are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Redirects {
    /// None.
    None,
    /// Those of GET and HEAD.
    #[default]
    Safe,
    /// All, as RFC 9110 says.
    All,
    /// As Python's urllib2: those of GET, HEAD and POST, POST becoming GET.
    Urllib2,
}

/// What a transport answered.
#[derive(Clone, Debug)]
pub enum Output {
    /// A program ran to its end.
    Exec(ExecOutput),
    /// A file's bytes.
    File(Vec<u8>),
    /// A CLI answered line by line; shorter than what was to be sent when it stopped at an error.
    Cli(Vec<CliResponse>),
    /// What a NETCONF server answered.
    Netconf(Box<NetconfAnswer>),
    /// An HTTP answer.
    Http(Box<HttpAnswer>),
    /// What a TCP connection said in its first bytes.
    Connected(Vec<u8>),
    /// Done, nothing to say.
    Done,
}

/// What a program left.
#[derive(Clone, Debug, Default)]
pub struct ExecOutput {
    /// The exit status; −1 when a signal ended it.
    pub status: i32,
    /// The signal that ended it, without `SIG`.
    pub signal: Option<String>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

/// What a device answered to one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CliResponse {
    /// The line.
    pub line: String,
    /// The answer without echo and prompt.
    pub output: String,
    /// The part of the answer that says that the line was refused.
    pub error: Option<String>,
    /// The prompt that came after.
    pub prompt: String,
}

/// What a NETCONF server answered.
#[derive(Clone, Debug, Default)]
pub struct NetconfAnswer {
    /// What the server said that it can do.
    pub capabilities: Arc<[String]>,
    /// The number that it gave the session.
    pub session_id: Option<u32>,
    /// The answers in the order of the operations; fewer when one was refused, which is then the last.
    pub replies: Vec<RpcReply>,
}

/// The answer to an operation.
#[derive(Clone, Debug)]
pub struct RpcReply {
    /// The whole `<rpc-reply>`.
    pub xml: Element,
    /// What the server objects to; warnings among them.
    pub errors: Vec<RpcError>,
}

impl RpcReply {
    /// Returns why the operation was refused, if it was. A warning is no refusal.
    pub fn refusal(&self) -> Option<&RpcError> {
        self.errors.iter().find(|error| !error.is_warning)
    }
}

/// What a server objects to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RpcError {
    /// The operation was performed all the same.
    pub is_warning: bool,
    /// Where it happened: `transport`, `rpc`, `protocol`, `application`.
    pub layer: String,
    /// What kind of error it is, in the words of the protocol: `lock-denied`.
    pub tag: String,
    /// The element that it is about.
    pub path: Option<String>,
    /// What it says.
    pub message: Option<String>,
    /// What else it says, as XML.
    pub info: Option<String>,
}

impl std::fmt::Display for RpcError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.message, &self.info) {
            (Some(message), _) if self.tag.is_empty() => f.write_str(message)?,
            (Some(message), _) => write!(f, "{message} ({})", self.tag)?,
            (None, Some(info)) => write!(f, "{}: {info}", self.tag)?,
            (None, None) => f.write_str(&self.tag)?,
        }
        match &self.path {
            Some(path) => write!(f, " at {path}"),
            None => Ok(()),
        }
    }
}

/// An HTTP answer.
#[derive(Clone, Debug, Default)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// The reason, as the protocol or the standard names it.
    pub reason: String,
    /// The URL that answered in the end.
    pub url: String,
    /// Whether a redirect was followed.
    pub redirected: bool,
    /// Header fields in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Cookies set on the way, name and value.
    pub cookies: Vec<(String, String)>,
    /// The body, decoded.
    pub body: Vec<u8>,
    /// How long it took.
    pub elapsed: Duration,
}
