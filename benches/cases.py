"""What is measured: one function a row or a few, and their table at the end."""

import os, shutil, signal, socket, statistics, subprocess, time
from devices import devices
from fleet import SlowWay, address
from measure import ControlGroup, median, once, paired, resident_mib, several

PLAY = "- hosts: all\n  gather_facts: false\n  tasks:\n"


class Bench:
    def __init__(self, programs, fleet, options, table):
        self.netplay, self.bare, self.transport, self.bare_cli, self.bare_http = programs
        self.fleet, self.options, self.table = fleet, options, table
        self.folder, self.runs, self.quick = fleet.folder, options.runs, options.quick

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def ours(self, inventory, tasks, *more):
        return [self.netplay, "run", "-q", "-i", str(inventory), *more, self.file("play.yml", PLAY + tasks)]

    def theirs(self, hosts, commands, command="/bin/true", threads=48, port=None):
        return [self.bare, str(port or self.fleet.port), self.fleet.user, str(self.folder / "user"), str(threads),
                str(commands), command, *map(address, range(hosts))]

    def pair(self, what, hosts, ours, theirs, goal):
        our, their, wall, cpu = paired(ours, theirs, self.runs)
        per_host = lambda samples: f"{median(samples, 'cpu') / hosts * 1000:.2f} ms a host"
        memory = f"{max(sample.memory for sample in our):.0f} MiB"
        self.table.row(what, f"{median(our, 'wall'):.2f} s", per_host(our), memory,
                       f"{wall:.2f} × the wall, {cpu:.2f} × the CPU of bare ssh2 ({median(their, 'wall'):.2f} s, {per_host(their)})", goal)
        return our

    def peer(self, what, hosts, command, our, goal=""):
        """Measures one run of another program that does the same as samples of ours."""
        sample = once(command)
        beside = f"{sample.wall / median(our, 'wall'):.1f} × the wall, {sample.cpu / median(our, 'cpu'):.1f} × the CPU of netplay"
        self.table.row(f"{what}, one run", f"{sample.wall:.2f} s", f"{sample.cpu / hosts * 1000:.0f} ms a host", f"{sample.memory:.0f} MiB", beside, goal)


