"""Maps of what goes with seeds and of lags, and how they are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sonolesion.functional import connectivity, lag, pictures, seeds
from sonolesion.functional.joint_model import Model, on_all_frames
from sonolesion.functional.local_maps import laid
from sonolesion.functional.nodes import Nodes, Place
from sonolesion.functional.pictures import Layer
from sonolesion.functional.smoothing import smoothed
from sonolesion.maths.brain import carried

Array = NDArray[np.float64]
Values = NDArray[np.float32]
Flags = NDArray[np.bool_]
PLANES = ((0, 0.0), (2, -14.0), (2, 4.0), (2, 28.0), (2, 44.0), (1, -24.0))
# Fisher z from which seed maps are drawn, and the end of their colours.
DRAWN_Z, HIGHEST_Z = 0.25, 0.9
# Seeds of the default mode, whose map shows whether a run is any good, are drawn first.
FIRST = ("pcc", "mpfc")


@dataclass(frozen=True)
class Seen:
    """Smoothed series: frames that were kept (V, M), and all frames less motion alone (V, N)."""

    kept: Values
    whole: Values


def seen(
    series: NDArray[Any],
    raw: NDArray[Any],
    inside: Flags,
    affine: Array,
    model: Model,
    *,
    fwhm_mm: float,
) -> Seen:
    """Smooth the denoised series, and those of which motion alone was regressed.

    Parameters
    ----------
    series, raw : ndarray of shape (V, M) and (V, N)
        Denoised, and as they were before.
    inside : ndarray of bool, shape (X, Y, Z)
        Brain without the places of lesions.
    affine : ndarray of shape (4, 4)
        Voxel to world [mm].
    model : Model
        Of the strategy.
    fwhm_mm : float
        Width of the Gaussian [mm].
    """
    how = {"fwhm_mm": fwhm_mm, "voxel_mm": np.linalg.norm(affine[:3, :3], axis=0)}
    kept = smoothed(series, inside, **how)
    plain = model.motion_alone
    whole = np.zeros(raw.shape, dtype=np.float32)
    if len(plain.names) == len(model.names):
        whole[:, model.kept] = kept
    else:
        whole = smoothed(on_all_frames(raw, plain), inside, **how)
    return Seen(kept, whole)


def targets_of(record: Mapping[str, Any]) -> dict[str, list[float]]:
    """Return the centre of the target nucleus on each side, acpc [mm], of the atlases' record.

    The region that is the nucleus counts, else its ellipsoid, else one that holds it.
    """
    rank = {"is": 0, "ellipsoid": 1, "holds": 2, "part": 3}
    own = [one for one in record["regions"] if one["structure"] == record["target"]]
    own.sort(key=lambda one: rank.get(one["relation"], len(rank)), reverse=True)
    found = {one["side"]: list(one["centroid_mm"]) for one in own}
    unknown = [float("nan")] * 3
    return {side: found.get(side, unknown) for side in ("left", "right")}


def seed_maps(
    found: Seen, series: NDArray[Any], inside: Flags, places: Nodes, *, min_coverage: float
) -> Values:
    """Return Fisher z with each seed, (S, V); NaN for seeds that are not covered."""
    read = connectivity.region_series(series, inside, places.members, min_coverage=min_coverage)
    return seeds.maps(found.kept, read.series)


def grey_of(grey: NDArray[Any], affine: Array, place: Place) -> Values:
    """Return the share of grey matter of each voxel of the scan."""
    return carried(grey, affine, place.to_scan, shape=place.shape, affine=place.affine)


def lags(found: Seen, grey: Values, model: Model, *, settings: Mapping[str, Any]) -> lag.Lag:
    """Return the lag of each voxel against the mean of the grey matter."""
    reference = found.whole[grey >= settings["min_grey"]].mean(axis=0, dtype=np.float64)
    return lag.lag_map(
        found.whole, reference, model.kept, tr_s=model.repetition_s,
        limit_s=settings["limit_s"], min_correlation=settings["min_correlation"],
    )  # fmt: skip


def lag_record(model: Model) -> dict[str, Any]:
    """Return what the sidecar of a map of lags says."""
    return {"Units": "s", "Confounds": model.motion_alone.names}


def layers(
    z: Values, places: Nodes, late: lag.Lag, inside: Flags, *, mark: str
) -> list[tuple[list[Layer], str]]:
    """Return what is drawn of seeds and of lags: layers and title."""
    order = sorted(range(len(z)), key=lambda n: (places.names[n] not in FIRST, n))
    shown = [n for n in order if np.isfinite(z[n]).any()]
    of_seeds = [Layer(places.names[n], laid(z[n], inside), DRAWN_Z, HIGHEST_Z, True) for n in shown]
    unread = [places.names[n] for n in order if n not in shown]
    note = f"; not covered: {', '.join(unread)}" if unread else ""
    told = np.abs(late.lag_s[np.isfinite(late.lag_s)])
    end = float(np.percentile(told, 95.0)) if told.size else 1.0
    of_lags = [
        Layer("lag [s]", laid(late.lag_s, inside), 0.0, end, True),
        Layer("correlation", laid(late.correlation, inside), 0.2, 0.9, False),
    ]
    by = f"; {mark}" if mark else ""
    return [
        (of_seeds, f"Fisher z with each seed, from {DRAWN_Z:g}{note}{by}"),
        (of_lags, f"Lag against the grey matter's mean (later positive), less motion alone{by}"),
    ]


def drawn_matrices(
    found: Sequence[tuple[Nodes, Array, Array]], *, strategy: str
) -> PIL.Image.Image:
    """Draw each set's correlations before and after denoising, one set below the other."""
    rows = [
        pictures.matrices(
            [("before denoising", before), (f"after, {strategy}", after)],
            groups=one.networks if any(one.networks) else [],
            title=f"{one.label}: correlation of {len(one.names)} regions",
        )
        for one, before, after in found
    ]
    whole = PIL.Image.new("RGB", (max(r.width for r in rows), sum(r.height for r in rows)), "white")
    top = 0
    for one in rows:
        whole.paste(one, (0, top))
        top += one.height
    return whole
