"""What a picture of a channel proves: how far it excites its channel, beside photographs and beside other channels.

    python scripts/benchmarks/channel_pictures.py photos/ --weights=inception_v3_notop.weights.h5

For some channels of a layer: the mean activation in the picture drawn for it, over that in the photograph that excites
it most; the place of the channel among all, each in units of its mean over the photographs; and how alike the
activations of pictures from two seeds are (cosine), beside those of pictures of two channels.
"""

import argparse
import pathlib

import keras
import numpy as np
from PIL import Image

import kerasdream
from kerasdream.types import Array


def means(model: keras.Model, pictures: list[Image.Image]) -> Array:
    """Return the mean activation of every channel, a row for each picture."""
    batches = [
        np.stack([np.asarray(one.convert("RGB"), "float32") for one in pictures[at : at + 16]])
        for at in range(0, len(pictures), 16)
    ]
    return np.concatenate([model([batch / 127.5 - 1.0]).numpy().mean((1, 2)) for batch in batches])


def square(path: pathlib.Path, side: int) -> Image.Image:
    """Return the middle square of a photograph."""
    image = Image.open(path).convert("RGB")
    edge = min(image.size)
    left, top = (image.width - edge) // 2, (image.height - edge) // 2
    return image.crop((left, top, left + edge, top + edge)).resize((side, side), Image.Resampling.LANCZOS)


def alike(first: Array, second: Array) -> float:
    """Return the cosine of two rows of activations."""
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photographs", type=pathlib.Path)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--layer", default="mixed4")
    parser.add_argument("--channels", type=int, default=16, help="how many, drawn at random")
    parser.add_argument("--limit", type=int, default=500, help="photographs")
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--steps", type=int, default=128)
    options = parser.parse_args()
    whole = keras.applications.InceptionV3(weights=options.weights, include_top=False)
    model = keras.Model(whole.inputs, whole.get_layer(options.layer).output)
    paths = sorted(options.photographs.rglob("*.jp*g"))
    paths = paths[:: max(1, len(paths) // options.limit)]
    photographs = means(model, [square(path, options.size) for path in paths])
    chosen = np.random.default_rng(0).choice(photographs.shape[1], options.channels, replace=False)
    drawn = [
        kerasdream.visualize(
            [f"mean({options.layer}:{channel})" for channel in chosen],
            model="inception_v3",
            weights=options.weights,
            size=options.size,
            steps=options.steps,
            seed=seed,
            verbose=False,
        )
        for seed in (0, 1)
    ]
    first, second = (means(model, pictures) for pictures in drawn)
    typical = photographs.mean(0) + 1e-6
    rows = np.arange(len(chosen))
    ratio = first[rows, chosen] / photographs[:, chosen].max(0)
    place = [
        int((row / typical > row[channel] / typical[channel]).sum()) + 1
        for row, channel in zip(first, chosen, strict=True)
    ]
    same = [alike(a / typical, b / typical) for a, b in zip(first, second, strict=True)]
    other = [alike(a / typical, b / typical) for a, b in zip(first, np.roll(second, 1, 0), strict=True)]
    print(
        f"{len(paths)} photographs, {len(chosen)} channels of {options.layer}, {options.size} pixels, "
        f"{options.steps} steps"
    )
    print(f"drawn over most exciting photograph: median {np.median(ratio):.1f}, {ratio.min():.1f} to {ratio.max():.1f}")
    print(f"place of the channel in its own picture: {sorted(place)}")
    print(f"cosine, two seeds of a channel: {np.median(same):.2f}; two channels: {np.median(other):.2f}")


if __name__ == "__main__":
    main()
