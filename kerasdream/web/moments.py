"""Moments over HTTP: a dream as it was on the way, and pictures to dream on from there."""

import io
from collections.abc import Callable

from anyio import to_thread
from PIL import Image
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kerasdream.image import files
from kerasdream.process_memory import memory_released
from kerasdream.web.body import json_object
from kerasdream.web.growth import read_moment, read_moments, views_of
from kerasdream.web.pictures import PictureView
from kerasdream.web.studio import Studio
from kerasdream.web.views import DONE


class Moments:
    """The requests for what a dream was on the way, and for dreams to go on from."""

    def __init__(self, studio: Studio):
        self.studio, self.store = studio, studio.store

    def routes(self) -> list[Route]:
        """Return their addresses."""
        job = "/api/jobs/{id:str}"
        return [
            Route(f"{job}/moments", self.all),
            Route(f"{job}/moments/{{number:int}}", self.show),
            Route(f"{job}/branch", self.branch, methods=["POST"]),
            Route(f"{job}/deeper", self.deeper, methods=["POST"]),
        ]

    async def all(self, request: Request) -> Response:
        """Send the moments of a dream; of one that runs, those so far."""
        job = self.store.job(request.path_params["id"])
        if job.state == DONE:
            path = self.store.existing("dreams", job.id, ".moments")
            found = await to_thread.run_sync(read_moments, path, limiter=self.studio.converting)
        else:
            found = views_of(self.studio.worker.progress_of(job).moments)
        return JSONResponse({"moments": found})

    def jpeg_of(self, id: str, number: int) -> bytes:
        """Return the picture of a moment; KeyError where there is none."""
        job = self.store.job(id)
        if job.state == DONE:
            return read_moment(self.store.existing("dreams", job.id, ".moments"), number)
        moments = self.studio.worker.progress_of(job).moments
        if not 0 <= number < len(moments):
            raise KeyError(number)
        return moments[number].jpeg

    async def show(self, request: Request) -> Response:
        """Send the picture of a moment."""
        id, number = request.path_params["id"], request.path_params["number"]
        jpeg = await to_thread.run_sync(self.jpeg_of, id, number, limiter=self.studio.converting)
        return Response(jpeg, media_type="image/jpeg")

    async def branch(self, request: Request) -> Response:
        """Keep the picture of a moment, as large as the dream, as one to start from."""
        id, number = request.path_params["id"], (await json_object(request)).get("moment")
        if not isinstance(number, int) or isinstance(number, bool):
            raise HTTPException(400, f"moment={number!r:.100} was given; the number of a moment was expected.")
        height, width = self.studio.worker.dreaming.size_of(self.store.job(id))

        def read() -> Image.Image:
            moment = Image.open(io.BytesIO(self.jpeg_of(id, number)), formats=("JPEG",))
            return moment.resize((width, height), Image.Resampling.LANCZOS)

        return await self.keep(read)

    async def deeper(self, request: Request) -> Response:
        """Keep a dream as a picture to start from."""
        path = self.store.existing("dreams", request.path_params["id"], ".png")
        return await self.keep(lambda: files.decode(path, None))

    async def keep(self, read: Callable[[], Image.Image]) -> Response:
        """Keep a picture of ours, and send what a page gets of one."""
        self.studio.check_store()

        @memory_released()
        def copy() -> PictureView:
            image = read()
            id = self.store.add_picture(image)
            return {
                "id": id, "width": image.width, "height": image.height, "settings": None, "given": image.size,
                "film": None,
            }  # fmt: skip

        return JSONResponse(await to_thread.run_sync(copy, limiter=self.studio.converting), 201)
