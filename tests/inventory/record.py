"""Records what Ansible says about every inventory beside this file; see record.sh.

For each folder with a `case.json` (sources, the playbook's folder, patterns, extra variables, enabled plugins) writes `expected.json`:
what `ansible-inventory --list`, `--graph` and `--graph --vars` print, the hosts of every group, the variables of the
implicit localhost, and the hosts that every pattern chooses; with `"toml": true` in the case also what `--toml` and
`--toml --export` print, read again as data. Where Ansible refuses a source, only `refused`.
"""

import json
import os
import sys
import tomllib

os.environ["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"] = "1"
os.environ.pop("ANSIBLE_CONFIG", None)
os.environ["ANSIBLE_DEPRECATION_WARNINGS"] = "0"

from ansible import constants, context  # noqa: E402
from ansible.cli import CLI  # noqa: E402
from ansible.cli.inventory import InventoryCLI  # noqa: E402
from ansible.errors import AnsibleError  # noqa: E402
from ansible.inventory.manager import InventoryManager  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.parsing.vault import VaultSecretsContext  # noqa: E402
from ansible.utils.context_objects import CLIArgs  # noqa: E402
from ansible.vars.manager import VariableManager  # noqa: E402

# Ansible walks some groups in the order of their addresses in memory: what differs between so many tries has no order.
TRIES = 6


def load(case, *more):
    args = ["ansible-inventory", "--list"]
    for source in case["sources"]:
        args += ["-i", source]
    if "playbook_dir" in case:
        args += ["--playbook-dir", case["playbook_dir"]]
    if "extra" in case:
        args += ["-e", json.dumps(case["extra"])]
    if "enabled" in case:
        constants.INVENTORY_ENABLED = case["enabled"]
    cli = InventoryCLI(args + list(more))
    cli.parse()
    cli.loader = DataLoader()
    if context.CLIARGS["basedir"]:
        cli.loader.set_basedir(context.CLIARGS["basedir"])
    cli.inventory = InventoryManager(loader=cli.loader, sources=context.CLIARGS["inventory"])
    cli.vm = VariableManager(cli.loader, cli.inventory, CLI.version_info(gitinfo=False))
    return cli


def answers(case):
    cli = load(case)
    top = cli._get_group("all")
    out = {"list": json.loads(cli.dump(cli.json_inventory(top)))}
    out["graph"] = "\n".join(cli._graph_group(top))
    out["localhost"] = json.loads(cli.dump(cli._get_host_variables(cli.inventory.get_host("localhost"))))
    # The path of the interpreter that runs Ansible: no part of the inventory.
    out["localhost"].pop("ansible_python_interpreter", None)
    out["groups"] = cli.inventory.get_groups_dict()
    out["group_names"] = {h.name: h.get_magic_vars()["group_names"] for h in cli.inventory.hosts.values()}
    out["hosts"] = {h.name: json.loads(cli.dump(cli._get_host_variables(h))) for h in cli.inventory.hosts.values()}
    out["patterns"] = {}
    cli = load(case)
    for pattern in case.get("patterns", []):
        # Else the implicit localhost would keep the name under which it was asked for first.
        data = cli.inventory._inventory
        if data.localhost is not None and data.localhost.implicit:
            data.localhost = None
        cli.inventory.clear_caches()
        try:
            chosen = [getattr(h, "name", h) for h in cli.inventory.list_hosts(pattern)]
        except (AnsibleError, IndexError):
            chosen = None
        out["patterns"][pattern] = chosen
    plain = context.CLIARGS
    context.CLIARGS = CLIArgs({**plain, "show_vars": True})
    try:
        out["graph_vars"] = "\n".join(cli._graph_group(cli._get_group("all")))
    except AnsibleError:
        pass  # It would have to decrypt.
    context.CLIARGS = plain
    if case.get("toml"):
        for part, export in (("toml", False), ("toml_export", True)):
            context.CLIARGS = CLIArgs({**plain, "toml": True, "export": export})
            out[part] = tomllib.loads(cli.dump(cli.toml_inventory(top)))
        context.CLIARGS = plain
    return out


def same(all_tries):
    """Merges the lists of several tries: one that differs is sorted and marked."""
    first = all_tries[0]
    if all(one == first for one in all_tries):
        return first
    return {"unordered": sorted(first)}


def record(folder):
    os.chdir(folder)
    with open("case.json") as f:
        case = json.load(f)
    try:
        tries = [answers(case) for _ in range(TRIES)]
    except AnsibleError as error:
        return {"refused": type(error).__name__}
    out = tries[0]
    for part in ("groups", "patterns"):
        out[part] = {key: same([one[part][key] for one in tries]) for key in out[part]}
    return out


def main(root, wanted):
    VaultSecretsContext.initialize(VaultSecretsContext([]))
    for name in sorted(os.listdir(root)):
        folder = os.path.join(root, name)
        if not os.path.exists(os.path.join(folder, "case.json")) or (wanted and name not in wanted):
            continue
        # A process each: Ansible remembers files of variables by their path.
        pid = os.fork()
        if pid == 0:
            out = record(folder)
            with open(os.path.join(folder, "expected.json"), "w") as f:
                json.dump(out, f, indent=1, sort_keys=True, ensure_ascii=False)
                f.write("\n")
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if status:
            sys.exit(f"recording {name} failed")


main(os.path.dirname(os.path.abspath(__file__)), sys.argv[1:])
