#!/usr/bin/env python3
"""A device that behaves as it is told, on the terminal that sshd gives it.

    device.py FOLDER      the case is FOLDER/ADDRESS.json, where ADDRESS is the one that was connected to

A case is a machine of states. In a state the device shows its `prompt` and waits for a line (for one key where `key` is
set), which it echoes unless `echo` is false. What it does then stands in the state's `answers`, or under `else`:

    says     it says this; `\\n` is sent as `\\r\\n`
    state    it goes to this state
    times    it says it so often
    closes   it ends the session
    hangs    it says nothing more
    again    what it says by itself after its next prompt: a message of the system log

Of the whole device: `opens` is said first, `first` is the first state, `pace` has every byte leave by itself, `wrap` has an
echo go on at the beginning of the row after so many columns, `drops` forgets what was typed before the prompt stood.

FOLDER/ADDRESS.seen tells what came: a line `session`, then each line that was typed, and how many came at once.
"""

import fcntl, json, os, pathlib, select, struct, sys, termios, time, tty


class Device:
    def __init__(self, folder):
        address = os.environ["SSH_CONNECTION"].split()[2]
        self.case = json.loads((folder / f"{address}.json").read_text())
        self.seen = folder / f"{address}.seen"
        self.typed = b""
        self.column = 0

    def note(self, text):
        with self.seen.open("a") as file:
            file.write(text + "\n")

    def say(self, text):
        rows, columns = struct.unpack("HHHH", fcntl.ioctl(1, termios.TIOCGWINSZ, bytes(8)))[:2]
        text = text.replace("{columns}", str(columns)).replace("{rows}", str(rows))
        data = text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "surrogateescape")
        for part in [data[at:at + 1] for at in range(len(data))] if self.case.get("pace") else [data]:
            while part:
                part = part[os.write(1, part):]
            if self.case.get("pace"):
                time.sleep(0.001)

    def read(self):
        data = os.read(0, 65536)
        if not data:
            sys.exit()
        if data.count(b"\n") + data.count(b"\r") > 1:
            self.note(f"at once {len(data.splitlines())}")
        self.typed += data

    def line(self, state):
        """Returns the next line, or key, and echoes it as it is read."""
        wrap = self.case.get("wrap")
        column = len(state["prompt"].splitlines()[-1]) if state["prompt"] else 0
        line = b""
        while True:
            if not self.typed:
                self.read()
            byte, self.typed = self.typed[:1], self.typed[1:]
            if state.get("key"):
                return byte.decode()
            if byte in b"\r\n":
                self.say("\n")
                return line.decode("utf-8", "replace")
            line += byte
            if state.get("echo", True):
                if wrap and column == wrap:
                    self.say("\r" + " " * wrap + "\r" if wrap == 20 else " \r")
                    column = 0
                self.say(byte.decode("latin-1"))
                column += 1

    def run(self):
        tty.setraw(0)
        self.note("session")
        self.say(self.case.get("opens", ""))
        name, later = self.case["first"], None
        while True:
            state = self.case["states"][name]
            if self.case.get("drops"):
                # Nobody who waits for the prompt types in this time.
                while select.select([0], [], [], 0.05)[0]:
                    self.read()
                self.typed = b""
            self.say(state["prompt"])
            if later:
                time.sleep(0.05)
                self.say(later + state["prompt"])
                later = None
            line = self.line(state)
            if not state.get("key"):
                self.note(f"typed {line}")
            answer = state.get("answers", {}).get(line) or self.case.get("answers", {}).get(line) or state.get("else", {})
            for _ in range(answer.get("times", 1)):
                self.say(answer.get("says", ""))
            if answer.get("closes"):
                return
            if answer.get("hangs"):
                while True:
                    self.read()
            name, later = answer.get("state", name), answer.get("again")


Device(pathlib.Path(sys.argv[1])).run()
