#!/bin/sh
# Records what Ansible returns for the tasks in cases.json: writes results.json beside it.
# Needs ansible-playbook (ansible-core 2.19 or later) and python3 in PATH.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 - "$here/cases.json" "$work" <<'PYTHON'
import json, os, sys
cases, work = json.load(open(sys.argv[1])), sys.argv[2]
def at(value, folder):
    if isinstance(value, str): return value.replace("{dir}", folder)
    if isinstance(value, list): return [at(v, folder) for v in value]
    if isinstance(value, dict): return {k: at(v, folder) for k, v in value.items()}
    return value
tasks, names = [], []
for number, case in enumerate(cases):
    folder = f"{work}/{number}"
    os.mkdir(folder)
    for path, text in case.get("files", {}).items():
        os.makedirs(os.path.dirname(f"{folder}/{path}"), exist_ok=True)
        open(f"{folder}/{path}", "w").write(text)
    for path, target in case.get("links", {}).items():
        os.symlink(target, f"{folder}/{path}")
    for path in case.get("files", {}):
        os.chmod(f"{folder}/{path}", 0o755 if path.endswith(".sh") else 0o644)
    args = at(case["args"], folder)
    task = {"name": case["name"], "ignore_errors": True, "register": f"r_{number}", "vars": case.get("vars", {})}
    task[case["module"]] = args.pop("_raw_params") if "_raw_params" in args else args
    tasks.append(task)
    names.append(f"{json.dumps(case['name'])}: r_{number}")
content = "{{ {" + ", ".join(names) + "} | to_json }}"
tasks.append({"copy": {"content": content, "dest": f"{work}/all.json"}, "no_log": True})
json.dump([{"hosts": "h1", "connection": "local", "gather_facts": False, "tasks": tasks}], open(f"{work}/play.yml", "w"))
PYTHON
printf 'h1 ansible_connection=local ansible_python_interpreter=%s\n' "$(command -v python3)" >"$work/hosts"
(cd "$work" && umask 022 && ANSIBLE_NOCOLOR=1 ansible-playbook -i hosts play.yml </dev/null >"$work/log" 2>&1) || { cat "$work/log"; exit 1; }
python3 - "$work" "$here/results.json" "$here/cases.json" <<'PYTHON'
import json, os, re, sys
work, out = sys.argv[1:3]
results = json.load(open(f"{work}/all.json"))
cases = json.load(open(sys.argv[3]))
# What differs from run to run and host to host is kept as the name of its type.
VOLATILE = "start end stop delta atime mtime ctime inode dev blocks block_size backup_file version attributes attr_flags".split()
def at(value, key=None):
    if key in VOLATILE and value is not None: return f"<{type(value).__name__}>"
    if isinstance(value, str) and "/.ansible/tmp/" in value: return "{temporary}"
    if isinstance(value, str): return re.sub(re.escape(work) + r"/\d+", "{dir}", value)
    if isinstance(value, list): return [at(v) for v in value]
    if isinstance(value, dict): return {at(k): at(v, k) for k, v in value.items()}
    return value
for result in results.values():
    # What the executor adds, what only a Python traceback can say, and texts of the diff.
    for key in ("invocation", "exception", "diff", "deprecations", "warnings", "failed_when_result"):
        result.pop(key, None)
for number, case in enumerate(cases):
    # The file that a case is about, as it is afterwards.
    path = f"{work}/{number}/f"
    if case["module"] in ("assemble", "lineinfile", "blockinfile", "replace", "template", "copy") and os.path.isfile(path):
        results[case["name"]]["file afterwards"] = open(path, newline="").read()
json.dump(at(results), open(out, "w"), indent=1, sort_keys=True, ensure_ascii=False)
open(out, "a").write("\n")
PYTHON
