"""Pictures over HTTP: kept as they come, written anew, and shown."""

import contextlib
import functools
import importlib.resources
import tempfile
from typing import BinaryIO, TypedDict

import anyio
from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from kerasdream.errors import DreamError
from kerasdream.image import metadata
from kerasdream.process_memory import memory_released
from kerasdream.web.body import receive
from kerasdream.web.film_intake import FilmView, kind_of, take_in_film
from kerasdream.web.intake import take_in
from kerasdream.web.settings import settings_in_record
from kerasdream.web.studio import Studio
from kerasdream.web.views import Settings


class PictureView(TypedDict):
    """A picture that was kept, the settings inside it, and the size that it came with."""

    id: str
    width: int
    height: int
    settings: Settings | None
    given: tuple[int, int]
    film: FilmView | None


class Pictures:
    """The requests for pictures."""

    def __init__(self, studio: Studio):
        self.studio = studio

    def routes(self) -> list[Route]:
        """Return their addresses."""
        return [
            Route("/api/pictures", self.add, methods=["POST"]),
            Route("/api/pictures/sample", self.sample),
            Route("/api/pictures/{id:str}", self.show),
        ]

    async def add(self, request: Request) -> Response:
        """Keep a picture: its bytes are the body. Settings inside it come back with its id."""
        studio = self.studio
        studio.check_store()
        try:
            studio.uploads.acquire_on_behalf_of_nowait(request)
        except anyio.WouldBlock:
            raise HTTPException(503, "Too many pictures come at once; try again in a moment.") from None
        try:
            with tempfile.TemporaryFile(dir=studio.store.folder) as file:
                await receive(request, file, studio.max_upload)
                if ending := await to_thread.run_sync(kind_of, file, limiter=studio.decoding):
                    kept = await to_thread.run_sync(self.keep_film, file, ending, limiter=studio.encoding)
                else:
                    kept = await to_thread.run_sync(self.keep, file, limiter=studio.decoding)
        finally:
            studio.uploads.release_on_behalf_of(request)
        return JSONResponse(kept, 201)

    @memory_released()
    def keep(self, file: BinaryIO) -> PictureView:
        """Decode a file, write it anew, and look for settings in it."""
        file.seek(0)
        image, given = take_in(file, self.studio.max_pixels)
        settings = None
        file.seek(0)
        with contextlib.suppress(DreamError, ValueError, RecursionError):
            settings = settings_in_record(metadata.record_in(file, "the picture"), self.studio.models)
        return {
            "id": self.studio.store.add_picture(image), "width": image.width, "height": image.height,
            "settings": settings, "given": given, "film": None,
        }  # fmt: skip

    @memory_released()
    def keep_film(self, file: BinaryIO, ending: str) -> PictureView:
        """Write a film anew, and its first frame as a picture."""
        id = self.studio.store.new_id()
        film, image = take_in_film(file, ending, self.studio.store.folder / "films", id)
        self.studio.store.keep_picture(id, image)
        return {
            "id": id, "width": image.width, "height": image.height, "settings": None, "given": image.size, "film": film,
        }  # fmt: skip

    async def show(self, request: Request) -> Response:
        """Send a picture that was kept."""
        return FileResponse(self.studio.store.existing("pictures", request.path_params["id"], ".png"))

    async def sample(self, _: Request) -> Response:
        """Send the sample."""
        return Response(sample_file(), media_type="image/jpeg")


@functools.cache
def sample_file() -> bytes:
    """Return the file of the sample."""
    return importlib.resources.files("kerasdream.image").joinpath("sample.jpg").read_bytes()
