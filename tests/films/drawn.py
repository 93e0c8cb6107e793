"""Films of few and small frames, drawn for tests."""

import hashlib

import numpy as np
from PIL import Image

import kerasdream

QUICK = {"layers": "mixed1", "model": "mini", "iterations": 2, "num_octave": 1, "jitter": 8, "max_loss": None}


def drawn_frames(count, height=48, width=64):
    """Arrays of a picture that moves by two pixels a frame."""
    picture = np.asarray(kerasdream.sample().resize((256, 160)))
    return [picture[40 : 40 + height, 20 + 2 * t : 20 + 2 * t + width] for t in range(count)]


def three_scenes():
    """Frames of three scenes of four frames each."""
    one, two = drawn_frames(4), [frame[::-1, ::-1, ::-1] for frame in drawn_frames(4)]
    return [*one, *two, *(frame[:, ::-1] for frame in one)]


def written(frames, folder):
    """The frames as files in a new folder."""
    folder.mkdir()
    for number, frame in enumerate(frames, 1):
        Image.fromarray(frame).save(folder / f"{number}.png")
    return folder


def digests(folder):
    """What tells the pictures in a folder from others, by their names."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob("*.png"))}
