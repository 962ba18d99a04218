"""Statuses as stock clients read them: Debian's Python, with health checking of its own, and grpc-js.

The server compresses. Ends with "Statuses: N passed, 0 failed". Node finds its packages by NODE_PATH.
"""

import json
import os
import subprocess
import sys

import grpc

from checks import check, passed
from directory_checks import pb
from server import running_server

SECONDS = 60
READABLE = "a/b:c, d;e 100 %, \u4e2d\u6587"
LONG = "\u4e2d" * 1_300


def run(*command):
    environment = dict(os.environ, PYTHONPATH=".ci")
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=SECONDS, env=environment)
    check(f"exit code of {command[1]}", done.returncode, 0)
    return done.stdout.strip()


def health_checking(port):
    def first_user(service):
        return run(sys.executable, ".ci/clients/health_checking.py", f"127.0.0.1:{port}", service)

    for service in "", "users.v1.UserService":
        check(f"a call beside the watch of '{service}'", first_user(service), "Alice Johnson")
    check("a call beside the watch of an unknown service", first_user("no.such.Service"), "UNAVAILABLE")


def is_cut(message):
    text = message.removesuffix("...")
    return text != message and len(text) > 100 and f"unknown service {LONG}".startswith(text)


def messages(language, found):
    """Those of READABLE, and of LONG, each with its code."""
    check(f"a status message, {language}", found[0], ["NOT_FOUND", f"unknown service {READABLE}"])
    check(f"the status of a long message, {language}", found[1][0], "NOT_FOUND")
    check(f"a long message is cut at a letter, {language}", is_cut(found[1][1]), True)


def python_messages(port):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        # A HealthCheckRequest has its one text where a CreateUserRequest has the name.
        call = channel.unary_unary("/grpc.health.v1.Health/Check", pb.CreateUserRequest.SerializeToString)
        for service in READABLE, LONG:
            try:
                call(pb.CreateUserRequest(name=service), timeout=SECONDS)
            except grpc.RpcError as error:
                yield [error.code().name, error.details()]


with running_server(json.dumps({"port": 0, "compression": "gzip"})) as (port, _):
    health_checking(port)
    messages("Python", list(python_messages(port)))
    node = json.loads(run("node", ".ci/clients/statuses.js", f"127.0.0.1:{port}"))
    messages("Node", node["messages"])
    check("the status of a batch that Node has cancelled", node["cancelled"], "CANCELLED")
    check("users of that batch: all, or none", node["created"] in (0, 3), True)
print(f"Statuses: {passed()} passed, 0 failed")
