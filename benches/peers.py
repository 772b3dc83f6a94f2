"""The same work by netmiko or scrapli, one thread a device.

    peers.py NAME PORT USER KEY SHOWS LINES HOST…      with `;` between commands
"""

import concurrent.futures, json, os, sys


def netmiko(host, port, user, key, shows, lines):
    import netmiko
    with netmiko.ConnectHandler(device_type="cisco_ios", host=host, port=port, username=user, use_keys=True, key_file=key,
                                fast_cli=True) as device:
        if lines:
            device.send_config_set(lines)
        return [device.send_command(show, read_timeout=60) for show in shows]


def scrapli(host, port, user, key, shows, lines):
    import scrapli
    device = scrapli.Cli(
        host, port=port, definition_file_or_name="cisco_iosxe",
        auth_options=scrapli.AuthOptions(username=user, private_key_path=key, lookups=[]),
        transport_options=scrapli.TransportSsh2Options(), session_options=scrapli.SessionOptions(operation_timeout_s=60))
    with device:
        if lines:
            device.send_inputs(lines, requested_mode="configuration")
        return [device.send_input(show, requested_mode="privileged_exec").result for show in shows]


def main():
    name, port, user, key, shows, lines, *hosts = sys.argv[1:]
    work = {"netmiko": netmiko, "scrapli": scrapli}[name]
    split = lambda text: [part for part in text.split(";") if part]
    with concurrent.futures.ThreadPoolExecutor(len(hosts)) as pool:
        jobs = [pool.submit(work, host, int(port), user, key, split(shows), split(lines)) for host in hosts]
        outputs = [job.result() for job in jobs]
    # For those who want to see what came, and not how long it took.
    if os.environ.get("PEERS_PRINT"):
        print(json.dumps(outputs))


if __name__ == "__main__":
    main()
