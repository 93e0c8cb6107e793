"""The gallery over HTTP: finished dreams page by page, the family of a dream, and the dream that welcomes."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kerasdream.web.studio import Studio

PAGE = 24  # dreams at a time


class Gallery:
    """The requests for finished dreams."""

    def __init__(self, studio: Studio):
        self.studio, self.store = studio, studio.store

    def routes(self) -> list[Route]:
        """Return their addresses."""
        return [
            Route("/api/gallery", self.show),
            Route("/api/jobs/{id:str}/family", self.family),
            Route("/api/welcome", self.welcome),
        ]

    async def show(self, request: Request) -> Response:
        """Send finished dreams, newest first, a page at a time."""
        query = request.query_params
        before = query.get("before", "")
        found = self.store.gallery(
            query.get("search", "")[:200],
            int(before) if before.isdecimal() and len(before) < 16 else None,
            PAGE,
            favourites=query.get("favourites") == "1",
        )
        last = found[-1].number if len(found) == PAGE else None
        return JSONResponse({"dreams": [job.view() for job in found], "next": last})

    async def family(self, request: Request) -> Response:
        """Send the dreams that a dream comes from, and all that come from those."""
        family = self.store.family(request.path_params["id"])
        queue = self.store.waiting()
        return JSONResponse({"dreams": [self.studio.view_in(job, queue) for job in family]})

    async def welcome(self, _: Request) -> Response:
        """Send the dream that was made when the studio started, null where it is not there."""
        found = self.store.welcome(self.studio.models)
        return JSONResponse(None if found is None else self.studio.view(found))
