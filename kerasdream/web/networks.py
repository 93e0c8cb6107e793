"""Networks over HTTP: what may be set, the layers of a model, and what a channel looks for."""

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from kerasdream.model.zoo import LayerInfo
from kerasdream.web.settings import layers_of, schema
from kerasdream.web.sketches import file_name
from kerasdream.web.studio import Studio


class Networks:
    """The requests about the models at hand."""

    def __init__(self, studio: Studio):
        self.studio = studio

    def routes(self) -> list[Route]:
        """Return their addresses."""
        return [
            Route("/api/schema", self.schema),
            Route("/api/layers/{model:str}", self.layers),
            Route("/api/channels/{model:str}/{layer:path}/{channel:str}", self.channel),
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
        found = await self.layers_of(request.path_params["model"])
        return JSONResponse({"layers": [{"name": one.name, "look": one.look} for one in found]})

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
