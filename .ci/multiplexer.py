"""A balancer in small: carries the calls of its clients over one connection to the server.

It validates nothing: headers reach the server as they came. Beside the calls of its clients it sends odd ones, one for
each `every` of theirs. When the server closes the connection it counts that, fails the calls of that connection as
RFC 9113 says, and opens another one, as a balancer does.
"""

import asyncio
import collections
import itertools
import struct

import hpack

from frames import (
    ACK, CONTINUATION, DATA, DEFAULT_WINDOW, END_HEADERS, END_STREAM, GOAWAY, HEADERS, INITIAL_WINDOW_SIZE, MAX_WINDOW, PING,
    PREFACE, REFUSED_STREAM, RST_STREAM, SETTINGS, WINDOW_UPDATE, block, decoded, frame, headers, reset, settings, split,
    unpadded, widest_window,
)  # fmt: skip

INTERNAL_ERROR = 2

# Wide enough for every answer, and may be narrowed and widened again without an overflow.
WINDOW = 2**20

# Odd calls may take as many of the server's 100 as the clients leave.
STREAMS_PER_CLIENT = 60
ODD_CALLS_AT_ONCE = 20
LONGEST_CALL_SECONDS = 10


class Call:
    """One odd call on the connection that everyone shares; its end is `grpc N`, `http N`, `reset N` or `lost`."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.id = upstream.next_stream(self)
        self.ended = asyncio.get_running_loop().create_future()
        self.answered = asyncio.get_running_loop().create_future()
        self.status = None
        self.data = b""

    def send(self, *frames):
        self.upstream.write(b"".join(frames))

    def cancel(self, *frames):
        """The last frames of a call that its own side resets."""
        self.send(*frames, reset(self.id))
        self.upstream.forget(self.id)
        self.end("cancelled")

    def end(self, how):
        if not self.ended.done():
            self.ended.set_result(how)

    def receive(self, kind, flags, payload):
        if not self.answered.done():
            self.answered.set_result(True)
        if kind == DATA:
            self.data += payload
        fields = decoded(unpadded(flags, payload)) if kind == HEADERS else {}
        self.status = fields.get(":status", self.status)
        if kind == RST_STREAM:
            self.end(f"reset {struct.unpack('>I', payload)[0]}")
        elif flags & END_STREAM:
            self.end(f"grpc {fields['grpc-status']}" if "grpc-status" in fields else f"http {self.status}")

    def lost(self, refused):
        self.end("lost")


class Upstream(asyncio.Protocol):
    """The connection to the server."""

    def __init__(self, owner):
        self.owner = owner
        self.streams = {}
        self.next_id = 1
        self.window = DEFAULT_WINDOW
        self.waiting = collections.deque()
        self.last = None
        self.reason = "FIN without GOAWAY"
        self.acknowledged = asyncio.Event()

    def connection_made(self, transport):
        self.transport = transport
        self.buffer = bytearray()
        # Without a table on the server's side, its header blocks mean the same on every connection.
        self.transport.write(PREFACE + settings(header_table_size=0, window=WINDOW) + widest_window())

    def next_stream(self, receiver):
        stream = self.next_id
        self.next_id += 2
        self.streams[stream] = receiver
        return stream

    def forget(self, stream):
        self.streams.pop(stream, None)

    def write(self, data):
        if not self.transport.is_closing():
            self.transport.write(data)

    def write_data(self, flags, stream, payload):
        """Keeps to the window of the connection: a server that does not give it back stops everyone."""
        self.waiting.append((flags, stream, payload))
        self._flush()

    def _flush(self):
        while self.waiting and len(self.waiting[0][2]) <= self.window:
            flags, stream, payload = self.waiting.popleft()
            self.window -= len(payload)
            self.write(frame(DATA, flags, stream, payload))

    def data_received(self, data):
        self.buffer += data
        for kind, flags, stream, payload in split(self.buffer):
            if kind in (DATA, HEADERS, CONTINUATION, RST_STREAM):
                receiver = self.streams.get(stream)
                if receiver is not None:
                    if kind == RST_STREAM or flags & END_STREAM:
                        self.forget(stream)
                    receiver.receive(kind, flags, payload)
            elif kind == SETTINGS:
                if flags & ACK:
                    self.acknowledged.set()
                else:
                    self.write(frame(SETTINGS, ACK, 0))
            elif kind == PING and not flags & ACK:
                self.write(frame(PING, ACK, 0, payload))
            elif kind == WINDOW_UPDATE and stream == 0:
                self.window += struct.unpack(">I", payload)[0]
                self._flush()
            elif kind == GOAWAY:
                self.last, code = struct.unpack(">II", payload[:8])
                self.reason = f"GOAWAY {self.last}, error {code}, {payload[8:].decode(errors='replace')!r}"
                self.go_away()

    def go_away(self):
        self.transport.close()

    def connection_lost(self, exc):
        streams, self.streams = self.streams, {}
        for stream, receiver in streams.items():
            receiver.lost(self.last is not None and stream > self.last)
        self.owner.upstream_lost(self.reason, len(streams))


class _Carried:
    """One call of a client, on its way."""

    def __init__(self, client, stream):
        self.client = client
        self.stream = stream
        self.sent = self.received = False

    def receive(self, kind, flags, payload):
        self.client.transport.write(frame(kind, flags, self.stream, payload))
        if kind == RST_STREAM or flags & END_STREAM:
            self.received = True
            if kind == RST_STREAM or self.sent:
                self.client.calls.pop(self.stream, None)

    def lost(self, refused):
        self.client.calls.pop(self.stream, None)
        self.client.transport.write(reset(self.stream, REFUSED_STREAM if refused else INTERNAL_ERROR))


class _Client(asyncio.Protocol):
    """The connection of a client."""

    def __init__(self, owner):
        self.owner = owner
        self.calls = {}
        self.decoder = hpack.Decoder()
        self.decoder.max_header_list_size = MAX_WINDOW
        self.buffer = bytearray()
        self.preface = len(PREFACE)
        self.block = b""
        self.block_flags = 0

    def connection_made(self, transport):
        self.transport = transport
        self.owner.clients.add(self)
        transport.write(settings(max_streams=STREAMS_PER_CLIENT, window=WINDOW) + widest_window())

    def connection_lost(self, exc):
        self.owner.clients.discard(self)
        for upstream, stream, _ in self.calls.values():
            upstream.write(reset(stream))
            upstream.forget(stream)

    def data_received(self, data):
        self.buffer += data
        if self.preface:
            if len(self.buffer) < self.preface:
                return
            del self.buffer[: self.preface]
            self.preface = 0
        for kind, flags, stream, payload in split(self.buffer):
            if kind == HEADERS:
                self.block, self.block_flags = unpadded(flags, payload), flags
            elif kind == CONTINUATION:
                self.block += payload
            if kind in (HEADERS, CONTINUATION):
                if flags & END_HEADERS:
                    self._call(stream, self.block_flags & END_STREAM)
            elif kind == DATA:
                self._data(flags, stream, payload)
            elif kind == RST_STREAM:
                upstream, theirs, _ = self.calls.pop(stream, (None, None, None))
                if upstream:
                    upstream.write(frame(RST_STREAM, 0, theirs, payload))
                    upstream.forget(theirs)
            elif kind == SETTINGS and not flags & ACK:
                self.transport.write(frame(SETTINGS, ACK, 0))
            elif kind == PING and not flags & ACK:
                self.transport.write(frame(PING, ACK, 0, payload))

    def _call(self, stream, end):
        fields = self.decoder.decode(self.block, raw=True)
        upstream = self.owner.upstream
        if upstream.transport.is_closing():
            self.transport.write(reset(stream, REFUSED_STREAM))
            return
        carried = _Carried(self, stream)
        carried.sent = bool(end)
        theirs = upstream.next_stream(carried)
        self.calls[stream] = upstream, theirs, carried
        upstream.write(headers(theirs, block(fields), end))
        self.owner.count_call()

    def _data(self, flags, stream, payload):
        upstream, theirs, carried = self.calls.get(stream, (None, None, None))
        if upstream:
            upstream.write_data(flags, theirs, payload)
            if flags & END_STREAM:
                carried.sent = True
                if carried.received:
                    self.calls.pop(stream)


class Multiplexer:
    """Listens on `port`; `odd` are functions of a Call by name, sent in turn."""

    def __init__(self, server, tls=None, odd=None, every=20, burst=0, burst_call=None):
        self.server, self.tls = server, tls
        self.odd = itertools.cycle((odd or {}).items())
        self.has_odd = bool(odd)
        self.every, self.burst, self.burst_call = every, burst, burst_call
        self.clients = set()
        self.calls = self.odd_calls = self.odd_open = 0
        self.closed = []
        self.ends = collections.defaultdict(collections.Counter)
        self.tasks = set()
        self.stopping = False

    async def __aenter__(self):
        await self._connect()
        await self._send_burst()
        loop = asyncio.get_running_loop()
        self.listener = await loop.create_server(lambda: _Client(self), "127.0.0.1", 0)
        self.port = self.listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *failure):
        self.listener.close()
        while self.tasks:
            await asyncio.wait(self.tasks)
        self.stopping = True
        for client in list(self.clients):
            client.transport.close()
        self.upstream.transport.close()

    async def _connect(self):
        loop = asyncio.get_running_loop()
        name = "localhost" if self.tls else None
        _, self.upstream = await loop.create_connection(
            lambda: Upstream(self), "127.0.0.1", self.server, ssl=self.tls, server_hostname=name
        )

    async def _send_burst(self):
        """In the flight of the preface: the server's SETTINGS cannot have been read yet."""
        calls = [Call(self.upstream) for _ in range(self.burst)]
        self.upstream.write(b"".join(self.burst_call(call.id) for call in calls))
        if calls:
            await asyncio.wait([call.ended for call in calls], timeout=LONGEST_CALL_SECONDS)
        for call in calls:
            self.ends["one of too many in the first flight"][call.ended.result() if call.ended.done() else "no end"] += 1

    def upstream_lost(self, reason, calls):
        if not self.stopping:
            self.closed.append(f"{reason}, {calls} calls lost")
            for client in self.clients:
                client.transport.pause_reading()
            self._spawn(self._reconnect())

    async def _reconnect(self):
        await self._connect()
        for client in self.clients:
            client.transport.resume_reading()

    def count_call(self):
        self.calls += 1
        if self.has_odd and self.calls % self.every == 0 and self.odd_open < ODD_CALLS_AT_ONCE:
            self.odd_calls += 1
            self.odd_open += 1
            self._spawn(self._odd(*next(self.odd)))

    def _spawn(self, work):
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _odd(self, name, send):
        try:
            end = await asyncio.wait_for(self._end(send), LONGEST_CALL_SECONDS)
        except asyncio.TimeoutError:
            end = "no end"
        self.ends[name][end] += 1
        self.odd_open -= 1

    async def _end(self, send):
        # No other call may take a number before the first frame of this one has left: nothing waits between the two.
        call = Call(self.upstream)
        await send(call)
        return await call.ended
