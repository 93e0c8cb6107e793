"""The plots of a study's report, as SVG. Needs the extra `study`."""

import io
from collections.abc import Sequence

import matplotlib
from matplotlib.figure import Figure

from kerasdream.studies.figures import LayerFigures, counts_of
from kerasdream.studies.records import AFTER, BEFORE, CONTROL

COLORS = {"training": "#bbbbbb", BEFORE: "#6baed6", AFTER: "#d9730d", CONTROL: "#7f7f7f"}


def share_plot(layers: Sequence[LayerFigures], conditions: Sequence[str]) -> Figure:
    """Return the shares of the categories in training and under each condition, layer by layer."""
    names = [row["category"] for row in layers[0]["categories"]]
    lines = -(-len(layers) // 2)
    figure = Figure(figsize=(11, 2.6 * lines), layout="constrained")
    axes = figure.subplots(lines, 2, squeeze=False, sharex=True, sharey=True).ravel()
    for axis in axes[len(layers) :]:
        axis.set_visible(False)
    for axis, layer in zip(axes, layers, strict=False):
        rows = layer["categories"]
        counts = zip(*(counts_of(row, conditions) for row in rows), strict=True)
        bars = {"training": [100 * row["training"] for row in rows]}
        bars |= {
            condition: [100 * count / max(1, layer["pictures"]) for count in column]
            for condition, column in zip(conditions, counts, strict=True)
        }
        for shift, (name, heights) in enumerate(bars.items()):
            places = [i + 0.2 * (shift - 1.5) for i in range(len(names))]
            axis.bar(places, heights, 0.2, label=name, color=COLORS[name])
        axis.set_title(layer["layer"], fontsize=10)
        axis.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
        axis.set_ylabel("% of first guesses", fontsize=8)
    axes[0].legend(fontsize=8)
    return figure


def depth_plot(layers: Sequence[LayerFigures], conditions: Sequence[str]) -> Figure:
    """Return animals with eyes, confidence and entropy over the layers, under each condition."""
    figure = Figure(figsize=(11, 3), layout="constrained")
    panels = {
        "animals with eyes": [layer["eyed"] for layer in layers],
        "confidence": [layer["confidence"] for layer in layers],
        "entropy, bits": [layer["entropy"] for layer in layers],
    }
    for axis, (title, values) in zip(figure.subplots(1, 3), panels.items(), strict=True):
        for condition in conditions:
            intervals = [one[condition] for one in values]
            middle = [interval["value"] for interval in intervals]
            reach = [[m - one["low"] for m, one in zip(middle, intervals, strict=True)]]
            reach.append([one["high"] - m for m, one in zip(middle, intervals, strict=True)])
            color = COLORS[condition]
            axis.errorbar(range(len(layers)), middle, reach, label=condition, color=color, marker="o", capsize=3)
        axis.set_xticks(range(len(layers)), [layer["layer"] for layer in layers], fontsize=8)
        axis.set_title(title, fontsize=10)
    return figure


def as_svg(figure: Figure) -> str:
    """Return a figure as SVG inside the page, the same for the same figures."""
    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "kerasdream"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()[file.getvalue().index("<svg") :]
