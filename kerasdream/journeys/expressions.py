"""Expressions of the time, such as `1.02 + 0.01*sin(2*pi*t/48)`: read by a small parser of our own, never by `eval`."""

import dataclasses
import math
import operator
import re
from collections.abc import Callable, Mapping

from kerasdream.errors import ConfigError, suggest

Names = Mapping[str, float]
Evaluate = Callable[[Names], float]

TOKEN = re.compile(r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|\S))")
VARIABLES = ("t", "frames", "fps")  # the frame, how many there are, how many a second
CONSTANTS = {"pi": math.pi, "e": math.e}
FUNCTIONS: dict[str, tuple[Callable[..., float], int, int]] = {  # with the fewest and most arguments
    **{f.__name__: (f, 1, 1) for f in (math.sin, math.cos, math.tan, math.exp, math.log, math.sqrt, math.floor)},
    "abs": (abs, 1, 1),
    "min": (min, 1, 8),
    "max": (max, 1, 8),
}
SUMS = {"+": operator.add, "-": operator.sub}
PRODUCTS = {"*": operator.mul, "/": operator.truediv, "%": operator.mod}
DEEPEST = 50  # parentheses and signs inside each other


def error_at(text: str, position: int, problem: str) -> ConfigError:
    """Return the error that points at a character of a text."""
    begin = max(0, position - 50)
    shown = text[begin : position + 30].replace("\n", " ")
    return ConfigError(f"{problem}, at character {position + 1}:\n    {shown}\n    {' ' * (position - begin)}^")


@dataclasses.dataclass(frozen=True)
class Expression:
    """An expression that was read, and its text."""

    text: str
    evaluate: Evaluate = dataclasses.field(compare=False, repr=False)

    def at(self, names: Names) -> float:
        """Return the value for these variables. Raises ConfigError where there is none.

        >>> parse_expression("1 + t/2").at({"t": 3})
        2.5
        """
        try:
            value = self.evaluate(names)
            if isinstance(value, complex) or not math.isfinite(value):
                raise ValueError("it is no finite number")
        except (ArithmeticError, ValueError) as fault:
            where = ", ".join(f"{name}={number:g}" for name, number in names.items())
            raise ConfigError(f"{self.text.strip()!r} has no value at {where}: {fault}.") from None
        return float(value)


def parse_expression(text: str, whole: str | None = None, offset: int = 0) -> Expression:
    """Read an expression: numbers, t, frames, fps, pi, e, + - * / % **, parentheses and functions.

    Where it is a part of a longer text, errors point into `whole`, in which it begins at `offset`. Raises ConfigError
    that points at the character.

    >>> parse_expression("2 * -(1 - 3)**2").at({})
    -8.0
    """
    parser = Parser(text, text if whole is None else whole, offset)
    evaluate = parser.sum()
    if parser.kind:
        raise parser.error("an operator or the end was expected")
    return Expression(text, evaluate)


class Parser:
    """Reads an expression from left to right; a token ahead is known."""

    def __init__(self, text: str, whole: str, offset: int):
        self.text, self.whole, self.offset = text, whole, offset
        self.position, self.depth = 0, 0
        self.advance()

    def advance(self) -> None:
        """Read the next token: its kind, its text, and where it begins."""
        found = TOKEN.match(self.text, self.position)
        if found is None:
            self.kind, self.token, self.start = "", "", len(self.text.rstrip())
            return
        self.kind = str(found.lastgroup)
        self.token, self.start, self.position = found[self.kind], found.start(self.kind), found.end()

    def error(self, problem: str, start: int | None = None) -> ConfigError:
        """Return the error that points at the token here."""
        return error_at(self.whole, self.offset + (self.start if start is None else start), problem)

    def take(self, sign: str) -> bool:
        """Read this sign where it is next."""
        if self.kind == "sign" and self.token == sign:
            self.advance()
            return True
        return False

    def sum(self) -> Evaluate:
        """Read terms with + and - between them."""
        return self.chain(SUMS, self.product)

    def product(self) -> Evaluate:
        """Read factors with *, / and % between them."""
        return self.chain(PRODUCTS, self.factor)

    def chain(self, signs: Mapping[str, Callable[[float, float], float]], part: Callable[[], Evaluate]) -> Evaluate:
        """Read parts with one of the signs between them, from left to right."""
        parts, operations = [part()], []
        while self.kind == "sign" and self.token in signs:
            operations.append(signs[self.token])
            self.advance()
            parts.append(part())

        def evaluate(names: Names) -> float:
            value = parts[0](names)
            for operation, right in zip(operations, parts[1:], strict=True):
                value = operation(value, right(names))
            return value

        return evaluate

    def factor(self) -> Evaluate:
        """Read a number with its signs and its power."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error("it is nested too deep")
        if self.take("-"):
            inner = self.factor()
            result: Evaluate = lambda names: -inner(names)  # noqa: E731
        elif self.take("+"):
            result = self.factor()
        else:
            base = self.atom()
            result = base
            if self.take("**"):
                exponent = self.factor()
                result = lambda names: power(base(names), exponent(names))  # noqa: E731
        self.depth -= 1
        return result

    def atom(self) -> Evaluate:
        """Read a number, a name, a function or what stands in parentheses."""
        kind, token, start = self.kind, self.token, self.start
        if kind == "number":
            self.advance()
            number = float(token)
            return lambda names: number
        if kind == "name":
            self.advance()
            return self.call(token, start) if self.take("(") else self.name(token, start)
        if self.take("("):
            inner = self.sum()
            self.close()
            return inner
        raise self.error("a number, a name or a parenthesis was expected")

    def close(self) -> None:
        """Read the closing parenthesis."""
        if not self.take(")"):
            raise self.error("')' was expected")

    def name(self, name: str, start: int) -> Evaluate:
        """Return what a variable or a constant stands for."""
        if name in VARIABLES:
            return lambda names: names[name]
        if name in CONSTANTS:
            return lambda names: CONSTANTS[name]
        known = (*VARIABLES, *CONSTANTS, *FUNCTIONS)
        raise self.error(f"there is no {name!r}.{suggest(name, known)} Known are {', '.join(known)}", start)

    def call(self, name: str, start: int) -> Evaluate:
        """Read the arguments of a function."""
        if name not in FUNCTIONS:
            raise self.error(f"there is no function {name!r}.{suggest(name, FUNCTIONS)}", start)
        function, fewest, most = FUNCTIONS[name]
        arguments = [self.sum()]
        while self.take(","):
            arguments.append(self.sum())
        self.close()
        if not fewest <= len(arguments) <= most:
            raise self.error(f"{name} takes {most} argument{'s at most' if most > 1 else ''}", start)
        return lambda names: function(*[argument(names) for argument in arguments])


def power(base: float, exponent: float) -> float:
    """Return a power of floats, which overflow where whole numbers would fill the memory."""
    value: float = float(base) ** float(exponent)
    return value
