"""Settings of the susceptibility stage."""

from __future__ import annotations

from sonolesion.core.settings import Section, key


class SignalFloor(Section):
    """Signal below which an echo tells nothing."""

    noise_multiple: float = key(
        3.0, "Signal-to-noise ratio at the floor.", source="10.1002/mrm.1910340618", ge=0
    )
    bright_share: float = key(
        0.03,
        "Least floor, as a share of the bright tissue; alone where the air was cut away.",
        source="chosen",
        ge=0,
        lt=1,
    )
    max_zero_share: float = key(
        0.2, "Share of voxels at zero from which on the air was cut away.", source="chosen", ge=0
    )


class Susceptibility(Section):
    """Effective transverse relaxation of multi-echo gradient-echo scans."""

    floor: SignalFloor = SignalFloor()
    ceiling_per_s: float = key(
        500.0, "Largest R2*; fresh blood has about 200.", unit="1/s", source="chosen", gt=0
    )
    min_median_per_s: float = key(
        3.0, "Smallest believable median of the brain.", unit="1/s", source="chosen", gt=0
    )
    max_median_per_s: float = key(
        100.0, "Largest believable median of the brain.", unit="1/s", source="chosen", gt=0
    )
