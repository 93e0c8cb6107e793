"""Networks over HTTP: what may be set, the layers of a model, and what a channel looks for."""

from typing import TypedDict

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from kerasdream.model.zoo import LayerInfo
from kerasdream.web.asking import Asking
from kerasdream.web.body import JsonObject, json_object
from kerasdream.web.job import Asked
from kerasdream.web.models import classes_of, layers_of
from kerasdream.web.names import names_in
from kerasdream.web.seen import LayerSeen
from kerasdream.web.settings import schema
from kerasdream.web.sketches import file_name, in_file
from kerasdream.web.studio import MOST_LOOKING, Studio


class AtlasLayer(TypedDict):
    """A layer in the atlas: how many channels it has, which are drawn, and the names of some."""

    name: str
    look: str
    channels: int
    drawn: list[int]
    names: dict[int, str]


class Networks:
    """The requests about the models at hand."""

    def __init__(self, studio: Studio):
        self.studio, self.asking = studio, Asking(studio)

    def routes(self) -> list[Route]:
        """Return their addresses."""
        return [
            Route("/api/schema", self.schema),
            Route("/api/layers/{model:str}", self.layers),
            Route("/api/atlas", self.atlas),
            Route("/api/atlas/{model:str}/{layer:path}/{channel:str}", self.channel),
            Route("/api/channels/{model:str}/{layer:path}/{channel:str}", self.channel),
            Route("/api/seen", self.seen, methods=["POST"]),
        ]

    async def schema(self, _: Request) -> Response:
        """Send what the form is built from."""
        limits = {"max_upload": self.studio.max_upload, "max_pixels": self.studio.max_pixels}
        return JSONResponse({**schema(self.studio.models), **limits})

    async def layers_of(self, model: str) -> list[LayerInfo]:
        """Return the layers of a model at hand; KeyError for another."""
        if model not in self.studio.models:
            raise KeyError(model)
        return await to_thread.run_sync(layers_of, model, limiter=self.studio.reading)

    async def layers(self, request: Request) -> Response:
        """Send what a model can dream on."""
        model = request.path_params["model"]
        rows = [{"name": one.name, "look": one.look} for one in await self.layers_of(model)]
        rows += [{"name": name, "look": "a class that it was taught"} for name in classes_of(model)]
        return JSONResponse({"layers": rows})

    async def atlas(self, request: Request) -> Response:
        """Send the layers of a model in their order of depth, and which of their channels are drawn; more are drawn."""
        model = request.query_params.get("model", self.studio.models[0])
        layers, sketches = await self.layers_of(model), self.studio.worker.sketches

        def drawn() -> dict[str, list[int]]:
            sketches.request_atlas(model, layers)
            return sketches.drawn(model)

        found = await to_thread.run_sync(drawn, limiter=self.studio.reading)
        self.studio.worker.wake.set()
        rows: list[AtlasLayer] = [
            {
                "name": one.name,
                "look": one.look,
                "channels": one.channels,
                "drawn": found.get(in_file(one.name), []),
                "names": names_in(model, one.name),
            }
            for one in layers
        ]
        return JSONResponse({"model": model, "layers": rows})

    async def seen(self, request: Request) -> Response:
        """Send the channels that stand out at a place of a picture, the strongest of each layer first."""
        asked = await json_object(request)
        model, picture = asked.get("model", self.studio.models[0]), asked.get("picture", "sample")
        if not isinstance(model, str) or model not in self.studio.models:
            raise KeyError(model)
        self.asking.check_picture(picture)
        x, y = (share_in(asked, name) for name in ("x", "y"))
        asking = Asked(picture=picture, settings={}, look="", words="")

        def look() -> list[LayerSeen]:
            return self.studio.seen.at(picture, lambda: self.studio.worker.dreaming.open(asking), model, x, y)

        if self.studio.looking.statistics().tasks_waiting >= MOST_LOOKING:
            raise HTTPException(503, "Too many look at pictures at once; try again in a moment.")
        return JSONResponse({"layers": await to_thread.run_sync(look, limiter=self.studio.looking)})

    async def channel(self, request: Request) -> Response:
        """Send what a channel looks for, drawn small; 202 while it is still to be drawn."""
        model, layer, text = (request.path_params[name] for name in ("model", "layer", "channel"))
        number = int(text) if text.isdecimal() and len(text) < 8 else -1
        found = await self.layers_of(model)
        if not any(one.name == layer and 0 <= number < one.channels for one in found):
            raise KeyError(layer)
        path = self.studio.store.inside("channels", file_name((model, layer, number)))
        if path.is_file():
            return FileResponse(path)
        self.studio.check_store()
        if fault := self.studio.worker.sketches.request((model, layer, number)):
            raise HTTPException(409, fault)
        self.studio.worker.wake.set()
        return JSONResponse({"waiting": True}, 202)


def share_in(asked: JsonObject, name: str) -> float:
    """Return a place along a side, from 0 to 1; HTTPException where it is none."""
    value = asked.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise HTTPException(400, f"{name}={value!r:.100} was given; a number from 0 to 1 was expected.")
    return float(value)
