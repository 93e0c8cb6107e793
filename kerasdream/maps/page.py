"""A map as one page to zoom into, with all it needs inside: it works from a file, without a server."""

import base64
import importlib.resources
import io
import json
from collections.abc import Sequence

from PIL import Image


def page_of(drawn: Image.Image, photographs: Image.Image, labels: Sequence[Sequence[str]], title: str) -> bytes:
    """Return the page of a map: the cells drawn, the photographs that lie there, and a label for each cell by row.

    >>> page_of(Image.new("RGB", (8, 8)), Image.new("RGB", (8, 8)), [["a"]], "mixed4")[:15]
    b'<!doctype html>'
    """
    page = importlib.resources.files("kerasdream.maps").joinpath("page.html").read_text("utf-8")
    data = {
        "title": title,
        "drawn": data_url(drawn),
        "photographs": data_url(photographs),
        "labels": [list(row) for row in labels],
    }
    return page.replace("{{data}}", json.dumps(data).replace("<", "\\u003c")).encode()


def data_url(picture: Image.Image) -> str:
    """Return a picture as a JPEG inside an address."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=88)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
