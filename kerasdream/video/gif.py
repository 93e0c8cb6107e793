"""GIF with one palette that serves all frames: with a palette each, plain areas would flicker."""

import struct
import tempfile
import zlib

import numpy as np
from PIL import GifImagePlugin, Image

from kerasdream.types import Array
from kerasdream.video.frame_writer import FrameWriter

SAMPLES = 16  # frames that the palette is made of, at least, where there are so many
SIDE = 128  # pixels: the longer side of such a sample


class GifWriter(FrameWriter):
    """Keeps the frames in a temporary file until all have come, then writes them with the palette of all."""

    def begin(self) -> None:
        self.spool = tempfile.TemporaryFile(dir=self.target.parent)  # noqa: SIM115 - closed with the film
        self.index: list[tuple[int, int]] = []  # of each frame: bytes in the spool, hundredths of a second
        self.samples: list[Image.Image] = []
        self.stride = 1  # between the samples

    def put(self, frame: Array, count: int) -> None:
        frame = frame[..., :3]
        if len(self.index) % self.stride == 0:
            self.add_sample(Image.fromarray(frame))
        packed = zlib.compress(frame.tobytes(), 1)
        self.spool.write(packed)
        self.index.append((len(packed), self.ticks(100, count)))

    def add_sample(self, image: Image.Image) -> None:
        """Keep a small copy for the palette; where there are many, every second one goes."""
        image.thumbnail((SIDE, SIDE))
        self.samples.append(image)
        if len(self.samples) >= 2 * SAMPLES:
            self.samples, self.stride = self.samples[::2], 2 * self.stride

    def palette(self) -> Image.Image:
        """Return a picture in the 256 colours that serve all frames."""
        strip = np.concatenate([np.asarray(image) for image in self.samples])
        return Image.fromarray(strip).quantize(256, method=Image.Quantize.MEDIANCUT)

    def finish(self) -> None:
        palette = self.palette()
        self.spool.seek(0)
        with open(self.part, "xb") as file:
            file.write(self.header(palette))
            for length, duration in self.index:
                pixels = np.frombuffer(zlib.decompress(self.spool.read(length)), np.uint8).reshape(*self.size, 3)
                image = Image.fromarray(pixels).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
                file.write(b"".join(GifImagePlugin.getdata(image, duration=10 * duration)))
            file.write(b";")

    def header(self, palette: Image.Image) -> bytes:
        """Return what stands before the frames: size, palette, that it repeats, and the comment."""
        height, width = self.size
        colors = bytes(palette.getpalette() or [])[:768].ljust(768, b"\0")
        parts = [b"GIF89a", struct.pack("<HHBBB", width, height, 0xF7, 0, 0), colors]
        parts.append(b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")
        if self.comment:
            parts.append(b"!\xfe")
            text = self.comment.encode()
            parts += [bytes([len(block)]) + block for block in (text[i : i + 255] for i in range(0, len(text), 255))]
            parts.append(b"\0")
        return b"".join(parts)

    def abandon(self) -> None:
        if self.channels is not None:
            self.spool.close()
        super().abandon()
