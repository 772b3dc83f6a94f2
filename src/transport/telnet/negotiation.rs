//! What the two sides of a Telnet connection agree on: a state machine over bytes, which may be cut anywhere.
//!
//! The other side may echo (RFC 857) and need not take turns (RFC 858). It is told the terminal's type (RFC 1091) and size
//! (RFC 1073) when it asks. Everything else is refused. Only a change is answered, so that two sides can never go on
//! answering each other.

const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const SE: u8 = 240;

const ECHO: u8 = 1;
const SUPPRESS_GO_AHEAD: u8 = 3;
const TERMINAL_TYPE: u8 = 24;
const WINDOW_SIZE: u8 = 31;

/// The longest subnegotiation that is kept. Those that are answered have two bytes.
const MAX_SUBNEGOTIATION: usize = 64;

/// What came of bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// What the terminal shows.
    pub data: Vec<u8>,
    /// What is to be sent back.
    pub answer: Vec<u8>,
}

/// The state.
#[derive(Debug)]
pub struct Negotiation {
    size: (u16, u16),
    state: State,
    /// What we do, by option.
    ours: [bool; 256],
    /// What they do.
    theirs: [bool; 256],
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Data,
    Command,
    /// After WILL, WONT, DO or DONT.
    Option(u8),
    Subnegotiation(Vec<u8>),
    /// In one, after IAC.
    SubnegotiationCommand(Vec<u8>),
}

impl Negotiation {
    /// Begins, with a terminal of so many columns and rows.
    pub fn new(columns: u16, rows: u16) -> Negotiation {
        Negotiation { size: (columns, rows), state: State::Data, ours: [false; 256], theirs: [false; 256] }
    }

    /// Takes bytes of the other side.
    pub fn hear(&mut self, bytes: &[u8]) -> Heard {
        let mut heard = Heard::default();
        for &byte in bytes {
            self.state = match std::mem::take(&mut self.state) {
                State::Data if byte == IAC => State::Command,
                State::Data => {
                    heard.data.push(byte);
                    State::Data
                }
                State::Command => match byte {
                    IAC => {
                        heard.data.push(IAC);
                        State::Data
                    }
                    WILL | WONT | DO | DONT => State::Option(byte),
                    SB => State::Subnegotiation(Vec::new()),
                    // Go ahead, no operation, are you there and the like mean nothing to us.
                    _ => State::Data,
                },
                State::Option(command) => {
                    self.agree(command, byte, &mut heard.answer);
                    State::Data
                }
                State::Subnegotiation(text) if byte == IAC => State::SubnegotiationCommand(text),
                State::Subnegotiation(mut text) => {
                    if text.len() < MAX_SUBNEGOTIATION {
                        text.push(byte);
                    }
                    State::Subnegotiation(text)
                }
                State::SubnegotiationCommand(text) => match byte {
                    IAC => State::Subnegotiation(text),
                    SE => {
                        asked(&text, &mut heard.answer);
                        State::Data
                    }
                    // Broken off: what follows is a command by itself.
                    WILL | WONT | DO | DONT => State::Option(byte),
                    _ => State::Data,
                },
            };
        }
        heard
    }

    fn agree(&mut self, command: u8, option: u8, answer: &mut Vec<u8>) {
        let number = usize::from(option);
        let (they_speak_of_us, wanted) = (matches!(command, DO | DONT), matches!(command, DO | WILL));
        if they_speak_of_us {
            let can = matches!(option, SUPPRESS_GO_AHEAD | TERMINAL_TYPE | WINDOW_SIZE);
            let will = wanted && can;
            let is_news = will != self.ours[number];
            self.ours[number] = will;
            if is_news || wanted && !can {
                answer.extend([IAC, if will { WILL } else { WONT }, option]);
            }
            if is_news && will && option == WINDOW_SIZE {
                self.tell_size(answer);
            }
        } else {
            let may = matches!(option, ECHO | SUPPRESS_GO_AHEAD);
            let does = wanted && may;
            let is_news = does != self.theirs[number];
            self.theirs[number] = does;
            if is_news || wanted && !may {
                answer.extend([IAC, if does { DO } else { DONT }, option]);
            }
        }
    }

    fn tell_size(&self, answer: &mut Vec<u8>) {
        answer.extend([IAC, SB, WINDOW_SIZE]);
        for byte in [self.size.0.to_be_bytes(), self.size.1.to_be_bytes()].concat() {
            answer.push(byte);
            if byte == IAC {
                answer.push(IAC);
            }
        }
        answer.extend([IAC, SE]);
    }
}

/// Answers a question that was put in a subnegotiation: the terminal's type.
fn asked(text: &[u8], answer: &mut Vec<u8>) {
    const SEND: u8 = 1;
    const IS: u8 = 0;
    if text == [TERMINAL_TYPE, SEND] {
        answer.extend([IAC, SB, TERMINAL_TYPE, IS]);
        answer.extend(b"vt100");
        answer.extend([IAC, SE]);
    }
}

/// Returns what is sent for what is typed: line ends as the network has them, and no byte that looks like a command.
pub(super) fn typed(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 2);
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            IAC => out.extend([IAC, IAC]),
            b'\n' => out.extend(b"\r\n"),
            b'\r' if rest.peek() == Some(&b'\n') => {
                rest.next();
                out.extend(b"\r\n");
            }
            b'\r' => out.extend(b"\r\0"),
            other => out.push(other),
        }
    }
    out
}
