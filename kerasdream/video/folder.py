"""A film as a folder of numbered PNG files."""

import os
import pathlib
import re
import shutil

from PIL import Image

from kerasdream.errors import OutputError
from kerasdream.image import files, metadata
from kerasdream.types import Array
from kerasdream.video.frame_writer import FrameWriter

NAME = re.compile(r"\d{6,}\.png")


def check_folder(path: files.StrPath, overwrite: bool) -> pathlib.Path:
    """Return the path of a folder that may be written; OutputError where something else would be lost."""
    target = files.as_path(path)
    if not target.parent.is_dir():
        raise OutputError(f"There is no folder {str(target.parent)!r} to write {target.name!r} into. Make it first.")
    if not os.path.lexists(target) or (target.is_dir() and not any(target.iterdir())):
        return target
    if not overwrite:
        raise OutputError(files.TAKEN.format(str(target)))
    if not target.is_dir() or target.is_symlink():
        raise OutputError(f"{str(target)!r} is no folder; a new one, or one with frames only, was expected.")
    if others := [one.name for one in target.iterdir() if not NAME.fullmatch(one.name)]:
        raise OutputError(
            f"{str(target)!r} holds other files than frames, such as {others[0]!r}; it is not written over."
        )
    return target


class FolderWriter(FrameWriter):
    """Writes 000001.png and so on into a folder beside the target."""

    def begin(self) -> None:
        self.part.mkdir()

    def put(self, frame: Array, count: int) -> None:
        image = Image.fromarray(frame)
        for number in range(self.frames + 1, self.frames + 1 + count):
            comment = self.comment if number == 1 else None
            info = None if comment is None else metadata.text_chunk(comment)
            image.save(self.part / f"{number:06d}.png", compress_level=3, pnginfo=info)

    def finish(self) -> None:
        check_folder(self.target, self.overwrite)

    def place(self) -> None:
        old = files.part_beside(self.target)
        if self.target.is_dir():
            os.rename(self.target, old)
        os.rename(self.part, self.target)
        shutil.rmtree(old, ignore_errors=True)

    def abandon(self) -> None:
        shutil.rmtree(self.part, ignore_errors=True)
