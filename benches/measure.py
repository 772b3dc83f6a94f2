"""Measuring client processes, alone and in pairs."""

import os, pathlib, shutil, statistics, subprocess, sys, tempfile, time

# A process that Python starts counts Python's own memory as its largest; one that a small program starts does not.
TIME = shutil.which("time") or sys.exit("GNU time is needed (the package `time`)")


class Sample:
    """One run: wall and CPU seconds of the client process, its largest memory in MiB, its output."""

    def __init__(self, wall, cpu, memory, output):
        self.wall, self.cpu, self.memory, self.output = wall, cpu, memory, output


def once(command, **options):
    """Runs a command to its end; a failure of it ends the bench."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.NamedTemporaryFile() as kib:
        child = subprocess.Popen([TIME, "-q", "-f", "%M", "-o", kib.name, *command], stdout=out, stderr=subprocess.STDOUT,
                                 stdin=subprocess.DEVNULL, **options)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        output = out.read().decode(errors="replace")
        memory = int(kib.read().split()[-1]) / 1024
    if child.returncode != 0:
        sys.exit(f"{' '.join(command[:4])} … ended with {child.returncode}:\n{output[-2000:]}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, memory, output)


def median(samples, what):
    return statistics.median(getattr(sample, what) for sample in samples)


def several(command, runs, **options):
    return [once(command, **options) for _ in range(runs)]


def paired(ours, theirs, runs):
    """Runs both in turns, so that what else the machine does falls on both; returns samples and the ratios of each pair."""
    pairs = [(once(ours), once(theirs)) for _ in range(runs)]
    walls = [our.wall / their.wall for our, their in pairs]
    cpus = [our.cpu / max(their.cpu, 1e-6) for our, their in pairs]
    return [our for our, _ in pairs], [their for _, their in pairs], statistics.median(walls), statistics.median(cpus)


def process_cpu(pid):
    """Returns the CPU seconds of a process and of all its children that have ended."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


class ControlGroup:
    """A control group that bounds the memory of what runs in it."""

    def __init__(self, folder):
        self.folder = folder

    @staticmethod
    def make(name, limit_bytes):
        """Makes one, of either version; None where that cannot be done."""
        for root, bound in [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")]:
            folder = pathlib.Path(root) / name
            try:
                folder.mkdir()
            except OSError:
                continue
            # A folder elsewhere is one without files.
            if (folder / bound).exists():
                (folder / bound).write_text(str(limit_bytes))
                return ControlGroup(folder)
            folder.rmdir()
        return None

    def within(self, command):
        """Returns a command that does the same in the group."""
        return ["sh", "-c", f'echo $$ > {self.folder}/cgroup.procs && exec "$@"', "sh", *command]

    def remove(self):
        self.folder.rmdir()


class Table:
    def __init__(self):
        print("| what | wall | client CPU | memory | beside its peer | goal |\n| --- | --- | --- | --- | --- | --- |")

    def row(self, what, wall="", cpu="", memory="", beside="", goal=""):
        print(f"| {what} | {wall} | {cpu} | {memory} | {beside} | {goal} |", flush=True)
