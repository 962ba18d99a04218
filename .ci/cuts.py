"""The cuts of `network_cut.py`, and what has to hold during each and after it.

Servers are numbers from 0, and letters where they are printed. A cut is the set of the (sender, receiver) that it
stops, and `change_routes` adds and deletes it.
"""

import random
import sys
import threading
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import combinations, count, permutations

import grpc

from checks import check
from directory_checks import pb, rpc, user

PATIENCE_SECONDS = 60
DEADLINE_SECONDS = 5
RECENT_USERS = 20

# Of the callers during cuts in all shapes.
SHORT_DEADLINE_SECONDS = 2
CUT_SECONDS = 4
MENDED_SECONDS = 4
PAUSE_SECONDS = 0.05
ALLOWED = "OK", "UNAVAILABLE", "DEADLINE_EXCEEDED"


class Users:
    """Calls every server, and keeps what was acknowledged. Any thread may use it."""

    def __init__(self, servers):
        self.stubs = [rpc.UserServiceStub(grpc.insecure_channel(server)) for server in servers]
        self.servers = range(len(servers))
        self.deadline_seconds = DEADLINE_SECONDS
        self.acknowledged = {}
        self.recent = deque(maxlen=RECENT_USERS)
        self.newest = 0
        self.faults = []
        self.numbers = count()

    def create(self, server, name="user"):
        """Adds a user whose address no other call has used; returns the status."""
        return self.create_with(server, f"{name}{next(self.numbers)}@example.com")

    def create_with(self, server, email):
        before = self.newest
        try:
            created = self.stubs[server].CreateUser(user("Cut", email, 1), timeout=self.deadline_seconds).user_id
        except grpc.RpcError as error:
            return error.code().name
        if self.acknowledged.setdefault(created, email) != email:
            self.fault(server, f"gave id {created} to {email} and to {self.acknowledged[created]}")
        if created <= before:
            self.fault(server, f"gave id {created}, and {before} was acknowledged before the call")
        self.newest = max(self.newest, created)
        self.recent.append((created, email))
        return "OK"

    def get(self, server, user_id):
        """Returns the address, or the status of the error."""
        try:
            return self.stubs[server].GetUser(pb.GetUserRequest(user_id=user_id), timeout=self.deadline_seconds).email
        except grpc.RpcError as error:
            return error.code().name

    def listed(self, server):
        try:
            listed = self.stubs[server].ListUsers(pb.ListUsersRequest(), timeout=PATIENCE_SECONDS)
            return [(user.user_id, user.email) for user in listed]
        except grpc.RpcError as error:
            sys.exit(f"{letter(server)} lists no users: {error.code().name} {error.details()}")

    def fault(self, server, what):
        self.faults.append(f"{datetime.now():%H:%M:%S.%f} {letter(server)} {what}")

    def check_kept(self):
        """Holds at any time while all servers are connected; callers may go on meanwhile."""
        acknowledged = set(self.acknowledged.copy().items())
        lists = [self.listed(server) for server in self.servers]
        for server, listed in zip(self.servers, lists):
            at = f"at {letter(server)}"
            check(f"missing {at}", acknowledged - set(listed), set())
            ids = [user_id for user_id, _ in listed]
            check(f"ids without a gap {at}", ids == list(range(1, len(listed) + 1)), True)
            check(f"addresses given twice {at}", repeated(email for _, email in listed), [])
            check(f"other users {at} than at A", [pair for pair in zip(lists[0], listed) if pair[0] != pair[1]], [])
        check("faults", self.faults, [])
        return lists


def letter(server):
    return "ABCDE"[server]


def repeated(those):
    return [one for one, times in Counter(those).items() if times > 1]


