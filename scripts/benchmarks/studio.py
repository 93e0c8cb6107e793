"""Measure the studio under load: how quickly it answers beside a dream, with many viewers, and what memory it keeps.

python scripts/benchmarks/studio.py                                          a minute
python scripts/benchmarks/studio.py --streams=500 --dreams=100 --uploads=24  the large load
"""

import argparse
import asyncio
import contextlib
import io
import json
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import kerasdream

SERVE = pathlib.Path(__file__).parents[1] / "serve.py"
LONG = {"iterations": 400, "num_octave": 1, "max_loss": None}
SIZES = ((320, 240), (512, 512), (768, 512), (1200, 800), (640, 480))
ROW = "{:34} {:>10} {:>10} {:>10}"


class Running:
    """A studio as a process of its own, on a port that is free and a folder that goes with it."""

    def __init__(self, folder: str):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        line = [sys.executable, str(SERVE), f"--data_dir={folder}", f"--port={self.port}", "--noopen", "--queue=100"]
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout is not None
        self.process.stdout.readline()  # it listens
        self.ask("/")

    def ask(self, path: str, data: bytes | None = None) -> bytes:
        """Return what an address answers."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data)
        with urllib.request.urlopen(request, timeout=300) as answer:
            body: bytes = answer.read()
        return body

    def call(self, path: str, value: object = None) -> dict[str, Any]:
        """Return what an address answers as JSON; with a value, what it answers to that."""
        answer: dict[str, Any] = json.loads(self.ask(path, None if value is None else json.dumps(value).encode()))
        return answer

    def memory(self) -> float:
        """Return the memory that the studio holds, in MB; 0 where the system does not say."""
        with contextlib.suppress(OSError):
            found = re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())
            return int(found[1]) / 1000 if found else 0.0
        return 0.0

    @contextlib.contextmanager
    def dreaming(self) -> Iterator[str]:
        """Yield the id of a dream that has begun, and cancel it in the end."""
        id = self.call("/api/jobs", {"settings": LONG})["id"]
        while self.call(f"/api/jobs/{id}")["progress"]["step"] < 3:
            time.sleep(0.1)
        yield id
        self.ask(f"/api/jobs/{id}/cancel", b"")
        self.wait(id)

    def wait(self, id: str) -> None:
        """Wait until a dream has ended."""
        while self.call(f"/api/jobs/{id}")["state"] in ("queued", "running"):
            time.sleep(0.1)


def times(studio: Running, clients: int, seconds: float) -> list[float]:
    """Return how long each GET / took, in milliseconds; each client asks again half a second after its answer."""
    found: list[float] = []
    until = time.monotonic() + seconds

    def client(number: int) -> None:
        time.sleep(0.5 * number / clients)
        while time.monotonic() < until:
            began = time.perf_counter()
            studio.ask("/")
            found.append(1000 * (time.perf_counter() - began))
            time.sleep(0.5)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def answers(studio: Running, name: str, clients: int, seconds: float) -> None:
    """Print how quickly GET / is answered."""
    found = sorted(times(studio, clients, seconds))
    high = found[int(0.95 * len(found))]
    print(ROW.format(name, len(found), f"{statistics.median(found):.1f} ms", f"{high:.1f} ms"), flush=True)


def steps(studio: Running, id: str, seconds: float) -> float:
    """Return how many steps a dream takes in a second."""
    before, began = int(studio.call(f"/api/jobs/{id}")["progress"]["step"]), time.monotonic()
    time.sleep(seconds)
    return (int(studio.call(f"/api/jobs/{id}")["progress"]["step"]) - before) / (time.monotonic() - began)


class Viewers(threading.Thread):
    """Many who watch one dream; they count the messages that they get."""

    def __init__(self, studio: Running, id: str, number: int):
        super().__init__(daemon=True)
        self.studio, self.id, self.number, self.messages, self.ended = studio, id, number, 0, 0

    def run(self) -> None:
        """Watch until the dream ends."""
        asyncio.run(self.all())

    async def all(self) -> None:
        """Watch many times at once."""
        await asyncio.gather(*(self.one() for _ in range(self.number)))

    async def one(self) -> None:
        """Watch once."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.studio.port)
        writer.write(
            f"GET /api/jobs/{self.id}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
        )
        async for line in reader:
            self.messages += line.startswith(b"data: ")
            self.ended += b'"cancelled"' in line
        writer.close()


def streams(studio: Running, options: argparse.Namespace) -> None:
    """Print what many viewers get, and what they cost the dream and everybody else."""
    with studio.dreaming() as id:
        alone = steps(studio, id, options.seconds)
        viewers = Viewers(studio, id, options.streams)
        viewers.start()
        time.sleep(2)
        before, began = viewers.messages, time.monotonic()
        beside = steps(studio, id, options.seconds)
        each = (viewers.messages - before) / (time.monotonic() - began) / options.streams
        answers(studio, f"GET /, {options.streams} streams, dreaming", options.clients, options.seconds)
    viewers.join(60)
    print(ROW.format(f"{options.streams} streams", f"{viewers.ended} ended", f"{each:.1f} /s each", ""))
    print(ROW.format("steps of the dream, alone, watched", "", f"{alone:.1f} /s", f"{beside:.1f} /s"), flush=True)


def dreams(studio: Running, number: int) -> None:
    """Print the memory over many dreams of mixed sizes."""
    held = []
    for count in range(number):
        width, height = SIZES[count % len(SIZES)]
        settings = {"iterations": 2, "num_octave": 2, "seed": count}
        studio.wait(studio.call("/api/jobs", {"picture": f"noise:{width}x{height}", "settings": settings})["id"])
        held.append(studio.memory())
    first = held[min(len(SIZES), number) - 1]  # each size has been dreamt once
    print(ROW.format("memory over dreams", number, f"{first:.0f} MB", f"{held[-1]:.0f} MB"), flush=True)


def uploads(studio: Running, number: int) -> None:
    """Print the memory over uploads of 49 megapixels, four at a time."""
    large = kerasdream.sample().resize((7000, 7000))
    bodies = []
    for format, options in (("JPEG", {"quality": 80}), ("PNG", {"compress_level": 1})):
        file = io.BytesIO()
        large.save(file, format, **options)
        bodies.append(file.getvalue())
    held = [studio.memory()]
    for _ in range(0, number, 4):
        threads = [threading.Thread(target=studio.ask, args=("/api/pictures", bodies[i % 2])) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        held.append(studio.memory())
    print(ROW.format("memory over uploads of 49 megapixels", number, f"{held[1]:.0f} MB", f"{held[-1]:.0f} MB"))


def main() -> None:
    """Run the load that the flags ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--dreams", type=int, default=10)
    parser.add_argument("--uploads", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        studio = Running(folder)
        try:
            print(ROW.format("", "number", "median", "95 %"))
            answers(studio, "GET /, idle", options.clients, options.seconds)
            with studio.dreaming():
                answers(studio, "GET /, dreaming", options.clients, options.seconds)
            if options.streams:
                streams(studio, options)
            print(ROW.format("", "number", "begin", "end"))
            if options.dreams:
                dreams(studio, options.dreams)
            if options.uploads:
                uploads(studio, options.uploads)
        finally:
            studio.process.kill()
            studio.process.wait()


if __name__ == "__main__":
    main()
