"""The hub: what viewers get of a dream, and what they cannot hold up."""

import asyncio
import json
import threading

import pytest

from kerasdream.web import hub as hubs
from kerasdream.web.hub import BACKLOG, Hub
from kerasdream.web.progress import Progress
from kerasdream.web.views import DONE, RUNNING


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(hubs, "INTERVAL", 0.02)


class Dream:
    """A dream that a test moves on; it counts how often it is described."""

    def __init__(self):
        self.progress, self.state, self.described, self.there = Progress(state=RUNNING), RUNNING, 0, True

    def describe(self, id):
        self.described += 1
        if not self.there:
            return None
        return {"id": id, "state": self.state, "look": "fur", "progress": self.progress.view(), "before": 0}

    def step(self, number):
        self.progress.step = number
        self.progress.losses.append(float(number))


def received(text):
    return json.loads(text.removeprefix("data: "))


async def rest_of(stream):
    return [received(message) async for message in stream]


def test_first_comes_the_whole_then_what_has_changed():
    dream = Dream()
    hub = Hub(dream.describe)

    async def watched():
        stream = hub.watch("a")
        dream.step(1)
        whole = received(await anext(stream))
        for number in (2, 3):  # what changes soon after goes with it
            dream.step(number)
            hub.publish("a")
        first = received(await anext(stream))
        dream.progress.note = "unchanged"
        hub.publish()
        second = received(await anext(stream))
        dream.state = dream.progress.state = DONE
        hub.publish("a")
        return whole, first, second, await rest_of(stream)

    whole, first, second, last = asyncio.run(watched())
    assert (whole["look"], whole["progress"]["step"], whole["progress"]["losses"]) == ("fur", 1, [1.0])
    assert first == {"progress": {"step": 3, "losses": [2.0, 3.0]}}
    assert second == {"progress": {"note": "unchanged"}}
    assert last == [{"state": "done", "progress": {"state": "done"}}]
    assert hub.topics == {}


def test_a_change_is_described_once_however_many_watch():
    dream = Dream()
    hub = Hub(dream.describe)

    async def watched():
        streams = [hub.watch("a") for _ in range(50)]
        for stream in streams:
            await anext(stream)
        for number in range(10):
            dream.step(number)
            hub.publish("a", "b")
        messages = [received(await anext(stream)) for stream in streams]
        viewers = hub.viewers
        for stream in streams:
            await stream.aclose()
        return messages, viewers

    messages, viewers = asyncio.run(watched())
    assert messages == [{"progress": {"step": 9, "losses": [float(number) for number in range(10)]}}] * 50
    assert (dream.described, viewers, hub.viewers) == (2, 50, 0)


def test_a_viewer_who_takes_nothing_holds_up_nobody_and_gets_the_whole_later():
    dream = Dream()
    hub = Hub(dream.describe)

    async def watched():
        slow, quick = hub.watch("a"), hub.watch("a")
        await anext(slow)
        await anext(quick)
        for number in range(3 * BACKLOG):
            dream.step(number)
            hub.publish("a")
            await anext(quick)
        waiting = max(queue.qsize() for queue in hub.topics["a"].queues)
        dream.there = False  # it is deleted
        hub.publish("a")
        return waiting, await rest_of(slow), await rest_of(quick)

    waiting, late, prompt = asyncio.run(watched())
    assert waiting <= BACKLOG
    state = {}
    for message in late:  # as the page puts them together
        losses = [] if "id" in message else state["progress"]["losses"]
        whole = state | message
        whole["progress"] = state.get("progress", {}) | message["progress"]
        state = whole | {"progress": whole["progress"] | {"losses": losses + message["progress"]["losses"]}}
    assert "id" in late[0]
    assert state["progress"]["losses"] == [float(number) for number in range(3 * BACKLOG)]
    assert prompt == []


def test_what_changes_while_a_viewer_comes_is_not_lost():
    dream = Dream()

    def describe(id):
        view = dream.describe(id)
        if dream.described == 1:  # the worker ends the dream just after it was looked at
            dream.state = dream.progress.state = DONE
            worker = threading.Thread(target=hub.publish, args=(id,))
            worker.start()
            worker.join()
        return view

    hub = Hub(describe)

    async def watched():
        return await asyncio.wait_for(rest_of(hub.watch("a")), 5)

    assert [message["state"] for message in asyncio.run(watched())] == [RUNNING, DONE]


def test_a_dream_that_begins_once_more_is_sent_whole():
    dream = Dream()
    hub = Hub(dream.describe)

    async def watched():
        dream.step(1)
        dream.step(2)
        stream = hub.watch("a")
        await anext(stream)
        dream.progress.losses = [5.0]
        hub.publish("a")
        message = received(await anext(stream))
        hub.close()
        return message, await rest_of(stream)

    message, rest = asyncio.run(watched())
    assert (message["id"], message["progress"]["losses"], rest) == ("a", [5.0], [])


def test_publishing_waits_for_nobody_and_needs_nobody():
    hub = Hub(lambda id: None)
    hub.publish("a")
    hub.publish()

    async def watched():
        return [message async for message in hub.watch("a")]

    assert asyncio.run(watched()) == []
    hub.topics["b"] = hubs.Topic()
    hub.publish("b")  # the loop has ended
    assert hub.viewers == 0
