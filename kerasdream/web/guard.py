"""The guard: who may speak to the studio. Its own page, under its own name, and from elsewhere only with the token."""

import hmac
import json
import urllib.parse

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE = {"GET", "HEAD", "OPTIONS"}
COOKIE = "kerasdream"
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}


class Guard:
    """An ASGI application that turns away who should not be there, and adds the headers of safety to every answer.

    `hosts` are the names under which the studio may be called: a page elsewhere that has its own name point here
    (DNS rebinding) sends that name. What changes something must come from the studio's own page.
    """

    def __init__(self, inner: ASGIApp, hosts: set[str], token: str | None = None):
        if token is not None and not token:
            raise ValueError("an empty token; None lets everyone in")
        self.inner, self.hosts, self.token = inner, {host.lower() for host in hosts}, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope.get("path", "")
        query = dict(urllib.parse.parse_qsl(scope["query_string"].decode("latin-1")))
        given = query.get("token", "")

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message["headers"]}
                more = [(n.encode(), v.encode()) for n, v in HEADERS.items() if n.encode() not in own]
                if self.matches(given):
                    more.append((b"set-cookie", f"{COOKIE}={given}; HttpOnly; SameSite=Strict; Path=/".encode()))
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        if fault := self.fault(scope["method"], path, headers, given):
            status, words = fault
            kind = [(b"content-type", b"application/json")]
            await send_safely({"type": "http.response.start", "status": status, "headers": kind})
            await send({"type": "http.response.body", "body": json.dumps({"error": words}).encode()})
        elif path == "/" and self.matches(given):  # the cookie has it now; the address need not show it
            await send_safely({"type": "http.response.start", "status": 303, "headers": [(b"location", b"/")]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self.inner(scope, receive, send_safely)

    def fault(self, method: str, path: str, headers: Headers, given: str) -> tuple[int, str] | None:
        """Return why a request is turned away, as a status and words, or None."""
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
        if self.token and not any(map(self.matches, (given, *cookies_of(headers)))):
            return 401, "This studio asks for its token: open the address that it printed when it started."
        return None

    def matches(self, given: str) -> bool:
        """Return whether this is the token, compared without telling how much of it is right."""
        return bool(self.token) and hmac.compare_digest(given.encode(), (self.token or "").encode())


def name_in(address: str) -> str | None:
    """Return the host that an address names, in small letters.

    >>> name_in("//LocalHost:8765")
    'localhost'
    """
    try:
        return urllib.parse.urlsplit(address).hostname
    except ValueError:
        return None


def cookies_of(headers: Headers) -> list[str]:
    """Return all tokens in a request's cookies, whatever else stands there.

    >>> cookies_of(Headers({"cookie": 'a=[;"; kerasdream=old; kerasdream=new'}))
    ['old', 'new']
    """
    pairs = [cookie.strip().partition("=") for one in headers.getlist("cookie") for cookie in one.split(";")]
    return [value for name, _, value in pairs if name == COOKIE]
