"""HTTP/2 frames (RFC 9113) and stateless header blocks (RFC 7541), without any validation."""

import struct

import hpack

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)

END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
HAS_PRIORITY = 0x20

NO_ERROR, CANCEL, REFUSED_STREAM = 0, 8, 7

HEADER_TABLE_SIZE, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 1, 3, 4

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MAX_WINDOW = 2**31 - 1
DEFAULT_WINDOW = 65_535
MAX_FRAME = 16_384

_HEAD = struct.Struct(">BHBBI")


def frame(kind, flags, stream, payload=b""):
    return _HEAD.pack(len(payload) >> 16, len(payload) & 0xFFFF, kind, flags, stream) + payload


def settings(**values):
    names = {"header_table_size": HEADER_TABLE_SIZE, "max_streams": MAX_CONCURRENT_STREAMS, "window": INITIAL_WINDOW_SIZE}
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", names[name], value) for name, value in values.items()))


def widest_window():
    """The frame that leaves the window of a connection at its max, so that it needs no other for 2 GB."""
    return window_update(0, MAX_WINDOW - DEFAULT_WINDOW)


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def headers(stream, block, end_stream=False):
    """HEADERS, and CONTINUATION for what exceeds a frame."""
    parts = [block[at : at + MAX_FRAME] for at in range(0, len(block), MAX_FRAME)] or [b""]
    frames = []
    for i, part in enumerate(parts):
        flags = (END_STREAM if end_stream and i == 0 else 0) | (END_HEADERS if i == len(parts) - 1 else 0)
        frames.append(frame(CONTINUATION if i else HEADERS, flags, stream, part))
    return b"".join(frames)


def split(buffer):
    """Takes the complete frames out of a bytearray: (kind, flags, stream, payload) each."""
    at = 0
    while len(buffer) - at >= 9:
        high, low, kind, flags, stream = _HEAD.unpack_from(buffer, at)
        end = at + 9 + (high << 16) + low
        if end > len(buffer):
            break
        yield kind, flags, stream & MAX_WINDOW, bytes(buffer[at + 9 : end])
        at = end
    del buffer[:at]


def unpadded(flags, payload):
    """The block of a HEADERS frame without its padding and priority."""
    if flags & PADDED:
        payload = payload[1 : len(payload) - payload[0]]
    return payload[5:] if flags & HAS_PRIORITY else payload


def _length(number):
    if number < 127:
        return bytes([number])
    number -= 127
    out = [127]
    while number >= 128:
        out.append(number % 128 + 128)
        number //= 128
    return bytes([*out, number])


def literal(name, value, kind=b"\x00"):
    """One header field as it is: neither indexed nor Huffman-coded unless `kind` says so."""
    name = name.encode() if isinstance(name, str) else name
    value = value.encode() if isinstance(value, str) else value
    return kind + _length(len(name)) + name + _length(len(value)) + value


def block(fields):
    return b"".join(literal(name, value) for name, value in fields)


def decoded(header_block):
    """The fields of a block whose sender was told to use no table."""
    return dict(hpack.Decoder().decode(header_block))
