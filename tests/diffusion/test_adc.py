from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.diffusion.adc import apparent_diffusion, require_plausible, trace_weighted

B = {"b_difference_s_mm2": 1000.0, "floor": 5.0}


def adc(before: float, after: float) -> float:
    volumes = np.full((1, 1, 1), before), np.full((1, 1, 1), after)
    return float(apparent_diffusion(*volumes, **B, ceiling_mm2_s=5e-3)[0, 0, 0])


def test_value_by_hand() -> None:
    assert adc(1000, 1000 * np.exp(-0.7)) == pytest.approx(7e-4, rel=1e-6)


def test_geometric_mean_by_hand() -> None:
    volumes = np.array([[[[100.0, 400.0]]]])
    assert trace_weighted(volumes, np.array([0.5, 0.5]))[0, 0, 0] == pytest.approx(200)
    assert trace_weighted(volumes, np.array([1.0, 0.0]))[0, 0, 0] == pytest.approx(100)
    assert trace_weighted(np.array([[[[100.0, 0.0]]]]), np.array([0.5, 0.5]))[0, 0, 0] == 0


@settings(max_examples=50)
@given(st.floats(1e-4, 3e-3), st.floats(500, 5000), st.floats(0.3, 10))
def test_scale_of_the_signal_does_not_matter(value: float, signal: float, gain: float) -> None:
    one, two = (adc(g * signal, g * signal * np.exp(-1000 * value)) for g in (1, gain))
    assert one == pytest.approx(value, rel=1e-4)
    assert two == pytest.approx(one, rel=1e-4)


def test_air_tells_nothing_and_lost_signal_is_a_lower_limit() -> None:
    assert adc(4, 3) == 0
    assert adc(500, 0) == pytest.approx(np.log(100) / 1000, rel=1e-5)
    assert adc(100, 200) == 0


def test_trace_of_anisotropic_tissue_is_that_of_its_tensor() -> None:
    diffusivities = np.array([1.7e-3, 0.3e-3, 0.4e-3])
    volumes = 1000 * np.exp(-1000 * diffusivities)[None, None, None, :]
    trace = trace_weighted(volumes, np.full(3, 1 / 3))
    assert adc(1000, float(trace[0, 0, 0])) == pytest.approx(diffusivities.mean(), rel=1e-5)


@pytest.mark.parametrize("swapped", [False, True])
def test_volumes_in_the_wrong_order_are_found(swapped: bool) -> None:
    before, after = np.full((4, 4, 4), 1000.0), np.full((4, 4, 4), 450.0)
    pair = (after, before) if swapped else (before, after)
    limits = {"file": "a.nii.gz", "min_median_mm2_s": 3e-4, "max_median_mm2_s": 2.5e-3}
    if swapped:
        with pytest.raises(InputFault, match=r"median ADC of -0.80e-3"):
            require_plausible(*pair, **B, **limits)
    else:
        assert require_plausible(*pair, **B, **limits) == pytest.approx(np.log(1 / 0.45) / 1000)


def test_scan_without_signal_is_refused() -> None:
    empty = np.zeros((4, 4, 4))
    with pytest.raises(InputFault, match="median ADC of nan"):
        require_plausible(
            empty, empty, **B, file="a", min_median_mm2_s=3e-4, max_median_mm2_s=2.5e-3
        )
