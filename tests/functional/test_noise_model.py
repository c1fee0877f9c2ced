"""Confounds of a simulated run: what of the lesion's place they see, and which frames stay."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from sonolesion.core.config import Settings
from sonolesion.core.errors import InputFault
from sonolesion.functional import exclusion, joint_model, noise_model, quality_rows
from sonolesion.functional.strategies import MOTION_24, STRATEGIES
from sonolesion.maths.rigid_motion import RIGID

FUNCTIONAL = Settings().model_dump(mode="json")["functional"]
SHAPE = (14, 14, 14)
N = 60


def run(spoilt: bool) -> Any:
    """Return a run with white matter, fluid and grey matter; a lesion's place may be spoilt."""
    rng = np.random.default_rng(0)
    data = 1000 + rng.normal(0, 5, (*SHAPE, N))
    data[:5] += 20 * np.sin(np.arange(N))
    white, fluid = np.zeros(SHAPE), np.zeros(SHAPE)
    white[:5], fluid[10:] = 1.0, 1.0
    apart = exclusion.spheres(
        [[4.0, 4.0, 4.0]], radius_mm=2.0, to_scan=np.eye(4), affine=np.eye(4), shape=SHAPE
    )
    if spoilt:
        data[apart] = 3000 + 900 * np.random.default_rng(9).normal(size=N)
    motion = {name: rng.normal(0, 0.02, N) for name in RIGID}
    motion["framewise_displacement"] = np.r_[np.nan, np.full(N - 1, 0.1)]
    motion["framewise_displacement"][30] = 0.9
    return data, {"white_matter": white, "csf": fluid}, apart, motion


@cache
def noise(spoilt: bool) -> noise_model.Noise:
    data, tissue, apart, motion = run(spoilt)
    return noise_model.noise(
        data, tissue, np.ones(SHAPE, bool), apart, motion, repetition_s=2.0,
        settings=FUNCTIONAL["confounds"], file="a",
    )  # fmt: skip


def test_nothing_of_a_lesion_reaches_any_confound() -> None:
    """Frozen at all visits: a lesion changes no confound, so a change of it is none of masks."""
    before, after = noise(False), noise(True)
    for name, column in before.columns.items():
        np.testing.assert_allclose(after.columns[name], column, err_msg=name)
    assert before.told["VoxelsExcluded"] == 33


def test_every_strategy_finds_its_columns() -> None:
    found = noise(False)
    kept = np.ones(N, dtype=bool)
    rows = noise_model.table(found.columns, kept)
    columns = noise_model.columns_of([{k: str(v) for k, v in row.items()} for row in rows])
    for strategy in STRATEGIES:
        settings = FUNCTIONAL["denoising"] | {"strategy": strategy}
        model = joint_model.model(columns, repetition_s=2.0, settings=settings)
        assert np.isfinite(model.regressors).all()
        assert model.kept.all()
    assert np.isnan(columns["framewise_displacement"][0])


def test_scrubbing_drops_the_moved_frame_and_an_all_censored_run_is_refused() -> None:
    columns = noise(False).columns | {"std_dvars": np.ones(N)}
    how = {"repetition_s": 2.0, "settings": FUNCTIONAL["censoring"], "file": "a_bold.nii.gz"}
    kept = noise_model.kept_frames(columns, strategy="scrubbing_0.5", **how)
    assert np.flatnonzero(~kept.kept).tolist() == [30]
    assert noise_model.kept_frames(columns, strategy="minimal", **how).kept.all()
    wild = columns | {"framewise_displacement": np.full(N, 2.0)}
    with pytest.raises(InputFault, match=r"a_bold.*all 60 frames left out"):
        noise_model.kept_frames(wild, strategy="scrubbing_0.5", **how)


def test_too_few_clean_minutes_after_scrubbing_are_refused_or_marked() -> None:
    """Ten minutes as measured; moved frames leave two of them."""
    moved = np.full(300, 0.1)
    moved[60:] = 0.9
    frames = noise_model.kept_frames(
        {"framewise_displacement": moved, "std_dvars": np.ones(300)}, strategy="scrubbing_0.5",
        repetition_s=2.0, settings=FUNCTIONAL["censoring"], file="a_bold.nii.gz",
    )  # fmt: skip
    limits = FUNCTIONAL["volumes"]
    with pytest.raises(InputFault, match=r"a_bold.*2\.0 min of clean data.*accept_short"):
        quality_rows.require_clean(frames, 2.0, limits=limits, file="a_bold.nii.gz")
    short = limits | {"accept_short": True}
    mark = quality_rows.require_clean(frames, 2.0, limits=short, file="a_bold.nii.gz")
    assert mark == "only 2.0 min of clean data, least 5 min: by override"


def test_spheres_of_both_plans_turn_with_the_scan() -> None:
    turn = np.eye(4)
    turn[:3, 3] = 3.0, 0.0, 0.0
    found = exclusion.spheres(
        [[1.0, 5.0, 5.0], [4.0, 5.0, 5.0]], radius_mm=0.5, to_scan=turn, affine=np.eye(4),
        shape=(9, 9, 9),
    )  # fmt: skip
    assert np.argwhere(found).tolist() == [[4, 5, 5], [7, 5, 5]]
    none = exclusion.spheres([], radius_mm=15.0, to_scan=turn, affine=np.eye(4), shape=(9, 9, 9))
    assert not none.any()


def test_models_without_band_and_of_motion_alone() -> None:
    columns = noise(False).columns | {"kept": np.ones(N)}
    settings = FUNCTIONAL["denoising"] | {"strategy": "36p"}
    model = joint_model.model(columns, repetition_s=2.0, settings=settings)
    assert model.band.low_pass_hz == 0.08
    assert model.without_band.band.low_pass_hz is None
    assert tuple(model.motion_alone.names) == MOTION_24
    assert np.array_equal(model.motion_alone.regressors, model.regressors[:, :24])
    series = np.random.default_rng(0).normal(size=(3, N))
    out = joint_model.on_all_frames(series, model.without_band)
    assert out.shape == series.shape
    assert np.abs(out @ model.regressors / N).max() < 0.1
