"""Stands before `netconf-subsystem`: passes on what the client says, but what follows its hello only when the server has
taken the session in. Of what comes to netconfd in one read with something else, it leaves the second lying until more
comes, and so may never answer. The hello itself may come with what the subsystem says: then one byte of the rest wakes it.

    subsystem.py SOCKET LOG     for the `Subsystem` of an sshd; the port is the last word of SSH_CONNECTION
"""

import os, subprocess, sys, threading, time

HELLO_ENDS = b"]]>]]>"


class Log:
    def __init__(self, path, words):
        self.path, self.words = path, words
        self.before = self.count()

    def count(self):
        return open(self.path, errors="replace").read().count(self.words)

    def wait(self, seconds):
        """Waits until the words stand in it once more; returns whether they do."""
        until = time.monotonic() + seconds
        while self.count() == self.before and time.monotonic() < until:
            time.sleep(0.01)
        return self.count() != self.before


def send(server, said):
    server.stdin.write(said)
    server.stdin.flush()


def main():
    socket, log = sys.argv[1:]
    taken_in = Log(log, "now active")
    port = os.environ["SSH_CONNECTION"].split()[-1]
    server = subprocess.Popen(["/usr/sbin/netconf-subsystem", f"--ncxserver-sockname={port}@{socket}"], stdin=subprocess.PIPE)
    threading.Thread(target=lambda: os._exit(server.wait() and 1), daemon=True).start()
    said = b""
    while HELLO_ENDS not in said:
        more = os.read(0, 65536)
        if not more:
            break
        said += more
    hello, mark, rest = said.partition(HELLO_ENDS)
    send(server, hello + mark)
    if not taken_in.wait(0.5):
        rest = rest or os.read(0, 65536)
        send(server, rest[:1])
        taken_in.wait(20)
        rest = rest[1:]
    while rest or (rest := os.read(0, 65536)):
        send(server, rest)
        rest = b""
    server.stdin.close()
    server.wait()


main()
