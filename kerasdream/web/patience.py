"""A connection that says nothing is closed: uvicorn alone would keep it for ever."""

from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 15  # in which a client must have said what it wants


class Patient(H11Protocol):
    """Uvicorn's own protocol, with an end to waiting for a request, the first one and those after it."""

    def connection_made(self, transport: Any) -> None:
        """A client has come."""
        super().connection_made(transport)
        self.heard = self.loop.time()
        self.loop.call_later(HEADER_SECONDS, self.close_if_silent)

    def handle_events(self) -> None:
        """Something was said: perhaps a whole request."""
        super().handle_events()
        if self.conn.their_state is not h11.IDLE or (self.cycle and not self.cycle.response_complete):
            self.heard = self.loop.time()

    def close_if_silent(self) -> None:
        """Close the connection where a request is waited for, and too long; else look again later."""
        if self.transport.is_closing():
            return
        waited_for = self.cycle is None or (self.cycle.response_complete and self.conn.their_state is h11.IDLE)
        if waited_for and self.loop.time() - self.heard >= HEADER_SECONDS - 1:
            self.transport.close()
        else:
            self.loop.call_later(HEADER_SECONDS / 3, self.close_if_silent)
