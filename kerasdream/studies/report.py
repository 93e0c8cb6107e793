"""A study for a reader who was not there: one HTML file of words, tables, plots and pictures; its figures as JSON."""

import base64
import html
import importlib.util
import io
import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any

from kerasdream.errors import ConfigError
from kerasdream.image import files
from kerasdream.model.classes import imagenet
from kerasdream.studies.records import AFTER, BEFORE, CONTROL, NOISE, PHOTO, Records

EXAMPLES = 17  # pictures shown of a layer: one a category
COLORS = {"training": "#bbbbbb", BEFORE: "#6baed6", AFTER: "#d9730d", CONTROL: "#7f7f7f"}
NAMES = {PHOTO: "photographs", NOISE: "starts from noise"}
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 1rem 0; font-size: 14px; }
td, th { padding: .2rem .6rem; text-align: right; border-bottom: 1px solid #ddd; } td:first-child { text-align: left; }
.found { background: #fdebd8; }
figure { display: inline-block; width: 324px; margin: .4rem; font-size: 13px; vertical-align: top; }
svg { max-width: 100%; height: auto; } .note { color: #555; font-size: 14px; }
"""


def check_plots() -> None:
    """ConfigError where what draws the plots is not installed: told before the work."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ConfigError('The report of a study needs matplotlib: pip install "kerasdream[study]".')


def write(records: Records, found: dict[str, Any], folder: pathlib.Path, *, pictures: bool = True) -> dict[str, Any]:
    """Write summary.json and report.html, each whole; returns the summary as it was written.

    Without `pictures` the report shows none, for pictures that may not be passed on.

    >>> write(records, study.summary(), pathlib.Path("study"))["pictures"]
    200
    """
    text = json.dumps(finite(found), indent=1, allow_nan=False)
    for name, content in (("summary.json", text), ("report.html", page(records, found, pictures))):
        data = content.encode()
        files.write_whole(folder / name, lambda file, data=data: file.write(data), overwrite=True)  # type: ignore[misc]
    return json.loads(text)


def finite(value: Any) -> Any:
    """The same with null for numbers that are none, as JSON wants it."""
    if isinstance(value, dict):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not abs(value) < float("inf") else value


def page(records: Records, found: dict[str, Any], pictures: bool = True) -> str:
    """The whole report."""
    settings, dream = found["settings"], found["settings"]["dream"]
    title = f"What {dream['model']} remembers"
    parts = [f"<h1>{html.escape(title)}</h1>", paragraph(question(found))]
    for source, figures in found["sources"].items():
        parts += [f"<h2>{NAMES[source].capitalize()}</h2>", answers(found, figures), plots(found, figures)]
        parts += [layer_table(found, layer) for layer in figures["layers"]]
    parts += [
        "<h2>The strongest examples</h2>",
        paragraph("Left the picture, right its dream; the judge's first guess."),
    ]
    layers = next(iter(found["sources"].values()))["layers"] if found["sources"] else []
    parts += [examples(records, layer["layer"]) for layer in layers]
    parts += [method(found), limits(found), faults(found)]
    parts += [f"<h2>Settings</h2><pre>{html.escape(json.dumps(settings, indent=1))}</pre>"]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def paragraph(text: str) -> str:
    """Plain text as a paragraph."""
    return f"<p>{html.escape(text)}</p>"


def question(found: dict[str, Any]) -> str:
    """What was asked, and of what."""
    dream, judge = found["settings"]["dream"], found["settings"]["judge"]
    return (
        f"Do the categories that appear most in the training data appear most in what {dream['model']} generates? What "
        f"does each layer seem to remember, and do higher layers remember whole objects better? {found['pictures']} "
        f"pictures were dreamt on each layer, and {judge}, another network, was asked what it sees before and after."
        if judge != dream["model"]
        else f"{dream['model']} dreamt {found['pictures']} pictures on each layer and judged them itself, as was asked "
        "for: it finds what it put there, so that these figures say little about what others would see."
    )


def answers(found: dict[str, Any], figures: dict[str, Any]) -> str:
    """What the figures say, in words, with no more than they hold."""
    layers = figures["layers"]
    if not all(layer["enough"] for layer in layers):
        fewest = min(layer["pictures"] for layer in layers)
        return paragraph(
            f"Too few pictures ({fewest}) to answer anything: the figures below are examples, no findings."
        )
    items = [training_answer(layers), *(layer_answer(found, layer) for layer in layers)]
    items += [depth_answer(figures["trend"], layers)] if figures["trend"] else []
    if found["control"]:
        items.append(control_answer(layers))
    return "<ul>" + "".join(f"<li>{html.escape(item)}</li>" for item in items) + "</ul>"


def training_answer(layers: Sequence[dict[str, Any]]) -> str:
    """Whether what is frequent in training is frequent in dreams."""
    told = []
    for layer in layers:
        rho = layer["spearman_new"]
        sure = (rho["low"] > 0 or rho["high"] < 0) and rho["p"] < 0.05 / len(layers)
        verdict = "no answer" if not sure else "yes" if rho["value"] > 0 else "the other way round"
        told.append(f"{layer['layer']}: {verdict} (rank correlation {shown(rho)}, p = {rho['p']:.2g})")
    words = "The more classes a category has in training, the more of what the dream put into the pictures is of it? "
    return words + "; ".join(told) + "."


def layer_answer(found: dict[str, Any], layer: dict[str, Any]) -> str:
    """What a layer seems to remember."""
    rows = [row for row in layer["categories"] if row["found"]]
    more = [
        f"{row['category']} ({100 * row['change']['value']:+.0f} points)" for row in rows if row["change"]["value"] > 0
    ]
    less = [
        f"{row['category']} ({100 * row['change']['value']:+.0f} points)" for row in rows if row["change"]["value"] < 0
    ]
    against = " than before and than in the control's dreams" if found["control"] else " than before"
    if not rows:
        return f"{layer['layer']}: of no category can it be said that the judge sees more or less of it{against}."
    told = [f"{word} {', '.join(names)}" for word, names in (("more", more), ("less", less)) if names]
    return f"{layer['layer']}: the judge sees {' and '.join(told)}{against}."


def depth_answer(trend: dict[str, Any], layers: Sequence[dict[str, Any]]) -> str:
    """Whether higher layers show whole objects better."""
    told = []
    for name, words in (("confidence", "the judge's confidence"), ("eyed", "the share of animals with eyes")):
        slope = trend[name]
        verdict = (
            "no trend is sure" if slope["low"] <= 0 <= slope["high"] else "rises" if slope["value"] > 0 else "falls"
        )
        told.append(f"{words}: {verdict} ({shown(slope, 3)} a layer)")
    moved = [f"{layer['moved'][AFTER]['value']:.0f}" for layer in layers]
    return (
        f"From {layers[0]['layer']} to {layers[-1]['layer']}, in the order given, on {trend['pictures']} pictures: "
        f"{'; '.join(told)}. The layers moved the pictures by "
        f"{', '.join(moved)} levels of 255: one that moves them "
        "less leaves more of what they showed."
    )


def control_answer(layers: Sequence[dict[str, Any]]) -> str:
    """What dreams on shuffled weights do to the judge."""
    told = [
        f"{layer['layer']}: animals with eyes {percent(layer['eyed'][CONTROL])}, moved by "
        f"{layer['moved'][CONTROL]['value']:.0f} levels (the network itself {percent(layer['eyed'][AFTER])}, "
        f"{layer['moved'][AFTER]['value']:.0f} levels; before {percent(layer['eyed'][BEFORE])})"
        for layer in layers
    ]
    return "The control, the same network with its weights shuffled: " + "; ".join(told) + "."


def shown(interval: dict[str, float], digits: int = 2) -> str:
    """An interval in words."""
    return f"{interval['value']:.{digits}f}, {interval['low']:.{digits}f} to {interval['high']:.{digits}f}"


def percent(interval: dict[str, float]) -> str:
    """A share."""
    return f"{100 * interval['value']:.0f} %"


def layer_table(found: dict[str, Any], layer: dict[str, Any]) -> str:
    """The categories of a layer."""
    total = max(1, layer["pictures"])
    moments = [BEFORE, AFTER, CONTROL] if found["control"] else [BEFORE, AFTER]
    head = ["category", "training", *moments, "than training", "change (points)", "at the corrected level"]
    lines = []
    for row in sorted(layer["categories"], key=lambda row: -row["change"]["value"]):
        cells = [row["category"], f"{100 * row['training']:.1f} %", *(f"{100 * row[m] / total:.1f} %" for m in moments)]
        change = row["change"]
        cells.append(row["against_training"])
        cells += [f"{100 * change['value']:+.1f}", f"{100 * change['low']:+.1f} to {100 * change['high']:+.1f}"]
        mark = ' class="found"' if row["found"] else ""
        lines.append(f"<tr{mark}>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>")
    g = layer["g_all"]
    note = (
        f"{layer['pictures']} pictures; {percent(layer['kept_class'])} keep their class. Mean confidence "
        + ", ".join(f"{m} {layer['confidence'][m]['value']:.2f}" for m in moments)
        + "; mean entropy "
        + ", ".join(f"{m} {layer['entropy'][m]['value']:.1f} bits" for m in moments)
        + f". All first guesses against the shares in training: G = {g['g']:.0f}, p = {g['p']:.4f}."
    )
    header = "".join(f"<th>{html.escape(name)}</th>" for name in head)
    return f"<h3>{html.escape(layer['layer'])}</h3>{paragraph(note)}<table><tr>{header}</tr>{''.join(lines)}</table>"


def plots(found: dict[str, Any], figures: dict[str, Any]) -> str:
    """The shares of the categories in each layer, and what changes with depth, as drawings inside the page."""
    from matplotlib.figure import Figure

    layers = figures["layers"]
    moments = [BEFORE, AFTER, CONTROL] if found["control"] else [BEFORE, AFTER]
    names = [row["category"] for row in layers[0]["categories"]]
    shares = Figure(figsize=(11, 2.6 * -(-len(layers) // 2)), layout="constrained")
    axes = shares.subplots(-(-len(layers) // 2), 2, squeeze=False, sharex=True, sharey=True).ravel()
    for axis in axes[len(layers) :]:
        axis.set_visible(False)
    for axis, layer in zip(axes, layers, strict=False):
        bars = {"training": [100 * row["training"] for row in layer["categories"]]}
        bars |= {m: [100 * row[m] / max(1, layer["pictures"]) for row in layer["categories"]] for m in moments}
        for shift, (name, heights) in enumerate(bars.items()):
            places = [i + 0.2 * (shift - 1.5) for i in range(len(names))]
            axis.bar(places, heights, 0.2, label=name, color=COLORS[name])
        axis.set_title(layer["layer"], fontsize=10)
        axis.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
        axis.set_ylabel("% of first guesses", fontsize=8)
    axes[0].legend(fontsize=8)
    depth = Figure(figsize=(11, 3), layout="constrained")
    for axis, (name, title) in zip(
        depth.subplots(1, 3),
        (("eyed", "animals with eyes"), ("confidence", "confidence"), ("entropy", "entropy, bits")),
        strict=True,
    ):
        for moment in moments:
            values = [layer[name][moment] for layer in layers]
            middle = [value["value"] for value in values]
            reach = [[m - v["low"] for m, v in zip(middle, values, strict=True)]]
            reach.append([v["high"] - m for m, v in zip(middle, values, strict=True)])
            axis.errorbar(range(len(layers)), middle, reach, label=moment, color=COLORS[moment], marker="o", capsize=3)
        axis.set_xticks(range(len(layers)), [layer["layer"] for layer in layers], fontsize=8)
        axis.set_title(title, fontsize=10)
    return drawing(shares) + drawing(depth) + paragraph("Bars about a mean or share: its interval at 95 %.")


def drawing(figure: Any) -> str:
    """A figure as SVG inside the page, the same for the same figures."""
    import matplotlib

    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "kerasdream"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()[file.getvalue().index("<svg") :]


def examples(records: Records, layer: str) -> str:
    """The dreams of a layer in which the judge is most sure of a category."""
    pictures = []
    for category, name, number, probability, jpeg in records.examples(layer, EXAMPLES):
        text = (
            f"{category}: {imagenet()[number].replace('_', ' ')}, {100 * probability:.0f} % ({os.path.basename(name)})"
        )
        data = base64.b64encode(jpeg).decode()
        told = html.escape(text)
        pictures.append(
            f'<figure><img src="data:image/jpeg;base64,{data}" alt="{told}"><figcaption>{told}</figcaption></figure>'
        )
    return f"<h3>{html.escape(layer)}</h3>{''.join(pictures)}" if pictures else ""


def method(found: dict[str, Any]) -> str:
    """How it was done."""
    dream = found["settings"]["dream"]
    told = [
        f"Each picture was cut to its middle square of {found['settings']['size']} pixels and dreamt on each layer: "
        f"{dream['iterations']} steps of {dream['step']} at each of {dream['num_octave']} sizes. The judge saw the "
        "same square before and after. A guess is the class it finds most probable; categories are groups of the "
        "classes of ImageNet. A category's share in training is its share of them, or of the counts that were given.",
        "A change is the share of a category among the guesses after the dream less that before, on the same pictures: "
        "a dream of a dog's photograph stays a dog, and counts for nothing. Its interval is that of Agresti and Min "
        f"for paired shares, at 95 % for all {found['looks']} looks (categories, layers, photographs or noise) at once "
        "(Bonferroni). Marked rows are those whose interval does not hold 0"
        + (
            ", and that differ from the control's dreams of the same pictures in the same sense and as surely."
            if found["control"]
            else ". No control was dreamt."
        ),
        "More or less than training is said where Wilson's interval of the share after the dream, at the same "
        "corrected level, does not hold the share in training.",
        "The rank correlation is Spearman's, over the categories, of their share in training with how often the judge "
        "guesses them newly; its interval is a bootstrap over pictures, its p that of shares dealt out anew among the "
        "categories, and an answer needs both. G tests all guesses after the dream against "
        "the shares in training; its p is from a simulation. Confidence is the probability of the first guess; entropy "
        "is that of all probabilities.",
    ]
    if found["control"]:
        told.append(
            "The control is the same network with the numbers of each kernel shuffled, dreaming the same pictures with "
            "the same settings: what it does to the judge has nothing to do with what the network has learned."
        )
    return "<h2>Method</h2>" + "".join(map(paragraph, told))


def limits(found: dict[str, Any]) -> str:
    """What it does not say."""
    told = (
        "The judge has learned from the same kind of pictures as the network, and sees the texture that dreams are "
        "made of more than a person does; what it guesses is no proof of what a person would see. The pictures that "
        "were dreamt decide what can change: of pictures of dogs few can become dogs. Categories are of unequal size, "
        "and other groupings would give other figures. A dream with other settings is another dream."
    )
    return "<h2>Limits</h2>" + paragraph(told)


def faults(found: dict[str, Any]) -> str:
    """The pictures that could not be read."""
    if not found["faults"]:
        return ""
    lines = "".join(f"<li>{html.escape(error)}</li>" for _, error in found["faults"])
    return f"<h2>Left out</h2><p>{len(found['faults'])} pictures could not be read:</p><ul>{lines}</ul>"
