"""The card of a model that was taught: what it knows, kept inside its file."""

import dataclasses
import json
import pathlib
import zipfile
from typing import Any

MEMBER = "model_card.json"  # of the .keras file; Keras passes over it


@dataclasses.dataclass(frozen=True)
class ModelCard:
    """What a taught model knows, and how well.

    `classes` are its names in the order of its outputs, `counts` the pictures of each, `accuracy` the share of
    held-out pictures that it recognises, `recognised` and `held_out` their numbers by class.

    >>> ModelCard(["chanterelle", "background"], {"chanterelle": 40}, 0.9, base="mini").accuracy
    0.9
    """

    classes: list[str]
    counts: dict[str, int]
    accuracy: float
    recognised: dict[str, int] = dataclasses.field(default_factory=dict)
    held_out: dict[str, int] = dataclasses.field(default_factory=dict)
    base: str = ""
    settings: dict[str, str | int | float | None] = dataclasses.field(default_factory=dict)
    steps: int = 0
    seconds: float = 0.0
    versions: dict[str, str | None] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        named = [name for name in self.classes if name in self.counts]
        right, all_ = sum(self.recognised.values()), sum(self.held_out.values())
        return (
            f"{len(named)} classes ({', '.join(f'{name} {self.counts[name]}' for name in named)}), "
            f"{right} of {all_} held-out pictures recognised ({self.accuracy:.0%}), "
            f"taught on {self.base} in {self.seconds / 60:.1f} minutes"
        )

    def as_json(self) -> str:
        """Return the card as text."""
        return json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False)

    @classmethod
    def read(cls, path: str | pathlib.Path) -> "ModelCard | None":
        """Return the card inside a .keras file; None where it holds none that can be read."""
        try:
            with zipfile.ZipFile(path) as file:
                values: dict[str, Any] = json.loads(file.read(MEMBER))
            card = cls(**values)
            return card if all(isinstance(name, str) for name in card.classes) else None
        except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile):
            return None
