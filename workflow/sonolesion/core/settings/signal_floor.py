"""The floor of signal, of diffusion scans and of gradient echoes."""

from __future__ import annotations

from sonolesion.core.settings import Section, key


class SignalFloor(Section):
    """Signal below which a voxel tells nothing."""

    noise_multiple: float = key(
        3.0, "Signal-to-noise ratio at the floor.", source="10.1002/mrm.1910340618", ge=0
    )
    bright_share: float = key(
        ...,
        "Least floor, as a share of the bright tissue; alone where the air was cut away.",
        source="chosen",
        ge=0,
        lt=1,
    )
    max_zero_share: float = key(
        0.2, "Share of voxels at zero from which on the air was cut away.", source="chosen", ge=0
    )
