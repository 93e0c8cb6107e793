"""What is dreamt of, changing with time: weights that crossfade, and directions that turn into each other."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasdream.errors import ConfigError
from kerasdream.journeys.keyframes import KEY, Clock, Keys, Track, frame_number, mapping_keys, split_keys
from kerasdream.objectives import Direction, Objective, objective
from kerasdream.objectives.text import weighted_terms
from kerasdream.types import Array


@dataclasses.dataclass(frozen=True)
class WeightTracks:
    """Terms whose weights are tracks: one objective, mixed anew in each frame."""

    objective: Objective
    tracks: tuple[Track, ...]  # one for each term
    stages: tuple[Objective, ...] = ()  # none to be balanced

    def weights(self, frame: float, gains: Array) -> Array:
        """Return the weight of each term at a frame."""
        return np.array([track.at(frame) for track in self.tracks], np.float32)

    def directions(self, frame: float, constants: Mapping[str, Array]) -> dict[str, Array]:
        """Return the inputs of terms that change; here none."""
        return {}


@dataclasses.dataclass(frozen=True)
class ObjectiveKeys:
    """Objectives at keyframes: between two of them the weights of both crossfade."""

    keys: Keys[Objective]

    @property
    def stages(self) -> tuple[Objective, ...]:
        """The objectives, each once."""
        return tuple(dict.fromkeys(self.keys.values))

    @property
    def objective(self) -> Objective:
        """The sum of all of them, which is compiled."""
        return Objective(tuple((term, 1.0) for stage in self.stages for term, _ in stage.terms))

    def weights(self, frame: float, gains: Array) -> Array:
        """Return the weight of each term at a frame; `gains` make the gradients of the stages equally strong."""
        before, after, share = self.keys.between(frame)
        gain = dict(zip(self.stages, gains, strict=True))
        mixed = dict.fromkeys((term for term, _ in self.objective.terms), 0.0)
        for stage, part in ((before, 1.0 - share), (after, share)):
            for term, weight in stage.terms:
                mixed[term] += part * weight * float(gain[stage])
        return np.array(list(mixed.values()), np.float32)

    def directions(self, frame: float, constants: Mapping[str, Array]) -> dict[str, Array]:
        """Return the inputs of terms that change; here none."""
        return {}


class DirectionKeys(ObjectiveKeys):
    """Directions of one layer at keyframes: one turns into the next on the shortest way, always equally long."""

    @property
    def stages(self) -> tuple[Objective, ...]:
        return ()

    @property
    def objective(self) -> Objective:
        channels = {channel: 1.0 for stage in self.keys.values for channel, _ in direction_of(stage).weights}
        return Objective(((Direction(direction_of(self.keys.values[0]).layer, tuple(channels.items())), 1.0),))

    def weights(self, frame: float, gains: Array) -> Array:
        return np.ones(1, np.float32)

    def directions(self, frame: float, constants: Mapping[str, Array]) -> dict[str, Array]:
        before, after, share = self.keys.between(frame)
        ends = []
        for stage in (before, after):
            vector = np.zeros_like(constants["0"])
            for channel, weight in direction_of(stage).weights:
                vector[channel] = weight * stage.terms[0][1]
            ends.append(vector)
        return {"0": slerp(ends[0], ends[1], share)}


ObjectiveTrack = WeightTracks | ObjectiveKeys


def direction_of(stage: Objective) -> Direction:
    """Return the only term of an objective, which is a direction."""
    term = stage.terms[0][0]
    assert isinstance(term, Direction)
    return term


def slerp(start: Array, end: Array, share: float) -> Array:
    """Return the vector between two on the arc from one to the other; its length goes from one's to the other's.

    >>> slerp(np.array([1.0, 0.0]), np.array([0.0, 3.0]), 0.5).round(4).tolist()
    [1.4142, 1.4142]
    """
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    unit, other = start / lengths[0], end / lengths[1]
    angle = np.arccos(np.clip(unit @ other, -1.0, 1.0))
    if np.sin(angle) < 1e-4:  # the same, or opposite ones, which no single arc joins
        return np.asarray((1 - share) * start + share * end, start.dtype)
    turned = (np.sin((1 - share) * angle) * unit + np.sin(share * angle) * other) / np.sin(angle)
    return np.asarray(turned * ((1 - share) * lengths[0] + share * lengths[1]), start.dtype)


def objective_track(layers: Any, clock: Clock) -> ObjectiveTrack | None:
    """Return what is dreamt of over time, or None where it stays the same.

    Objectives stand at keyframes, "0: mixed3, 60: mixed5" or {0: "mixed3", 60: "mixed5"}; or single weights change,
    {"mixed3": "0: 1, 60: 0", "mixed5": 1.0}. Raises ConfigError.

    >>> track = objective_track({"mixed3": "0: 1, 60: 0", "mixed5": 0.5}, Clock(60, 24.0))
    >>> track.weights(30, np.ones(0)).tolist()
    [0.5, 0.5]
    """
    if isinstance(layers, str) and (parts := split_keys(layers)):
        frames = tuple(frame_number((part.frame, part.percent), clock) for part in parts)
        return stages(Keys(frames, tuple(objective(p.text) for p in parts), tuple(p.interpolation for p in parts)))
    if not isinstance(layers, Mapping) or not layers:
        return None
    if all(KEY.fullmatch(f"{key}:") for key in layers):
        keys = sorted(((frame_number(f, clock), way, one) for f, way, one in mapping_keys(layers)), key=lambda k: k[0])
        moments, ways, values = zip(*keys, strict=True)
        return stages(Keys(moments, tuple(map(objective, values)), ways))
    if not any(isinstance(weight, str | Mapping) for weight in layers.values()):
        return None
    terms = [(name, Track.of(weight, clock)) for name, weight in layers.items()]
    named = [(weighted_terms(name, 1.0), track) for name, track in terms]
    if any(len(pairs) > 1 or pairs[0][1] != 1.0 for pairs, _ in named):
        raise ConfigError("A weight with keyframes was given to several terms; one term each was expected.")
    return WeightTracks(Objective(tuple((pairs[0][0], 1.0) for pairs, _ in named)), tuple(track for _, track in named))


def stages(keys: Keys[Objective]) -> ObjectiveKeys:
    """Return objectives at keyframes; where all are directions of one layer, as directions."""
    terms = [stage.terms[0][0] for stage in keys.values if len(stage.terms) == 1]
    layers = {term.layer for term in terms if isinstance(term, Direction)}
    directions = len(terms) == len(keys.values) and all(isinstance(term, Direction) for term in terms)
    return DirectionKeys(keys) if directions and len(layers) == 1 else ObjectiveKeys(keys)
