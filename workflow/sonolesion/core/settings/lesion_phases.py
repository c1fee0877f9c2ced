"""What a lesion may look like by days after treatment: expected change of every zone.

Unit of every change is the median value of the brain in the baseline ("brain level"), of a map
(ADC, R2*) as of a weighted image.
"""

from __future__ import annotations

from pydantic import model_validator

from sonolesion.core.settings import Section, key

Expected = tuple[float, float]
CONTRASTS = ("T1w", "T2w", "FLAIR", "trace", "ADC", "T2starw", "R2starmap")


class Zone(Section):
    """Expected change of one zone, mean and spread over lesions, by contrast."""

    name: str = key(..., "Zone: core, rim or oedema.", pattern="^(core|rim|oedema)$")
    change: dict[str, Expected] = key(
        ..., "Contrast → mean and standard deviation of its change.", unit="brain level"
    )

    @model_validator(mode="after")
    def check(self) -> Zone:
        """Refuse unknown contrasts, missing ones and spreads that are not positive."""
        if set(self.change) != set(CONTRASTS):
            raise ValueError(f"{self.name}: needs a change for each of {', '.join(CONTRASTS)}")
        if min(spread for _, spread in self.change.values()) <= 0:
            raise ValueError(f"{self.name}: spreads must be positive")
        return self


def zone(name: str, *changes: Expected) -> Zone:
    """Write a zone in one line, in the order of `CONTRASTS`."""
    return Zone(name=name, change=dict(zip(CONTRASTS, changes, strict=True)))


class Phase(Section):
    """What a lesion may look like until a day after treatment."""

    until_d: float = key(..., "Last day of the phase.", unit="d", gt=0)
    volume_mm3: float = key(
        ..., "Median volume of zones I and II before it is measured.", unit="mm3", gt=0
    )
    zones: tuple[Zone, ...] = key(..., "Zones that may be seen: core, rim, oedema.", min_length=2)

    @model_validator(mode="after")
    def check(self) -> Phase:
        """Refuse zones out of order."""
        if [zone.name for zone in self.zones] not in (["core", "rim"], ["core", "rim", "oedema"]):
            raise ValueError("zones must be core, rim and, if there is one, oedema")
        return self


# T1w, T2w, FLAIR, trace, ADC, T2starw, R2starmap. Spreads reach over zero where both signs occur.
ACUTE = Phase(
    until_d=7.0,
    volume_mm3=68.5,
    zones=(
        zone(
            "core", (-0.20, 0.15), (0.40, 0.25), (0.30, 0.25),
            (0.30, 0.40), (-0.30, 0.30), (0.10, 0.25), (-0.10, 0.25),
        ),
        zone(
            "rim", (-0.10, 0.10), (-0.15, 0.30), (-0.15, 0.30),
            (0.40, 0.40), (-0.30, 0.30), (-0.10, 0.25), (0.15, 0.30),
        ),
        zone(
            "oedema", (-0.05, 0.08), (0.40, 0.20), (0.50, 0.25),
            (0.15, 0.25), (0.20, 0.25), (0.15, 0.20), (-0.15, 0.20),
        ),
    ),
)  # fmt: skip
SUBACUTE = Phase(
    until_d=60.0,
    volume_mm3=50.0,
    zones=(
        zone(
            "core", (-0.20, 0.15), (0.30, 0.25), (0.20, 0.25),
            (0.00, 0.30), (0.15, 0.35), (0.00, 0.25), (0.15, 0.40),
        ),
        zone(
            "rim", (-0.10, 0.10), (-0.10, 0.20), (-0.10, 0.20),
            (0.05, 0.25), (0.05, 0.25), (-0.20, 0.25), (0.40, 0.40),
        ),
        zone(
            "oedema", (-0.04, 0.06), (0.20, 0.15), (0.25, 0.20),
            (0.05, 0.15), (0.10, 0.15), (0.05, 0.15), (-0.05, 0.15),
        ),
    ),
)  # fmt: skip
CHRONIC = Phase(
    until_d=1e5,
    volume_mm3=30.0,
    zones=(
        zone(
            "core", (-0.15, 0.15), (0.30, 0.25), (0.10, 0.25),
            (-0.10, 0.25), (0.40, 0.40), (-0.10, 0.25), (0.20, 0.40),
        ),
        zone(
            "rim", (-0.10, 0.10), (-0.10, 0.15), (-0.10, 0.15),
            (0.00, 0.20), (0.10, 0.25), (-0.25, 0.25), (0.50, 0.40),
        ),
    ),
)  # fmt: skip
