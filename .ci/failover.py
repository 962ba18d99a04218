"""PostgreSQL fails over: the name of the database points to a hot standby, which is promoted later. 30 rounds under a load.

Needs root, and Debian's PostgreSQL. Each round: the relay, which stands for the name, goes over to the standby and cuts
what is open; writes are refused; the primary is killed, and the standby promoted; writes go on; what was the primary is made
anew as the standby. No read fails in any round. Ends with "Failover: N passed, 0 failed".
"""

import asyncio
import contextlib
import os
import tempfile
import threading
import time

from checks import check, passed
from databases import PATIENCE_SECONDS, Database, home, server_conf, wait_until
from directory_checks import pb, stub_of, user
from load import Load
from relay import Relay
from server import lines, running_server

ROUNDS = int(os.environ.get("ROUNDS", "30"))
CALLERS = 4
DEADLINE_SECONDS = 10
BACK_SECONDS = 2
REFUSED = 20
OVER = "writes of the store succeed again"


class Name:
    """The relay, on a thread of its own."""

    def __init__(self, port):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.relay = self._there(Relay(port).__aenter__())
        self.port = self.relay.port

    def _there(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_SECONDS)

    def points_to(self, port):
        async def switch():
            self.relay.server = port
            for side in list(self.relay.open):
                side.close()
            self.relay.open.clear()

        self._there(switch())


class Reads(Load):
    """Reads one user."""

    def __init__(self, port, known):
        self.known = known
        super().__init__(port, 1, DEADLINE_SECONDS)

    def once(self, stub):
        return stub.GetUser(pb.GetUserRequest(user_id=self.known.user_id), timeout=self.deadline_seconds)


def told(words, log):
    return sum(words in line for line in lines(log))


def rounds(primary, standby, name, load, reads, log):
    slowest = 0
    for number in range(1, ROUNDS + 1):
        load.await_more("users are created", load.answered, 50)

        name.points_to(standby.port)
        load.await_more("writes are refused", load.failed, REFUSED)
        before = len(load.answered)
        load.await_more("writes are refused", load.failed, REFUSED)
        check("created on a standby", len(load.answered) - before, 0)
        reads.await_more("users are read from a standby", reads.answered, 1)

        primary.kill()
        standby.sql("SELECT pg_promote()")
        promoted = time.monotonic()
        load.await_more("users are created again", load.answered, 1)
        slowest = max(slowest, time.monotonic() - promoted)
        # The log is written once a second; of two changes within one it would tell none.
        wait_until(f"{OVER}, round {number}", lambda: told(OVER, log) >= number)

        primary, standby = standby, primary
        standby.follow(primary)
    check(f"back within {BACK_SECONDS} s ({slowest:.2f})", slowest < BACK_SECONDS, True)
    return slowest


with home() as folder, contextlib.ExitStack() as ending:
    databases = [Database(f"{folder}/{i}") for i in range(2)]
    for database in databases:
        ending.callback(database.stop)
    databases[0].create()
    databases[1].follow(databases[0])
    name = Name(databases[0].port)
    log = ending.enter_context(tempfile.NamedTemporaryFile("w", encoding="utf-8"))
    with running_server(server_conf(name.port), log=log) as (port, _), stub_of(port) as stub:
        known = stub.CreateUser(user("Known", "known@example.com", 1))
        load, reads = Load(port, CALLERS, DEADLINE_SECONDS), Reads(port, known)
        try:
            slowest = rounds(*databases, name, load, reads, log)
            load.await_more("users are created", load.answered, 50)
        finally:
            load.stop()
            reads.stop()
        check(f"failed reads of {len(reads.answered)}", reads.failed, [])
        check("other users read", [user for user in reads.answered if user != known], [])
        listed = {user.user_id: user for user in stub.ListUsers(pb.ListUsersRequest(), timeout=60)}
        check("what was acknowledged", [user for user in load.answered if listed.get(user.user_id) != user], [])
        check("refusals", {code for code, _ in load.failed} - {"UNAVAILABLE"}, set())
    for words in "writes of the store fail", OVER:
        times = told(words, log)
        # Once for each change: to a database that is gone, to one that only reads, and back.
        check(f"{words}: {times} times in {ROUNDS} rounds", ROUNDS <= times <= 2 * ROUNDS, True)
    check("a stack trace", told("\\tat ", log), 0)
    print(f"Failover: {passed()} passed, 0 failed; back after {slowest:.2f} s at most, {len(load.answered)} users, {told('', log)} lines of log")
