"""Jobs over HTTP: asked for, watched while they grow, stopped, moved, looked at and deleted."""

import functools

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from kerasdream.web.asking import Asking
from kerasdream.web.body import json_object
from kerasdream.web.feed import without_losses
from kerasdream.web.films import convert
from kerasdream.web.studio import Studio, client_of
from kerasdream.web.views import DONE, FINISHED

STREAM = functools.partial(StreamingResponse, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


class Jobs:
    """The requests for dreams."""

    def __init__(self, studio: Studio):
        self.studio, self.store, self.worker = studio, studio.store, studio.worker
        self.asking = Asking(studio)

    def routes(self) -> list[Route]:
        """Return their addresses."""
        job = "/api/jobs/{id:str}"
        return [
            Route("/api/jobs", self.add, methods=["POST"]),
            Route("/api/jobs", self.waiting),
            Route(job, self.remove, methods=["DELETE"]),
            Route(job, self.change, methods=["PATCH"]),
            Route(job, self.show),
            Route("/api/events", self.feed),
            Route(f"{job}/events", self.events),
            Route(f"{job}/preview", self.preview),
            Route(f"{job}/cancel", self.cancel, methods=["POST"]),
            Route(f"{job}/stop", self.stop, methods=["POST"]),
            Route(f"{job}/move", self.move, methods=["POST"]),
            Route(f"{job}/result", self.result),
            Route(f"{job}/thumb", self.thumb),
            Route(f"{job}/growth.{{format:str}}", self.growth),
        ]

    async def add(self, request: Request) -> Response:
        """Accept a dream, or say in words why not."""
        studio, client = self.studio, client_of(request)
        asked = await json_object(request)
        studio.check_queue(client)
        studio.check_store()
        wanted = await self.asking.read(asked)
        studio.check_queue(client)  # again: others may have come since, but from here to the store nothing waits
        job = self.store.add_job(client, wanted)
        self.worker.call()
        return JSONResponse(studio.view(job), 201)

    async def waiting(self, _: Request) -> Response:
        """Send the jobs that wait or run, without their losses."""
        return JSONResponse({"jobs": [without_losses(job) for job in self.studio.waiting()]})

    async def feed(self, _: Request) -> Response:
        """Send what waits and runs, and what is ready in the background, as server-sent events without an end."""
        self.studio.check_viewers()
        return STREAM(self.studio.feed.watch())

    async def show(self, request: Request) -> Response:
        """Send how a job stands."""
        return JSONResponse(self.studio.view(self.store.job(request.path_params["id"])))

    async def events(self, request: Request) -> Response:
        """Send how a job goes on, as server-sent events, until it ends."""
        id = request.path_params["id"]
        self.store.job(id)
        self.studio.check_viewers()
        return STREAM(self.studio.hub.watch(id))

    async def preview(self, request: Request) -> Response:
        """Send the picture as it is by now."""
        job = self.store.job(request.path_params["id"])
        if preview := self.worker.progress_of(job).preview:
            return Response(preview, media_type="image/jpeg")
        if job.state == DONE:
            return FileResponse(self.store.existing("dreams", job.id, ".png"))
        raise KeyError(job.id)

    async def cancel(self, request: Request) -> Response:
        """End a job within a step, and throw it away."""
        job = self.store.job(request.path_params["id"])
        self.worker.cancel(job.id)
        return JSONResponse(self.studio.view(self.store.job(job.id)))

    async def stop(self, request: Request) -> Response:
        """End a job after its step, and keep what is there."""
        job = self.store.job(request.path_params["id"])
        if job.state not in FINISHED and not self.worker.end_early(job.id):
            raise HTTPException(409, "This dream has not begun, so that there is nothing to keep; cancel it instead.")
        return JSONResponse(self.studio.view(self.store.job(job.id)))

    async def move(self, request: Request) -> Response:
        """Put a job that waits before another one, or last."""
        before = (await json_object(request)).get("before")
        try:
            self.store.move(request.path_params["id"], None if before is None else str(before))
        except KeyError:
            raise HTTPException(409, "Only what still waits can be moved, and only before what still waits.") from None
        self.worker.publish()
        return await self.waiting(request)

    async def change(self, request: Request) -> Response:
        """Mark a dream as a favourite, or as none."""
        job = self.store.job(request.path_params["id"])
        asked = await json_object(request)
        if asked.keys() != {"favourite"} or not isinstance(asked["favourite"], bool):
            raise HTTPException(400, '{"favourite": true} or {"favourite": false} was expected.')
        self.store.favour(job.id, asked["favourite"])
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
            await to_thread.run_sync(convert, film, path, limiter=self.studio.converting)
        return FileResponse(path)

    async def remove(self, request: Request) -> Response:
        """Delete a dream and its files."""
        job = self.store.job(request.path_params["id"])
        if job.state not in FINISHED:
            raise HTTPException(409, "This dream is not finished; cancel it first.")
        self.store.remove(job.id)
        return Response(status_code=204)
