"""Numbers and days as a reader expects them: true minus signs, few digits, units apart."""

from __future__ import annotations

from sonolesion.report.records import Range

MINUS, NARROW_SPACE = "\u2212", "\u202f"
THOUSAND = 1000
TENTH = 0.1


def number(value: float | None, *, decimals: int, signed: bool = False) -> str:
    """Write a number with fixed decimals; "–" if there is none.

    Examples
    --------
    >>> number(1.25, decimals=1, signed=True), number(None, decimals=1)
    ('+1.2', '–')
    """
    if value is None:
        return "–"
    rounded = round(value, decimals) + 0.0
    text = f"{abs(rounded):.{decimals}f}"
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return sign + text


def volume(value_mm3: float | None) -> str:
    """Write a volume: below 10 mm³ with one decimal, above without."""
    if value_mm3 is None:
        return "–"
    decimals = 1 if 0 < value_mm3 < 10 else 0
    return f"{number(value_mm3, decimals=decimals)}{NARROW_SPACE}mm³"


def interval(found: Range, *, decimals: int, signed: bool = False) -> str:
    """Write the ends of an interval in brackets; empty if there are none.

    Examples
    --------
    >>> interval(Range(2.0, 1.25, 3.0), decimals=1)
    '(1.2 to 3.0)'
    """
    if found.low is None or found.high is None:
        return ""
    low, high = (number(end, decimals=decimals, signed=signed) for end in (found.low, found.high))
    return f"({low} to {high})"


def volume_range(found: Range) -> str:
    """Write a volume with its interval: "142 mm³ (120 to 160)"."""
    decimals = 1 if found.high is not None and found.high < 10 else 0
    return f"{volume(found.value)} {interval(found, decimals=decimals)}".rstrip()


def percent(found: Range) -> str:
    """Write a share and its interval in per cent: "76 % (36 to 92)"."""
    if found.value is None:
        return "–"
    three = [None if x is None else 100 * x for x in (found.value, found.low, found.high)]
    told = interval(Range(*three), decimals=0)
    return f"{number(three[0], decimals=0)}{NARROW_SPACE}% {told}".rstrip()


def share(found: Range) -> str:
    """Write a share and its interval in per cent, below a tenth with one decimal.

    Examples
    --------
    >>> share(Range(0.041, 0.0, 0.12)).replace(NARROW_SPACE, " ")
    '4.1 % (0 to 12)'
    """
    if found.value is None:
        return "–"
    told = f"{_per_cent(found.value)}{NARROW_SPACE}%"
    if found.low is None or found.high is None:
        return told
    return f"{told} ({_per_cent(found.low)} to {_per_cent(found.high)})"


def _per_cent(value: float) -> str:
    return number(100 * value, decimals=1 if 0 < value < TENTH else 0)


def days(value_d: float | None) -> str:
    """Write a day as plain text.

    Examples
    --------
    >>> days(3.0), days(1.0), days(None)
    ('3 days', '1 day', 'day unknown')
    """
    if value_d is None:
        return "day unknown"
    whole = float(value_d).is_integer()
    amount = number(abs(value_d), decimals=0 if whole else 1)
    return f"{amount} day" + ("" if abs(value_d) == 1 else "s")


def when(value_d: float | None) -> str:
    """Write a day relative to treatment: "3 days after", "7 days before"."""
    if value_d is None:
        return "day unknown"
    if value_d == 0:
        return "day of"
    return f"{days(value_d)} {'after' if value_d > 0 else 'before'}"


def day_label(value_d: float | None) -> str:
    """Write a day as a short label: "day 3", "day −7"."""
    if value_d is None:
        return "day ?"
    decimals = 0 if float(value_d).is_integer() else 1
    return f"day {number(value_d, decimals=decimals)}"


def probability(p: float | None) -> str:
    """Write a p value with two digits, never as zero."""
    if p is None:
        return "–"
    return f"< {1 / THOUSAND:g}" if p < 1 / THOUSAND else f"{p:.2g}"


def p_value(p: float) -> str:
    """Write a p value with its sign: "p = 0.41", "p < 0.001"."""
    text = probability(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def plural(count: int, singular: str, several: str = "") -> str:
    """Write a count with its noun: "1 step", "2 steps"."""
    return f"{count} {singular if count == 1 else several or singular + 's'}"
