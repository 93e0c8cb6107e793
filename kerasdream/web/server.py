"""The server: a socket that is there before anything is printed, and streams that end before it does."""

import os
import socket
from collections.abc import Callable

import uvicorn

from kerasdream.errors import OutputError
from kerasdream.web.guard import Guard


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address.

    Raises OutputError where the address is not of this machine, or another program listens there.

    >>> with listen("127.0.0.1", 0) as found:
    ...     found.getsockname()[0]
    '127.0.0.1'
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server((str(address[0]), port), family=family, backlog=1024)
    except OSError as fault:
        reason = os.strerror(fault.errno) if fault.errno and fault.errno > 0 else fault.strerror  # a name has its own
        raise OutputError(
            f"Port {port} of {host} cannot be used: {reason}. Choose another one with --port, or end the "
            "program that uses it."
        ) from fault
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # those who are gone without a word are let go
    return listener


def allow_connections() -> None:
    """Let the process hold as many connections as the system allows: each is an open file."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (OSError, ValueError):  # macOS says that there is no limit, and takes none
        return


class Server(uvicorn.Server):
    """Uvicorn for the studio: at its end it would wait for event streams, so these end first."""

    def __init__(self, app: Guard, end_streams: Callable[[], None], *, proxied: bool):
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                timeout_keep_alive=10,
                timeout_graceful_shutdown=5,
                server_header=False,
                proxy_headers=proxied,
            )
        )
        self.end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then everything else."""
        self.end_streams()
        await super().shutdown(sockets)
