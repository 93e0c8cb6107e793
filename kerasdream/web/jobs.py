"""Dreams over HTTP: asked for, watched while they grow, cancelled, looked at and deleted."""

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from kerasdream.config import DEFAULTS
from kerasdream.image.sample import noise_size
from kerasdream.web.body import json_object
from kerasdream.web.films import write_gif
from kerasdream.web.settings import check_layers, check_settings, search_words
from kerasdream.web.studio import Studio, client_of
from kerasdream.web.views import DONE, FINISHED

PAGE = 24  # dreams of the gallery at a time
VIEWERS = 2000  # event streams at a time


class Jobs:
    """The requests for dreams."""

    def __init__(self, studio: Studio):
        self.studio, self.store, self.worker = studio, studio.store, studio.worker

    def routes(self) -> list[Route]:
        """Return their addresses."""
        job = "/api/jobs/{id:str}"
        return [
            Route("/api/jobs", self.add, methods=["POST"]),
            Route("/api/jobs", self.waiting),
            Route(job, self.remove, methods=["DELETE"]),
            Route(job, self.show),
            Route(f"{job}/events", self.events),
            Route(f"{job}/preview", self.preview),
            Route(f"{job}/cancel", self.cancel, methods=["POST"]),
            Route(f"{job}/result", self.result),
            Route(f"{job}/thumb", self.thumb),
            Route(f"{job}/growth.{{format:str}}", self.growth),
            Route("/api/gallery", self.gallery),
        ]

    async def add(self, request: Request) -> Response:
        """Accept a dream, or say in words why not."""
        studio, client = self.studio, client_of(request)
        asked = await json_object(request)
        studio.check_queue(client)
        studio.check_store()
        settings = check_settings(asked.get("settings", {}), studio.models)
        await to_thread.run_sync(check_layers, settings, limiter=studio.reading)
        picture = asked.get("picture", "sample")
        self.check_picture(picture)
        more = {name: asked[name] for name in ("guide", "mask") if asked.get(name)}
        for id in more.values():
            self.store.existing("pictures", id, ".png")
        look = settings.get("preset", DEFAULTS["preset"])
        studio.check_queue(client)  # again: others may have come since, but from here to the store nothing waits
        job = self.store.add_job(client, picture, settings, look, search_words(settings), **more)
        self.worker.wake.set()
        return JSONResponse(studio.view(job), 201)

    def check_picture(self, picture: object) -> None:
        """Refuse a picture to dream on that is not there, or noise that is too large."""
        most = self.studio.max_pixels
        if size := noise_size(picture):
            if size[0] * size[1] > most:
                raise HTTPException(400, f"Noise of {size[1]} x {size[0]} is larger than the {most:,} pixels here.")
        elif picture != "sample":
            self.store.existing("pictures", str(picture), ".png")

    async def waiting(self, _: Request) -> Response:
        """Send the jobs that wait or run, without their losses: every page asks for them now and then."""
        jobs = [self.studio.view(job) for job in self.store.waiting()]
        for job in jobs:
            job["progress"]["losses"] = []
        return JSONResponse({"jobs": jobs})

    async def show(self, request: Request) -> Response:
        """Send how a job stands."""
        return JSONResponse(self.studio.view(self.store.job(request.path_params["id"])))

    async def events(self, request: Request) -> Response:
        """Send how a job goes on, as server-sent events, until it ends."""
        id = request.path_params["id"]
        self.store.job(id)
        if self.studio.hub.viewers >= VIEWERS:
            raise HTTPException(503, "Too many watch the studio; try again when some have gone.")
        stream = self.studio.hub.watch(id)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def preview(self, request: Request) -> Response:
        """Send the picture as it is by now."""
        job = self.store.job(request.path_params["id"])
        if preview := self.worker.progress_of(job).preview:
            return Response(preview, media_type="image/jpeg")
        if job.state == DONE:
            return FileResponse(self.store.existing("dreams", job.id, ".png"))
        raise KeyError(job.id)

    async def cancel(self, request: Request) -> Response:
        """End a job within a step."""
        job = self.store.job(request.path_params["id"])
        self.worker.cancel(job.id)
        return JSONResponse(self.studio.view(self.store.job(job.id)))

    async def result(self, request: Request) -> Response:
        """Send the finished dream, with its settings inside."""
        path = self.store.existing("dreams", request.path_params["id"], ".png")
        return FileResponse(path, headers={"Content-Disposition": 'inline; filename="dream.png"'})

    async def thumb(self, request: Request) -> Response:
        """Send a dream, small."""
        return FileResponse(self.store.existing("thumbs", request.path_params["id"], ".webp"))

    async def growth(self, request: Request) -> Response:
        """Send the film of a dream, as WebP or GIF; a GIF is made once, when somebody asks for it."""
        id = request.path_params["id"]
        film = self.store.existing("dreams", id, ".webp")
        if request.path_params["format"] == "webp":
            return FileResponse(film)
        path = self.store.path("dreams", id, ".gif")
        if not path.is_file():
            self.studio.check_store()
            await to_thread.run_sync(write_gif, film, path, limiter=self.studio.converting)
        return FileResponse(path)

    async def remove(self, request: Request) -> Response:
        """Delete a dream and its files."""
        job = self.store.job(request.path_params["id"])
        if job.state not in FINISHED:
            raise HTTPException(409, "This dream is not finished; cancel it first.")
        self.store.remove(job.id)
        return Response(status_code=204)

    async def gallery(self, request: Request) -> Response:
        """Send finished dreams, newest first, a page at a time."""
        before = request.query_params.get("before", "")
        found = self.store.gallery(
            request.query_params.get("search", "")[:200],
            int(before) if before.isdecimal() and len(before) < 16 else None,
            PAGE,
        )
        last = found[-1].number if len(found) == PAGE else None
        return JSONResponse({"dreams": [job.view() for job in found], "next": last})
