"""Every kind of picture in, the same kind out, with the values that it had."""

import io
import os
import pathlib
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from kerasdream.errors import DreamWarning, InputImageError
from kerasdream.image.picture import Picture

LEVELS = np.arange(256, dtype=np.uint8).reshape(16, 16)
RAMP16 = np.linspace(0, 65535, 20 * 30).astype(np.uint16).reshape(20, 30)
RNG = np.random.default_rng(0)


def through_the_model(pixels):
    """What a dream of no steps does to pixels: into the range of the model and back, in float32."""
    image = (pixels / np.float32(127.5) - 1).astype(np.float32)
    return (image / 2 + 0.5) * 255


ARRAYS = {
    "grey": LEVELS,
    "grey with channel": LEVELS[..., None],
    "rgb": np.stack([LEVELS, LEVELS[::-1], LEVELS.T], -1),
    "rgba": np.stack([LEVELS, LEVELS[::-1], LEVELS.T, LEVELS // 2], -1),
    "batch": RNG.integers(0, 256, (3, 9, 7, 3), np.uint8),
    "uint16": np.stack([RAMP16] * 3, -1),
    "grey uint16": RAMP16,
    "read-only": np.broadcast_to(LEVELS[..., None], (16, 16, 3)),
    "not contiguous": RNG.integers(0, 256, (20, 20, 3), np.uint8)[::2, ::-3],
}


@pytest.mark.parametrize("name", ARRAYS)
def test_integer_arrays_come_back_to_the_bit(name):
    array = ARRAYS[name]
    picture = Picture.of(array)
    back = picture.restore(through_the_model(picture.pixels))
    assert back.dtype == array.dtype
    assert np.array_equal(back, array)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_run_from_0_to_1(dtype):
    array = RNG.random((8, 9, 3)).astype(dtype)
    picture = Picture.of(array)
    assert picture.pixels.max() > 200
    back = picture.restore(through_the_model(picture.pixels))
    assert back.dtype == dtype
    np.testing.assert_allclose(back.astype(float), array.astype(float), atol=1e-3 if dtype == "float16" else 3e-7)


def test_values_past_black_and_white_are_clipped_and_the_rest_truncated():
    picture = Picture.of(np.zeros((1, 5, 3), np.uint8))
    pixels = np.array([-50.0, 0.99, 127.9, 254.9999, 300.0], np.float32).reshape(1, 1, 5, 1).repeat(3, -1)
    assert picture.restore(pixels)[0, :, 0].tolist() == [0, 0, 127, 255, 255]


def test_untouched_pictures_of_a_batch_keep_their_very_values():
    batch = RNG.random((2, 4, 4, 3))
    back = Picture.of(batch).restore(np.zeros((2, 4, 4, 3), np.float32), np.array([False, True]))
    assert np.array_equal(back[1], batch[1])
    assert back[0].max() == 0


def test_grey_is_the_luminance_of_the_dream():
    picture = Picture.of(np.zeros((1, 1), np.uint8))
    assert picture.restore(np.array([[[[200.0, 100.0, 50.0]]]])).item() == int(0.299 * 200 + 0.587 * 100 + 0.114 * 50)


def test_alpha_stays_untouched():
    array = ARRAYS["rgba"]
    dreamt = Picture.of(array).restore(np.full((1, 16, 16, 3), 77.0))
    assert np.array_equal(dreamt[..., 3], array[..., 3])
    assert (dreamt[..., :3] == 77).all()


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 4, 2), np.uint8), r"\(4, 4, 2\) and dtype uint8 .* \(H, W, 1\|3\|4\)"),
        (np.zeros(7, np.uint8), r"\(7,\)"),
        (np.zeros((0, 4, 3), np.uint8), "no pixel"),
        (np.zeros((0, 4, 4, 3), np.uint8), "no pixel"),
        (np.zeros((4, 4, 3), np.int64), r"int64 was given; .*astype\('uint8'\)"),
        (np.full((4, 4, 3), 255.0), "from 255 to 255; floats from 0 to 1"),
        (np.full((4, 4, 3), -0.5), "from -0.5 to -0.5"),
        (np.full((4, 4, 3), 1.002), "from 1.002 to 1.002; floats from 0 to 1 were expected, give or take 0.001"),
        (np.array([[[0.0, np.nan, 1.0]]]), "from 0 to 1 and not all finite"),
        (np.full((4, 4, 3), np.nan), "with values of which none is finite"),
        (np.zeros((4, 4, 3), object), "object"),
    ],
)
def test_arrays_that_are_no_pictures_say_what_was_seen(array, words):
    with pytest.raises(InputImageError, match=words):
        Picture.of(array)


def test_other_things_say_what_was_expected():
    with pytest.raises(InputImageError, match="A dict was given as picture; a path"):
        Picture.of({"sky": 1})


