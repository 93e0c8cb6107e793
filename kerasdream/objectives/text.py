"""Objectives from the forms that users write: text, lists, mappings."""

import numbers
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kerasdream.errors import ConfigError
from kerasdream.objectives.class_score import Class
from kerasdream.objectives.layer import Layer
from kerasdream.objectives.reader import NAME, Reader, unquote
from kerasdream.objectives.term import Expression, Objective, Term

CHANNELS = r"\d+(?:\s*,\s*\d+(?![\d.]|\s*\*\s*[A-Za-z_'\"]))*"  # not the weight of a next term, as in "a:3, 2*b"
TERM = re.compile(
    rf"""\s*(?:
      class:(?P<class>'[^']*'|"[^"]*"|[\w./-]+)
    | (?P<function><function[ ][^>]*>)
    | (?P<call>[a-z]\w*)\s*\(
    | (?P<layer>{NAME}|'[^']*'|"[^"]*")
      (?: : (?: (?P<pick>(?:strong|weak)\d+(?:/octave)?)
              | (?P<channels>{CHANNELS}) (?:@(?:(?P<centre>centre|center)|(?P<row>\d+)\s*,\s*(?P<column>\d+)))? ) )?
    )""",
    re.VERBOSE,
)
FACTOR = re.compile(r"\s*(\d[\d.eE+-]*|\.\d+)\s*\*")


class Parser(Reader):
    """Reads an objective's text: terms with their weights, joined by signs or commas."""

    def objective(self) -> Objective:
        """Read all of the text."""
        terms: list[tuple[Term, float]] = []
        sign = self.one_of("+-")
        while True:
            weight = -1.0 if sign == "-" else 1.0
            if factor := self.match(FACTOR):
                weight *= float(factor[1])
            term = self.term()
            while self.one_of("*="):
                weight *= self.number()
            terms.append((term, weight))
            if not self.text[self.position :].strip():
                return Objective(tuple(terms))
            if not (sign := self.one_of("+-,")):
                raise self.error("'+', '-' or '*'")

    def term(self) -> Term:
        """Read one term."""
        start, found = self.position, self.match(TERM)
        if not found or (found["call"] and found["call"] not in Term.kinds):
            self.position = start
            raise self.error("a layer such as mixed4, mixed4:150 or 'my-layer', or class:tabby")
        if found["function"]:
            raise ConfigError(f"{found['function']} stands for a function given in Python; give it again.")
        if found["class"]:
            return Class(unquote(found["class"]))
        if found["call"]:
            term = Term.kinds[found["call"]].parse(found["call"], self, self.term)
            self.expect(")")
            return term
        cell = (int(found["row"]), int(found["column"])) if found["row"] else None
        channels = tuple(int(channel) for channel in (found["channels"] or "").split(",") if channel)
        return Layer(unquote(found["layer"]), channels, "centre" if found["centre"] else cell, found["pick"])


def objective(value: object) -> Objective:
    """Make an objective of text, {term: weight}, a list, or terms and sums of them.

    Raises ConfigError for anything else.

    >>> objective("mixed4=1.0,mixed5") == objective({"mixed4": 1, "mixed5": 1}) == Layer("mixed4") + Layer("mixed5")
    True
    """
    if isinstance(value, Expression):
        return Objective(value.weighted_terms())
    if isinstance(value, str):
        return Parser(value).objective()
    if not isinstance(value, Mapping | Sequence):
        hint = " To follow a function, give objective_of(function, layers)" if callable(value) else ""
        raise ConfigError(f"{value!r} was given; text, terms, a list or {{term: weight}} were expected.{hint}")
    return Objective(tuple(pair for name, weight in pairs_of(value) for pair in weighted_terms(name, weight)))


def pairs_of(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the names and weights of a mapping or a list; ConfigError where a name comes twice."""
    pairs = value.items() if isinstance(value, Mapping) else [p if isinstance(p, tuple) else (p, 1.0) for p in value]
    seen = set()
    for name, weight in pairs:
        if name in seen:
            raise ConfigError(f"{name!r} is named twice")
        seen.add(name)
        yield name, weight


def weighted_terms(name: Any, weight: Any) -> tuple[tuple[Term, float], ...]:
    """Return the terms of a name or an expression, times a weight."""
    if isinstance(weight, bool) or not isinstance(weight, numbers.Real):
        raise ConfigError(f"{name!r} has the weight {weight!r}; a number was expected")
    if isinstance(name, str) and re.fullmatch(r"[\w./-]+", name) and not re.fullmatch(NAME, name):
        return ((Layer(name), float(weight)),)  # a layer by any name, as in {"my-layer": 1.0}
    if not isinstance(name, str | Expression):
        raise ConfigError(f"{name!r} is not a layer name")
    return (objective(name) * float(weight)).terms


def follows_whole_layers(wanted: Objective) -> bool:
    """Return whether an objective asks for more of whole layers only, as the Keras example does."""
    return all(isinstance(term, Layer) and term == Layer(term.layer) and weight >= 0 for term, weight in wanted.terms)
