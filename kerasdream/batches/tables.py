"""Tables of pictures, CSV or JSON lines: a picture a row, with settings of its own."""

import csv
import difflib
import json
import os
from collections.abc import Iterator, Mapping
from typing import cast

from kerasdream.batches.samples import Failure, Plain, Sample
from kerasdream.config import KNOBS
from kerasdream.errors import ConfigError

TABLES = (".csv", ".jsonl")
PICTURE = "picture"  # the column of paths


def table_samples(path: str) -> Iterator[Sample | Failure]:
    """Yield the samples of a table.

    `picture` is a path, relative to the table; `key` its name in the output, or else the path; a column named as a knob
    is that setting of the row, where it is not empty; the others are passed on. Raises ConfigError where the table
    cannot be read, or has no such column.
    """
    folder = os.path.dirname(path)
    for number, row in enumerate(rows_of(path), 1):
        if isinstance(row, Failure):
            yield row
            continue
        picture = row.get(PICTURE)
        if not isinstance(picture, str) or not picture:
            raise ConfigError(f"Row {number} of {path!r} names no picture; a column {PICTURE!r} of paths was expected.")
        key = row.get("key")
        key = str(key) if key not in (None, "") else os.path.splitext(picture)[0].lstrip("./")
        settings = {name: value for name, value in row.items() if name in KNOBS and value != ""}
        rest = {name: value for name, value in row.items() if name not in (PICTURE, "key", *KNOBS)}
        columns = {name: value for name, value in rest.items() if isinstance(value, Plain)}
        yield Sample(key, os.path.join(folder, picture), settings, columns)


def rows_of(path: str) -> Iterator[Mapping[str, object] | Failure]:
    """Yield the rows of a table by column."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            if path.lower().endswith(".csv"):
                reader = csv.DictReader(file)
                check_columns(reader.fieldnames or [], path)
                for row in reader:
                    yield {name: value_of(name, text) for name, text in row.items() if isinstance(text, str)}
                return
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield json_row(line, path, number)
    except (OSError, csv.Error, UnicodeDecodeError) as fault:
        raise ConfigError(f"{path!r} cannot be read as a table: {fault}. CSV or JSON lines were expected.") from fault


def json_row(line: str, path: str, number: int) -> Mapping[str, object] | Failure:
    """Return the row that a line of JSON holds, or the failure of a line that holds none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as fault:
        return Failure(f"{os.path.basename(path)}:{number}", f"Line {number} of {path!r} is no JSON: {fault}.")
    if not isinstance(row, dict):
        return Failure(f"{os.path.basename(path)}:{number}", f"Line {number} of {path!r} is no JSON object.")
    check_columns(list(row), path)
    return cast(Mapping[str, object], row)


def check_columns(columns: list[str] | tuple[str, ...] | object, path: str) -> None:
    """Raise ConfigError for a column whose name is nearly that of a knob."""
    for name in cast(list[str], columns):
        if name not in KNOBS and (near := difflib.get_close_matches(name, KNOBS, 1, 0.85)):
            raise ConfigError(
                f"{path!r} has a column {name!r}, which is nearly the setting {near[0]!r}. Name it so, or otherwise."
            )


def value_of(name: str, text: str) -> Plain | list[object]:
    """Return what a cell holds: of a knob its value, of any other column the text.

    >>> value_of("step", "0.02"), value_of("layers", "mixed4:150"), value_of("max_loss", "none"), value_of("label", "7")
    (0.02, 'mixed4:150', None, '7')
    """
    if name not in KNOBS or not text:
        return text
    if text.lower() == "none":
        return None
    try:
        return cast(Plain, json.loads(text.lower() if text.lower() in ("true", "false") else text))
    except ValueError:
        return text
