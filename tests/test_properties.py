"""Whatever comes in: no exception but DreamError's children, and what is taken keeps its kind, size and range.

Few examples, always the same, unless HYPOTHESIS_PROFILE=long is set.
"""

import datetime
import io
import json
import os
import struct
import warnings
import zlib

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from kerasdream import DreamConfig, settings_of
from kerasdream.config import KNOBS, check_names
from kerasdream.errors import ConfigError, DreamError, InputImageError
from kerasdream.image import metadata
from kerasdream.image.picture import Picture
from kerasdream.objectives import objective

SECONDS = datetime.timedelta(seconds=5)  # of an example: never a hang, also on a busy machine
settings.register_profile("ci", deadline=SECONDS, max_examples=150, derandomize=True, database=None)
settings.register_profile("long", deadline=SECONDS, max_examples=4_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

SIDES = st.integers(1, 12)
MODES = ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16"]

numbers = st.integers() | st.floats() | st.booleans() | st.fractions() | st.decimals() | st.complex_numbers()
words = st.text() | st.sampled_from(
    ["", "2GB", "mixed4", "imagenet", "adam", "none", "\0", "../x", "keras", "*2", "=0.5", "-"]
)
terms = st.sampled_from(
    [
        *("mixed4", "mixed4:1", "mixed4:1@2,3", "mixed4:1@centre", "mixed4:strong5", "mixed4:weak5/octave", "'a-b':3"),
        *("mean(mixed4:150)", "norm(mixed4)", "direction(mixed4, 3=1.0)", "class:tabby", "class:281", "tv()", "l2()"),
        *("guide(mixed4, a.jpg)", "guide(mixed4, a.jpg, cosine)", "content(mixed2)", "inside(a.png, mixed4)", "(("),
    ]
)
objectives = st.lists(terms | words | st.sampled_from("+-*=,:@() 2"), max_size=8).map("".join)
plain = st.none() | numbers | words | st.binary(max_size=8) | objectives
values = st.recursive(
    plain | arrays.arrays(arrays.scalar_dtypes(), arrays.array_shapes(min_dims=0, max_dims=4, max_side=3)),
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(words, inner, max_size=3)
    ),
    max_leaves=6,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words | objectives,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def near(draw, name):
    """A value for a knob: more often than not one that it takes."""
    knob = KNOBS[name]
    least = max(1, int(max(knob.low, 0)))
    whole = st.integers(least, int(min(knob.high, least + 3)))
    number = st.floats(max(knob.low, knob.above, 0.0), min(knob.high, 100.0))
    fitting = {
        "int": whole,
        "ints": whole | st.lists(whole, max_size=3),
        "float": number,
        "floats": number | st.lists(number, max_size=3),
        "bool": st.booleans(),
        "choice": st.sampled_from(knob.choices or ("",)),
        "memory": st.sampled_from(["1MB", "1.5 gb", "0MB", "9TB"]),
        "objective": objectives | st.dictionaries(terms, st.floats(), max_size=3),
    }.get(knob.kind, words)
    return draw(fitting | values)


@st.composite
def some_settings(draw, value=near):
    names = draw(st.lists(st.sampled_from(sorted(KNOBS)), unique=True, max_size=4))
    return {name: draw(value(name)) for name in names}


@given(some_settings())
def test_settings_are_taken_and_survive_a_file_or_are_a_config_error(given_settings):
    try:
        config = DreamConfig(**given_settings)
    except ConfigError:
        return
    for name, knob in KNOBS.items():
        value = getattr(config, name)
        for number in value if isinstance(value, tuple) else [value]:
            if isinstance(number, int | float) and not isinstance(number, bool):
                assert knob.low <= number <= knob.high
                assert number > knob.above
    if "mask" not in given_settings:  # pixels have no text
        assert DreamConfig(**json.loads(json.dumps(config.as_dict(), allow_nan=False))) == config
    assert hash(config) == hash(config.replace())


@given(objectives | words)
def test_the_text_of_an_objective_is_the_objective_or_a_config_error(text):
    try:
        found = objective(text)
    except ConfigError:
        return
    assert objective(str(found)) == found
    assert objective(found.as_dict()) == found


def check_round_trip(picture, source):
    """What a picture promises, whatever it was made from."""
    pixels = picture.pixels
    assert (pixels.ndim, pixels.shape[-1]) == (4, 3)
    assert pixels.min() >= 0
    assert pixels.max() <= 255
    back = picture.restore(pixels)
    if isinstance(source, np.ndarray):
        kind = np.uint8 if source.dtype == bool else source.dtype  # a dream of black and white has levels between
        assert (back.shape, back.dtype) == (source.shape, kind)
        if source.dtype == bool:
            np.testing.assert_array_equal(back, source * np.uint8(255))
        elif source.dtype.kind == "u":
            np.testing.assert_array_equal(back, source)
        else:
            np.testing.assert_allclose(back.astype(float), source.astype(float), atol=2e-3)
    else:
        assert isinstance(back, Image.Image)
        assert back.size == picture.source.size
        assert back.has_transparency_data == picture.source.has_transparency_data
        with io.BytesIO() as file:
            picture.as_pillow(back).convert("RGB").save(file, "PNG")


dtypes = st.sampled_from(["uint8", "uint16", "float16", "float32", "float64"]) | arrays.scalar_dtypes()
shapes = arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=6) | st.tuples(
    SIDES, SIDES, st.sampled_from([1, 3, 4])
)