def start(bench):
    for what, command in [("`--version`", [bench.netplay, "--version"]),
                          ("an empty play", [bench.netplay, "run", bench.file("empty.yml", "- hosts: localhost\n  gather_facts: false\n  tasks: []\n")])]:
        samples = several(command, 20)
        bench.table.row(f"start-up: {what}", f"{median(samples, 'wall') * 1000:.1f} ms", f"{median(samples, 'cpu') * 1000:.1f} ms",
                        f"{max(sample.memory for sample in samples):.0f} MiB")
    times = []
    for _ in range(20):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            inventory = bench.file("first.ini", f"h ansible_host=127.0.0.1 ansible_port={listener.getsockname()[1]}\n")
            begun = time.monotonic()
            child = subprocess.Popen(bench.ours(inventory, "    - command: /bin/true\n"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            connection, _ = listener.accept()
            connection.recv(1)
            times.append(time.monotonic() - begun)
            child.kill()
            child.wait()
            connection.close()
    bench.table.row("start-up to the first byte to one host", f"{statistics.median(times) * 1000:.1f} ms", goal="≤ 15 ms")


def executor(bench):
    hosts, tasks = (1000, 20) if bench.quick else (10_000, 100)
    inventory = bench.file("noop.ini", "".join(f"n{n} ansible_connection=local\n" for n in range(hosts)))
    samples = several(bench.ours(inventory, "    - ping:\n" * tasks), 1 if not bench.quick else bench.runs)
    bench.table.row(f"{hosts:,} hosts × {tasks} steps that send nothing", f"{median(samples, 'wall'):.2f} s",
                    f"{median(samples, 'cpu') / hosts / tasks * 1e6:.1f} µs a step", f"{max(sample.memory for sample in samples):.0f} MiB",
                    goal="≤ 20 µs a step, ≤ 1 GiB")


def inventory(bench):
    hosts = 10_000
    lines = [f"[g{group}]\n" + "".join(f"n{group}x{n} ansible_host=10.{group}.{n // 250}.{n % 250} id={n}\n" for n in range(hosts // 100)) for group in range(100)]
    lines += [f"[g{group}:vars]\nrack={group}\nname=rack-{group}\n" for group in range(100)]
    path = bench.file("large.ini", "\n".join(lines))
    play = bench.file("play.yml", PLAY + "    - command: /bin/true\n" * 10)
    samples = several([bench.netplay, "run", "-i", path, "--list-tasks", play], bench.runs)
    bench.table.row("an inventory of 10,000 hosts and the plan of ten tasks", f"{median(samples, 'wall'):.2f} s",
                    f"{median(samples, 'cpu'):.2f} s", f"{max(sample.memory for sample in samples):.0f} MiB", goal="≤ 1 s, ≤ 150 MB")


def one(bench):
    for hosts in [10, 50, 200] if bench.quick else [10, 50, 200, 1000]:
        goal = "≤ 1.1 × the wall, ≤ 2.5 ms a host" + {200: ", ≤ 30 MiB", 1000: ", ≤ 150 MiB"}.get(hosts, "")
        ours = bench.ours(bench.fleet.inventory(hosts), "    - command: /bin/true\n")
        our = bench.pair(f"one command on {hosts} sshd", hosts, ours, bench.theirs(hosts, 1), goal)
        if bench.options.ansible and hosts == 200:
            ansible = [bench.options.ansible, "-f", "50", "-i", str(bench.fleet.inventory(hosts)), ours[-1]]
            bench.peer(f"one command on {hosts} sshd: ansible-core, 50 forks", hosts, ansible, our, "≥ 20 × the wall")


def server(bench, command, hosts):
    """Returns the milliseconds of the server's CPU a host, what it leaves to itself included."""
    bench.fleet.settle()
    before = bench.fleet.cpu()
    once(command)
    bench.fleet.settle()
    return (bench.fleet.cpu() - before) / hosts * 1000


def ten(bench):
    hosts = 50 if bench.quick else 200
    theirs = bench.theirs(hosts, 10)
    bare = server(bench, theirs, hosts)
    for how, variables, goal in [("kept shell", "", "≤ 0.7 × the wall"),
                                 ("a session each", "netplay_kept_shell=false", "≤ 1.1 × the wall, ≤ 4 ms a host")]:
        ours = bench.ours(bench.fleet.inventory(hosts, variables=variables), "    - command: /bin/true\n" * 10)
        bench.pair(f"ten commands on {hosts} sshd, {how}", hosts, ours, theirs, goal)
        bench.table.row(f"the server's CPU for that, {how}", f"{server(bench, ours, hosts):.1f} ms a host", beside=f"bare ssh2: {bare:.1f} ms a host")


def sleep(bench):
    hosts = 50 if bench.quick else 200
    ours = bench.ours(bench.fleet.inventory(hosts), "    - command: sleep 1\n", "--forks", str(hosts))
    bench.pair(f"`sleep 1` on {hosts} sshd", hosts, ours, bench.theirs(hosts, 1, "sleep 1", threads=hosts), "≤ 1.1 × the wall")


def far(bench):
    way = SlowWay(bench.fleet.port, 0.040)
    for how, variables, goal in [("kept shell", "", "≤ 1.2 s"), ("a session each", "netplay_kept_shell=false", "≤ 1.75 s")]:
        ours = bench.ours(bench.fleet.inventory(10, way.port, variables), "    - command: /bin/true\n" * 10)
        bench.pair(f"ten commands on 10 sshd, 40 ms away (a relay that waits), {how}", 10, ours, bench.theirs(10, 10, port=way.port), goal)
    way.stop()


def idle(bench):
    """Opens connections, one command each, and looks at the memory while all of them wait for the end of a pause."""
    hosts = 500 if bench.quick else 5000
    tasks = "    - command: /bin/true\n    - command: /bin/true\n    - pause: {seconds: 5}\n    - command: /bin/true\n"
    command = bench.ours(bench.fleet.inventory(hosts), tasks)
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    largest = 0
    while child.poll() is None:
        try:
            largest = max(largest, resident_mib(child.pid))
        except OSError:
            pass
        time.sleep(0.05)
    alone = once(bench.ours(bench.fleet.inventory(hosts), "    - ping:\n", "-c", "local")).memory
    ended = "" if child.returncode == 0 else f"ended with {child.returncode}"
    bench.table.row(f"{hosts:,} connections open at once", ended, "", f"{largest:.0f} MiB",
                    f"{(largest - alone) * 1024 / hosts:.0f} KiB each above the same inventory without ({alone:.0f} MiB)", "≤ 200 KiB each")


def narrow(bench):
    """Bounds the memory by a control group: pages of the program's file count there as far as they are needed at once."""
    hosts, limit_mib = 200, 20
    group = ControlGroup.make(f"netplay-bench-{os.getpid()}", limit_mib << 20)
    if group is None:
        bench.table.row("memory bounded", "left out: the memory controller of control groups and root are needed")
        return
    free = bench.ours(bench.fleet.inventory(hosts), "    - command: /bin/true\n")
    try:
        bound, unbound, wall, cpu = paired(group.within(free), free, bench.runs)
        bench.table.row(f"one command on {hosts} sshd in a control group of {limit_mib} MiB", f"{median(bound, 'wall'):.2f} s",
                        f"{median(bound, 'cpu') / hosts * 1000:.2f} ms a host", f"{max(sample.memory for sample in bound):.0f} MiB",
                        f"{wall:.2f} × the wall, {cpu:.2f} × the CPU of the same without a bound", "about the same")
    finally:
        group.remove()


def http(bench):
    wrk, nginx = shutil.which("wrk"), shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if not (wrk and nginx):
        bench.table.row("HTTP", "left out: nginx and wrk are needed")
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    at = bench.folder
    config = bench.file("nginx.conf", f"""daemon off; master_process off; pid {at}/nginx.pid; error_log {at}/nginx.log;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000; client_body_temp_path {at}; proxy_temp_path {at}; fastcgi_temp_path {at};
uwsgi_temp_path {at}; scgi_temp_path {at};
server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json; return 200 "{{}}"; }} }} }}
""")
    web = subprocess.Popen([nginx, "-c", config], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        hosts = bench.file("web.ini", "".join(f"n{n} ansible_connection=local\n" for n in range(100)))
        tasks = f"    - uri: {{url: 'http://127.0.0.1:{port}/'}}\n      loop: \"{{{{ range(100) | list }}}}\"\n"
        address = f"http://127.0.0.1:{port}/"
        commands = {"playbook": bench.ours(hosts, tasks, "--forks", "100"),
                    "transport": [bench.transport, "calls", address, "10000", "100"],
                    "bare": [bench.bare_http, address, "10000", "100"],
                    "wrk": [wrk, "-t1", "-c100", "-d2s", address]}
        rounds = [{name: once(command) for name, command in commands.items()} for _ in range(bench.runs)]
        samples = {name: [found[name] for found in rounds] for name in commands}
        calls = {"wrk": lambda sample: int(sample.output.split(" requests in")[0].split()[-1])}
        each = lambda name, sample: sample.cpu / calls.get(name, lambda _: 10_000)(sample) * 1e6
        cost = {name: statistics.median(each(name, sample) for sample in samples[name]) for name in commands}
        rows = [("a playbook", "playbook"), ("the HTTP transport alone", "transport"), ("bare reqwest", "bare"), ("wrk", "wrk")]
        for what, name in rows:
            share = f"{cost['bare'] / cost[name] * 100:.0f} % of what bare reqwest gets for the same CPU, {cost['wrk'] / cost[name] * 100:.0f} % of wrk"
            bench.table.row(f"10,000 GETs over 100 connections: {what}", "" if name == "wrk" else f"{median(samples[name], 'wall'):.2f} s",
                            f"{cost[name]:.1f} µs each", f"{max(sample.memory for sample in samples[name]):.0f} MiB",
                            share, "≥ 80 % of such a client" if name in ("playbook", "transport") else "")
    finally:
        web.send_signal(signal.SIGTERM)
        web.wait()


def lag(bench):
    """How long a message to the event loop waits for it, in microseconds."""
    hosts = 100 if bench.quick else 500
    addresses = [address(number) for number in range(hosts)]
    said = once([bench.transport, "lag", str(bench.fleet.port), bench.fleet.user, str(bench.folder / "user"), "5", *addresses]).output
    names = {"alone": "alone", "logins": f"while {hosts} logins are under way", "beginning": f"while {hosts} SSH reads begin",
             "reads": f"while {hosts} SSH reads block", "answers": f"while {hosts} answers come"}
    for line in said.splitlines():
        what, count, middle, late, last = line.split()
        if what.endswith("-polls"):
            bench.table.row(f"work on the event loop {names[what.removesuffix('-polls')]}", f"{int(count):,} turns", "", "",
                            f"the longest took {late} µs of a processor, {middle} slept")
            continue
        bench.table.row(f"lag of the event loop {names[what]}", f"median {middle} µs", "", "",
                        f"p99 {late} µs, max {last} µs of {int(count):,}", "p99 ≤ 5,000 µs" if what == "reads" else "")


CASES = {"start": start, "executor": executor, "inventory": inventory, "one": one, "ten": ten, "sleep": sleep, "far": far,
         "idle": idle, "narrow": narrow, "http": http, "lag": lag, "devices": devices}
