"""What a dreamt film says of its making, in the comment of its file."""

import json
import os
from collections.abc import Mapping
from typing import Any

from kerasdream.config import DreamConfig
from kerasdream.errors import ConfigError, InputImageError
from kerasdream.film_config import FILM_KNOBS, FilmConfig
from kerasdream.image.files import StrPath
from kerasdream.image.metadata import parse_record, settings_in
from kerasdream.result import recorded_settings, versions
from kerasdream.video.comment import read_comment


def film_record(config: DreamConfig, film: FilmConfig, source: StrPath) -> dict[str, Any]:
    """Return all that is needed to dream a film again, as plain values. Of paths, only the names.

    >>> film_record(DreamConfig(), FilmConfig(), "films/sea.mp4")["source"]
    'sea.mp4'
    """
    return {
        "settings": recorded_settings(config),
        "film": {name: getattr(film, name) for name in FILM_KNOBS},
        "versions": versions(),
        "source": os.path.basename(os.path.abspath(source)),
    }


def film_settings_of(path: StrPath, *, files: bool = False) -> dict[str, Any]:
    """Read the settings of a dreamt film, ready to dream again; see `settings_of` for `files`.

    Raises InputImageError for what is no dreamt film.
    """
    what = repr(os.fspath(path))
    record = parse_record(read_comment(path), what)
    film: Any = record.get("film", {})
    if not isinstance(film, dict):
        raise InputImageError(f"{what} holds no settings of a film ({film!r}).")
    for name, value in film.items():
        try:
            if name not in FILM_KNOBS:
                raise ConfigError(f"a film has no setting {name!r}")
            FILM_KNOBS[name].check(name, value)
        except ConfigError as fault:
            raise InputImageError(f"{what} holds settings of no film: {fault}") from None
    return settings_in(record, what, files=files) | film


def as_comment(record: Mapping[str, object]) -> str:
    """Return a record as the comment of a file."""
    return json.dumps(record, allow_nan=False)
