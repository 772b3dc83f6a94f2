"""One sshd for all of 127.0.0.0/8, and a way to it that takes its time."""

import collections, ctypes, os, pathlib, selectors, shutil, signal, socket, subprocess, sys, threading, time
from measure import process_cpu


def address(number):
    return f"127.{1 + number // 62500}.{number // 250 % 250}.{1 + number % 250}"


class Fleet:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name in ["host", "user"]:
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name], check=True)
        shutil.copy(self.folder / "user.pub", self.folder / "authorized_keys")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        # A home of its own: what the user's shell reads at its start is no part of what is measured.
        self.config = (
            f"ListenAddress 0.0.0.0\nPort {self.port}\nHostKey {self.folder}/host\nPidFile none\n"
            f"AuthorizedKeysFile {self.folder}/authorized_keys\nStrictModes no\nUsePAM no\nMaxStartups 1000:30:2000\n"
            f"SetEnv HOME={self.folder}\nPasswordAuthentication no\nLogLevel ERROR\n"
        )
        config = self.folder / "sshd_config"
        config.write_text(self.config)
        os.makedirs("/run/sshd", exist_ok=True)
        # What sessions leave behind (a shell that ends after its session) comes to us, to be counted.
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
        self.orphans = 0.0
        self.user = os.environ.get("USER") or "root"
        self.process = subprocess.Popen([shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-f", config])
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("sshd does not start")

    def second(self, lines):
        """Starts another sshd with the same keys and more lines of configuration."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        config = self.folder / f"sshd_config-{port}"
        config.write_text(self.config.replace(f"Port {self.port}\n", f"Port {port}\n") + lines)
        return Second(config, port)

    def inventory(self, hosts, port=None, variables=""):
        """Writes an inventory of so many hosts and returns its path."""
        port = port or self.port
        path = self.folder / f"inventory-{hosts}-{port}-{len(variables)}.ini"
        known = self.folder / "known_hosts"
        key = (self.folder / "host.pub").read_text().split()[:2]
        known.write_text(f"* {' '.join(key)}\n")
        lines = [f"h{n} ansible_host={address(n)}" for n in range(hosts)]
        lines += ["[all:vars]", f"ansible_port={port}", f"ansible_user={self.user}",
                  f"ansible_ssh_private_key_file={self.folder}/user",
                  f"ansible_ssh_common_args='-o UserKnownHostsFile={known} -o StrictHostKeyChecking=yes'",
                  "ansible_python_interpreter=/usr/bin/python3", variables]
        path.write_text("\n".join(lines) + "\n")
        return path

    def cpu(self):
        """Returns the CPU seconds of the server and its ended sessions, orphans included."""
        return process_cpu(self.process.pid) + self.orphans

    def reap(self):
        """Takes in orphans that have ended. The server is no orphan, and nothing else of ours runs at such a time."""
        for _ in range(100_000):
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None or found.si_pid == self.process.pid:
                return
            _, _, usage = os.wait4(found.si_pid, 0)
            self.orphans += usage.ru_utime + usage.ru_stime

    def settle(self):
        """Waits until all sessions have ended."""
        for _ in range(600):
            if not pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
                break
            time.sleep(0.05)
        # They end a moment after their sessions.
        for _ in range(20):
            self.reap()
            time.sleep(0.02)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Second:
    """Another sshd."""

    def __init__(self, config, port):
        self.port = port
        self.process = subprocess.Popen([shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-f", config])
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("sshd does not start")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class SlowWay:
    """A relay on all of 127.0.0.0/8 that holds every byte for half of a round-trip time in either direction."""

    def __init__(self, port, round_trip):
        self.to, self.delay = port, round_trip / 2
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("0.0.0.0", 0))
        self.listener.listen(512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.relay, args=(client,), daemon=True).start()

    def relay(self, client):
        # The handshake of TCP costs a round trip as well.
        time.sleep(self.delay * 2)
        server = socket.create_connection((client.getsockname()[0], self.to))
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        other = {client: server, server: client}
        waiting, selector = collections.deque(), selectors.DefaultSelector()
        for end in other:
            selector.register(end, selectors.EVENT_READ)
        try:
            while True:
                left = max(0, waiting[0][0] - time.monotonic()) if waiting else None
                for key, _ in selector.select(left):
                    data = key.fileobj.recv(65536)
                    waiting.append((time.monotonic() + self.delay, other[key.fileobj], data))
                    if not data:
                        selector.unregister(key.fileobj)
                while waiting and waiting[0][0] <= time.monotonic():
                    _, end, data = waiting.popleft()
                    if not data:
                        return
                    end.sendall(data)
        except OSError:
            pass
        finally:
            client.close()
            server.close()

    def stop(self):
        self.listener.close()
