"""Who may speak to the studio: its own page, under its own name, and from elsewhere only with the token."""

import hmac
import json
import urllib.parse
from typing import Any

SAFE = {"GET", "HEAD", "OPTIONS"}
COOKIE = "kerasdream"
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}


class Guard:
    """An ASGI application that turns away who should not be there, and dresses every answer.

    `hosts` are the names under which the studio may be called: a page elsewhere that has its own name point here
    (DNS rebinding) sends that name. What changes something must come from the studio's own page.
    """

    def __init__(self, inner: Any, hosts: set[str], token: str | None = None):
        if token is not None and not token:
            raise ValueError("an empty token; None lets everyone in")
        self.inner, self.hosts, self.token = inner, {host.lower() for host in hosts}, token

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = dict(urllib.parse.parse_qsl(scope["query_string"].decode("latin-1")))
        given = query.get("token", "")

        async def dressed(message: Any) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message["headers"]}
                more = [(n.encode(), v.encode()) for n, v in HEADERS.items() if n.encode() not in own]
                if self.token and self.matches(given):
                    more.append((b"set-cookie", f"{COOKIE}={given}; HttpOnly; SameSite=Strict; Path=/".encode()))
                message = message | {"headers": [*message["headers"], *more]}
            await send(message)

        if fault := self.fault(scope["method"], scope.get("path", ""), headers, given):
            status, words = fault
            kind = [(b"content-type", b"application/json")]
            await dressed({"type": "http.response.start", "status": status, "headers": kind})
            await send({"type": "http.response.body", "body": json.dumps({"error": words}).encode()})
            return
        if given and self.token and scope.get("path") == "/":  # the cookie has it now; the address need not show it
            await dressed({"type": "http.response.start", "status": 303, "headers": [(b"location", b"/")]})
            await send({"type": "http.response.body", "body": b""})
            return
        await self.inner(scope, receive, dressed)

    def fault(self, method: str, path: str, headers: dict[str, str], given: str) -> tuple[int, str] | None:
        """Why a request is turned away, or None."""
        host = headers.get("host", "")
        if name_in(f"//{host}") not in self.hosts:
            return 421, "This studio has another name."
        if method not in SAFE:
            origin = headers.get("origin")
            if origin is not None and origin.partition("//")[2] != host:
                return 403, "This came from another page."
        elsewhere = headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
        if elsewhere and (method not in SAFE or path.startswith("/api/")):  # asking alone sets the machine to work
            return 403, "This came from another page."
        if self.token and not self.matches(given) and not self.matches(cookie_of(headers)):
            return 401, "This studio asks for its token: open the address that it printed when it started."
        return None

    def matches(self, given: str) -> bool:
        """Whether it is the token, compared without telling how much of it is right."""
        return bool(self.token) and hmac.compare_digest(given.encode(), (self.token or "").encode())


def name_in(address: str) -> str | None:
    """The host that an address names, in small letters."""
    try:
        return urllib.parse.urlsplit(address).hostname
    except ValueError:
        return None


def cookie_of(headers: dict[str, str]) -> str:
    """The token in a request's cookies, whatever the others are; empty where there is none."""
    pairs = [cookie.strip().partition("=") for cookie in headers.get("cookie", "").split(";")]
    return next((value for name, _, value in pairs if name == COOKIE), "")
