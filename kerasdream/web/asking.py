"""Asking: what a page asks a job to do, checked before it is accepted."""

from typing import get_args

from anyio import to_thread
from PIL import Image
from starlette.exceptions import HTTPException

from kerasdream.config import DEFAULTS
from kerasdream.errors import ConfigError
from kerasdream.image.sample import noise_size, sample
from kerasdream.web.body import JsonObject
from kerasdream.web.film_intake import film_in
from kerasdream.web.filming import check_film, check_journey
from kerasdream.web.job import Asked, Relation
from kerasdream.web.settings import check_layers, check_settings, search_words
from kerasdream.web.strokes import check_stroke
from kerasdream.web.studio import Studio
from kerasdream.web.views import DREAM, FILM, JOURNEY, Settings

RELATIONS = tuple(one for one in get_args(Relation) if one not in ("export", "welcome"))  # that a page may name
LONGEST_LABEL = 80  # letters
LARGEST_GROUP = 36  # jobs


class Asking:
    """Reads what pages ask for. Whatever is wrong is told in words, and nothing is accepted."""

    def __init__(self, studio: Studio):
        self.studio, self.store = studio, studio.store

    async def read(self, asked: JsonObject) -> Asked:
        """Return what is asked for; HTTPException, ConfigError or KeyError where it cannot be."""
        studio = self.studio
        settings = check_settings(asked.get("settings", {}), studio.models)
        await to_thread.run_sync(check_layers, settings, limiter=studio.reading)
        picture = asked.get("picture", "sample")
        self.check_picture(picture)
        more = {name: asked[name] for name in ("guide", "mask") if asked.get(name)}
        for id in more.values():
            self.store.existing("pictures", id, ".png")
        wanted = Asked(
            picture=picture,
            settings=settings,
            look=settings.get("preset", DEFAULTS["preset"]),
            words=f"{search_words(settings)} {label_in(asked)}".strip(),
            label=label_in(asked),
            parent=self.parent_in(asked),
            relation=relation_in(asked),
            group=self.group_in(asked),
            urgent=asked.get("urgent") is True,
            kind=asked.get("kind", DREAM),
            plan=self.plan_in(asked, settings),
            **more,
        )
        if wanted.urgent:
            await to_thread.run_sync(self.check_urgent, wanted, limiter=studio.decoding)
        return wanted

    def check_picture(self, picture: object) -> None:
        """Refuse a picture to dream on that is not there, or noise that is too large."""
        most = self.studio.max_pixels
        if size := noise_size(picture):
            if size[0] * size[1] > most:
                raise HTTPException(400, f"Noise of {size[1]} x {size[0]} is larger than the {most:,} pixels here.")
        elif picture != "sample":
            self.store.existing("pictures", str(picture), ".png")

    def parent_in(self, asked: JsonObject) -> str | None:
        """Return the dream that this one comes from; KeyError where it is not there."""
        parent = asked.get("parent")
        return None if parent is None else self.store.job(str(parent)).id

    def group_in(self, asked: JsonObject) -> str | None:
        """Return the group that a job joins; KeyError where there is none, HTTPException where it is full."""
        group = asked.get("group")
        if group is None:
            return None
        count = self.store.count_of_group(str(group))
        if not count:
            raise KeyError(group)
        if count >= LARGEST_GROUP:
            raise HTTPException(409, f"This group has {count} dreams; {LARGEST_GROUP} at most were expected.")
        return str(group)

    def plan_in(self, asked: JsonObject, settings: Settings) -> Settings:
        """Return what a film or a journey needs beside the settings of its dreams; nothing for a dream."""
        kind = asked.get("kind", DREAM)
        if kind == JOURNEY:
            return check_journey(asked.get("journey", {}), settings)
        if kind == FILM:
            if film_in(self.store.folder / "films", str(asked.get("picture"))) is None:
                raise ConfigError("The picture is no film. Send a video, or an animated GIF or WebP.")
            if asked.get("guide"):
                raise ConfigError("A film is dreamt without a guide picture. Leave it out.")
            return check_film(asked.get("film", {}))
        if kind != DREAM:
            raise ConfigError(f"kind={kind!r:.100} was given; {DREAM!r}, {FILM!r} or {JOURNEY!r} was expected.")
        return {}

    def check_urgent(self, wanted: Asked) -> None:
        """Refuse what is too large to go before everything else."""
        if wanted.mask is None or wanted.kind != DREAM:
            raise ConfigError("Only a dream with a mask, such as the stroke of a brush, can be urgent. Leave it out.")
        picture = sample() if wanted.picture == "sample" else None
        size = picture.size if picture else noise_size(wanted.picture) or self.store.picture(wanted.picture).size
        mask: Image.Image = self.store.picture(wanted.mask)
        check_stroke(size, mask, wanted.settings)


def label_in(asked: JsonObject) -> str:
    """Return the short text that is shown with a job."""
    label = asked.get("label", "")
    if not isinstance(label, str) or len(label) > LONGEST_LABEL:
        raise ConfigError(f"label={label!r:.100} was given; {LONGEST_LABEL} letters at most were expected.")
    return label


def relation_in(asked: JsonObject) -> Relation:
    """Return how a dream comes from its parent."""
    relation = asked.get("relation", "")
    if relation not in RELATIONS:
        raise ConfigError(f"relation={relation!r:.100} was given; one of {', '.join(RELATIONS[1:])} was expected.")
    found: Relation = relation
    return found
