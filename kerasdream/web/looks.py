"""Looks over HTTP: every one on somebody's own picture, and those that people have saved."""

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from kerasdream import presets
from kerasdream.web.asking import Asking
from kerasdream.web.body import json_object
from kerasdream.web.own_looks import OwnLooks
from kerasdream.web.settings import check_layers, check_settings, looks_on_wall
from kerasdream.web.studio import Studio
from kerasdream.web.walls import Wall

LONGEST_NAME = 60  # letters
MOST = 100  # looks that are saved


class Looks:
    """The requests for looks."""

    def __init__(self, studio: Studio):
        self.studio, self.store, self.asking = studio, studio.store, Asking(studio)
        self.own = OwnLooks(studio.store)

    def routes(self) -> list[Route]:
        """Return their addresses."""
        return [
            Route("/api/wall", self.request_wall, methods=["POST"]),
            Route("/api/wall/{picture:str}/{model:str}/{look:str}", self.on_wall),
            Route("/api/looks", self.add, methods=["POST"]),
            Route("/api/looks", self.all),
            Route("/api/looks/{id:str}", self.remove, methods=["DELETE"]),
            Route("/api/looks/{id:str}/thumb", self.thumb),
        ]

    def wall_of(self, picture: object, model: object) -> Wall:
        """Return the wall of a picture; KeyError or HTTPException where the picture or the model is not there."""
        if not isinstance(picture, str) or not isinstance(model, str) or model not in self.studio.models:
            raise KeyError(model)
        self.asking.check_picture(picture)
        return Wall(picture, model)

    async def request_wall(self, request: Request) -> Response:
        """Have every look dreamt on a picture, and send which are there already."""
        asked = await json_object(request)
        wall = self.wall_of(asked.get("picture", "sample"), asked.get("model", self.studio.models[0]))
        self.studio.check_store()
        self.studio.worker.walls.request(wall)
        self.studio.worker.wake.set()
        there = [look for look in looks_on_wall() if self.studio.worker.walls.path(wall, look).is_file()]
        return JSONResponse({"picture": wall.picture, "model": wall.model, "there": there}, 202)

    async def on_wall(self, request: Request) -> Response:
        """Send a look on a picture."""
        picture, model, look = (request.path_params[name] for name in ("picture", "model", "look"))
        if look not in presets.PRESETS:
            raise KeyError(look)
        path = self.studio.worker.walls.path(self.wall_of(picture, model), look)
        if not path.is_file():
            raise KeyError(look)
        return FileResponse(path)

    async def all(self, _: Request) -> Response:
        """Send the looks that were saved, the newest first."""
        return JSONResponse({"looks": self.own.all()})

    async def add(self, request: Request) -> Response:
        """Save a look, with the small picture of a dream where one is named."""
        asked = await json_object(request)
        name, dream = asked.get("name"), asked.get("dream")
        if not isinstance(name, str) or not 1 <= len(name.strip()) <= LONGEST_NAME:
            raise HTTPException(400, f"name={name!r:.100} was given; 1 to {LONGEST_NAME} letters were expected.")
        settings = check_settings(asked.get("settings", {}), self.studio.models)
        await to_thread.run_sync(check_layers, settings, limiter=self.studio.reading)
        self.studio.check_store()
        if len(self.own.all()) >= MOST:
            raise HTTPException(409, f"{MOST} looks are saved already; delete one first.")
        return JSONResponse(self.own.add(name.strip(), settings, None if dream is None else str(dream)), 201)

    async def remove(self, request: Request) -> Response:
        """Delete a look."""
        self.own.remove(request.path_params["id"])
        return Response(status_code=204)

    async def thumb(self, request: Request) -> Response:
        """Send the small picture of a look."""
        return FileResponse(self.store.existing("thumbs", request.path_params["id"], ".webp"))
