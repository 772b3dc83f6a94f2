"""Records what Ansible makes of every case beside this file.

    PYTHON tests/language/record.py [CASE…]

PYTHON is one that has ansible-core 2.19. A case is a folder with `playbook.yml`; `hosts.ini` in it replaces the one
beside this file, `args` holds more options, `-e out=DIR` is always given. Writes `expected.json`: the exit code, the recap, for
every host the sequence of its tasks with their statuses (of `debug` also what it shows), and the files in DIR.
A case that Ansible refuses before any play has only `refused`.
"""

import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

CALLBACK = '''
import json
import os
from ansible.plugins.callback import CallbackBase

NOISE = {"changed", "failed", "skip_reason", "false_condition", "skipped_reason", "warnings", "deprecations"}


def shown(result):
    if "results" in result:
        return [shown(item) for item in result["results"]]
    return {k: v for k, v in result.items() if k not in NOISE and not k.startswith("_ansible")}


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "record"

    def __init__(self):
        super().__init__()
        self.names = {}
        self.steps = {}

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.names[task._uuid] = task.get_name().strip()

    v2_playbook_on_handler_task_start = v2_playbook_on_cleanup_task_start = lambda self, task: self.names.update(
        {task._uuid: task.get_name().strip()})

    def add(self, result, status):
        task = result.task
        entry = [self.names.get(task._uuid, task.get_name()), status]
        debug = task.action.rpartition(".")[2] == "debug"
        if debug and status in ("ok", "changed") and not task.no_log:
            entry.append(shown(result.result))
        self.steps.setdefault(result.host.get_name(), []).append(entry)

    def v2_runner_on_ok(self, result):
        # What includes bring is said by `v2_playbook_on_include`.
        if result.task.action.rpartition(".")[2] in ("include_tasks", "include_role"):
            return
        self.add(result, "changed" if result.result.get("changed") else "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.add(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_skipped(self, result):
        # Ansible says it, and does not count it.
        if result.task.action.rpartition(".")[2] == "meta":
            return
        self.add(result, "skipped")

    def v2_runner_on_unreachable(self, result):
        self.add(result, "ignored" if result.task.ignore_unreachable else "unreachable")

    def v2_playbook_on_include(self, included):
        name = self.names.get(included._task._uuid, included._task.get_name())
        for host in included._hosts:
            self.steps.setdefault(host.get_name(), []).append([name, "ok"])

    def v2_playbook_on_stats(self, stats):
        recap = {host: stats.summarize(host) for host in sorted(stats.processed)}
        with open(os.environ["RECORD_TO"], "w") as out:
            json.dump({"recap": recap, "steps": self.steps}, out, default=str)
'''


def record(case, plugins):
    with tempfile.TemporaryDirectory() as tmp:
        out = pathlib.Path(tmp, "out")
        out.mkdir()
        to = pathlib.Path(tmp, "record.json")
        inventory = case / "hosts.ini" if (case / "hosts.ini").exists() else HERE / "hosts.ini"
        args = shlex.split((case / "args").read_text()) if (case / "args").exists() else []
        env = {k: v for k, v in os.environ.items() if not k.startswith("ANSIBLE_")}
        env |= {
            "ANSIBLE_CALLBACK_PLUGINS": plugins,
            "ANSIBLE_STDOUT_CALLBACK": "record",
            "ANSIBLE_HOST_KEY_CHECKING": "0",
            "ANSIBLE_HOME": tmp,
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "RECORD_TO": str(to),
        }
        playbook = pathlib.Path(sys.executable).parent / "ansible-playbook"
        command = [playbook, "-i", inventory, "-e", f"out={out}", *args, "playbook.yml"]
        done = subprocess.run(command, cwd=case, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        text = done.stdout + done.stderr
        if to.exists():
            expected = {"exit_code": done.returncode} | json.loads(to.read_text())
            expected["files"] = {str(p.relative_to(out)): p.read_text() for p in sorted(out.rglob("*")) if p.is_file()}
        else:
            lines = [line for line in text.splitlines() if "rror" in line]
            expected = {"refused": lines[0].removeprefix("[ERROR]: ") if lines else text}
        written = json.dumps(expected, indent=1, ensure_ascii=False, sort_keys=True)
        written = written.replace(str(out), "OUT").replace(str(case), "CASE")
        (case / "expected.json").write_text(written + "\n")
        return case.name, done.returncode, text if os.environ.get("VERBOSE") else ""


def main():
    wanted = sys.argv[1:] or sorted(p.parent.name for p in HERE.glob("*/playbook.yml"))
    with tempfile.TemporaryDirectory() as plugins:
        pathlib.Path(plugins, "record.py").write_text(CALLBACK)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, code, text in pool.map(lambda name: record(HERE / name, plugins), wanted):
                print(f"{name}: exit {code}\n{text}".strip(), flush=True)


main()
