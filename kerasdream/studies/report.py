"""A study for a reader who was not there: one HTML file of words, tables, plots and pictures; its figures as JSON."""

import base64
import html
import importlib.util
import json
import os
import pathlib
from collections.abc import Sequence

from kerasdream.errors import ConfigError
from kerasdream.image import files
from kerasdream.model.classes import imagenet
from kerasdream.studies.figures import (
    IntervalFigure,
    LayerFigures,
    SourceFigures,
    Summary,
    Trend,
    conditions_of,
    counts_of,
)
from kerasdream.studies.records import AFTER, BEFORE, CONTROL, NOISE, PHOTO, Records

EXAMPLES = 17  # pictures shown of a layer: one a category
NAMES = {PHOTO: "photographs", NOISE: "starts from noise"}
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 1rem 0; font-size: 14px; }
td, th { padding: .2rem .6rem; text-align: right; border-bottom: 1px solid #ddd; } td:first-child { text-align: left; }
.found { background: #fdebd8; }
figure { display: inline-block; width: 324px; margin: .4rem; font-size: 13px; vertical-align: top; }
svg { max-width: 100%; height: auto; } .note { color: #555; font-size: 14px; }
"""


def check_extra() -> None:
    """Raise ConfigError where the extra `study` is not installed: called before the work."""
    for module, name in (("matplotlib", "matplotlib"), ("scipy", "SciPy")):
        if importlib.util.find_spec(module) is None:
            raise ConfigError(f'A study needs {name}: pip install "kerasdream[study]".')


def write(records: Records, found: Summary, folder: pathlib.Path, *, pictures: bool = True) -> Summary:
    """Write summary.json and report.html, each whole; returns the summary as it was written.

    Without `pictures` the report shows none, for pictures that may not be passed on. Raises OutputError.

    >>> write(records, study.summary(), pathlib.Path("study"))["pictures"]  # doctest: +SKIP
    200
    """
    text = json.dumps(finite(found), indent=1, allow_nan=False)
    write_text(folder / "summary.json", text)
    write_text(folder / "report.html", page(records, found, pictures))
    written: Summary = json.loads(text)
    return written


def write_text(path: pathlib.Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    files.write_whole(path, lambda file: file.write(text.encode()), overwrite=True)


def finite(value: object) -> object:
    """Return plain values with None for infinities and NaN, which JSON does not have.

    >>> finite({"low": float("-inf"), "high": 1.0})
    {'low': None, 'high': 1.0}
    """
    if isinstance(value, dict):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not abs(value) < float("inf") else value


def page(records: Records, found: Summary, pictures: bool = True) -> str:
    """Return the whole report as HTML."""
    settings, dream = found["settings"], found["settings"]["dream"]
    title = f"What {dream['model']} remembers"
    parts = [f"<h1>{html.escape(title)}</h1>", paragraph(question(found))]
    for source, figures in found["sources"].items():
        parts += [f"<h2>{NAMES[source].capitalize()}</h2>", answers(found, figures), drawings(found, figures)]
        parts += [layer_table(found, layer) for layer in figures["layers"]]
    parts += [
        "<h2>The strongest examples</h2>",
        paragraph("Left the picture, right its dream; the judge's first guess."),
    ]
    layers = next(iter(found["sources"].values()))["layers"] if found["sources"] else []
    parts += [examples(records, layer["layer"]) for layer in layers]
    parts += [method(found), limits(), faults(found)]
    parts += [f"<h2>Settings</h2><pre>{html.escape(json.dumps(settings, indent=1))}</pre>"]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def paragraph(text: str) -> str:
    """Return plain text as a paragraph."""
    return f"<p>{html.escape(text)}</p>"


def question(found: Summary) -> str:
    """Return what was asked, and of what."""
    dream, judge = found["settings"]["dream"], found["settings"]["judge"]
    return (
        f"Do the categories that appear most in the training data appear most in what {dream['model']} generates? What "
        f"does each layer seem to remember, and do higher layers remember whole objects better? {found['pictures']} "
        f"pictures were dreamt on each layer, and {judge}, another network, was asked what it sees before and after."
        if judge != dream["model"]
        else f"{dream['model']} dreamt {found['pictures']} pictures on each layer and judged them itself, as was asked "
        "for: it finds what it put there, so that these figures say little about what others would see."
    )


def answers(found: Summary, figures: SourceFigures) -> str:
    """Return what the figures say, in words, with no more than they hold."""
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


def training_answer(layers: Sequence[LayerFigures]) -> str:
    """Return whether what is frequent in training is frequent in dreams."""
    answers = []
    for layer in layers:
        rho = layer["spearman_new"]
        sure = (rho["low"] > 0 or rho["high"] < 0) and rho["p"] < 0.05 / len(layers)
        answer = "no answer" if not sure else "yes" if rho["value"] > 0 else "the other way round"
        answers.append(f"{layer['layer']}: {answer} (rank correlation {shown(rho)}, p = {rho['p']:.2g})")
    asked = "The more classes a category has in training, the more of what the dream put into the pictures is of it? "
    return asked + "; ".join(answers) + "."


def layer_answer(found: Summary, layer: LayerFigures) -> str:
    """Return what a layer seems to remember."""
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
    parts = [f"{word} {', '.join(names)}" for word, names in (("more", more), ("less", less)) if names]
    return f"{layer['layer']}: the judge sees {' and '.join(parts)}{against}."


def depth_answer(trend: Trend, layers: Sequence[LayerFigures]) -> str:
    """Return whether higher layers show whole objects better."""
    answers = []
    for slope, name in (
        (trend["confidence"], "the judge's confidence"),
        (trend["eyed"], "the share of animals with eyes"),
    ):
        answer = (
            "no trend is sure" if slope["low"] <= 0 <= slope["high"] else "rises" if slope["value"] > 0 else "falls"
        )
        answers.append(f"{name}: {answer} ({shown(slope, 3)} a layer)")
    changes = [f"{layer['moved'][AFTER]['value']:.0f}" for layer in layers]
    return (
        f"From {layers[0]['layer']} to {layers[-1]['layer']}, in the order given, on {trend['pictures']} pictures: "
        f"{'; '.join(answers)}. The layers changed the pictures by {', '.join(changes)} levels of 255: one that "
        "changes them less leaves more of what they showed."
    )


def control_answer(layers: Sequence[LayerFigures]) -> str:
    """Return what dreams on shuffled weights do to the judge."""
    answers = [
        f"{layer['layer']}: animals with eyes {percent(layer['eyed'][CONTROL])}, changed by "
        f"{layer['moved'][CONTROL]['value']:.0f} levels (the network itself {percent(layer['eyed'][AFTER])}, "
        f"{layer['moved'][AFTER]['value']:.0f} levels; before {percent(layer['eyed'][BEFORE])})"
        for layer in layers
    ]
    return "The control, the same network with its weights shuffled: " + "; ".join(answers) + "."


def shown(interval: IntervalFigure, digits: int = 2) -> str:
    """Return an interval in words.

    >>> shown({"value": 0.2, "low": 0.1, "high": 0.3})
    '0.20, 0.10 to 0.30'
    """
    return f"{interval['value']:.{digits}f}, {interval['low']:.{digits}f} to {interval['high']:.{digits}f}"


def percent(interval: IntervalFigure) -> str:
    """Return a share in per cent."""
    return f"{100 * interval['value']:.0f} %"


def layer_table(found: Summary, layer: LayerFigures) -> str:
    """Return the categories of a layer as a table."""
    total = max(1, layer["pictures"])
    conditions = conditions_of(found)
    head = ["category", "training", *conditions, "than training", "change (points)", "at the corrected level"]
    lines = []
    for row in sorted(layer["categories"], key=lambda row: -row["change"]["value"]):
        cells = [row["category"], f"{100 * row['training']:.1f} %"]
        cells += [f"{100 * count / total:.1f} %" for count in counts_of(row, conditions)]
        change = row["change"]
        cells.append(row["against_training"])
        cells += [f"{100 * change['value']:+.1f}", f"{100 * change['low']:+.1f} to {100 * change['high']:+.1f}"]
        mark = ' class="found"' if row["found"] else ""
        lines.append(f"<tr{mark}>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>")
    g = layer["g_all"]
    note = (
        f"{layer['pictures']} pictures; {percent(layer['kept_class'])} keep their class. Mean confidence "
        + ", ".join(f"{m} {layer['confidence'][m]['value']:.2f}" for m in conditions)
        + "; mean entropy "
        + ", ".join(f"{m} {layer['entropy'][m]['value']:.1f} bits" for m in conditions)
        + f". All first guesses against the shares in training: G = {g['g']:.0f}, p = {g['p']:.4f}."
    )
    header = "".join(f"<th>{html.escape(name)}</th>" for name in head)
    return f"<h3>{html.escape(layer['layer'])}</h3>{paragraph(note)}<table><tr>{header}</tr>{''.join(lines)}</table>"


def drawings(found: Summary, figures: SourceFigures) -> str:
    """Return the plots of a source, and a note on them."""
    from kerasdream.studies import plots  # needs matplotlib, of the extra

    conditions = conditions_of(found)
    shares, depth = (draw(figures["layers"], conditions) for draw in (plots.share_plot, plots.depth_plot))
    return plots.as_svg(shares) + plots.as_svg(depth) + paragraph("Bars about a mean or share: its interval at 95 %.")


def examples(records: Records, layer: str) -> str:
    """Return the dreams of a layer in which the judge is most sure of a category."""
    pictures = []
    for category, name, number, probability, jpeg in records.examples(layer, EXAMPLES):
        text = (
            f"{category}: {imagenet()[number].replace('_', ' ')}, {100 * probability:.0f} % ({os.path.basename(name)})"
        )
        data = base64.b64encode(jpeg).decode()
        caption = html.escape(text)
        picture = f'<img src="data:image/jpeg;base64,{data}" alt="{caption}">'
        pictures.append(f"<figure>{picture}<figcaption>{caption}</figcaption></figure>")
    return f"<h3>{html.escape(layer)}</h3>{''.join(pictures)}" if pictures else ""


def method(found: Summary) -> str:
    """Return how it was done."""
    dream = found["settings"]["dream"]
    paragraphs = [
        f"Each picture was cut to its middle square of {found['settings']['size']} pixels and dreamt on each layer: "
        f"{dream['iterations']} steps of {dream['step']} at each of {dream['num_octave']} sizes. The judge saw the "
        "same square before and after. A guess is the class it finds most probable; categories are groups of the "
        "classes of ImageNet. A category's share in training is its share of them, or of the counts that were given.",
        "A change is the share of a category among the guesses after the dream less that before, on the same pictures: "
        "a dream of a dog's photograph stays a dog, and counts for nothing. Its interval is that of Agresti and Min "
        f"for paired shares, at 95 % for all {found['looks']} comparisons (categories, layers, photographs or noise) "
        "at once (Bonferroni). Marked rows are those whose interval does not hold 0"
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
        paragraphs.append(
            "The control is the same network with the numbers of each kernel shuffled, dreaming the same pictures with "
            "the same settings: what it does to the judge has nothing to do with what the network has learned."
        )
    return "<h2>Method</h2>" + "".join(map(paragraph, paragraphs))


def limits() -> str:
    """Return what the figures do not say."""
    return "<h2>Limits</h2>" + paragraph(
        "The judge has learned from the same kind of pictures as the network, and sees the texture that dreams are "
        "made of more than a person does; what it guesses is no proof of what a person would see. The pictures that "
        "were dreamt decide what can change: of pictures of dogs few can become dogs. Categories are of unequal size, "
        "and other groupings would give other figures. A dream with other settings is another dream."
    )


def faults(found: Summary) -> str:
    """Return the pictures that could not be read."""
    if not found["faults"]:
        return ""
    lines = "".join(f"<li>{html.escape(error)}</li>" for _, error in found["faults"])
    return f"<h2>Left out</h2><p>{len(found['faults'])} pictures could not be read:</p><ul>{lines}</ul>"
