"""A relay for TCP: passes bytes on after a delay each way, and counts connections."""

import asyncio
import contextlib


class _Side(asyncio.Protocol):
    """One of the two connections of a pair. What one side reads the other writes, in order, `delay` seconds later."""

    def __init__(self, delay):
        self.delay = delay
        self.other = None
        self.early = []
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport
        for data in self.early:
            transport.write(data)
        self.early.clear()

    def data_received(self, data):
        self._later(self.other.write, data)

    def eof_received(self):
        self._later(self.other.write, None)
        return True

    def connection_lost(self, exc):
        self._later(self.other.close)

    def _later(self, what, *arguments):
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, what, *arguments)
        else:
            what(*arguments)

    def write(self, data):
        if self.transport is None:
            self.early.append(data)
        elif data is not None:
            self.transport.write(data)
        elif self.transport.can_write_eof() and not self.transport.is_closing():
            with contextlib.suppress(OSError):
                self.transport.write_eof()

    def close(self):
        if self.transport is not None:
            self.transport.close()


class Relay:
    """Listens on `port`; `connections` counts the accepted ones."""

    def __init__(self, server, delay=0.0):
        self.server, self.delay = server, delay
        self.connections = 0
        self.open = set()

    async def __aenter__(self):
        self.listener = await asyncio.get_running_loop().create_server(self._accept, "127.0.0.1", 0)
        self.port = self.listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *failure):
        self.listener.close()
        for side in self.open:
            side.close()

    def _accept(self):
        self.connections += 1
        near, far = _Side(self.delay), _Side(self.delay)
        near.other, far.other = far, near
        self.open.add(near)
        asyncio.ensure_future(self._connect(near, far))
        return near

    async def _connect(self, near, far):
        try:
            await asyncio.get_running_loop().create_connection(lambda: far, "127.0.0.1", self.server)
        except OSError:
            near.close()
