"""asyncio's echo, by protocol or by streams, on its own loop or on uvloop.

usage: asyncio_echo.py asyncio|uvloop protocol|streams [CERTIFICATE]
"""
# SPDX-License-Identifier: MIT
import asyncio
import contextlib
import os
import resource
import ssl
import sys


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


async def serve(reader, writer):
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


def context(certificate):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate)
    os.unlink(certificate)  # made for this run alone
    return made


async def main(kind, certificate):
    tls = context(certificate) if certificate else None
    if kind == "protocol":
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Echo, "127.0.0.1", 0, backlog=4096, ssl=tls)
    else:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096, ssl=tls)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if sys.argv[1] == "uvloop":
        import uvloop
        uvloop.install()
    asyncio.run(main(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None))
