"""Bodies of requests: counted as they come, and given up where they come too slowly."""

import asyncio
import io
import json
from typing import Any, BinaryIO, TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

LARGEST_JSON = 200_000  # bytes
GRACE, LONGEST = 10.0, 120.0  # seconds that any body may take, and that none may take longer
JsonObject: TypeAlias = dict[str, Any]  # as a page sends it: nothing is known of its values
SLOWEST = 20_000  # bytes that must come for each second more


async def receive(request: Request, file: BinaryIO, limit: int) -> None:
    """Write the body of a request into a file.

    Raises HTTPException where it is larger than the limit, of which no more is read, where it comes too slowly, or is
    broken off.
    """
    loop, received = asyncio.get_running_loop(), 0
    began = loop.time()
    try:
        async with asyncio.timeout(GRACE) as clock:
            async for chunk in request.stream():
                received += len(chunk)
                if received > limit:
                    raise HTTPException(413, f"More than {limit / 1e6:g} MB were sent; that is the limit here.")
                file.write(chunk)
                clock.reschedule(began + min(LONGEST, GRACE + received / SLOWEST))
    except TimeoutError:
        raise HTTPException(408, "The request came too slowly, and was given up.") from None
    except ClientDisconnect:
        raise HTTPException(400, "The request was broken off.") from None


async def json_object(request: Request) -> JsonObject:
    """Return the body of a request as a JSON object; HTTPException where it is none."""
    file = io.BytesIO()
    await receive(request, file, LARGEST_JSON)
    try:
        value = json.loads(file.getvalue())
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise HTTPException(400, "A JSON object was expected.")
    return value