def test_floats_that_rounding_took_past_black_and_white_are_clipped():
    picture = Picture.of(np.array([[-1e-5, 0.2, 1.00001], [0.0, 1.0009, 1.0]], np.float32))
    np.testing.assert_allclose(picture.pixels[0, ..., 0], [[0, 51, 255], [0, 255, 255]], atol=1e-4)
    assert picture.pixels.max() == 255.0
    assert Picture.of(Image.fromarray(np.full((2, 2), 1.0005, np.float32))).pixels.max() == 255.0


def test_booleans_are_black_and_white_and_come_back_as_bytes():
    array = np.eye(4, dtype=bool)
    picture = Picture.of(array)
    assert np.array_equal(picture.pixels[0, ..., 1], np.eye(4) * 255)
    back = picture.restore(np.full((1, 4, 4, 3), 77.0), array[None])
    assert back.dtype == np.uint8
    assert np.array_equal(back, np.where(array, 255, 77))


def test_a_list_of_pictures_is_told_how_to_dream_them():
    with pytest.raises(InputImageError, match=r"A list was given as picture; .*as one array, np.stack\(pictures\)"):
        Picture.of([np.zeros((4, 4, 3), np.uint8)] * 2)
    with pytest.raises(InputImageError, match=r"A int was given as picture; .*a tensor was expected\.$"):
        Picture.of(3)


def test_masked_pixels_are_no_pixels():
    array = np.ma.masked_array(np.full((2, 2), 9, np.uint8), mask=[[True, False], [False, False]])
    with pytest.raises(InputImageError, match=r"some of its pixels are masked.*\.filled\(0\), or name the mask"):
        Picture.of(array)
    assert (Picture.of(np.ma.masked_array(array.data)).pixels == 9).all()  # nothing is masked


def test_a_tensor_without_values_is_no_picture():
    class Symbolic:
        def __array__(self, *_, **__):
            raise RuntimeError("It is a placeholder.")

    with pytest.raises(InputImageError, match="values of a Symbolic given as picture cannot be read: It is a placeh"):
        Picture.of(Symbolic())


@pytest.mark.parametrize("address", ["https://example.com/sky.jpg", "s3://bucket/sky.png"])
def test_an_address_is_told_to_be_downloaded(address):
    with pytest.raises(InputImageError, match=rf"'{address}' cannot be read: .* Addresses are not fetched: download"):
        Picture.of(address)


def test_an_icon_is_its_largest_picture():
    file = io.BytesIO()
    Image.fromarray(ARRAYS["rgba"]).resize((32, 32), 0).save(file, "ICO", sizes=[(16, 16), (32, 32)])
    picture = Picture.of(file.getvalue())
    assert picture.pixels.shape == (1, 32, 32, 3)
    assert np.array_equal(picture.pixels[0, ::2, ::2], ARRAYS["rgba"][..., :3])
    assert np.array_equal(picture.restore(np.zeros((1, 32, 32, 3))).getchannel("A"), np.asarray(picture.source)[..., 3])


def test_mode_i_holds_16_bits():
    image = Image.fromarray(np.array([[0, 257, 65535]], np.int32))
    picture = Picture.of(image)
    assert image.mode == "I"
    np.testing.assert_allclose(picture.pixels[0, 0, :, 0], [0, 1, 255], atol=1e-4)
    assert np.asarray(picture.restore(through_the_model(picture.pixels))).tolist() == [[0, 257, 65535]]
    with pytest.raises(InputImageError, match="mode I with values from 0 to 65536 was given; 0 to 65535 .* Scale"):
        Picture.of(Image.fromarray(np.array([[0, 65536]], np.int32)))


def ramp(mode):
    """A picture of any Pillow mode, with a ramp of grey or colour, and alpha where the mode has it."""
    grey = Image.fromarray(np.tile(np.linspace(0, 255, 40).astype(np.uint8), (30, 1)))
    if mode in ("I", "I;16"):
        return Image.fromarray(
            np.tile(np.linspace(0, 65535, 400), (30, 1)).astype(np.int32 if mode == "I" else np.uint16)
        )
    if mode == "F":
        return Image.fromarray(np.tile(np.linspace(0, 1, 40), (30, 1)).astype(np.float32))
    colour = Image.merge("RGB", [grey, grey.rotate(180), Image.new("L", grey.size, 90)])
    if mode == "La":
        return Image.merge("LA", [grey, grey.rotate(180)]).convert("La")
    image = (
        colour.convert("RGBa" if mode == "RGBa" else mode)
        if mode not in ("RGBA", "LA", "PA")
        else colour.convert("RGBA")
    )
    if mode in ("RGBA", "LA", "PA"):
        image.putalpha(grey.rotate(180))
        image = image.convert(mode)
    return image


