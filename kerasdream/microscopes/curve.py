"""The curve of a drawing: how much its channel was excited, step by step."""

from collections.abc import Sequence

WIDTH, HEIGHT, LEFT, BOTTOM, GAP = 640, 260, 64, 30, 14


def curve_svg(curves: Sequence[Sequence[float | None]]) -> str:
    """Return a plot of the values of a picture, and of its opposite where there is one, over the steps.

    >>> curve_svg([[0.0, 2.0, 1.0]]).count("<polyline")
    1
    """
    known = [value for curve in curves for value in curve if value is not None]
    low, high = min(0.0, *known), max(0.0, *known)
    span, steps = high - low or 1.0, max(map(len, curves))

    def place(step: int, value: float) -> str:
        x = LEFT + (WIDTH - LEFT - GAP) * step / max(1, steps - 1)
        return f"{x:.1f},{GAP + (HEIGHT - GAP - BOTTOM) * (high - value) / span:.1f}"

    lines = "".join(
        f'<polyline{kind} points="{" ".join(place(i, value) for i, value in enumerate(curve) if value is not None)}"/>'
        for kind, curve in zip(("", ' class="less"'), curves, strict=False)
    )
    levels = "".join(level(value, float(place(0, value).split(",")[1])) for value in dict.fromkeys((low, 0.0, high)))
    names = ("the drawing", "its opposite")
    said = "; ".join(f"{name} {first_and_last(curve)}" for name, curve in zip(names, curves, strict=False))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Activation over {steps} steps: {said}">{levels}'
        f'{lines}<text x="{WIDTH - GAP}" y="{HEIGHT - 8}" text-anchor="end">{steps} steps</text></svg>'
    )


def level(value: float, y: float) -> str:
    """Return a line across the plot, with its value."""
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - GAP}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.3g}</text>'
    )


def first_and_last(curve: Sequence[float | None]) -> str:
    """Return where a curve begins and ends, in words.

    >>> first_and_last([0.5, None, 2.0])
    'from 0.5 to 2'
    """
    known = [value for value in curve if value is not None]
    return f"from {known[0]:.3g} to {known[-1]:.3g}" if known else "without values"
