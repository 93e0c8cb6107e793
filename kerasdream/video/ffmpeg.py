"""MP4 and WebM, encoded by the ffmpeg that imageio-ffmpeg brings. It opens files only: no address, no playlist."""

import contextlib
import importlib
import os
import pathlib
import subprocess
import tempfile
from fractions import Fraction

import numpy as np

from kerasdream.errors import OutputError
from kerasdream.image import files
from kerasdream.types import Array, Size
from kerasdream.video.frame_writer import FrameWriter

PROTOCOLS = "file,pipe"
CONTAINERS = "mov,matroska,avi,asf,flv,mpeg,mpegts,ogg,wav,mp3,aac,flac,aiff,w64,caf"  # that sound is read from
FORMATS = {".mp4": "mp4", ".webm": "webm"}
SOUND = {".mp4": "aac", ".webm": "libopus"}  # where the source's own does not fit
VIDEO = {
    ".mp4": ["-c:v", "libx264", "-crf", "18"],
    ".webm": ["-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0", "-row-mt", "1", "-cpu-used", "4"],
}
COLORS = ["-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]


def executable() -> str:
    """Return the path of ffmpeg, or raise OutputError where it is not installed."""
    try:
        return str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except (ImportError, RuntimeError) as fault:
        raise OutputError(
            'MP4 and WebM need the extra "video": pip install "kerasdream[video]". GIF, WebP and folders of PNG need '
            "nothing more."
        ) from fault


def command(*arguments: str) -> list[str]:
    """Return a command line of ffmpeg that opens nothing but files and pipes."""
    return [executable(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *arguments]


def opened(path: files.StrPath) -> list[str]:
    """Return the arguments that open a file of known kind, whatever its name looks like."""
    return ["-protocol_whitelist", PROTOCOLS, "-format_whitelist", CONTAINERS, "-i", f"file:{os.fspath(path)}"]


class FfmpegWriter(FrameWriter):
    """Hands the frames to ffmpeg as they come."""

    process: subprocess.Popen[bytes] | None = None

    def __init__(
        self,
        target: pathlib.Path,
        fps: Fraction,
        size: Size,
        overwrite: bool,
        comment: str | None,
        audio_from: files.StrPath | None = None,
    ):
        """`audio_from` is a film whose sound is copied."""
        super().__init__(target, fps, size, overwrite, comment)
        self.ending, self.audio_from = target.suffix.lower(), audio_from
        self.sounding = files.part_beside(target)  # the film with its sound
        self.messages = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the film
        executable()

    def begin(self) -> None:
        height, width = self.size
        self.margin = (height % 2, width % 2) if self.ending == ".mp4" else (0, 0)  # H.264 has even sides only
        size = f"{width + self.margin[1]}x{height + self.margin[0]}"
        pixels = "rgba" if self.channels == 4 else "rgb24"
        arguments = ["-f", "rawvideo", "-pix_fmt", pixels, "-s", size, "-framerate", str(self.fps), "-i", "pipe:0"]
        self.process = subprocess.Popen(
            command("-protocol_whitelist", PROTOCOLS, *arguments, *self.output_arguments(), f"file:{self.part}"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self.messages,
            start_new_session=True,  # Ctrl-C is ours: the film is still to be closed
        )
        assert self.process.stdin is not None
        self.pipe = self.process.stdin

    def output_arguments(self) -> list[str]:
        """Return the arguments that say how the film is encoded."""
        transparent = self.channels == 4 and self.ending == ".webm"
        format = "yuva420p" if transparent else "yuv420p"
        arguments = ["-vf", f"scale=out_color_matrix=bt709:out_range=limited:flags=accurate_rnd,format={format}"]
        arguments += [*VIDEO[self.ending], *COLORS, *(["-auto-alt-ref", "0"] if transparent else [])]
        if self.comment:
            arguments += ["-metadata", f"comment={self.comment}"]
        return [*arguments, *self.container()]

    def container(self) -> list[str]:
        """Return the arguments of the container."""
        return [*(["-movflags", "+faststart"] if self.ending == ".mp4" else []), "-f", FORMATS[self.ending]]

    def put(self, frame: Array, count: int) -> None:
        if any(self.margin):
            frame = np.pad(frame, ((0, self.margin[0]), (0, self.margin[1]), (0, 0)), mode="edge")
        for _ in range(count):
            self.pipe.write(frame.data)

    def finish(self) -> None:
        self.pipe.close()
        if self.process is None or self.process.wait() or not self.part.is_file() or not self.part.stat().st_size:
            raise self.failure(OSError("its file is empty"))
        if self.audio_from is not None:
            self.add_sound(self.audio_from)

    def add_sound(self, source: files.StrPath) -> None:
        """Copy the sound of a film, as long as ours is; encode it where this container does not hold its kind."""
        seconds = f"{float(self.frames / self.fps):.6f}"
        arguments = [*opened(self.part), "-t", seconds, *opened(source), "-map", "0:v", "-map", "1:a?"]
        arguments += ["-map_metadata", "0", "-c:v", "copy"]
        for codec in ("copy", SOUND[self.ending]):
            output = ["-c:a", codec, *self.container(), f"file:{self.sounding}"]
            if not subprocess.call(command(*arguments, *output), stderr=self.messages, start_new_session=True):
                os.replace(self.sounding, self.part)
                return
        raise self.failure(OSError(f"the sound of {os.fspath(source)!r} cannot be read"))

    def failure(self, fault: OSError) -> OutputError:
        if isinstance(fault, OutputError):
            return fault
        if self.process is not None:
            self.stop()
        self.messages.seek(0)
        lines = self.messages.read().decode(errors="replace").strip().splitlines()
        return OutputError(
            f"ffmpeg could not write the film: {lines[-1] if lines else fault.strerror or fault}. "
            "GIF, WebP and folders of PNG need no ffmpeg."
        )

    def stop(self) -> None:
        """End ffmpeg."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):  # of what was not written yet
            self.pipe.close()

    def abandon(self) -> None:
        self.stop()
        self.messages.close()
        self.sounding.unlink(missing_ok=True)
        super().abandon()
