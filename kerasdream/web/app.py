"""The studio as an ASGI application: its page and its HTTP API. Nothing here waits for a dream."""

import contextlib
import pathlib
import sqlite3
from collections.abc import AsyncIterator

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from kerasdream.errors import DreamError, OutputError
from kerasdream.web.exports import Exports
from kerasdream.web.gallery import Gallery
from kerasdream.web.groups import Groups
from kerasdream.web.guard import Guard
from kerasdream.web.jobs import Jobs
from kerasdream.web.looks import Looks
from kerasdream.web.moments import Moments
from kerasdream.web.networks import Networks
from kerasdream.web.pictures import Pictures
from kerasdream.web.studio import Studio

STATIC = pathlib.Path(__file__).with_name("static")


def app(studio: Studio, hosts: set[str], token: str | None = None) -> Guard:
    """Return the studio as an ASGI application for those who call it by one of these names, and have the token.

    >>> import tempfile
    >>> from kerasdream.web.store import Store
    >>> studio = Studio(Store(pathlib.Path(tempfile.mkdtemp())), {"mini": {}})
    >>> app(studio, {"127.0.0.1"})  # doctest: +ELLIPSIS
    <kerasdream.web.guard.Guard object at ...>
    """

    @contextlib.asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        studio.worker.start()
        yield
        studio.close()
        await to_thread.run_sync(studio.worker.stop)
        studio.store.close()

    faults = (HTTPException, DreamError, KeyError, sqlite3.Error, OSError, Exception)
    inner = Starlette(
        routes=[
            Route("/", page),
            *Pictures(studio).routes(),
            *Jobs(studio).routes(),
            *Groups(studio).routes(),
            *Moments(studio).routes(),
            *Exports(studio).routes(),
            *Gallery(studio).routes(),
            *Networks(studio).routes(),
            *Looks(studio).routes(),
            Mount("/static", GZipMiddleware(StaticFiles(directory=STATIC))),
        ],
        lifespan=life,
        exception_handlers=dict.fromkeys(faults, error_response),
    )
    return Guard(inner, hosts, token)


async def page(_: Request) -> Response:
    """Send the page itself, which is small: read here, it waits for no thread beside a dream."""
    return HTMLResponse((STATIC / "index.html").read_bytes())


async def error_response(_: Request, fault: Exception) -> Response:
    """Say what went wrong, as JSON in words."""
    if isinstance(fault, HTTPException):
        status, words = fault.status_code, fault.detail
    elif isinstance(fault, KeyError):
        status, words = 404, "There is no such thing here."
    elif isinstance(fault, DreamError) and not isinstance(fault, OutputError):
        status, words = 400, str(fault)
    elif isinstance(fault, OSError | sqlite3.Error):
        status, words = 507, f"The studio's folder cannot be written: {fault}."
    else:
        status, words = 500, f"Something went wrong in the studio: {type(fault).__name__}."
    return JSONResponse({"error": words}, status)