@st.composite
def any_array(draw):
    dtype = np.dtype(draw(dtypes))
    elements = st.floats(0, 1, width=8 * dtype.itemsize) if dtype.kind == "f" and draw(st.booleans()) else None
    return draw(arrays.arrays(dtype, draw(shapes), elements=elements))


@given(any_array())
def test_arrays_come_back_as_they_went_in_or_are_an_input_error(array):
    try:
        picture = Picture.of(array, 10_000)
    except InputImageError:
        return
    check_round_trip(picture, array)


@pytest.mark.parametrize("array", [np.full((1, 1, 1), np.nan), np.full((1, 1, 1), 3.5e38)], ids=["nan", "too large"])
def test_floats_out_of_range_are_an_error_and_no_warning(array):
    with pytest.raises(InputImageError, match="floats from 0 to 1 were expected"):
        Picture.of(array)


@st.composite
def any_image(draw):
    mode, size = draw(st.sampled_from(MODES)), (draw(SIDES), draw(SIDES))
    data = np.frombuffer(draw(st.binary(min_size=64, max_size=64)), np.uint8)
    image = Image.new(mode, size)
    length = len(image.tobytes())
    image.frombytes(np.resize(data, length).tobytes())
    if mode in ("P", "PA"):
        image.putpalette(np.resize(data[::-1], 768).tobytes())
    if draw(st.booleans()) and mode in ("P", "L", "RGB"):
        image.info["transparency"] = draw(st.integers(0, 255)) if mode != "RGB" else (1, 2, 3)
    return image


@given(any_image())
def test_pillow_images_come_back_as_they_went_in_or_are_an_input_error(image):
    before = image.tobytes()
    try:
        picture = Picture.of(image, 10_000)
    except InputImageError:
        return
    check_round_trip(picture, image)
    assert image.tobytes() == before


def encoded(format):
    """A small picture in a format, as bytes."""
    file = io.BytesIO()
    picture = Image.linear_gradient("L").resize((24, 20)).convert("RGB")
    picture.save(file, format, **metadata.options({"settings": {}}, format) if format in ("PNG", "JPEG") else {})
    return file.getvalue()


FILES = [encoded(format) for format in ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "PPM", "ICO", "TGA")]


@st.composite
def broken_files(draw):
    """A picture file with some bytes changed, cut out, or put in."""
    data = bytearray(draw(st.sampled_from(FILES)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        data[place : place + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


@given(broken_files() | st.binary(max_size=200))
def test_files_are_a_picture_or_an_input_error(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own of what is odd in a file
        try:
            picture = Picture.of(data, 1_000_000)
        except InputImageError:
            return
        check_round_trip(picture, data)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("records")


json_settings = some_settings(lambda name: json_values) | st.dictionaries(words, json_values, max_size=4)
records = st.fixed_dictionaries({"settings": json_settings}) | json_values


def check_record(path):
    """A tampered picture gives settings that a dream takes, or an error of ours."""
    try:
        found = settings_of(path)
        check_names(found)
        DreamConfig(**found)
    except (InputImageError, ConfigError):
        return
    assert not {"memory", "max_pixels"} & found.keys()


@given(records.map(json.dumps) | st.text(), st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF"]))
def test_a_tampered_record_is_read_or_an_input_error(home, text, format):
    path = home / f"dream.{format.lower()}"
    options = metadata.options({"settings": {}}, format)
    if format == "PNG":
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt(metadata.CHUNK, text)
    elif format == "TIFF":
        options["tiffinfo"] = {metadata.TIFF_DESCRIPTION: text.encode("ascii", "replace").decode()}
    else:
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9286] = metadata.TEXT + text.encode(errors="replace")[:60_000]
        options["exif"] = exif
    Image.new("RGB", (4, 4)).save(path, format, **options)
    check_record(path)


def test_the_settings_of_a_very_large_picture_are_read(home):
    png = bytearray(encoded("PNG"))
    png[16:24] = struct.pack(">II", 30_000, 30_000)
    png[29:33] = struct.pack(">I", zlib.crc32(png[12:29]))
    (home / "large.png").write_bytes(png)
    assert metadata.record_of(home / "large.png")["settings"] == {}


@given(broken_files())
def test_a_torn_file_gives_no_settings_or_an_input_error(home, data):
    (home / "torn.png").write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_record(home / "torn.png")


def test_every_error_of_bad_input_is_of_one_family():
    assert issubclass(ConfigError, DreamError)
    assert issubclass(InputImageError, DreamError)
