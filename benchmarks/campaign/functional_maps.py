"""ALFF, ReHo and lags of a prepared phantom run, beside what they would be without noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaign.functional_seen import Seen
from sonolesion.core.settings.functional import Functional
from sonolesion.functional import activity, homogeneity, lag, local_maps
from sonolesion.functional.denoising import cleaned
from sonolesion.functional.joint_model import Model, on_all_frames
from sonolesion.functional.smoothing import smoothed
from sonolesion.phantom import bold_head, echo_planar

Array = NDArray[Any]


def amplitudes(seen: Seen, labels: Array, model: Model) -> dict[str, Array]:
    """Return how ALFF and ReHo go with the truth over voxels of the regions.

    ``alff_truth``: with the standard deviation of the neural signal; ``*_clean``: with the map of
    the neural signals alone; ``*_thermal``: of these and thermal noise, the head still.
    """
    mask = seen.done.mask
    there = labels[mask] > 0
    found = maps(seen.done.data[mask], mask, model, regressed=True)
    made = {name: maps(truth(seen, noise), mask, model, regressed=False)
            for name, noise in (("clean", False), ("thermal", True))}  # fmt: skip
    _, size = bold_head.regions_on(seen.made.inside, seen.made.grid, seen.made.run.matrix)
    told = {"alff_truth": r(found["alff"], (size * seen.made.reads.shades)[mask], there)}
    for name, other in made.items():
        told |= {f"{kind}_{name}": r(found[kind], other[kind], there) for kind in found}
        told |= {f"{kind}_level_{name}": level(other[kind], there) for kind in found}
    return told | {f"{kind}_level": level(found[kind], there) for kind in found}


def maps(series: Array, mask: Array, model: Model, *, regressed: bool) -> dict[str, Array]:
    """Return ALFF over its mean and ReHo of series (V, N), as the stage makes them."""
    limits = Functional()
    none = Model([], np.zeros((series.shape[1], 0)), model.kept, model.repetition_s, model.band)
    own = model if regressed else none
    if regressed:
        found = local_maps.amplitudes(
            series, own, settings=limits.activity.model_dump(), file="run"
        ).relative
        band = cleaned(series.T, own.regressors, own.kept, **own.how).T
    else:
        found = plain_amplitudes(series, model)
        band = cleaned(series.T, None, own.kept, **own.how).T
    concord = homogeneity.concordance(
        band.astype(np.float32), mask, **limits.homogeneity.model_dump()
    )
    return {"alff": found, "reho": concord}


def plain_amplitudes(series: Array, model: Model) -> Array:
    """Return ALFF over its mean of series that hold no confounds."""
    how = Functional().activity.model_dump()
    names = ("low_hz", "high_hz", "highest_hz", "gaps")
    found = activity.amplitude(
        series, model.kept, tr_s=model.repetition_s, **{name: how[name] for name in names}
    )
    return activity.over_mean(found.alff, np.ones(len(series), dtype=bool))


def truth(seen: Seen, thermal: bool) -> Array:
    """Return the series (V, N) of the head that lies still, with thermal noise or without."""
    inside, made = seen.made.inside, seen.made
    where, held = bold_head.held_on(inside, made.grid)
    times = np.array(seen.bold.scan.slice_times_s)
    when = np.arange(seen.n_first, seen.bold.scan.n_volumes) * seen.bold.scan.repetition_s
    states = made.run.neural.at(when + times.min() + np.ptp(times) / 2).astype(np.float32)
    on = np.zeros((*made.grid.shape, len(when)), dtype=np.float32)
    on[where] = held @ states.T
    series = np.asarray(on[seen.done.mask] * made.reads.shades[seen.done.mask][:, None])
    # Where there is no neural signal a trace of noise stands for the constant.
    sigma = made.reads.sigma if thermal else 1e-3
    rng = np.random.default_rng(0)
    return series + np.float32(sigma) * rng.standard_normal(series.shape, dtype=np.float32)


def lags(seen: Seen, model: Model) -> dict[str, Array]:
    """Return how the lag map goes with the true lag of the travelling wave."""
    limits, mask = Functional(), seen.done.mask
    voxel_mm = np.array(seen.bold.scan.voxel_mm)
    series = on_all_frames(seen.done.data[mask], model.motion_alone)
    even = smoothed(series, mask, fwhm_mm=limits.seeds.fwhm_mm, voxel_mm=voxel_mm)
    grey = seen.tissue["grey_matter"][mask] > limits.lag.min_grey
    found = lag.lag_map(
        even, even[grey].mean(axis=0), model.kept, tr_s=model.repetition_s,
        limit_s=limits.lag.limit_s, min_correlation=limits.lag.min_correlation,
    )  # fmt: skip
    true = echo_planar.on_grid(seen.made.inside.lag_s, seen.made.inside.anatomy, seen.made.grid)
    known = np.isfinite(found.lag_s)
    slope = np.polyfit(true[mask][known], found.lag_s[known], 1)[0] if known.sum() > 2 else np.nan
    return {
        "lag_r": r(found.lag_s, true[mask], known),
        "lag_slope": np.array(slope),
        "lag_share": np.array(known.mean()),
    }


def r(one: Array, other: Array, chosen: Array) -> Array:
    """Return the correlation of two maps over chosen voxels that both know."""
    known = chosen & np.isfinite(one) & np.isfinite(other)
    return np.asarray(np.corrcoef(one[known], other[known])[0, 1])


def level(values: Array, chosen: Array) -> Array:
    """Return the median over chosen voxels."""
    return np.asarray(np.nanmedian(values[chosen]))
