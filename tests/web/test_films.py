"""The films of the studio: a dream that grows, as WebP and as GIF."""

import numpy as np
from PIL import Image

from kerasdream.web.films import convert, write_film


def test_both_films_show_the_same_frames_for_the_same_time(tmp_path):
    shades = (30, 90, 150, 210)
    write_film([Image.new("RGB", (40, 30), (shade, shade, 40)) for shade in shades], tmp_path / "growth.webp")
    convert(tmp_path / "growth.webp", tmp_path / "growth.gif")
    for name in ("growth.webp", "growth.gif"):
        with Image.open(tmp_path / name) as film:
            times = []
            for number, shade in enumerate(shades):
                film.seek(number)
                assert np.abs(np.asarray(film.convert("RGB"), int) - (shade, shade, 40)).max() < 12
                times.append(film.info["duration"])
        assert times == [150, 150, 150, 1200]
    written = (tmp_path / "growth.gif").read_bytes()
    convert(tmp_path / "gone.webp", tmp_path / "growth.gif")  # it is there
    assert (tmp_path / "growth.gif").read_bytes() == written
