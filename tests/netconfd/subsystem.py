"""Stands before `netconf-subsystem`: passes on what the client says, but nothing after its hello until the server has taken
the session in. When both come to netconfd in one read, it leaves the second lying and never answers.

    subsystem.py SOCKET LOG     for the `Subsystem` of an sshd; the port is the last word of SSH_CONNECTION
"""

import os, subprocess, sys, threading, time

HELLO_ENDS = b"]]>]]>"


def taken_in(log):
    return open(log, errors="replace").read().count("now active")


def main():
    socket, log = sys.argv[1:]
    before = taken_in(log)
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
    server.stdin.write(hello + mark)
    server.stdin.flush()
    until = time.monotonic() + 20
    while taken_in(log) == before and time.monotonic() < until:
        time.sleep(0.01)
    while True:
        if rest:
            server.stdin.write(rest)
            server.stdin.flush()
        rest = os.read(0, 65536)
        if not rest:
            break
    server.stdin.close()
    server.wait()


main()
