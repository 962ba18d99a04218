"""One bad call hurts one call: stock clients make 10,000 calls on one connection beside odd ones.

Python, Node, Go and Java, in plaintext and over TLS: through a multiplexer that adds a catalogue of odd calls to their
connection (odd_frames.py), and directly, with the odd calls that each can make itself. Further, more calls than
limits.streamsPerConnection, and a pause of the server that deadlines pass in. Ends with "Odd calls: N passed, 0 failed".

Languages may be given as arguments: python, node, go, java.
"""

import asyncio
import collections
import json
import os
import signal
import ssl
import subprocess
import sys
import time

import odd_frames
from checks import check, passed
from multiplexer import Multiplexer
from relay import Relay
from server import running_server
from stock_clients import CLIENTS, call, path

CALLS = int(os.environ.get("ODD_CALLS", "10000"))
EVERY = 20
PAUSE_SECONDS = 0.5


def make_certificate():
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        + ["-keyout", path("key.pem"), "-out", path("certificate.pem")],
        check=True,
        capture_output=True,
    )
    return {"certificateFile": path("certificate.pem"), "keyFile": path("key.pem")}


def compare(what, found, calls, **more):
    """Every call has ended OK, also those with only odd metadata."""
    print(f"{what}: {found['ok']} calls in {found['seconds']:.1f} s", *(f"{value} {name}" for name, value in more.items()), sep=", ")
    check(f"failed calls, {what}", found["failed"], {})
    check(f"calls, {what}", found["ok"], calls)
    if "space" in found["odd"]:
        check(f"metadata with spaces, {what}", list(found["odd"]["space"]), ["OK"])


async def beside_odd_frames(name, command, port, tls):
    what = f"{name}, through the multiplexer, {'TLS' if tls else 'plaintext'}"
    context = None
    if tls:
        context = ssl.create_default_context(cafile=path("certificate.pem"))
        context.set_alpn_protocols(["h2"])
    async with Multiplexer(port, context, odd_frames.CALLS, EVERY, 150, odd_frames.good) as proxy:
        found = await call(command, proxy.port, CALLS)
    compare(what, found, CALLS, odd=proxy.odd_calls, connections_lost=len(proxy.closed))
    check(f"connections that the server closed, {what}", proxy.closed, [])
    ends = proxy.ends
    check(f"odd calls without an end, {what}", [name for name in ends if {"lost", "no end"} & ends[name].keys()], [])
    taken = {name: ends[name] for name in odd_frames.TAKEN if ends[name].keys() - {"grpc 0"}}
    check(f"odd calls that are refused for nothing, {what}", taken, {})
    if CALLS >= EVERY * len(odd_frames.CALLS):
        check(f"kinds of odd calls, {what}", odd_frames.CALLS.keys() - ends.keys(), set())


async def beside_its_own(name, command, port, tls):
    what = f"{name}, directly, {'TLS' if tls else 'plaintext'}"
    async with Relay(port) as relay:
        found = await call(command, relay.port, CALLS, every=EVERY, authority=path("certificate.pem") if tls else None)
    compare(what, found, CALLS, odd=sum(sum(ends.values()) for ends in found["odd"].values()), connections=relay.connections)
    check(f"connections, {what}", relay.connections, 1)


async def over_the_limit(name, command, port):
    what = f"{name}, 100 at a time where 10 may be"
    compare(what, await call(command, port, 1_000, at_once=100, channels=10), 1_000)


async def in_one_flight(port):
    """Ten streams are allowed; a hundred come before the server has said so."""
    async with Multiplexer(port, burst=100, burst_call=odd_frames.good) as proxy:
        ends = collections.Counter(proxy.ends["one of too many in the first flight"])
    print(f"100 calls in the first flight where 10 may be: {dict(ends)}")
    check("connections lost by calls in one flight", proxy.closed, [])
    check("ends of calls in one flight", ends.keys() <= {"grpc 0", "reset 7"}, True)
    check("calls answered in one flight", ends["grpc 0"] >= 10, True)


async def over_a_pause(name, command, port, process):
    """Deadlines pass while the server stands still; its answers find their callers gone."""
    what = f"{name}, over pauses of the server"
    async with Relay(port) as relay:
        running = asyncio.ensure_future(call(command, relay.port, CALLS, every=EVERY))
        while relay.connections == 0 and not running.done():
            await asyncio.sleep(0.01)
        for _ in range(3):
            await asyncio.sleep(PAUSE_SECONDS / 2)
            process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(PAUSE_SECONDS)
            process.send_signal(signal.SIGCONT)
        found = await running
    compare(what, found, CALLS, connections=relay.connections)
    check(f"connections, {what}", relay.connections, 1)


def main(names):
    began = time.monotonic()
    commands = {name: CLIENTS[name]() for name in names}
    tls = make_certificate()
    for conf in {"port": 0}, {"port": 0, "tls": tls}:
        with running_server(json.dumps(conf)) as (port, process):
            for name, command in commands.items():
                asyncio.run(beside_odd_frames(name, command, port, "tls" in conf))
                asyncio.run(beside_its_own(name, command, port, "tls" in conf))
                if "tls" not in conf:
                    asyncio.run(over_a_pause(name, command, port, process))
    with running_server(json.dumps({"port": 0, "limits": {"streamsPerConnection": 10}})) as (port, _):
        asyncio.run(in_one_flight(port))
        for name, command in commands.items():
            asyncio.run(over_the_limit(name, command, port))
    print(f"Odd calls: {passed()} passed, 0 failed in {time.monotonic() - began:.0f} s")


main(sys.argv[1:] or list(CLIENTS))
