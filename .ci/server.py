"""Starts the built jar on a free port, for checks that talk to it."""

import contextlib
import os
import socket
import subprocess


def java():
    home = os.environ.get("JAVA_HOME")
    return os.path.join(home, "bin", "java") if home else "java"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def lines(log):
    """Returns the log of a server so far, from its file, whose own position stays."""
    with open(log.name, encoding="utf-8") as written:
        return written.read().splitlines()


@contextlib.contextmanager
def running_server(conf='{"port": 0}', jvm=(), log=None, within=()):
    """Yields (port, process); ends the server by its own process, and checks that it ends well. It logs to a file, or here.

    A command that it is started by, such as unshare, has to become it.
    """
    process = subprocess.Popen(
        [*within, java(), *jvm, "-jar", "target/user-service.jar", "dev.userservice.UserVerticle", "--conf", conf],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    try:
        port = None
        for line in process.stdout:
            if line.startswith("gRPC Server started on port "):
                port = int(line.split()[-1])
            if line == "Server is ready to accept requests...\n":
                break
        assert port, "the server did not start"
        yield port, process
        process.terminate()
        assert process.wait(timeout=30) == 0, f"the server ended with {process.returncode}"
    finally:
        process.kill()
        process.wait()
