"""A connection that says nothing is closed: uvicorn alone would keep it for ever."""

from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 15  # in which a client must have said what it wants


class Patient(H11Protocol):
    """Uvicorn's own protocol, with an end to waiting for the first request."""

    def connection_made(self, transport: Any) -> None:
        """A client has come."""
        super().connection_made(transport)
        self.loop.call_later(HEADER_SECONDS, self.close_if_silent)

    def close_if_silent(self) -> None:
        """Close the connection where no whole request has come."""
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()
