"""Pictures that come in: counted, checked by their header, and written anew."""

import io
import json
import os
import resource
import struct
import subprocess
import sys
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from serving import a_file

from kerasdream.process_memory import trimmer


def test_uploads_are_counted_checked_and_written_anew(web, studio):
    def sent(body, **more):
        answer = web.post("/api/pictures", content=body, **more)
        return answer.status_code, answer.json().get("error", "")

    assert sent(os.urandom(300_001)) == (413, "More than 0.3 MB were sent; that is the limit here.")
    assert sent(b"")[0] == 400
    assert sent(b"<svg xmlns='http://www.w3.org/2000/svg'/>")[0] == 400
    assert sent(a_file()[:-2000])[0] == 400
    assert "of no known kind" in sent(b"words")[1]
    large = web.post("/api/pictures", content=a_file((720, 480), "JPEG")).json()
    assert (large["width"], large["height"], large["given"]) == (547, 365, [720, 480])  # shrunk to 200,000 pixels
    with Image.open(studio.store.path("pictures", large["id"], ".png")) as kept:
        assert kept.size == (547, 365)
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    status, words = sent(bomb.getvalue())
    assert (status, "400.0 megapixels" in words or "larger than Pillow decodes" in words) == (400, True)
    info = PngInfo()
    info.add_itxt("kerasdream", json.dumps({"settings": {"<img src=x onerror=alert(1)>": 1, "step": "<script>"}}))
    info.add_text("Comment", "<script>alert(1)</script>")
    kept = web.post("/api/pictures", content=a_file(pnginfo=info)).json()
    assert kept["settings"] == {}
    for crafted in ('{"settings": {"step": 1' + "0" * 400 + "}}", '{"settings": ' + "[" * 100_000):
        nested = PngInfo()
        nested.add_itxt("kerasdream", crafted)
        answer = web.post("/api/pictures", content=a_file(pnginfo=nested))
        assert (answer.status_code, answer.json()["settings"] or {}) == (201, {})
    data = studio.store.path("pictures", kept["id"], ".png").read_bytes()
    assert b"script" not in data
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    kept = web.post("/api/pictures", content=a_file(format="JPEG", exif=exif)).json()
    assert b"where I live" not in studio.store.path("pictures", kept["id"], ".png").read_bytes()


def test_bodies_that_come_in_pieces_are_counted_too(web):
    def pieces():
        for _ in range(100):
            yield b"x" * 10_000

    assert web.post("/api/pictures", content=pieces()).status_code == 413


def a_long_picture(height):
    """The file of a PNG of one column: hardly any bytes, and a table of rows that fills the memory."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(2 * height))) + chunk(b"IEND", b"")


def test_a_picture_of_one_endless_column_is_refused_by_its_header(web):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = web.post("/api/pictures", content=a_long_picture(50_000_000))
    assert answer.status_code == 400
    assert "50000000 x 1 (height x width); sides of 65535 pixels at most were expected" in answer.json()["error"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes
    kept = web.post("/api/pictures", content=a_long_picture(60_000)).json()
    assert (kept["width"], kept["height"]) == (1, 60_000)


def test_a_photograph_that_lies_on_its_side_is_shrunk_upright(web, studio):
    image = Image.new("RGB", (900, 600), "red")
    image.paste("blue", (0, 0, 450, 600))  # the left half: the upper one, when it is turned
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)
    kept = web.post("/api/pictures", content=file.getvalue()).json()
    assert (kept["width"], kept["height"], kept["given"]) == (365, 547, [600, 900])
    picture = studio.store.picture(kept["id"])
    (red, _, blue), below = picture.getpixel((180, 100)), picture.getpixel((180, 450))
    assert (red < 30, blue > 220, below[0] > 220, below[2] < 30) == (True, True, True, True)


UPLOADS = """
import concurrent.futures, io, pathlib, re, sys
from PIL import Image
from kerasdream.web.pictures import Pictures
from kerasdream.web.store import Store
from kerasdream.web.studio import Studio

store = Store(pathlib.Path(sys.argv[1]))
studio = Studio(store, {"mini": {}}, max_upload=300_000, max_pixels=200_000, queue=4, per_client=3)
file = io.BytesIO()
Image.new("L", (5000, 5000), 90).save(file, "PNG", compress_level=1)  # becomes RGB, of 100 MB, on the way

def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]) / 1000

def given_size(_):
    return Pictures(studio).keep(io.BytesIO(file.getvalue()))["given"]

with concurrent.futures.ThreadPoolExecutor(4) as threads:
    assert list(threads.map(given_size, range(2))) == [(5000, 5000)] * 2
    before = resident()
    assert list(threads.map(given_size, range(8))) == [(5000, 5000)] * 8
print(resident() - before)
"""


@pytest.mark.skipif(trimmer() is None, reason="the C library does not give memory back")
def test_large_pictures_leave_no_memory_behind(tmp_path):
    """In a process of its own: others have memory of theirs to give back."""
    done = subprocess.run([sys.executable, "-c", UPLOADS, str(tmp_path / "data")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 40


def test_uploads_have_an_end_and_are_told_so(web, studio):
    studio.uploads.total_tokens = 1
    assert web.post("/api/pictures", content=a_file()).status_code == 201
    studio.uploads.acquire_on_behalf_of_nowait("another upload")
    answer = web.post("/api/pictures", content=a_file())
    assert (answer.status_code, answer.json()["error"][:27]) == (503, "Too many pictures come at o")
