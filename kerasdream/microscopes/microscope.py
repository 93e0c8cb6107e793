"""A microscope: a site with a page for each channel of a network, that goes on where it ended."""

import functools
import os
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Unpack

import keras
import numpy as np
from PIL import Image

from kerasdream.ascent.step import Preprocess
from kerasdream.config import DEFAULTS
from kerasdream.errors import ConfigError
from kerasdream.image import files
from kerasdream.image.metadata import Record
from kerasdream.knobs import check_names
from kerasdream.maps.activation_atlas import NetworkSettings, count_on, ignore
from kerasdream.maps.stored import load_arrays, save_arrays
from kerasdream.microscopes.choice import CLASS, choose_channels, key_of, objective_of, usual_layers
from kerasdream.microscopes.connections import Connection, connections
from kerasdream.microscopes.photographs import Excited, find_exciting
from kerasdream.microscopes.site import ENDING, SITE, Findings, Neighbour, Photograph, Site, folder_of, page_of
from kerasdream.model import zoo
from kerasdream.model.classes import IMAGENET, imagenet
from kerasdream.objectives import Objective
from kerasdream.progress import progress_line
from kerasdream.studies.pictures import Paths, find_pictures, read_square
from kerasdream.types import Array
from kerasdream.visual_config import VISUAL_DEFAULTS, VISUAL_KNOBS, VisualConfig, VisualSettings
from kerasdream.visualization import MAX_PIXELS, Visualizer, kept_record

SIZE = 160  # pixels of a drawing, unless told
PHOTOGRAPH = 224  # pixels of a photograph's middle square on a page
NEIGHBOURS = 8  # channels that a channel feeds, and that feed it


def microscope(
    model: str | keras.Model | None = None,
    output: str | os.PathLike[str] = "microscope",
    *,
    layers: Sequence[str] | None = None,
    channels: Iterable[int] | None = None,
    images: Paths | None = None,
    limit: int | None = None,
    photographs: int = 9,
    weights: str | None = None,
    preprocess: Preprocess | None = None,
    device: str | None = None,
    verbose: bool | str = "auto",
    **settings: Unpack[VisualSettings],
) -> pathlib.Path:
    """Make a site of a network in the folder `output`: a page for each layer and channel; return its first page.

    A page shows what excites the channel most, drawn from noise at a `size` of 160, and its opposite (`pair`); how its
    activation rose while drawing; the `photographs` of `images` (a folder, or paths; `limit` of them) that excite it
    most, with an outline of where; and the channels that it feeds and is fed by. `layers` are all, unless told: of a
    model of one's own those with an activation function, and "class" for its class scores; of each all `channels`.
    The rest is as in `visualize`.

    The pages work from files, without a server. What was drawn is kept: a second call goes on where one ended. Raises
    OutputError for a folder that other pictures or settings have filled, ConfigError for channels that there are not.

    >>> kerasdream.microscope("mini", "site/", layers=["mixed0"], channels=[3], size=32, steps=2).as_posix()
    'site/index.html'
    """
    check(photographs, layers, settings)
    settings = {**VisualSettings(pair=True), **settings}
    paths, folder = find_pictures(images, limit), pathlib.Path(output)
    if model is None:
        model = DEFAULTS["model"] if weights else zoo.at_hand(DEFAULTS["model"])
    network = NetworkSettings(model=model, weights=weights, preprocess=preprocess, device=device)
    around = usual_layers(model)
    shown = list(dict.fromkeys(around if layers is None else layers))
    every = list(dict.fromkeys([*around, *shown]))
    reader = Visualizer([objective_of(layer, 0) for layer in every], **network)
    counts = {layer: reader.compiled.channel_count(key_of(layer)) for layer in every}
    names = {CLASS: imagenet()} if counts.get(CLASS) == IMAGENET else {}
    site = Site(folder, reader.config.model, choose_channels(counts, shown, channels), names, settings["pair"])
    outputs = reader.compiled.features.outputs()
    links = connections(reader.compiled.features.function, {layer: outputs[key_of(layer)] for layer in every})
    for layer in shown:
        files.make_folder(folder / folder_of(layer))
    site.write_shared()
    excited = excite(folder, shown, paths, photographs, network, verbose)
    site.write_index()
    for layer, numbers in site.channels.items():
        every_curve = draw(folder, layer, numbers, network, settings, verbose)
        site.write_layer(layer)
        for number, curves in zip(numbers, every_curve, strict=True):
            found = photographs_of(folder, excited[layer], number, paths) if paths else []
            site.write_channel(layer, number, Findings(curves, found, *neighbours(links, layer, number)))
    return folder / "index.html"


def check(photographs: int, layers: Sequence[str] | None, settings: VisualSettings) -> None:
    """Raise ConfigError for what no microscope can be made of."""
    check_names(settings, VISUAL_KNOBS)
    VisualConfig(**settings)
    if isinstance(photographs, bool) or not isinstance(photographs, int) or photographs < 1:
        raise ConfigError(f"photographs={photographs!r} was given; a whole number from 1 on was expected.")
    if layers is not None and (isinstance(layers, str) or not layers):
        raise ConfigError(f"layers={layers!r} was given; names of layers were expected, such as ['mixed4', 'mixed5'].")
    for name in ("answers", "opacity"):
        if settings.get(name, VISUAL_DEFAULTS[name]) != VISUAL_DEFAULTS[name]:
            raise ConfigError(f"{name} was given; a microscope shows one plain picture of each channel. Leave it out.")


