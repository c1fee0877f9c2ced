"""Settings of the measures stage."""

from __future__ import annotations

from sonolesion.core.settings import Section, key


class Measures(Section):
    """How the tables are written."""

    significant_digits: int = key(
        6,
        "Significant digits of every number in the tables.",
        source="chosen: finer than any measurement error here, coarse enough to hide rounding",
        ge=3,
        le=15,
    )