def wait_for(answer, expected):
    """Returns the last answer: the expected one, unless patience ends before."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (found := answer()) != expected and time.monotonic() < end:
        time.sleep(PAUSE_SECONDS)
    return found


def apart(*groups):
    """Servers of different groups do not hear each other; a server in no group hears all."""
    return {(a, b) for one, other in permutations(groups, 2) for a in one for b in other}


def cut_once(users, change_routes):
    for i in range(30):
        check("before the cut", users.create(i % 3), "OK")
    known, address = min(users.acknowledged.items())

    cut = apart((0, 1), (2,))
    change_routes("add", cut)
    with ThreadPoolExecutor(len(users.servers)) as callers:

        def race():
            email = f"race{next(users.numbers)}@example.com"
            ends = list(callers.map(lambda server: users.create_with(server, email), users.servers))
            assert ends.count("OK") <= 1, f"{email} given twice: {ends}"
            return users.get(2, known)

        check("the smaller part stops reading in time", wait_for(race, "UNAVAILABLE"), "UNAVAILABLE")
    check("the smaller part creates", users.create(2), "UNAVAILABLE")
    check("the larger part creates in time", wait_for(lambda: users.create(0), "OK"), "OK")
    check("the larger part reads", users.get(1, known), address)

    change_routes("delete", cut)
    check("the smaller part reads in time", wait_for(lambda: users.get(2, known), address), address)
    check("all create again", [users.create(server) for server in users.servers], ["OK"] * 3)
    check("as many users on all", len(set(map(len, users.check_kept()))), 1)


def shapes_of(servers):
    """Cuts by their names."""
    shapes = {}

    def add_parts(*groups):
        shapes[" | ".join("".join(map(letter, group)) for group in groups)] = apart(*groups)

    def others(*those):
        return [server for server in servers if server not in those]

    def halves_without(server):
        rest = others(server)
        return rest[: len(rest) // 2], rest[len(rest) // 2 :]

    for size in range(1, len(servers) // 2 + 1):
        for group in combinations(servers, size):
            add_parts(group, others(*group))
    if len(servers) == 5:
        for server in servers:
            add_parts([server], *halves_without(server))
        shapes["ring"] = {(a, b) for a, b in permutations(servers, 2) if abs(a - b) in (2, 3)}
    add_parts(*([server] for server in servers))
    for server in servers:
        shapes[f"{letter(server)} is the bridge"] = apart(*halves_without(server))
        shapes[f"{letter(server)} is not heard"] = {(server, other) for other in others(server)}
        shapes[f"{letter(server)} does not hear"] = {(other, server) for other in others(server)}
    return shapes


def without_majority(servers, cut):
    """Servers that reach no majority, not even through others, by connections that work both ways."""

    def reached(server):
        found = {server}
        while more := {b for a in found for b in servers if not cut & {(a, b), (b, a)}} - found:
            found |= more
        return found

    return [server for server in servers if len(reached(server)) <= len(servers) // 2]


class Callers:
    """Create users through every server, and read there those just acknowledged anywhere, until `stop`.

    `created` and `read` have the calls that succeeded: server, begin and end.
    """

    def __init__(self, users):
        self.users = users
        self.created = []
        self.read = []
        self.stopping = threading.Event()
        kinds = [(self._create, self.created), (self._read, self.read), (self._read, self.read)]
        calls = [(server, *kind) for server in users.servers for kind in kinds]
        self.threads = [threading.Thread(target=self._repeat, args=call, daemon=True) for call in calls]
        for thread in self.threads:
            thread.start()

    def _repeat(self, server, call, succeeded):
        while not self.stopping.wait(PAUSE_SECONDS):
            begun = time.monotonic()
            if call(server):
                succeeded.append((server, begun, time.monotonic()))

    def _create(self, server):
        status = self.users.create(server)
        if status not in ALLOWED:
            self.users.fault(server, f"answers a new address with {status}")
        return status == "OK"

    def _read(self, server):
        user_id, email = random.choice(self.users.recent)
        found = self.users.get(server, user_id)
        if found not in (email, *ALLOWED):
            self.users.fault(server, f"answers user {user_id} with {found}, not with {email}")
        return found == email

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(PATIENCE_SECONDS)


def counted(calls, begin, end):
    """Returns the number of calls to each server that began and succeeded within that time."""
    return Counter(server for server, begun, ended in calls.copy() if begin < begun and ended < end)


def by_letter(servers, counts):
    return ", ".join(f"{letter(server)} {counts[server]}" for server in servers)


def cut_in_all_shapes(users, change_routes):
    check("before all cuts", [users.create(server) for server in users.servers], ["OK"] * len(users.servers))
    users.deadline_seconds = SHORT_DEADLINE_SECONDS
    callers = Callers(users)
    try:
        for name, cut in shapes_of(users.servers).items():
            cut_in_shape(name, cut, users, callers, change_routes)
    finally:
        callers.stop()
    check("as many users on all", len(set(map(len, users.check_kept()))), 1)


def cut_in_shape(name, cut, users, callers, change_routes):
    change_routes("add", cut)
    begun = time.monotonic()
    time.sleep(CUT_SECONDS)
    created, read = (counted(calls, begun, time.monotonic()) for calls in (callers.created, callers.read))
    change_routes("delete", cut)

    mended = time.monotonic()
    seconds = seconds_until_all_answer(users, mended)
    time.sleep(max(0, mended + MENDED_SECONDS - time.monotonic()))
    print(
        f"{name}: acknowledged {by_letter(users.servers, created)}; read {by_letter(users.servers, read)}; "
        f"all answer {seconds:.1f} s after the mend; {len(users.acknowledged)} users",
        flush=True,
    )
    alone = without_majority(users.servers, cut)
    check(f"{name}: acknowledged without a majority", {letter(i): created[i] for i in alone if created[i]}, {})
    users.check_kept()


def seconds_until_all_answer(users, begin):
    known, address = random.choice(users.recent)

    def ask(server):
        answers = wait_for(lambda: users.create(server), "OK"), wait_for(lambda: users.get(server, known), address)
        return answers, time.monotonic() - begin

    with ThreadPoolExecutor(len(users.servers)) as asking:
        ends = list(asking.map(ask, users.servers))
    check("all answer in time", [answers for answers, _ in ends], [("OK", address)] * len(ends))
    return max(seconds for _, seconds in ends)
