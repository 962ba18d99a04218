"""Starts the built jar on a free port, for checks that talk to it."""

import contextlib
import os
import subprocess


def java():
    home = os.environ.get("JAVA_HOME")
    return os.path.join(home, "bin", "java") if home else "java"


@contextlib.contextmanager
def running_server(conf='{"port": 0}', jvm=()):
    """Yields (port, process); ends the server by its own process, and checks that it ends well."""
    process = subprocess.Popen(
        [java(), *jvm, "-jar", "target/user-service.jar", "dev.userservice.UserVerticle", "--conf", conf],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        first = process.stdout.readline()
        assert first.startswith("gRPC Server started on port "), first
        assert process.stdout.readline() == "Server is ready to accept requests...\n"
        yield int(first.split()[-1]), process
        process.terminate()
        assert process.wait(timeout=30) == 0, f"the server ended with {process.returncode}"
    finally:
        process.kill()
        process.wait()
