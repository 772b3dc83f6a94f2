#!/usr/bin/env python3
"""Asks devices through netmiko and scrapli, for what netplay makes of the same answers to be held against.

    ask.py JOBS      a JSON file: a list of {library, kind, host, port, user, password or key, commands}

Prints a JSON list with the answers of each job. All jobs run at the same time, so that they take as long as the slowest.
"""

import concurrent.futures, json, sys, time

# A simulator that has just been started may still refuse a login; what was wrong is shown when it stays so.
ATTEMPTS = 3


def netmiko(job):
    import netmiko
    login = {"use_keys": True, "key_file": job["key"]} if "key" in job else {"password": job["password"]}
    with netmiko.ConnectHandler(device_type=job["kind"], host=job["host"], port=job["port"], username=job["user"],
                                fast_cli=True, conn_timeout=30, auth_timeout=30, banner_timeout=30, **login) as device:
        if job.get("enable"):
            device.enable()
        return [device.send_command(command, read_timeout=60) for command in job["commands"]]


def scrapli(job):
    import scrapli
    login = {"private_key_path": job["key"]} if "key" in job else {"password": job["password"]}
    device = scrapli.Cli(
        job["host"], port=job["port"], definition_file_or_name=job["kind"],
        auth_options=scrapli.AuthOptions(username=job["user"], lookups=[], **login),
        transport_options=scrapli.TransportSsh2Options(), session_options=scrapli.SessionOptions(operation_timeout_s=60))
    with device:
        mode = {"requested_mode": job["mode"]} if "mode" in job else {}
        return [device.send_input(command, **mode).result for command in job["commands"]]


def answer(job):
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return {"netmiko": netmiko, "scrapli": scrapli}[job["library"]](job)
        except Exception as error:
            if attempt == ATTEMPTS:
                return f"{type(error).__name__}: {error}"
            time.sleep(attempt)


def main():
    with open(sys.argv[1]) as file:
        jobs = json.load(file)
    with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
        print(json.dumps(list(pool.map(answer, jobs))))


main()
