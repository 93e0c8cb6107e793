"""Exports over HTTP: a dream larger, beside its original, or as a film."""

import dataclasses
import io
import pathlib

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from kerasdream.config import DreamConfig
from kerasdream.image import files
from kerasdream.image.montage import montage
from kerasdream.presets import settings as settings_of_preset
from kerasdream.web.body import json_object
from kerasdream.web.films import convert, has_ffmpeg
from kerasdream.web.job import Asked, Job
from kerasdream.web.studio import Studio, client_of
from kerasdream.web.views import DONE, DREAM, Settings

SCALES = (2, 4)
LARGEST = 4  # times the pixels that a picture to dream on may have
CARD_SIDE = 840  # pixels of each picture on a card
FORMATS = {"mp4": ".mp4", "webm": ".webm", "webp": ".webp"}


class Exports:
    """The requests for what leaves the studio."""

    def __init__(self, studio: Studio):
        self.studio, self.store = studio, studio.store

    def routes(self) -> list[Route]:
        """Return their addresses."""
        job = "/api/jobs/{id:str}"
        return [
            Route(f"{job}/export", self.export, methods=["POST"]),
            Route(f"{job}/card", self.card),
            Route(f"{job}/film.{{format:str}}", self.film),
        ]

    def finished(self, id: str) -> Job:
        """Return a finished job; KeyError for another."""
        job = self.store.job(id)
        if job.state != DONE:
            raise KeyError(id)
        return job

    async def export(self, request: Request) -> Response:
        """Accept a dream of a dream at twice or four times its size."""
        studio, client = self.studio, client_of(request)
        job = self.finished(request.path_params["id"])
        scale = (await json_object(request)).get("scale")
        if scale not in SCALES or isinstance(scale, bool):
            raise HTTPException(400, f"scale={scale!r:.100} was given; {' or '.join(map(str, SCALES))} was expected.")
        if job.kind != DREAM or job.width is None or job.height is None:
            raise HTTPException(409, "Only a dream can be exported larger; films have the size that they were made in.")
        if (pixels := job.width * job.height * scale**2) > LARGEST * studio.max_pixels:
            raise HTTPException(
                400, f"That would be {pixels:,} pixels; {LARGEST * studio.max_pixels:,} at most were expected."
            )
        studio.check_store()
        studio.check_queue(client)
        wanted = Asked(
            picture=job.picture,
            settings=larger_settings(job.settings),
            look=job.look,
            words=job.words,
            guide=job.guide,
            mask=job.mask,
            parent=job.id,
            relation="export",
            label=f"{scale}x",
            plan={"scale": scale},
        )
        made = self.store.add_job(client, wanted)
        studio.worker.call()
        return JSONResponse(studio.view(made), 201)

    async def card(self, request: Request) -> Response:
        """Send a dream beside its original, as JPEG."""
        job = self.finished(request.path_params["id"])
        path = self.store.existing("dreams", job.id, ".png")

        def draw() -> bytes:
            before, after = (
                self.studio.worker.dreaming.open(dataclasses.replace(job, plan={})),
                files.decode(path, None),
            )
            labels = ["before", f"{job.look}, {job.settings.get('model', '')}"]
            sheet = montage([before.resize(after.size), after], labels, columns=2, cell=CARD_SIDE)
            sheet.save(file := io.BytesIO(), "JPEG", quality=92)
            return file.getvalue()

        card = await to_thread.run_sync(draw, limiter=self.studio.converting)
        name = {"Content-Disposition": 'inline; filename="dream-card.jpg"'}
        return Response(card, media_type="image/jpeg", headers=name)

    async def film(self, request: Request) -> Response:
        """Send a film or a journey, in a format that is made once, when somebody asks for it."""
        job, format = self.finished(request.path_params["id"]), request.path_params["format"]
        path = self.store.path("films", job.id, FORMATS[format])
        if not path.is_file():
            made = self.made(job)
            if format != "webp" and not has_ffmpeg():
                raise HTTPException(
                    409, 'MP4 and WebM need the extra "video": pip install "kerasdream[video]". WebP is there.'
                )
            self.studio.check_store()
            await to_thread.run_sync(convert, made, path, limiter=self.studio.encoding)
        return FileResponse(path, headers={"Content-Disposition": f'inline; filename="dream.{format}"'})

    def made(self, job: Job) -> pathlib.Path:
        """Return the file that a film was made as; KeyError where it is none."""
        paths = [self.store.path("films", job.id, ending) for ending in (".mp4", ".webp")]
        found = next((path for path in paths if path.is_file()), None)
        if found is None:
            raise KeyError(job.id)
        return found


def larger_settings(settings: Settings) -> Settings:
    """Return the settings of a dream for the same dream at a larger size: its steps at one size, and no more.

    >>> larger_settings({"model": "mini", "iterations": 30, "step": (0.1, 0.2, 0.3)})
    {'model': 'mini', 'iterations': 15, 'step': 0.3, 'num_octave': 1, 'octaves_above': 0, 'max_loss': None}
    """
    config = DreamConfig(**settings_of_preset(settings.get("preset", "keras"), settings["model"]) | settings)
    last = {
        name: value[-1] if isinstance(value := getattr(config, name), tuple) else value
        for name in ("iterations", "step", "gradient_blur")
        if name in settings or name == "iterations"
    }
    return settings | last | {
        "iterations": max(4, min(20, last["iterations"] // 2)), "num_octave": 1, "octaves_above": 0, "max_loss": None,
    }  # fmt: skip
