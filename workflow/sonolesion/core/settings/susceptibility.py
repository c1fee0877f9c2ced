"""Settings of the susceptibility stage."""

from __future__ import annotations

from sonolesion.core.settings import Section, key
from sonolesion.core.settings.signal_floor import SignalFloor


class FieldMap(Section):
    """Field of a multi-echo gradient echo, from its phase."""

    floor: SignalFloor = SignalFloor(bright_share=0.1)
    max_error_hz: float = key(
        60.0,
        "Largest error of a voxel that is believed, by noise or against its neighbours.",
        unit="Hz",
        source="chosen: near air the field of a 3 mm voxel differs by as much from the next",
        gt=0,
    )
    range_hz: float = key(
        150.0, "Field at the ends of the picture's colours.", unit="Hz", source="chosen", gt=0
    )


class Susceptibility(Section):
    """Effective transverse relaxation of multi-echo gradient-echo scans, and their field."""

    floor: SignalFloor = SignalFloor(bright_share=0.03)
    ceiling_per_s: float = key(
        500.0, "Largest R2*; fresh blood has about 200.", unit="1/s", source="chosen", gt=0
    )
    min_median_per_s: float = key(
        3.0, "Smallest believable median of the brain.", unit="1/s", source="chosen", gt=0
    )
    max_median_per_s: float = key(
        100.0, "Largest believable median of the brain.", unit="1/s", source="chosen", gt=0
    )
    field: FieldMap = FieldMap()
