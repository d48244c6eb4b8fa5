"""Explain why a server can't listen at HOST:PORT: `python config/free_port.py 127.0.0.1:8000`."""

from __future__ import annotations

import socket
import sys


def main(bind: str) -> str | None:
    """Return the reason, or None if the port is free. Sockets in the file system (unix:) are left to the server."""
    host, _, port = bind.rpartition(":")
    if host.startswith(("unix", "fd")):
        return None
    if not port.isdecimal() or not 0 < int(port) < 65536:
        return f"{port} is not a port: choose a number from 1 to 65535, for example PORT=8001"
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except PermissionError:
            return f"Port {port} is reserved for root. Choose a higher one: PORT=8000"
        except OSError as error:
            return f"Port {port} can't be used: {error.strerror}. Stop the other program, or choose another: PORT=8001"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
