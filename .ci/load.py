"""Callers without a pause, while something happens to their server."""

import threading
import time

import grpc

from databases import PATIENCE_SECONDS, wait_until
from directory_checks import stub_of, user

PAUSE_SECONDS = 0.01


class Load:
    """Creates users. Each caller has a connection of its own, and a deadline for each call. Runs until `stop`."""

    def __init__(self, port, callers, deadline_seconds):
        self.answered = []
        self.failed = []
        self.deadline_seconds = deadline_seconds
        self.numbers = iter(range(1_000_000))
        self.stopping = False
        self.threads = [threading.Thread(target=self._call, args=(port,)) for _ in range(callers)]
        for thread in self.threads:
            thread.start()

    def _call(self, port):
        with stub_of(port) as stub:
            while not self.stopping:
                try:
                    self.answered.append(self.once(stub))
                except grpc.RpcError as error:
                    self.failed.append((error.code().name, error.details()))
                    time.sleep(PAUSE_SECONDS)

    def once(self, stub):
        email = f"user{next(self.numbers)}@example.com"
        return stub.CreateUser(user("Load", email, 1), timeout=self.deadline_seconds)

    def await_more(self, what, those, count):
        """Waits until so many more are in `answered` or `failed`."""
        wanted = len(those) + count
        wait_until(what, lambda: len(those) >= wanted)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(PATIENCE_SECONDS)
