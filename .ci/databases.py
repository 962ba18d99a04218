"""A PostgreSQL of Debian's, with files of its own in a folder that ends with the run. Needs root."""

import contextlib
import glob
import json
import os
import shutil
import subprocess
import tempfile
import time

from server import free_port

PATIENCE_SECONDS = 60

BIN = max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))


def wait_until(what, holds):
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.01)


class Database:
    """One PostgreSQL, as the user of that name: it does not run as root."""

    def __init__(self, folder):
        self.data = folder
        self.port = free_port()

    def run(self, tool, *words):
        done = subprocess.run(
            [f"{BIN}/{tool}", *words], user="postgres", group="postgres", cwd="/", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (tool, words, done.stdout, done.stderr)
        return done.stdout.strip()

    def sql(self, text):
        return self.run("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-Atc", text)

    def start(self):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        # Its output goes to a file: a pipe would stay open for as long as the server runs.
        try:
            self.run("pg_ctl", "-D", self.data, "-w", "-l", f"{self.data}.log", "-o", options, "start")
        except AssertionError:
            with open(f"{self.data}.log", encoding="utf-8") as log:
                print(*log.readlines()[-10:], sep="")
            raise

    def kill(self):
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")

    def stop(self):
        if os.path.exists(f"{self.data}/postmaster.pid"):
            self.kill()

    def create(self):
        self.run("initdb", "-D", self.data, "-A", "trust", "-U", "postgres")
        self.start()

    def follow(self, primary):
        """Becomes the standby without which nothing is acknowledged."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.run("pg_basebackup", "-D", self.data, "-R", "-c", "fast", "-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres")
        self.start()
        primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.sql("SELECT pg_reload_conf()")
        wait_until("the standby follows", lambda: primary.sql("SELECT sync_state FROM pg_stat_replication") == "sync")


def server_conf(port):
    """The configuration of a server whose users are in the PostgreSQL behind a port."""
    store = {"host": "127.0.0.1", "port": port, "database": "postgres", "user": "postgres"}
    return json.dumps({"port": 0, "sampleUsers": False, "store": {"type": "postgres", "postgres": store}})


@contextlib.contextmanager
def home():
    """A folder that belongs to the user postgres."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = f"{folder}/postgres"
        os.mkdir(path)
        shutil.chown(path, "postgres", "postgres")
        yield path