@pytest.mark.parametrize(
    ("mode", "out"),
    [("1", "L"), ("P", "RGB"), ("La", "LA"), ("PA", "RGBA"), ("RGBa", "RGBA"), ("RGBX", "RGB")]
    + [(mode, mode) for mode in ("L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "I", "I;16", "F")],
)
def test_every_pillow_mode_comes_back_looking_the_same(mode, out):
    image = ramp(mode)
    picture = Picture.of(image)
    back = picture.restore(through_the_model(picture.pixels))
    assert (back.mode, back.size) == (out, image.size)
    seen, wanted = picture.pixels[0].astype(float), Picture.of(back).pixels[0].astype(float)
    assert np.abs(seen - wanted).max() <= (12 if mode in ("HSV", "LAB", "YCbCr") else 1)
    if back.mode in ("LA", "RGBA"):
        alpha = image.convert("LA" if mode == "La" else "RGBA").getchannel("A")
        assert np.array_equal(back.getchannel("A"), alpha)


def test_16_bit_grey_keeps_its_levels():
    image = Image.fromarray(RAMP16)
    picture = Picture.of(image)
    assert len(np.unique(picture.pixels)) == len(np.unique(RAMP16))
    assert np.array_equal(picture.restore(through_the_model(picture.pixels)), RAMP16)


def test_a_float_picture_past_1_is_refused():
    with pytest.raises(InputImageError, match="mode F with values from 0 to 255 was given; 0 to 1 was expected"):
        Picture.of(Image.fromarray(np.linspace(0, 255, 12, dtype=np.float32).reshape(3, 4)))


def test_a_transparent_palette_keeps_its_transparency():
    image = Image.new("P", (4, 4), 3)
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.putpixel((0, 0), 1)
    file = io.BytesIO()
    image.save(file, "GIF", transparency=3)
    back = Picture.of(file.getvalue()).restore(np.full((1, 4, 4, 3), 9.0))
    assert back.mode == "RGBA"
    assert np.asarray(back)[0, 0].tolist() == [9, 9, 9, 255]
    assert np.asarray(back)[2, 2].tolist() == [9, 9, 9, 0]


def test_paths_bytes_and_files_are_the_same_picture(tmp_path):
    path = tmp_path / "picture.png"
    Image.fromarray(ARRAYS["rgb"]).save(path)
    kinds = [path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes())]
    for kind in kinds:
        picture = Picture.of(kind)
        assert isinstance(picture.restore(picture.pixels), Image.Image)
        assert np.array_equal(picture.pixels[0], ARRAYS["rgb"])
    assert Picture.of(path).path == str(path)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied_and_dropped(tmp_path, orientation):
    upright = Image.fromarray(np.repeat(np.repeat(np.arange(6, dtype=np.uint8).reshape(2, 3) * 40, 16, 0), 16, 1))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}.get(orientation)  # Transpose that a camera's turning amounts to
    turned = upright if undo is None else upright.transpose(Image.Transpose(undo))
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned.save(tmp_path / "turned.png", exif=exif)
    picture = Picture.of(tmp_path / "turned.png")
    assert np.array_equal(picture.pixels[0, ..., 0], np.asarray(upright))
    assert len(picture.source.getexif()) == 0


def test_the_first_of_several_pictures_is_taken_with_a_notice():
    frames = [Image.new("L", (5, 5), level) for level in (10, 200)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    with pytest.warns(DreamWarning, match="holds 2 pictures; the first"):
        assert Picture.of(file.getvalue()).pixels.max() == 10


def test_the_size_limit_is_asked_of_the_header():
    body = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body)) + b"\0\0\0\0IDAT"
    with pytest.raises(InputImageError, match=r"megapixels|larger than Pillow decodes"):
        Picture.of(header, 64_000_000)
    file = io.BytesIO()
    Image.new("1", (9000, 9000)).save(file, "PNG")
    with pytest.raises(InputImageError, match=r"9000 x 9000 .* 81.0 megapixels; at most 64 .* max_pixels=81000000"):
        Picture.of(file.getvalue(), 64_000_000)
    with pytest.raises(InputImageError, match="at most"):
        Picture.of(np.zeros((10, 10, 3), np.uint8), 99)
    assert Picture.of(np.zeros((10, 10, 3), np.uint8), 100).pixels.shape == (1, 10, 10, 3)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")  # Pillow says so before it gives up
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
def test_a_truncated_file_is_refused_at_every_length(format):
    file = io.BytesIO()
    Image.fromarray(RNG.integers(0, 256, (24, 24, 3), np.uint8)).save(file, format)
    whole = file.getvalue()
    Picture.of(whole)
    for share in (0.02, 0.1, 0.3, 0.5, 0.7, 0.9):
        with pytest.raises(InputImageError, match="cannot be read as a picture"):
            Picture.of(whole[: int(len(whole) * share)])


def test_a_lazily_opened_truncated_picture_is_refused_too():
    file = io.BytesIO()
    Image.fromarray(RNG.integers(0, 256, (64, 64, 3), np.uint8)).save(file, "PNG")
    half = io.BytesIO(file.getvalue()[:6000])
    with Image.open(half) as image, pytest.raises(InputImageError, match="cannot be read as a picture"):
        Picture.of(image)


def test_what_is_no_picture_file_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("a poem")
    for name, words in {
        "missing.png": "No such file",
        "pipe": "not an ordinary file",
        ".": "is a folder",
        "empty.png": "cannot be read as a picture",
        "text.png": "cannot be read as a picture",
    }.items():
        with pytest.raises(InputImageError, match=words):
            Picture.of(pathlib.Path(tmp_path / name))
