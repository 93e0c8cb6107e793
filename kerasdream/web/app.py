"""The studio's pages and its HTTP API. Nothing here waits for a dream."""

import asyncio
import contextlib
import io
import json
import os
import pathlib
import secrets
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from PIL import Image
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from kerasdream.config import DEFAULTS
from kerasdream.errors import DreamError, OutputError
from kerasdream.image import files, metadata
from kerasdream.image.sample import noise_size, sample
from kerasdream.web.guard import Guard
from kerasdream.web.settings import check_layers, checked, layers_of, of_record, schema, words_of
from kerasdream.web.store import DONE, QUEUED, Job, Store
from kerasdream.web.worker import FINISHED, Worker, sketch_name

STATIC = pathlib.Path(__file__).with_name("static")
PAGE = 24  # dreams of the gallery at a time
CHUNK_SECONDS, BODY_SECONDS = 10.0, 120.0
LARGEST_JSON = 200_000  # bytes
LARGEST_PICTURE = 50_000_000  # pixels that are decoded, to be shrunk where that is too many to dream on
UPLOADS = 8  # at a time: each is held in memory
Endpoint = Callable[[Request], Awaitable[Response]]


class Studio:
    """What the requests share: the store, the worker, and the limits."""

    def __init__(
        self,
        store: Store,
        models: dict[str, dict[str, Any]],
        *,
        max_upload: int = 25_000_000,
        max_pixels: int = 6_000_000,
        queue: int = 20,
        per_client: int = 10,
    ):
        self.store, self.worker, self.models = store, Worker(store, models), list(models)
        self.max_upload, self.max_pixels, self.queue, self.per_client = max_upload, max_pixels, queue, per_client
        self.uploads = asyncio.Semaphore(UPLOADS)

    # Pictures

    async def add_picture(self, request: Request) -> Response:
        """Keep a picture: its bytes are the body. Settings inside it come back with its id."""
        self.check_room()
        async with self.uploads:
            body = await self.body(request, self.max_upload)
            return JSONResponse(await asyncio.to_thread(self.take_in, body), 201)

    def check_room(self) -> None:
        """Nothing is taken that the disk may not hold."""
        if not self.store.room():
            raise HTTPException(507, "The disk of this machine is nearly full. Delete some dreams first.")

    def take_in(self, body: bytes) -> dict[str, Any]:
        """Decode, shrink where it is too large, write anew, and look for settings."""
        image = files.decode(io.BytesIO(body), max(LARGEST_PICTURE, self.max_pixels))
        settings, given = None, image.size
        with contextlib.suppress(DreamError, ValueError, RecursionError):
            settings = of_record(metadata.record_in(io.BytesIO(body), "the picture"), self.models)
        if (share := self.max_pixels / (given[0] * given[1])) < 1:
            width, height = (max(1, int(side * share**0.5)) for side in given)
            image = files.as_rgb(image).resize((width, height), Image.Resampling.LANCZOS)
        kept = {"id": self.store.add_picture(image), "width": image.width, "height": image.height}
        return kept | {"settings": settings, "given": given}

    async def body(self, request: Request, limit: int) -> bytes:
        """The body, counted as it comes: past the limit no more is read."""
        received = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                chunks = request.stream().__aiter__()
                while True:
                    async with asyncio.timeout(CHUNK_SECONDS):
                        chunk = await anext(chunks, None)
                    if chunk is None:
                        return bytes(received)
                    received += chunk
                    if len(received) > limit:
                        raise HTTPException(413, f"More than {limit / 1e6:g} MB were sent; that is the limit here.")
        except TimeoutError:
            raise HTTPException(408, "The request came too slowly, and was given up.") from None
        except ClientDisconnect:
            raise HTTPException(400, "The request was broken off.") from None

    async def picture(self, request: Request) -> Response:
        """A picture that was kept, or the sample."""
        if request.path_params["id"] == "sample":
            file = io.BytesIO()
            await asyncio.to_thread(lambda: sample().save(file, "JPEG", quality=90))
            return Response(file.getvalue(), media_type="image/jpeg")
        return FileResponse(self.existing("pictures", request.path_params["id"], ".png"))

    def existing(self, kind: str, id: str, ending: str) -> pathlib.Path:
        """A file of ours that is there, or KeyError."""
        path = self.store.path(kind, id, ending)
        if not path.is_file():
            raise KeyError(id)
        return path

    # Jobs

    async def add_job(self, request: Request) -> Response:
        """Accept a dream, or say in words why not."""
        said = await self.json(request)
        client = request.client.host if request.client else ""
        self.check_queue(client)
        self.check_room()
        settings = checked(said.get("settings", {}), self.models)
        await asyncio.to_thread(check_layers, settings)
        picture = said.get("picture", "sample")
        size = noise_size(picture)
        if size and size[0] * size[1] > self.max_pixels:
            raise HTTPException(
                400, f"Noise of {size[1]} x {size[0]} is larger than the {self.max_pixels:,} pixels here."
            )
        if not size and picture != "sample":
            self.existing("pictures", picture, ".png")
        more = {name: said[name] for name in ("guide", "mask") if said.get(name)}
        for id in more.values():
            self.existing("pictures", id, ".png")
        look = settings.get("preset", DEFAULTS["preset"])
        self.check_queue(client)  # again: others may have come since, but from here to the store nothing waits
        job = self.store.add_job(client, picture, settings, look, words_of(settings), **more)
        self.worker.wake.set()
        return JSONResponse(self.shown(job), 201)

    def check_queue(self, client: str) -> None:
        """Refuse a dream where too many wait, of all or of one client."""
        waiting = self.store.waiting()
        if len(waiting) >= self.queue:
            raise HTTPException(429, f"{len(waiting)} dreams wait already; try again when some are done.")
        if sum(job.client == client for job in waiting) >= self.per_client:
            raise HTTPException(429, f"{self.per_client} dreams of yours wait already; let some of them end first.")

    async def json(self, request: Request) -> dict[str, Any]:
        """The body as an object."""
        try:
            said = json.loads(await self.body(request, LARGEST_JSON))
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise HTTPException(400, "A JSON object was expected.")
        return said

    def shown(self, job: Job) -> dict[str, Any]:
        """What the page may know of a job."""
        before = sum(other.number < job.number for other in self.store.waiting()) if job.state == QUEUED else 0
        return job.shown() | {"progress": self.worker.of(job).shown(), "before": before}

    async def job(self, request: Request) -> Response:
        """How a job stands."""
        return JSONResponse(self.shown(self.store.job(request.path_params["id"])))

    async def events(self, request: Request) -> Response:
        """How a job goes on, as server-sent events, until it ends."""
        id = request.path_params["id"]
        self.store.job(id)

        async def told() -> AsyncIterator[str]:
            last: Any = None
            quiet = 0.0
            while True:
                try:
                    job = self.store.job(id)
                except KeyError:  # it was deleted
                    return
                now = self.shown(job)
                if now != last:
                    last, quiet = now, 0.0
                    yield f"data: {json.dumps(now)}\n\n"
                if job.state in FINISHED:
                    return
                await asyncio.sleep(0.2)
                quiet += 0.2
                if quiet > 15:
                    quiet = 0.0
                    yield ": still here\n\n"

        return StreamingResponse(told(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def preview(self, request: Request) -> Response:
        """The picture as it is by now."""
        job = self.store.job(request.path_params["id"])
        if preview := self.worker.of(job).preview:
            return Response(preview, media_type="image/jpeg")
        if job.state == DONE:
            return FileResponse(self.existing("dreams", job.id, ".png"))
        raise KeyError(job.id)

    async def cancel(self, request: Request) -> Response:
        """End a job within a step."""
        job = self.store.job(request.path_params["id"])
        self.worker.cancel(job.id)
        return JSONResponse(self.shown(self.store.job(job.id)))

    async def result(self, request: Request) -> Response:
        """The finished dream, with its settings inside."""
        path = self.existing("dreams", request.path_params["id"], ".png")
        return FileResponse(path, headers={"Content-Disposition": 'inline; filename="dream.png"'})

    async def growth(self, request: Request) -> Response:
        """The film of a dream, as WebP or GIF."""
        path = self.existing("dreams", request.path_params["id"], ".webp")
        if request.path_params["format"] == "webp":
            return FileResponse(path)
        return Response(await asyncio.to_thread(as_gif, path), media_type="image/gif")

    async def thumb(self, request: Request) -> Response:
        """A dream, small."""
        return FileResponse(self.existing("thumbs", request.path_params["id"], ".webp"))

    async def deeper(self, request: Request) -> Response:
        """A dream as a picture to start from."""
        self.check_room()
        path = self.existing("dreams", request.path_params["id"], ".png")

        def copied() -> dict[str, Any]:
            image = files.decode(path, None)
            id = self.store.add_picture(image)
            return {"id": id, "width": image.width, "height": image.height, "settings": None, "given": image.size}

        return JSONResponse(await asyncio.to_thread(copied), 201)

    async def remove(self, request: Request) -> Response:
        """Delete a dream and its files."""
        job = self.store.job(request.path_params["id"])
        if job.state not in FINISHED:
            raise HTTPException(409, "This dream is not finished; cancel it first.")
        self.store.remove(job.id)
        return Response(status_code=204)

    async def gallery(self, request: Request) -> Response:
        """Finished dreams, newest first, a page at a time."""
        before = request.query_params.get("before", "")
        found = self.store.gallery(
            request.query_params.get("search", "")[:200],
            int(before) if before.isdecimal() and len(before) < 16 else None,
            PAGE,
        )
        last = found[-1].number if len(found) == PAGE else None
        return JSONResponse({"dreams": [job.shown() for job in found], "next": last})

    async def queue_of(self, request: Request) -> Response:
        """The jobs that wait or run."""
        return JSONResponse({"jobs": [self.shown(job) for job in self.store.waiting()]})

    async def schema(self, request: Request) -> Response:
        """What the form is built from."""
        limits = {"max_upload": self.max_upload, "max_pixels": self.max_pixels}
        return JSONResponse(schema(self.models) | limits)

    async def layers(self, request: Request) -> Response:
        """What a model can dream on."""
        model = request.path_params["model"]
        if model not in self.models:
            raise KeyError(model)
        found = await asyncio.to_thread(layers_of, model)
        return JSONResponse({"layers": [{"name": one.name, "look": one.look} for one in found]})

    async def channel(self, request: Request) -> Response:
        """What a channel looks for, drawn small; 202 while it is still to be drawn."""
        model, layer, channel = (request.path_params[name] for name in ("model", "layer", "channel"))
        channel = int(channel) if channel.isdecimal() and len(channel) < 8 else -1
        found = await asyncio.to_thread(layers_of, model) if model in self.models else []
        if not any(one.name == layer and 0 <= channel < one.channels for one in found):
            raise KeyError(layer)
        path = self.store.inside("channels", sketch_name(model, layer, channel))
        if path.is_file():
            return FileResponse(path)
        self.check_room()
        if fault := self.worker.want(model, layer, channel):
            raise HTTPException(409, fault)
        return JSONResponse({"waiting": True}, 202)

    async def page(self, request: Request) -> Response:
        """The page itself."""
        return FileResponse(STATIC / "index.html")

    def routes(self) -> list[Route | Mount]:
        """Every address of the studio."""
        one = "/api/jobs/{id:str}"
        return [
            Route("/", self.page),
            Route("/api/schema", self.schema),
            Route("/api/layers/{model:str}", self.layers),
            Route("/api/channels/{model:str}/{layer:path}/{channel:str}", self.channel),
            Route("/api/pictures", self.add_picture, methods=["POST"]),
            Route("/api/pictures/{id:str}", self.picture),
            Route("/api/jobs", self.add_job, methods=["POST"]),
            Route("/api/jobs", self.queue_of),
            Route(one, self.remove, methods=["DELETE"]),
            Route(one, self.job),
            Route(f"{one}/events", self.events),
            Route(f"{one}/preview", self.preview),
            Route(f"{one}/cancel", self.cancel, methods=["POST"]),
            Route(f"{one}/result", self.result),
            Route(f"{one}/thumb", self.thumb),
            Route(f"{one}/deeper", self.deeper, methods=["POST"]),
            Route(f"{one}/growth.{{format:str}}", self.growth),
            Route("/api/gallery", self.gallery),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]


def as_gif(path: pathlib.Path) -> bytes:
    """A film as GIF."""
    frames, times = [], []
    with Image.open(path) as film:
        for number in range(getattr(film, "n_frames", 1)):
            film.seek(number)
            frames.append(film.convert("RGB").quantize(128))
            times.append(int(film.info.get("duration", 150)))
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0)
    return file.getvalue()


async def told(request: Request, fault: Exception) -> Response:
    """What went wrong, as JSON in words."""
    if isinstance(fault, HTTPException):
        status, words = fault.status_code, fault.detail
    elif isinstance(fault, KeyError):
        status, words = 404, "There is no such thing here."
    elif isinstance(fault, OutputError | sqlite3.Error):
        status, words = 507, f"The studio's folder cannot be written: {fault}."
    elif isinstance(fault, DreamError):
        status, words = 400, str(fault)
    else:
        status, words = 500, f"Something went wrong in the studio: {type(fault).__name__}."
    return JSONResponse({"error": words}, status)


def app(studio: Studio, hosts: set[str], token: str | None = None) -> Any:
    """The studio as an ASGI application.

    >>> uvicorn.run(app(Studio(store, {"mini": {}}), {"127.0.0.1"}), port=8765)
    """

    @contextlib.asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        studio.worker.start()
        yield
        await asyncio.to_thread(studio.worker.stop)
        studio.store.close()

    inner = Starlette(
        routes=studio.routes(),
        lifespan=life,
        exception_handlers=dict.fromkeys((HTTPException, DreamError, KeyError, sqlite3.Error, Exception), told),
    )
    return Guard(inner, hosts, token)


def token_in(folder: pathlib.Path) -> str:
    """The secret for those who come from elsewhere: made once a folder, so that open pages outlive a restart."""
    path = folder / "token"
    try:
        if not path.exists():
            write_token(path, secrets.token_urlsafe(24))
        token = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise OutputError(
            f"The token in {str(path)!r} cannot be read or written: {fault}. Make room, or delete the file."
        ) from fault
    if not token:
        raise OutputError(f"The token in {str(path)!r} is empty. Delete the file, and the studio makes a new one.")
    return token


def write_token(path: pathlib.Path, token: str) -> None:
    """Write a secret for this user alone, beside its place first: a full disk leaves no empty one."""
    beside = path.with_name(f".kerasdream-{secrets.token_hex(8)}.tmp")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(token)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
