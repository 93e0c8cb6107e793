"""Animated WebP, written frame by frame, so that memory does not grow with its length."""

import io
import struct
from collections.abc import Iterator

from PIL import Image

from kerasdream.image.metadata import exif_comment
from kerasdream.types import Array
from kerasdream.video.frame_writer import FrameWriter

QUALITY = 85
FRAME_PARTS = (b"ALPH", b"VP8 ", b"VP8L")  # chunks of one picture that a frame holds
ANIMATED, EXIF, ALPHA = 0x02, 0x08, 0x10  # flags of the file
NO_BLENDING = 0x02  # flag of a frame: it replaces the one before


class WebpWriter(FrameWriter):
    """Writes each frame as a picture by itself."""

    def begin(self) -> None:
        self.file = open(self.part, "xb")  # noqa: SIM115 - closed with the film
        height, width = self.size
        flags = ANIMATED | (EXIF if self.comment else 0) | (ALPHA if self.channels == 4 else 0)
        self.file.write(b"RIFF\0\0\0\0WEBP")  # the length is filled in at the end
        self.file.write(chunk(b"VP8X", struct.pack("<I", flags) + three_bytes(width - 1) + three_bytes(height - 1)))
        self.file.write(chunk(b"ANIM", bytes(6)))

    def put(self, frame: Array, count: int) -> None:
        height, width = self.size
        picture = io.BytesIO()
        Image.fromarray(frame).save(picture, "WEBP", quality=QUALITY, method=4)
        place = bytes(6) + three_bytes(width - 1) + three_bytes(height - 1)
        parts = b"".join(chunk(name, data) for name, data in chunks_of(picture.getvalue()) if name in FRAME_PARTS)
        duration = three_bytes(self.ticks(1000, count))
        self.file.write(chunk(b"ANMF", place + duration + bytes([NO_BLENDING]) + parts))

    def finish(self) -> None:
        if self.comment:
            self.file.write(chunk(b"EXIF", exif_comment(self.comment).tobytes()))
        length = self.file.tell()
        self.file.seek(4)
        self.file.write(struct.pack("<I", length - 8))
        self.file.close()

    def abandon(self) -> None:
        if self.channels is not None:
            self.file.close()
        super().abandon()


def three_bytes(number: int) -> bytes:
    """Return a number as WebP writes it, in 24 bits."""
    return struct.pack("<I", number)[:3]


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a RIFF file: its name, its length, its data to an even length."""
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def chunks_of(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and data of each chunk of a RIFF file.

    >>> list(chunks_of(b"RIFF____WEBP" + chunk(b"ANIM", b"abc")))
    [(b'ANIM', b'abc')]
    """
    position = 12
    while position + 8 <= len(file):
        name, length = struct.unpack_from("<4sI", file, position)
        yield name, file[position + 8 : position + 8 + length]
        position += 8 + length + length % 2
