"""An SVG by hand: for each case, every schedule as a dot over its calls (across) and its mean lag (up)."""

from collections.abc import Mapping
from html import escape
from math import log10

_COLOURS = ("#0b6e4f", "#c44536", "#e09f3e", "#6d597a", "#3d5a80")
_WIDTH, _HEIGHT, _EDGE, _COLUMNS = 330, 250, 42, 3
_CALLS, _LAG = (2.0, 400.0), (1.0, 500.0)


def _along(value: float, bounds: tuple[float, float], length: float) -> float:
    """Return where a value is on a logarithmic axis."""
    least, most = log10(bounds[0]), log10(bounds[1])
    return length * (min(most, max(least, log10(value))) - least) / (most - least)


def _panel(title: str, dots: Mapping[str, tuple[float, float]]) -> list[str]:
    wide, high = _WIDTH - _EDGE - 12, _HEIGHT - _EDGE - 26
    parts = [
        f'<text x="{_EDGE}" y="16" font-weight="bold">{escape(title)}</text>',
        f'<rect x="{_EDGE}" y="24" width="{wide}" height="{high}" fill="none" stroke="#bbb"/>',
        f'<text x="{_EDGE + wide}" y="{_HEIGHT - 2}" text-anchor="end">calls</text>',
        '<text x="4" y="34">lag</text><text x="4" y="46">(s)</text>',
    ]
    for value in (3, 10, 30, 100, 300):
        x, y = _EDGE + _along(value, _CALLS, wide), 24 + high - _along(value, _LAG, high)
        parts.append(f'<text x="{x:.0f}" y="{_HEIGHT - 16}" text-anchor="middle" fill="#777">{value}</text>')
        parts.append(f'<text x="{_EDGE - 4}" y="{y + 4:.0f}" text-anchor="end" fill="#777">{value}</text>')
    for colour, (name, (calls, lag)) in zip(_COLOURS, dots.items(), strict=True):
        x, y = _EDGE + _along(calls, _CALLS, wide), 24 + high - _along(lag, _LAG, high)
        words = f"{escape(name)}: {lag:.1f} s, {calls:.1f} calls"
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"><title>{words}</title></circle>')
    return parts


def draw(cases: Mapping[str, Mapping[str, tuple[float, float]]]) -> str:
    """Return the plot: for each case, the calls and the mean lag in seconds of each schedule."""
    rows = -(-len(cases) // _COLUMNS)
    wide, high = _COLUMNS * _WIDTH, rows * _HEIGHT + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="11">',
        f'<rect width="{wide}" height="{high}" fill="white"/>',
    ]
    for number, (title, dots) in enumerate(cases.items()):
        row, column = divmod(number, _COLUMNS)
        parts += [f'<g transform="translate({column * _WIDTH} {row * _HEIGHT})">', *_panel(title, dots), "</g>"]
    for number, (colour, name) in enumerate(zip(_COLOURS, next(iter(cases.values())), strict=True)):
        x = 20 + number * 160
        parts.append(f'<circle cx="{x}" cy="{high - 14}" r="5" fill="{colour}"/>')
        parts.append(f'<text x="{x + 9}" y="{high - 10}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])
