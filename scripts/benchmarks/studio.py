"""How quickly the studio answers while it dreams: GET / from many clients at once, with and without a dream running.

python scripts/benchmarks/studio.py --clients=50 --seconds=10
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

PORT = 8799
ADDRESS = f"http://127.0.0.1:{PORT}"
SERVE = pathlib.Path(__file__).parents[1] / "serve.py"


def ask(path: str, value: object = None) -> bytes:
    """What an address answers."""
    data = None if value is None else json.dumps(value).encode()
    with urllib.request.urlopen(urllib.request.Request(ADDRESS + path, data), timeout=60) as answer:
        return answer.read()


def times(clients: int, seconds: float) -> list[float]:
    """How long each GET / took, in milliseconds; each client asks again half a second after its answer."""
    found: list[float] = []
    until = time.monotonic() + seconds

    def client(number: int) -> None:
        time.sleep(0.5 * number / clients)
        while time.monotonic() < until:
            began = time.perf_counter()
            ask("/")
            found.append(1000 * (time.perf_counter() - began))
            time.sleep(0.5)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        line = [sys.executable, str(SERVE), f"--data_dir={folder}", f"--port={PORT}", "--noopen"]
        studio = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(300):
                try:
                    ask("/")
                    break
                except OSError:
                    time.sleep(0.2)
            print(f"{'':10} {'requests':>8} {'median':>8} {'95 %':>8}  ms")
            for name in ("idle", "dreaming"):
                if name == "dreaming":
                    ask("/api/jobs", {"settings": {"iterations": 400, "num_octave": 1, "max_loss": None}})
                    time.sleep(4)
                found = sorted(times(options.clients, options.seconds))
                high = found[int(0.95 * len(found))]
                print(f"{name:10} {len(found):8} {statistics.median(found):8.1f} {high:8.1f}", flush=True)
        finally:
            studio.kill()


if __name__ == "__main__":
    main()
