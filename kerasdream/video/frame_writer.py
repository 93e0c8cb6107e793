"""What all writers of films share: frames of one size come in, a whole file or nothing at all comes out."""

import pathlib
from fractions import Fraction
from types import TracebackType
from typing import Self

import numpy as np

from kerasdream.errors import ConfigError, OutputError
from kerasdream.image import files
from kerasdream.types import Array, Size


class FrameWriter:
    """A film that is being written, beside its target until `close` gives it its name.

    As a context manager it closes the film at the end, also after Ctrl-C, and discards it after an error.
    """

    def __init__(self, target: pathlib.Path, fps: Fraction, size: Size, overwrite: bool, comment: str | None):
        """`size` is (height, width)."""
        self.target, self.fps, self.size, self.overwrite, self.comment = target, fps, size, overwrite, comment
        self.part = files.part_beside(target)
        self.frames = 0  # how many are shown so far
        self.channels: int | None = None  # 3, or 4 with alpha, as the first frame has
        self.closed = False

    def write(self, frame: Array, count: int = 1) -> None:
        """Add a frame (height, width, 3 or 4) of bytes, to be shown for `count` times the length of a frame.

        Raises ConfigError for another size or kind of array, OutputError where it cannot be written.
        """
        if self.closed:
            raise OutputError(f"{str(self.target)!r} is closed; a frame can be added to an open film only.")
        self.check(frame)
        try:
            if self.channels is None:
                self.channels = frame.shape[2]
                self.begin()
            self.put(np.ascontiguousarray(frame), count)
        except OSError as fault:
            raise self.failure(fault) from fault
        self.frames += count

    def check(self, frame: Array) -> None:
        """Raise ConfigError where an array is no frame of this film."""
        height, width = self.size
        shape, dtype = getattr(frame, "shape", None), getattr(frame, "dtype", type(frame).__name__)
        expected = [(height, width, channels) for channels in ((3, 4) if self.channels is None else (self.channels,))]
        if shape not in expected or dtype != np.uint8:
            raise ConfigError(
                f"A frame of the shape {shape} and type {dtype} was given; "
                f"{' or '.join(map(str, expected))} of uint8 was expected."
            )

    def close(self) -> None:
        """Finish the film and give it its name. Raises OutputError where it has no frame or cannot be written."""
        if self.closed:
            return
        try:
            if not self.frames:
                raise OutputError(f"{str(self.target)!r} has no frames; a film of one or more was expected.")
            self.finish()
            self.place()
        except OSError as fault:
            raise self.failure(fault) from fault
        finally:
            self.discard()

    def failure(self, fault: OSError) -> OutputError:
        """Return the error for what the system refused."""
        if isinstance(fault, OutputError):
            return fault
        return OutputError(
            f"{str(self.target)!r} cannot be written: {fault.strerror or fault}. What stood there before is as it was."
        )

    def discard(self) -> None:
        """End without a film; what stood under its name stays."""
        self.closed = True
        self.abandon()

    def begin(self) -> None:
        """Prepare for the first frame."""

    def put(self, frame: Array, count: int) -> None:
        """Write one frame."""
        raise NotImplementedError

    def finish(self) -> None:
        """Make the file at `part` whole."""
        raise NotImplementedError

    def place(self) -> None:
        """Give what lies at `part` the name of the target."""
        files.put_in_place(self.part, self.target, self.overwrite)

    def abandon(self) -> None:
        """Free everything, and remove what lies beside the target."""
        self.part.unlink(missing_ok=True)

    def ticks(self, unit: int, count: int) -> int:
        """Return how long the next `count` frames are shown, in so many parts of a second; sums are never off by one.

        >>> film = FrameWriter(pathlib.Path("a.gif"), Fraction(30), (4, 4), False, None)
        >>> film.ticks(100, 1)
        3
        """
        begin, end = (round(Fraction(unit * frame) / self.fps) for frame in (self.frames, self.frames + count))
        return end - begin

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if fault is None or (isinstance(fault, KeyboardInterrupt) and self.frames):
            self.close()
        else:
            self.discard()
