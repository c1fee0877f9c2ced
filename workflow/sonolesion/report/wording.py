"""Numbers and days as a reader expects them: true minus signs, few digits, units apart."""

from __future__ import annotations

MINUS, NARROW_SPACE = "\u2212", "\u202f"
THOUSAND = 1000


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


def plural(count: int, singular: str, several: str = "") -> str:
    """Write a count with its noun: "1 step", "2 steps"."""
    return f"{count} {singular if count == 1 else several or singular + 's'}"
