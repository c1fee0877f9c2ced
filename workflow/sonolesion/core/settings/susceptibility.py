"""Settings of the susceptibility stage."""

from __future__ import annotations

from sonolesion.core.settings import Section, key
from sonolesion.core.settings.signal_floor import SignalFloor


class Susceptibility(Section):
    """Effective transverse relaxation of multi-echo gradient-echo scans."""

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
