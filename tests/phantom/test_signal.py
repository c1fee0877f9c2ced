from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.settings.phantom import CONTRASTS, Phantom
from sonolesion.phantom import sequences, signal

times = st.floats(0.1, 5.0)
TRAIN: dict[str, Any] = {
    "echo_s": 0.003,
    "repetition_s": 2.3,
    "inversion_s": 0.9,
    "flip_deg": 8.0,
    "echo_spacing_s": 0.0071,
    "n_echoes": 176,
}


def test_spin_echo_by_hand() -> None:
    # 1 - 2 exp(-1.95) + exp(-2) = 0.850787; times exp(-1) = 0.312987.
    found = signal.spin_echo(t1_s=1.0, t2_s=0.1, density=1.0, echo_s=0.1, repetition_s=2.0)
    assert found == pytest.approx(0.312987, abs=1e-6)


def test_inversion_spin_echo_by_hand() -> None:
    # 1 - 2 exp(-0.5) + 2 exp(-2.95) - exp(-3) = -0.158170; times exp(-1) = -0.058187.
    found = signal.inversion_spin_echo(
        t1_s=1.0, t2_s=0.1, density=1.0, echo_s=0.1, repetition_s=3.0, inversion_s=0.5
    )
    assert found == pytest.approx(-0.058187, abs=1e-6)


def test_inversion_nulls_at_log_two_of_t1() -> None:
    found = signal.inversion_spin_echo(
        t1_s=2.0, t2_s=0.1, density=1.0, echo_s=0.01, repetition_s=1e3, inversion_s=2 * np.log(2)
    )
    assert found == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("t1_s", [0.4, 0.832, 1.331, 4.2])
def test_train_is_what_step_by_step_simulation_gives(t1_s: float) -> None:
    magnetisation, seen = 1.0, 0.0
    flip, half_s = np.deg2rad(TRAIN["flip_deg"]), TRAIN["echo_spacing_s"] * TRAIN["n_echoes"] / 2

    def recover(value: float, time_s: float) -> float:
        return float(1 + (value - 1) * np.exp(-time_s / t1_s))

    for _ in range(40):
        magnetisation = recover(-magnetisation, TRAIN["inversion_s"] - half_s)
        for readout in range(TRAIN["n_echoes"]):
            if readout == TRAIN["n_echoes"] // 2:
                seen = magnetisation * np.sin(flip)
            magnetisation = recover(magnetisation * np.cos(flip), TRAIN["echo_spacing_s"])
        rest_s = TRAIN["repetition_s"] - TRAIN["inversion_s"] - half_s
        magnetisation = recover(magnetisation, rest_s)
    found = signal.inversion_gradient_train(t1_s=t1_s, t2_s=1e9, density=1.0, **TRAIN)
    assert found == pytest.approx(seen, rel=1e-9)


@given(t1_s=times, t2_s=times, density=st.floats(0.01, 1.0))
def test_signals_scale_with_density_and_stay_below_it(
    t1_s: float, t2_s: float, density: float
) -> None:
    given_values = {"t1_s": t1_s, "t2_s": t2_s}
    whole = signal.inversion_gradient_train(**given_values, density=1.0, **TRAIN)
    part = signal.inversion_gradient_train(**given_values, density=density, **TRAIN)
    echo = signal.spin_echo(**given_values, density=density, echo_s=0.05, repetition_s=4.0)
    assert part == pytest.approx(density * whole, rel=1e-9, abs=1e-15)
    assert abs(part) <= density
    assert 0 <= echo <= density


@pytest.mark.parametrize("bad", [{"t1_s": 0.0, "t2_s": 0.1}, {"t1_s": 1.0, "t2_s": -0.1}])
def test_relaxation_must_be_positive(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="positive"):
        signal.spin_echo(**bad, density=1.0, echo_s=0.1, repetition_s=2.0)


def test_diffusion_by_hand() -> None:
    # The spin echo of above, 0.312987, times exp(-0.8).
    found = signal.diffusion_spin_echo(
        t1_s=1.0,
        t2_s=0.1,
        density=1.0,
        adc_mm2_s=0.8e-3,
        b_s_mm2=1000.0,
        echo_s=0.1,
        repetition_s=2.0,
    )
    assert found == pytest.approx(0.140634, abs=1e-6)


def test_gradient_echo_by_hand() -> None:
    # sin 30 (1 - e^-0.1) / (1 - e^-0.1 cos 30) = 0.219889; times e^-0.5 = 0.133369.
    found = signal.spoiled_gradient_echo(
        t1_s=1.0, r2star_per_s=25.0, density=1.0, flip_deg=30.0, echo_s=0.02, repetition_s=0.1
    )
    assert found == pytest.approx(0.133369, abs=1e-6)


def test_gradient_echo_is_largest_at_the_ernst_angle() -> None:
    best = np.rad2deg(np.arccos(np.exp(-0.1)))
    given_values = {"t1_s": 1.0, "r2star_per_s": 20.0, "density": 1.0, "echo_s": 0.01}
    near = [
        signal.spoiled_gradient_echo(**given_values, flip_deg=best + shift, repetition_s=0.1)
        for shift in (-1.0, 0.0, 1.0)
    ]
    assert max(near) == near[1]


def test_contrast_of_the_default_sequences_is_that_of_the_clinic() -> None:
    settings = Phantom()
    order = {}
    for contrast in CONTRASTS:
        scan = getattr(settings.scans, contrast.lower())
        for index, read in enumerate(sequences.readouts(contrast, scan)):
            of = {
                n: read.signal_of(getattr(settings.tissues, n)) for n in ("grey", "white", "fluid")
            }
            order[f"{contrast}{index}"] = of
    assert order["T1w0"]["white"] > order["T1w0"]["grey"] > order["T1w0"]["fluid"] > 0
    for name in ("T2w0", "dwi0"):
        assert order[name]["fluid"] > order[name]["grey"] > order[name]["white"]
    assert order["FLAIR0"]["grey"] > order["FLAIR0"]["white"]
    assert abs(order["FLAIR0"]["fluid"]) < 0.05 * order["FLAIR0"]["white"]
    assert order["dwi1"]["grey"] > order["dwi1"]["white"] > 2 * order["dwi1"]["fluid"]
    assert order["MEGRE0"]["grey"] > 1.3 * order["MEGRE0"]["fluid"]
    assert order["MEGRE4"]["grey"] < order["MEGRE4"]["fluid"]
