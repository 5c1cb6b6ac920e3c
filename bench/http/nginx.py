"""nginx.py - the peer nginx: `return 200`. arguments: a folder for its files, and how many workers;
without it, one process."""
# SPDX-License-Identifier: MIT
import os
import shutil
import socket
import sys
import time

CONF = """
daemon off; master_process {master}; worker_processes {workers}; worker_rlimit_nofile 20000;
pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 10000; use epoll; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 3600; tcp_nodelay on;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port} backlog=4096{share};
        location / {{ default_type text/plain; return 200 "hello"; }}
    }}
}}
"""


def reachable(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except ConnectionRefusedError:
        return False


# nginx cannot say which port it got: one that was free a moment ago is tried.
folder = os.path.abspath(sys.argv[1])
workers = int(sys.argv[2]) if len(sys.argv) > 2 else 0
os.makedirs(folder, exist_ok=True)
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
with open(f"{folder}/nginx.conf", "w", encoding="ascii") as file:
    file.write(CONF.format(
        folder=folder, port=port, workers=max(1, workers), master="on" if workers else "off",
        share=" reuseport" if workers else ""))
# nginx takes this process's place, so that its CPU time is this one's; a child says the port.
if os.fork():
    os.execv(shutil.which("nginx"), ["nginx", "-p", folder, "-c", f"{folder}/nginx.conf"])
while not reachable(port):
    time.sleep(0.05)
print("port", port, flush=True)
os._exit(0)
