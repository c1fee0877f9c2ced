"""Maps of activity, seeds, lags and lesion networks, their rows and pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonolesion.core.config import Settings
from sonolesion.functional import (
    before_lesion,
    group_edges,
    joint_model,
    local_maps,
    network_maps,
    pictures,
    qcfc_picture,
    quality_rows,
)
from sonolesion.functional.censoring import Censoring
from sonolesion.functional.connectivity import from_labels
from sonolesion.functional.denoising import Band
from sonolesion.functional.nodes import Nodes
from sonolesion.functional.smoothing import smoothed
from sonolesion.maths.rigid_motion import RIGID

FUNCTIONAL = Settings().model_dump(mode="json")["functional"]
INSIDE = np.ones((8, 8, 8), dtype=bool)
INSIDE[0] = False
N = 90
Array = NDArray[np.float64]


def model(**told: Any) -> joint_model.Model:
    rng = np.random.default_rng(5)
    plain = joint_model.Model(
        ["trans_x", "global_signal"], rng.normal(size=(N, 2)), np.ones(N, bool), 2.0,
        Band(0.01, 0.08, 2),
    )  # fmt: skip
    return replace(plain, **told)


def test_slow_voxels_have_the_larger_amplitudes() -> None:
    rng = np.random.default_rng(0)
    series = rng.normal(size=(int(INSIDE.sum()), N))
    series[:40] += 4 * np.sin(2 * np.pi * 0.04 * 2.0 * np.arange(N))
    found = local_maps.amplitudes(series, model(), settings=FUNCTIONAL["activity"], file="a")
    assert found.relative.mean() == pytest.approx(1.0, abs=1e-5)
    assert found.relative[:40].min() > np.median(found.relative[40:])
    assert found.falff[:40].mean() > 1.5 * found.falff[40:].mean()
    laid = local_maps.laid(found.falff, INSIDE)
    assert np.isnan(laid[0]).all()
    assert [one.label for one in local_maps.layers({"alff": laid})] == ["ALFF"]


def seeds() -> Nodes:
    labels = np.zeros((8, 8, 8), dtype=int)
    labels[1, 1, 1:3], labels[0, 0, 0] = 1, 2
    return Nodes("seeds", ["pcc", "acc"], ["", ""], np.zeros((2, 3)),
                 from_labels(labels, n_regions=2))  # fmt: skip


def test_a_seed_map_shows_what_goes_with_it_and_what_comes_later() -> None:
    rng = np.random.default_rng(1)
    course = np.convolve(rng.normal(size=N + 30), np.ones(6), "same")
    grid = rng.normal(0, 0.3, (8, 8, 8, N))
    grid[:, :, :4] += course[10 : 10 + N]
    grid[:, :, 4:] += course[8 : 8 + N]  # two frames later
    series = grid[INSIDE].astype(np.float32)
    seen = network_maps.seen(series, series, INSIDE, np.eye(4), model(names=["trans_x"],
                             regressors=np.zeros((N, 1))), fwhm_mm=0.0)  # fmt: skip
    z = network_maps.seed_maps(seen, series, INSIDE, seeds(), min_coverage=0.5)
    volume = local_maps.laid(z[0], INSIDE)
    assert np.nanmedian(volume[:, :, :4]) > np.nanmedian(volume[:, :, 4:]) + 0.3
    assert np.isnan(z[1]).all()
    grey = np.zeros((8, 8, 8), np.float32)
    grey[:, :, :4] = 1.0
    late = network_maps.lags(seen, grey[INSIDE], model(), settings=FUNCTIONAL["lag"])
    lag = local_maps.laid(late.lag_s, INSIDE)
    assert np.nanmedian(lag[:, :, :4]) == pytest.approx(0.0, abs=0.5)
    assert np.nanmedian(lag[:, :, 4:]) == pytest.approx(4.0, abs=0.5)
    drawn = network_maps.layers(z, seeds(), late, INSIDE, mark="short")
    assert "not covered: acc; short" in drawn[0][1]


def test_lags_are_of_series_less_motion_alone() -> None:
    raw = np.random.default_rng(2).normal(size=(int(INSIDE.sum()), N)).astype(np.float32)
    told = model()
    kept = joint_model.on_all_frames(raw, told)
    seen = network_maps.seen(kept, raw, INSIDE, np.eye(4), told, fwhm_mm=0.0)
    assert np.array_equal(seen.kept, kept)
    assert not np.allclose(seen.whole, kept)
    plain = replace(told, names=["trans_x"], regressors=told.regressors[:, :1])
    assert np.array_equal(seen.whole, joint_model.on_all_frames(raw, plain))
    assert network_maps.lag_record(told) == {"Units": "s", "Confounds": ["trans_x"]}


def travelling(n: int = 200) -> tuple[Array, Array, joint_model.Model]:
    """Return series (V, N) with a wave in all of them, its lags [s], and a model of 24p_acompcor.

    The voxels stand for all tissue: the first half is grey matter, the second white matter, of
    which the components are made.
    """
    rng = np.random.default_rng(7)
    hz, size, phase = rng.uniform(0.01, 0.08, 40), rng.normal(size=40), rng.uniform(0, 7, 40)
    lags_s = np.tile(np.linspace(-1.5, 1.5, 200), 2)
    times = 2.0 * np.arange(n) - lags_s[:, None]
    series = (size * np.cos(2 * np.pi * hz * times[..., None] + phase)).sum(axis=-1)
    series += rng.normal(0, 2.0, series.shape)
    motion = rng.normal(size=(n, 6))
    series += 3.0 * rng.normal(size=(len(series), 1)) * motion[:, 0]
    white = series[200:].T - series[200:].T.mean(axis=0)
    components = np.linalg.svd(white, full_matrices=False)[0][:, :5]
    names = [*RIGID, *(f"a_comp_cor_wm_{number:02d}" for number in range(5))]
    regressors = np.column_stack([motion, components])
    return series, lags_s, joint_model.Model(
        names, regressors, np.ones(n, bool), 2.0, Band(0.01, 0.08, 2)
    )  # fmt: skip


def test_a_wave_in_all_tissue_is_found_less_motion_alone_and_lost_with_components() -> None:
    series, true_s, model = travelling()
    inside = np.ones((len(series), 1, 1), dtype=bool)
    raw = series.astype(np.float32)
    of_all = joint_model.on_all_frames(raw, model)
    grey = (np.arange(len(raw)) < 200).astype(np.float32)
    seen = network_maps.seen(of_all, raw, inside, np.eye(4), model, fwhm_mm=0.0)
    how = {"model": model, "settings": FUNCTIONAL["lag"]}
    found = network_maps.lags(seen, grey, **how).lag_s
    told = np.isfinite(found)
    assert told.mean() > 0.95
    assert np.corrcoef(found[told], true_s[told])[0, 1] > 0.9
    # Whatever is regressed pulls lags to zero: of these series 0.97 with nothing, 0.78 with six.
    assert np.polyfit(true_s[told], found[told], 1)[0] == pytest.approx(0.78, abs=0.08)
    lost = network_maps.lags(replace(seen, whole=of_all), grey, **how).lag_s
    still = np.isfinite(lost)
    assert still.mean() < 0.5
    assert abs(np.corrcoef(lost[still], true_s[still])[0, 1]) < 0.3


def test_the_target_is_its_own_region_before_one_that_holds_it() -> None:
    regions = [
        {"structure": "CL", "relation": relation, "side": "left", "centroid_mm": [x, 0.0, 0.0]}
        for relation, x in (("holds", 1.0), ("is", 2.0), ("ellipsoid", 3.0))
    ]
    found = network_maps.targets_of({"target": "CL", "regions": regions})
    assert found["left"] == [2.0, 0.0, 0.0]
    assert np.isnan(found["right"]).all()


def test_smoothing_stays_within_the_mask_and_keeps_a_constant() -> None:
    series = np.full((int(INSIDE.sum()), 2), 3.0)
    how = {"voxel_mm": np.array([2.0, 2, 3])}
    np.testing.assert_allclose(smoothed(series, INSIDE, fwhm_mm=5.0, **how), 3.0, rtol=1e-5)
    spike = np.zeros((int(INSIDE.sum()), 1))
    spike[200] = 1.0
    assert 0 < smoothed(spike, INSIDE, fwhm_mm=5.0, **how).max() < 0.5
    assert np.array_equal(smoothed(spike, INSIDE, fwhm_mm=0.0, **how), spike)


def test_a_lesion_that_is_not_seen_or_too_small_has_no_map_and_a_reason() -> None:
    series = np.random.default_rng(3).normal(size=(50, 30))
    share = np.zeros(50)
    share[:4] = 1.0
    how = {"file": "lesion", "min_voxels": 2.0}
    found = before_lesion.mapped(series, series, share, outcome="measured", **how)
    assert found.told["outcome"] == "measured"
    assert found.told["Voxels"] == 4.0
    want = np.arctanh(np.corrcoef(series)[:4, 20].mean())
    assert found.fisher_z[20] == pytest.approx(want, abs=1e-5)
    small = before_lesion.mapped(series, series, 0.1 * share, outcome="measured", **how)
    assert small.told["outcome"] == "absent"
    assert "0.4 voxels" in small.words
    none = before_lesion.mapped(series, series, share, outcome="not_visible", **how)
    assert np.isnan(none.fisher_z).all()


def test_quality_by_hand() -> None:
    kept = np.array([True, True, False, True])
    frames = Censoring(kept, ~kept, 2, 0.1)
    columns = {"framewise_displacement": np.array([np.nan, 0.1, 0.6, 0.2])}
    where = {"grey_matter": np.array([[[True, True, False]]]), "none": np.zeros((1, 1, 3), bool)}
    found = quality_rows.quality(columns, frames, np.array([[[40.0, 60.0, 9.0]]]), where)
    assert (found.mean_fd, found.max_fd) == (pytest.approx(0.3), 0.6)
    assert found.censored_minutes == pytest.approx(0.1 / 3)
    assert found.tsnr == {"grey_matter": (50.0, 2)}
    labels = {"participant_id": "sub-1", "session_id": "ses-1", "day": 0.0}
    rows = quality_rows.rows(found, labels, mark="")
    assert [r["statistic"] for r in rows] == [
        "mean_fd", "clean_minutes", "censored_minutes", "tsnr_median"
    ]  # fmt: skip
    assert "tSNR grey matter 50" in quality_rows.title(found, "")


def test_edges_of_a_study_are_averaged_by_participant() -> None:
    rng = np.random.default_rng(4)
    runs = [
        group_edges.Run(
            "power", f"{n // 2:02d}", rng.normal(size=6), np.arange(6.0), 0.1 + 0.01 * n
        )
        for n in range(20)
    ]
    settings = FUNCTIONAL["qcfc"] | {"n_permutations": 99}
    (whole,) = group_edges.judged(runs, settings=settings)
    row = group_edges.row(whole)
    assert (row["participants"], row["scans"], row["status"]) == (10, 20, "measured")
    (short,) = group_edges.judged(runs[:6], settings=settings)
    few = group_edges.row(short)
    assert "3 participants, at least 8" in str(few["status"])
    assert few["median_abs_r"] == ""
    panels = [qcfc_picture.Panel("power", one.found, one.length_mm) for one in (whole, short)]
    drawn = np.asarray(qcfc_picture.draw(panels))
    assert drawn.shape == (520, 900, 3)
    assert (drawn == [192, 57, 43]).all(axis=2).sum(axis=1).max() > 0
    table = [{"a": "n/a", "b": "0.5"}, {"a": "0.5", "b": "n/a"}]
    assert group_edges.edges_of(table).tolist() == [0.5]
    record = {"Regions": [{"centre_mm": [0, 0, 0]}, {"centre_mm": None}]}
    assert np.isnan(group_edges.lengths_of(record)).all()


def test_a_map_is_drawn_where_the_registration_puts_it() -> None:
    t1w = np.ones((40, 40, 40), np.float32)
    grid = np.diag([4.0, 4.0, 4.0, 1.0])
    grid[:3, 3] = -80.0
    volume = np.full((40, 40, 40), np.nan, np.float32)
    volume[20, 20, 20] = 5.0
    shift = np.eye(4)
    shift[0, 3] = 12.0
    layer = pictures.Layer("one", volume, 0.5, 5.0, False)
    shown = [
        np.asarray(pictures.overlays([layer], grid, to_scan, t1w, grid, planes=((2, 0.0),),
                                     title="t")).astype(int)
        for to_scan in (np.eye(4), shift)
    ]  # fmt: skip
    coloured = [np.argwhere(np.ptp(p[30:, :145], axis=2) > 40)[:, 1].mean() for p in shown]
    # 12 mm to the left in acpc: 8 of 104 pixels that are drawn 150 wide.
    assert coloured[0] - coloured[1] == pytest.approx(12 / 156 * 150, abs=4)


def test_matrices_and_distortion_are_drawn() -> None:
    matrix = np.eye(4)
    matrix[0, 1] = np.nan
    one = Nodes("set", list("abcd"), ["x", "x", "y", "y"], np.zeros((4, 3)),
                from_labels(np.zeros((1, 1, 1), int), n_regions=4))  # fmt: skip
    drawn = network_maps.drawn_matrices([(one, matrix, matrix)] * 2, strategy="minimal")
    assert drawn.height == 2 * 460
    rng = np.random.default_rng(6)
    volumes = rng.uniform(1, 2, (3, 12, 12, 12)).astype(np.float32)
    mask = np.zeros((12, 12, 12), bool)
    mask[2:10, 2:10, 2:10] = True
    shown = pictures.distortion(*volumes, mask, np.diag([-2.0, 2, 2, 1]), title="t")
    assert shown.size == (1000, 440)
