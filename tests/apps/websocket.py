"""websocket.py - a small WebSocket client and server over the standard library's sockets, for tests.
RFC 6455: text frames, pings answered, close codes told. Blocking, with a bound on every wait."""
# SPDX-License-Identifier: MIT
import base64
import hashlib
import json
import os
import socket
import struct

BOUND = 30  # seconds; only ends what hangs


class Refused(Exception):
    """The server answered the handshake with another status."""

    def __init__(self, status, body):
        super().__init__(status)
        self.status = status
        self.body = body


class Closed(Exception):
    """The peer closed, with this code (1006 without a close frame)."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def read_head(stream):
    """A status and the fields of an HTTP answer."""
    status = int(stream.readline().split()[1])
    fields = {}
    while line := stream.readline().strip():
        name, value = line.decode().split(":", 1)
        fields[name.lower()] = value.strip()
    return status, fields


class WebSocket:
    """A connection to ("127.0.0.1", port)."""

    kept = None  # a list: simulated.call leaves there what came before a reply

    def __init__(self, port, path="/", fields=(), buffer=None):
        self.socket = socket.socket()
        if buffer:  # a small window makes a peer that does not read felt soon
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(BOUND)
        self.socket.connect(("127.0.0.1", port))
        self.stream = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket",
                 "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
                 *fields]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        status, head = read_head(self.stream)
        if status != 101:
            body = self.stream.read(int(head.get("content-length", 0)))
            self.close()
            raise Refused(status, body.decode())

    masks = 128  # the bit by which a client says that it does

    def send_frame(self, opcode, data):
        mask = os.urandom(4) if self.masks else bytes(4)
        size = bytes([len(data) | self.masks]) if len(data) < 126 else (
            struct.pack("!BH", 126 | self.masks, len(data)) if len(data) < 65536
            else struct.pack("!BQ", 127 | self.masks, len(data)))
        # XOR as one long number: a loop over a megabyte takes seconds.
        pad = (mask * (len(data) // 4 + 1))[:len(data)]
        masked = (int.from_bytes(data, "big") ^ int.from_bytes(pad, "big")).to_bytes(len(data), "big")
        self.socket.sendall(bytes([128 | opcode]) + size + (mask if self.masks else b"") + masked)

    def send(self, value):
        """Send text, or any other value as JSON."""
        text = value if isinstance(value, str) else json.dumps(value)
        self.send_frame(1, text.encode())

    def _exactly(self, count):
        data = self.stream.read(count)
        if len(data) < count:
            raise Closed(1006)
        return data

    def _frame(self):
        try:
            first, size = self._exactly(2)
            masked, size = size & 128, size & 127
            if size == 126:
                size, = struct.unpack("!H", self._exactly(2))
            elif size == 127:
                size, = struct.unpack("!Q", self._exactly(8))
            mask = self._exactly(4) if masked else bytes(4)
            data = self._exactly(size)
            return first & 128, first & 15, bytes(b ^ mask[i & 3] for i, b in enumerate(data))
        except ConnectionError as error:
            raise Closed(1006) from error

    def receive(self):
        """The next message, read as JSON."""
        message = b""
        while True:
            last, opcode, data = self._frame()
            if opcode == 8:
                raise Closed(struct.unpack("!H", data[:2])[0] if data else 1005)
            if opcode == 9:
                self.send_frame(10, data)
            if opcode >= 8:
                continue
            message += data
            if last:
                return json.loads(message)

    def close(self):
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Accepted(WebSocket):
    """A connection that somebody else opened to a listening socket; fields are its request's."""

    masks = 0

    def __init__(self, listener):  # pylint: disable=super-init-not-called
        listener.settimeout(BOUND)
        self.socket, _ = listener.accept()
        self.socket.settimeout(BOUND)
        self.stream = self.socket.makefile("rb")
        self.path = self.stream.readline().split()[1].decode()
        self.fields = {}
        while line := self.stream.readline().strip():
            name, value = line.decode().split(":", 1)
            self.fields[name.lower()] = value.strip()

    def accept(self):
        guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        digest = hashlib.sha1((self.fields["sec-websocket-key"] + guid).encode()).digest()
        self.answer("101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
                    f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}")

    def answer(self, status, *fields):
        self.socket.sendall("\r\n".join([f"HTTP/1.1 {status}", *fields, "", ""]).encode())
