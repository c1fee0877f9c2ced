"""The field is found from wrapped phases, whatever coil and turn lie on them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.susceptibility import field_map

SHAPE = (18, 20, 16)
TIMES_S = np.array([0.004, 0.009, 0.0135, 0.02])
LIMITS = {"floor": 10.0, "max_error_hz": 60.0}
X, Y, Z = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
HEAD = X**2 + Y**2 + Z**2 < 0.9


def field(peak_hz: float = 220.0) -> np.ndarray:
    """Return a field as above a sinus: a smooth peak on a slope [Hz]."""
    return peak_hz * np.exp(-((X**2 + (Y - 0.5) ** 2 + (Z + 0.4) ** 2) / 0.12)) + 30 * Z


def scanned(
    hz: np.ndarray, times_s: np.ndarray = TIMES_S, *, noise: float = 0.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return magnitudes and wrapped phases with a coil's phase of their own."""
    rng = np.random.default_rng(seed)
    coil = 2.0 * X - 3.0 * Y * Z + 1.0
    decay = np.where(HEAD, 1000.0, 0.0)[..., None] * np.exp(-30.0 * times_s)
    signal = decay * np.exp(1j * (coil[..., None] + 2 * np.pi * hz[..., None] * times_s))
    signal = signal + noise * (rng.normal(size=signal.shape) + 1j * rng.normal(size=signal.shape))
    return np.abs(signal), np.angle(signal)


def fitted(hz: np.ndarray, times_s: np.ndarray = TIMES_S) -> field_map.FieldMap:
    return field_map.fit(*scanned(hz, times_s), times_s, noise=0.0, **LIMITS)


def test_two_echoes_by_hand() -> None:
    """A quarter turn in 5 ms is 50 Hz."""
    times = np.array([0.005, 0.010])
    phases = np.zeros((*SHAPE, 2))
    phases[..., 1] = np.pi / 2
    found = field_map.fit(np.full(phases.shape, 100.0), phases, times, noise=1.0, **LIMITS)
    assert found.hz == pytest.approx(50.0)
    # Two phases known to 1/100 rad, 5 ms apart: sqrt(2) / 100 / (2 pi 0.005).
    assert found.error_hz == pytest.approx(np.sqrt(2) / 100 / (2 * np.pi * 0.005), rel=1e-5)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_wrapped_field_is_found_exactly(n: int) -> None:
    hz = field()
    found = fitted(hz, TIMES_S[:n])
    assert found.wrapped_share > 0.02
    assert np.count_nonzero(found.inside) > 0.9 * HEAD.sum()
    assert found.hz[found.inside] == pytest.approx(hz[found.inside], abs=1e-3)
    assert not found.hz[~found.inside].any()


@settings(max_examples=10, deadline=None)
@given(st.floats(-90, 90), st.integers(0, 100))
def test_a_constant_adds_to_the_field_and_a_phase_to_nothing(shift: float, seed: int) -> None:
    turn = np.random.default_rng(seed).uniform(-np.pi, np.pi)
    magnitudes, phases = scanned(field(80.0) + shift)
    turned = np.angle(np.exp(1j * (phases + turn)))
    found = field_map.fit(magnitudes, turned, TIMES_S, noise=0.0, **LIMITS)
    inside = found.inside
    assert found.hz[inside] == pytest.approx((field(80.0) + shift)[inside], abs=1e-3)


def test_phase_that_runs_backwards_turns_the_sign() -> None:
    magnitudes, phases = scanned(field())
    found = field_map.fit(magnitudes, -phases, TIMES_S, noise=0.0, **LIMITS)
    assert found.hz[found.inside] == pytest.approx(-field()[found.inside], abs=1e-3)


def test_the_error_told_is_the_error_made() -> None:
    echoes = scanned(np.full(SHAPE, 40.0), noise=20.0)
    found = field_map.fit(*echoes, TIMES_S, noise=20.0, floor=150.0, max_error_hz=60.0)
    away = found.hz[found.inside] - 40.0
    decay = 1000.0 * np.exp(-30.0 * TIMES_S)
    mean = (decay**2 * TIMES_S).sum() / (decay**2).sum()
    expected = 20.0 / np.sqrt((decay**2 * (TIMES_S - mean) ** 2).sum()) / (2 * np.pi)
    assert away.std() == pytest.approx(expected, rel=0.1)
    assert (found.error_hz[found.inside] >= 0.8 * expected).all()


def test_a_voxel_at_odds_with_its_neighbours_is_left_out() -> None:
    hz = field(50.0)
    hz[9, 10, 8] += 95.0
    found = fitted(hz)
    assert not found.inside[9, 10, 8]
    assert found.error_hz[9, 10, 8] > 60.0


def test_air_tells_nothing() -> None:
    found = field_map.fit(np.ones((*SHAPE, 2)), np.zeros((*SHAPE, 2)), TIMES_S[:2], noise=0.0,
                          **LIMITS)  # fmt: skip
    assert not found.inside.any()
    assert field_map.record(found)["Range"] is None


@pytest.mark.parametrize(
    ("low", "high", "radians_per_unit"),
    [
        (-np.pi, np.pi, 1.0),
        (0.0, 6.2831, 1.0),
        (-3141.0, 3141.0, 1e-3),
        (-4096.0, 4094.0, np.pi / 4096),
        (0.0, 4095.0, np.pi / 2048),
    ],
)
def test_units_of_scanners(low: float, high: float, radians_per_unit: float) -> None:
    stored = np.linspace(low, high, 101)
    found = field_map.radians(stored, file="phase.nii.gz")
    assert found == pytest.approx(stored * radians_per_unit, abs=1e-5)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (-180.0, 180.0), (0, 255), (-9e4, 9e4)])
def test_numbers_that_are_no_phase_are_refused(low: float, high: float) -> None:
    with pytest.raises(InputFault, match=r"phase\.nii\.gz: found numbers from .*radians"):
        field_map.radians(np.linspace(low, high, 9), file="phase.nii.gz")


def test_bad_shapes_and_times_are_refused() -> None:
    magnitudes, phases = scanned(field())
    with pytest.raises(ValueError, match="shapes differ"):
        field_map.fit(magnitudes[..., :2], phases, TIMES_S, noise=0.0, **LIMITS)
    for times in (TIMES_S[::-1], TIMES_S[:1]):
        n = len(times)
        with pytest.raises(ValueError, match="growing times"):
            field_map.fit(magnitudes[..., :n], phases[..., :n], times, noise=0.0, **LIMITS)
