#!/usr/bin/env python3
"""Records what Ansible's `uri` sends for the cases below and what it makes of the answers.

    tests/http/record_uri.py ANSIBLE_PLAYBOOK > src/module/uri/recorded.json

The unit test of the module feeds the same arguments and answers to ours and compares. Run it again with a newer
ansible-core to see what has changed.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

JSON = [["Content-Type", "application/json"]]
TEXT = [["Content-Type", "text/plain; charset=utf-8"]]


def answer(status, headers=(), body=""):
    return {"status": status, "headers": [list(h) for h in headers], "body": body}


# Name, arguments beside `url`, answer.
CASES = [
    ("get text", {}, answer(200, TEXT, "hello")),
    ("get text with content", {"return_content": True}, answer(200, TEXT, "h\u00e4llo")),
    ("json is read", {}, answer(200, JSON, '{"a": [1, 2.5, null, true], "b": "x"}')),
    ("json by suffix", {"return_content": True}, answer(200, [["Content-Type", "application/yang-data+json"]], "[]")),
    ("json that is none", {"return_content": True}, answer(200, JSON, "<html>")),
    ("no content type", {"return_content": True}, answer(200, [], "x")),
    ("cookies", {}, answer(200, TEXT + [["Set-Cookie", "a=1; Path=/"], ["Set-Cookie", "b=2; Path=/"]], "")),
    ("header names", {}, answer(200, TEXT + [["X-Request-ID", "r-1"], ["X-Two", "a"], ["X-Two", "b"]], "")),
    ("not found", {"return_content": True}, answer(404, JSON, '{"error": "no"}')),
    ("not found is right", {"status_code": [200, 404]}, answer(404, TEXT, "none")),
    ("created is not 200", {"method": "POST"}, answer(201, TEXT, "made")),
    ("created is right", {"method": "POST", "status_code": 201}, answer(201, [["Location", "/x/1"]], "")),
    ("several codes as text", {"status_code": "200,204"}, answer(204, [], "")),
    ("redirect not followed", {"follow_redirects": "none", "status_code": 302},
     answer(302, TEXT + [["Location", "/elsewhere"]], "")),
    ("json body", {"method": "PUT", "body": {"a": 1, "b": ["x", 2.5]}, "body_format": "json"}, answer(200, TEXT, "")),
    ("json text body", {"method": "POST", "body": '{"raw":1}', "body_format": "json"}, answer(200, TEXT, "")),
    ("form body", {"method": "POST", "body": {"a b": "\u00e4&", "l": [1, 2], "t": True}, "body_format": "form-urlencoded"},
     answer(200, TEXT, "")),
    ("form of pairs", {"method": "POST", "body": [["k", "1"], ["k", "2"]], "body_format": "form-urlencoded"},
     answer(200, TEXT, "")),
    ("raw body and own type", {"method": "PATCH", "body": "a b", "headers": {"Content-Type": "text/x", "X-N": 5}},
     answer(200, TEXT, "")),
    ("own type for json", {"method": "POST", "body": {"a": 1}, "body_format": "json",
                           "headers": {"content-type": "application/yang-data+json"}}, answer(200, TEXT, "")),
    ("basic without being asked", {"url_username": "u", "url_password": "Zxq-9", "force_basic_auth": True},
     answer(200, TEXT, "")),
    ("force and agent", {"force": True, "http_agent": "me/1"}, answer(200, TEXT, "")),
    ("delete", {"method": "DELETE", "status_code": [204]}, answer(204, [], "")),
    ("head", {"method": "HEAD"}, answer(200, TEXT, "")),
]

# What says something about the moment or the machine, or is no part of uri's result; `body` is an internal that shows
# through when an error status was expected.
DROPPED = {"body", "invocation", "elapsed", "failed", "warnings", "deprecations", "exception", "date", "server", "connection"}
SENT = {"content-type", "authorization", "cache-control", "user-agent", "x-n", "content-length"}

seen = {}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def handle_one(self):
        number = int(self.path.strip("/"))
        length = int(self.headers.get("Content-Length") or 0)
        fields = {k.lower(): v for k, v in self.headers.items() if k.lower() in SENT}
        seen[number] = {"method": self.command, "headers": fields, "body": self.rfile.read(length).decode()}
        wanted = CASES[number][2]
        body = wanted["body"].encode()
        self.send_response_only(wanted["status"])
        for name, value in wanted["headers"]:
            self.send_header(name, value)
        if wanted["status"] != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_one


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.json")
        tasks = []
        for number, (_, args, _) in enumerate(CASES):
            tasks.append({"ansible.builtin.uri": {"url": f"{base}/{number}", **args}, "register": f"r{number}",
                          "ignore_errors": True})
        names = ", ".join(f"r{number}" for number in range(len(CASES)))
        tasks.append({"ansible.builtin.copy": {"dest": out, "content": "{{ [" + names + "] | to_json }}"}})
        play = os.path.join(folder, "play.json")
        with open(play, "w") as file:
            json.dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], file)
        subprocess.run([sys.argv[1], "-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}", play], check=True, stdout=sys.stderr)
        with open(out) as file:
            results = json.load(file)
    recorded = []
    for number, (name, args, reply) in enumerate(CASES):
        result = {k: v for k, v in results[number].items() if k not in DROPPED}
        text = json.dumps(result).replace(base, "http://lab")
        recorded.append({"name": name, "args": args, "sent": seen[number], "answer": reply,
                         "failed": bool(results[number].get("failed")), "result": json.loads(text)})
    print("[" + ",\n".join(json.dumps(case, sort_keys=True) for case in recorded) + "]")


if __name__ == "__main__":
    main()
