from __future__ import annotations

import numpy as np

from sonolesion.diffusion import picture

SLICES, VOLUMES = 20, 8


def dark(outlier: np.ndarray) -> int:
    """Return how many pixels of the panel of slices are black."""
    flat = np.zeros((VOLUMES, 6))
    residuals = {"before": np.full(VOLUMES, 0.04), "after": np.full(VOLUMES, 0.03)}
    drawn = np.asarray(picture.motion(flat, residuals, outlier, title="x").convert("L"))
    panel = drawn[int(0.76 * len(drawn)) : int(0.92 * len(drawn)), 100:-30]
    return int((panel < 60).sum())


def test_a_lost_slice_is_black_over_its_own_volume_alone() -> None:
    outlier = np.zeros((SLICES, VOLUMES), dtype=bool)
    # Of no lost slice only the words are dark.
    words = dark(outlier)
    assert words > 0
    outlier[5:10, 3] = True
    one = dark(outlier)
    outlier[5:10, 5] = True
    assert one > 3 * words
    # Unblurred: two volumes hold twice the black of one.
    assert abs(dark(outlier) / one - 2.0) < 0.1