def excite(
    folder: pathlib.Path,
    layers: Sequence[str],
    paths: Sequence[pathlib.Path],
    count: int,
    network: NetworkSettings,
    verbose: bool | str,
) -> dict[str, Excited]:
    """Return for each layer the photographs that excite its channels most, kept in its folder."""
    if not paths:
        return {}
    reader = Visualizer([objective_of(layer, 0) for layer in layers], **network)
    known = {"model": reader.config.model, "weights": os.path.basename(reader.config.weights), "count": count}
    made_of = {**known, "pictures": [[path.name, path.stat().st_size] for path in paths]}
    stored = {layer: folder / folder_of(layer) / "photographs.npz" for layer in layers}
    found = {layer: Excited(**load_arrays(path, made_of)) for layer, path in stored.items() if path.exists()}
    if missing := [layer for layer in layers if layer not in found]:
        line = progress_line(verbose, len(paths))
        after_picture = count_on(line.update, "photographs") if line else ignore
        keys = {layer: key_of(layer) for layer in missing}
        seen = find_exciting(reader.compiled, list(keys.values()), paths, count, after_picture)
        if line:
            line.close()
        for layer, key in keys.items():
            save_arrays(stored[layer], made_of, seen[key]._asdict())
            found[layer] = seen[key]
    return found


def draw(
    folder: pathlib.Path,
    layer: str,
    numbers: Sequence[int],
    network: NetworkSettings,
    settings: VisualSettings,
    verbose: bool | str,
) -> list[list[list[float | None]]]:
    """Draw those channels of a layer that the folder does not hold; return of each the curves of its pictures."""
    visualizer = visualizer_of([objective_of(layer, number) for number in numbers], network, settings)
    endings = [ENDING, f"-opposite{ENDING}"] if visualizer.settings.pair else [ENDING]
    targets = [[folder / f"{page_of(layer, number)}{ending}" for ending in endings] for number in numbers]
    kept: dict[int, list[list[float | None]]] = {}
    for place, paths in enumerate(targets):
        if all(path.exists() for path in paths):
            record = visualizer.record(visualizer.objectives[place])
            kept[place] = [curve_of(kept_record(path, record)) for path in paths]
    for batch in visualizer.batches(verbose, [place for place in range(len(numbers)) if place not in kept]):
        drawn = zip(batch.objectives, batch.pictures, batch.values, strict=True)
        for count, (place, picture, values) in enumerate(drawn):
            losses = [float(f"{value:.4g}") if np.isfinite(value) else None for value in values]
            record = visualizer.record(visualizer.objectives[place]) | {"losses": [losses]}
            files.save(picture, targets[place][count % len(endings)], record=record, overwrite=True)
            kept.setdefault(place, []).append(losses)
    return [kept[place] for place in range(len(numbers))]


def curve_of(record: Record) -> list[float | None]:
    """Return the values of a drawing, step by step, as far as its record has them.

    >>> curve_of({"settings": {}, "losses": [[0.5, None]]})
    [0.5, None]
    """
    (values,) = record.get("losses", [[]])
    return [None if isinstance(value, list) else value for value in values]


def visualizer_of(objectives: Sequence[Objective], network: NetworkSettings, settings: VisualSettings) -> Visualizer:
    """Return a Visualizer of small pictures, unless told, or of those that a network of one size takes."""
    if "size" not in settings and not Visualizer(objectives[:1], **network, **settings).compiled.features.fixed_size:
        settings = {**settings, **VisualSettings(size=SIZE)}
    return Visualizer(objectives, **network, **settings)


def photographs_of(
    folder: pathlib.Path, excited: Excited, number: int, paths: Sequence[pathlib.Path]
) -> list[Photograph]:
    """Return the photographs on the page of a channel; a small copy of each is put into the site."""
    found = []
    for value, picture, box in zip(*(column[number].tolist() for column in excited), strict=True):
        if value <= 0:
            break  # nothing excites it any more
        file = f"{SITE}/photographs/{picture:04d}.jpg"
        if not (folder / file).exists():
            files.make_folder((folder / file).parent)
            square = Image.fromarray(read_square(str(paths[picture]), PHOTOGRAPH, MAX_PIXELS * 100))
            files.write_whole(folder / file, functools.partial(square.save, format="JPEG", quality=85), overwrite=True)
        found.append(Photograph(file, paths[picture].name, value, tuple(box)))
    return found


def neighbours(links: Sequence[Connection], layer: str, number: int) -> tuple[list[Neighbour], list[Neighbour]]:
    """Return the channels that a channel feeds with the largest weights, and those that feed it.

    >>> neighbours([Connection("a", "b", np.array([[0.0, -3.0], [1.0, 2.0]]))], "a", 1)
    ([Neighbour(layer='b', channel=1, weight=2.0), Neighbour(layer='b', channel=0, weight=1.0)], [])
    """
    feeds = {link.target: link.weights[number] for link in links if link.source == layer}
    fed_by = {link.source: link.weights[:, number] for link in links if link.target == layer}
    return largest(feeds), largest(fed_by)


def largest(weights: Mapping[str, Array]) -> list[Neighbour]:
    """Return the channels with the largest weights of all, either way; none whose weight is 0."""
    found = [
        Neighbour(layer, channel, float(row[channel]))
        for layer, row in weights.items()
        for channel in np.argsort(-np.abs(row), kind="stable")[:NEIGHBOURS].tolist()
        if row[channel]
    ]
    return sorted(found, key=lambda one: -abs(one.weight))[:NEIGHBOURS]
