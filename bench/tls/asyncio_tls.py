"""The echo of ../echo/asyncio_echo.py over TLS, with a certificate made for this run.

usage: asyncio_tls.py asyncio|uvloop protocol|streams
"""
# SPDX-License-Identifier: MIT
import os
import subprocess
import sys
import tempfile

with tempfile.NamedTemporaryFile(suffix=".pem", delete=False) as file:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-subj", "/CN=localhost", "-days", "2", "-keyout", "-", "-out", "-"],
        stdout=file, stderr=subprocess.DEVNULL, check=True)
program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "echo", "asyncio_echo.py")
os.execv(sys.executable, [sys.executable, program, *sys.argv[1:3], file.name])
