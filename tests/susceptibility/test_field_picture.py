from __future__ import annotations

import numpy as np
import pytest

from sonolesion.susceptibility import field_picture


@pytest.mark.parametrize("there", [True, False])
def test_a_field_is_drawn_in_two_colours(there: bool) -> None:
    shape = (12, 14, 10)
    hz = np.where(np.arange(12)[:, None, None] < 6, -100.0, 100.0) * np.ones(shape)
    inside = np.full(shape, there)
    shown = field_picture.drawn(np.ones(shape), hz, inside, range_hz=100.0, title="Field")
    pixels = np.asarray(shown).astype(int)
    half = pixels[pixels.shape[0] // 2 :, : int(0.85 * pixels.shape[1])]
    red = (half[..., 0] - half[..., 2] > 60).any()
    blue = (half[..., 2] - half[..., 0] > 60).any()
    assert (red, blue) == (there, there)
