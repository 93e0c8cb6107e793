"""Bodies of requests that come slowly."""

import asyncio
import io
import time

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from kerasdream.web import body


def sent(chunks, every, limit=10_000):
    """What is received of chunks that come one by one; the status where they are refused, and the seconds."""
    left = list(chunks)

    async def receive():
        await asyncio.sleep(every)
        chunk = left.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    file, began = io.BytesIO(), time.monotonic()
    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    try:
        asyncio.run(body.receive(request, file, limit))
    except HTTPException as fault:
        return fault.status_code, time.monotonic() - began
    return file.getvalue(), time.monotonic() - began


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(body, "GRACE", 0.3)
    monkeypatch.setattr(body, "LONGEST", 2.0)
    monkeypatch.setattr(body, "SLOWEST", 1000)


def test_a_body_that_drips_is_given_up():
    status, seconds = sent([b"x"] * 100, every=0.05)
    assert status == 408
    assert seconds < 1


def test_a_body_may_be_slow_but_not_for_ever():
    assert sent([b"x" * 100] * 10, every=0.05)[0] == b"x" * 1000  # longer than the grace, but quick enough
    status, seconds = sent([b"x" * 100] * 1000, every=0.05, limit=10**6)
    assert status == 408
    assert 1.5 < seconds < 3


def test_a_body_that_is_too_large_is_refused_before_it_ends():
    assert sent([b"x" * 6000] * 100, every=0.0)[0] == 413
