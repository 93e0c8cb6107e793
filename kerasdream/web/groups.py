"""Groups over HTTP: variations and sweeps, all of their dreams accepted or none."""

import dataclasses
import uuid

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kerasdream.web.asking import LARGEST_GROUP, Asking
from kerasdream.web.body import JsonObject, json_object
from kerasdream.web.job import Asked, Relation
from kerasdream.web.studio import Studio, client_of

KINDS: dict[object, Relation] = {"variations": "variation", "sweep": "sweep"}
MOST_WAITING = 2  # groups of one client


class Groups:
    """The requests for groups."""

    def __init__(self, studio: Studio):
        self.studio, self.asking = studio, Asking(studio)

    def routes(self) -> list[Route]:
        """Return their addresses."""
        return [Route("/api/groups", self.add, methods=["POST"])]

    async def add(self, request: Request) -> Response:
        """Accept the dreams of a group, or say in words why not."""
        studio, client = self.studio, client_of(request)
        relation, many = members_in(await json_object(request))
        self.check(client)
        studio.check_store()
        group, wanted = uuid.uuid4().hex, list[Asked]()
        for number, one in enumerate(many, 1):
            try:
                read = await self.asking.read({"relation": relation} | one)
            except KeyError:
                raise HTTPException(404, f"Dream {number} of the group names something that is not here.") from None
            wanted.append(dataclasses.replace(read, group=group, urgent=False))
        self.check(client)  # again: others may have come since
        jobs = studio.store.add_jobs(client, wanted)
        studio.worker.call()
        queue = studio.store.waiting()
        return JSONResponse({"group": group, "jobs": [studio.view_in(job, queue) for job in jobs]}, 201)

    def check(self, client: str) -> None:
        """Refuse a group where too much waits."""
        self.studio.check_queue(client)
        groups = {job.group for job in self.studio.store.waiting() if job.group and job.client == client}
        if len(groups) >= MOST_WAITING:
            raise HTTPException(429, f"{len(groups)} groups of yours wait already; let one of them end first.")


def members_in(asked: JsonObject) -> tuple[Relation, list[JsonObject]]:
    """Return how the dreams of a group come about, and what each of them asks for."""
    kind, many = asked.get("kind"), asked.get("jobs")
    if not isinstance(kind, str) or kind not in KINDS:
        raise HTTPException(400, f"kind={kind!r:.100} was given; one of {', '.join(map(str, KINDS))} was expected.")
    if not isinstance(many, list) or not 1 <= len(many) <= LARGEST_GROUP or not all(isinstance(m, dict) for m in many):
        raise HTTPException(400, f"jobs was expected as a list of 1 to {LARGEST_GROUP} objects.")
    return KINDS[kind], many
