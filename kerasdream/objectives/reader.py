"""Reads text from left to right: what the kinds of objectives use to read themselves."""

import re

from kerasdream.errors import ConfigError

NAME = r"[A-Za-z_][\w./]*"
NUMBER = re.compile(r"\s*([+-]?\s*(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
WORD = re.compile(r"""\s*('[^']*'|"[^"]*"|<[^>]*>|[^,()]+?)\s*(?=[,)])""")


class Reader:
    """A text and how far it has been read."""

    def __init__(self, text: str):
        self.text, self.position = text, 0

    def error(self, expected: str) -> ConfigError:
        """Return the error for what stands here in place of what was expected."""
        rest = self.text[self.position :]
        return ConfigError(f"{self.text!r} cannot be read from {rest!r} on: {expected} was expected")

    def match(self, pattern: "re.Pattern[str]") -> "re.Match[str] | None":
        """Read what a pattern matches here, if it does."""
        if found := pattern.match(self.text, self.position):
            self.position = found.end()
        return found

    def one_of(self, characters: str) -> str:
        """Read the next character but spaces where it is one of these; else return nothing."""
        found = self.match(re.compile(rf"\s*([{re.escape(characters)}])"))
        return found[1] if found else ""

    def expect(self, character: str) -> None:
        """Read this character, or raise ConfigError."""
        if not self.one_of(character):
            raise self.error(repr(character))

    def number(self) -> float:
        """Read a number."""
        if found := self.match(NUMBER):
            return float(found[1].replace(" ", ""))
        raise self.error("a number")

    def word(self) -> str:
        """Read a name or a path, in quotes or up to the next comma or parenthesis."""
        if found := self.match(WORD):
            return unquote(found[1])
        raise self.error("a name")


def quote(name: str) -> str:
    """Put a name in quotes that it does not hold itself."""
    return f'"{name}"' if "'" in name else f"'{name}'"


def unquote(text: str) -> str:
    """Take the quotes away."""
    return text[1:-1] if text[:1] in ("'", '"') else text


def word_text(name: str) -> str:
    """Return a name or path as text that `Reader.word` reads: in quotes where it has odd characters."""
    return name if re.fullmatch(r"[\w./]+|<[^>]*>", name) else quote(name)


def layer_text(name: str) -> str:
    """Return a layer's name as text: in quotes where it has odd characters or begins with a digit."""
    return name if re.fullmatch(NAME, name) else quote(name)
