from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.settings.phantom import Phantom
from sonolesion.phantom import acquisition, signal

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


def test_contrast_of_the_default_sequences_is_that_of_the_clinic() -> None:
    settings = Phantom()
    order = {}
    for contrast in acquisition.CONTRASTS:
        of = acquisition.sequence(contrast, getattr(settings.scans, contrast.lower()))
        tissues = ("grey", "white", "fluid")
        order[contrast] = {name: of(getattr(settings.tissues, name)) for name in tissues}
    assert order["T1w"]["white"] > order["T1w"]["grey"] > order["T1w"]["fluid"] > 0
    assert order["T2w"]["fluid"] > order["T2w"]["grey"] > order["T2w"]["white"]
    assert order["FLAIR"]["grey"] > order["FLAIR"]["white"]
    assert abs(order["FLAIR"]["fluid"]) < 0.05 * order["FLAIR"]["white"]
