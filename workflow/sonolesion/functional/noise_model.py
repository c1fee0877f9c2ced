"""The table of confounds of a run, with the frames that its strategy keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core import nipype_confounds
from sonolesion.functional import confounds
from sonolesion.functional.censoring import Censoring, censor, moved_frames
from sonolesion.functional.noise_masks import noise_mask
from sonolesion.functional.strategies import STRATEGIES
from sonolesion.maths.rigid_motion import RIGID

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Columns = dict[str, Array]
Told = Mapping[str, Any]
# Columns that are no regressors.
KEPT = "kept"
APART = frozenset({"framewise_displacement", "std_dvars", "dvars", KEPT})


@dataclass(frozen=True)
class Noise:
    """Confounds of a run: columns (N,), where its tissues are pure, and what the sidecar says."""

    columns: Columns
    masks: dict[str, Flags]
    told: dict[str, Any]


def noise(
    data: NDArray[Any],
    tissue: Mapping[str, NDArray[Any]],
    brain: Flags,
    exclusion: Flags,
    motion: Columns,
    *,
    repetition_s: float,
    settings: Told,
    file: object,
) -> Noise:
    """Return the confounds of a realigned run.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Realigned series.
    tissue : mapping
        ``white_matter`` and ``csf`` → probability (X, Y, Z).
    brain, exclusion : ndarray of shape (X, Y, Z)
        Brain, and the places of lesions, which no mean and no mask takes.
    motion : mapping
        The six parameters and ``framewise_displacement``, each (N,).
    repetition_s : float
        Repetition time [s].
    settings : mapping
        ``functional.confounds``.
    file : object
        Named in a fault.
    """
    inside = brain & ~exclusion
    columns = confounds.motion_24(np.array([motion[name] for name in RIGID]).T)
    told: dict[str, Any] = {"VoxelsExcluded": int((brain & exclusion).sum())}
    masks: dict[str, Flags] = {}
    components: Columns = {}
    how = {"repetition_s": repetition_s, "period_s": settings["period_s"]}
    for name, short in (("white_matter", "wm"), ("csf", "csf")):
        mask, times = noise_mask(
            tissue[name], brain, exclusion, min_probability=settings["min_probability"],
            n_erosions=settings[f"{short}_erosions"], min_voxels=settings["min_voxels"], file=file,
        )  # fmt: skip
        found = nipype_confounds.acompcor(
            confounds.in_mask(data, mask), n_components=settings["n_acompcor"], **how
        )
        columns |= confounds.expanded(name, confounds.mean_signal(data, mask))
        components |= _numbered(f"a_comp_cor_{short}", found.series)
        masks[name] = mask
        told[f"Mask_{name}"] = {
            "voxels": int(mask.sum()), "erosions": times,
            "explained": np.round(found.explained, 4).tolist(),
        }  # fmt: skip
    columns |= confounds.expanded("global_signal", confounds.mean_signal(data, inside))
    whole = confounds.in_mask(data, inside)
    varied = nipype_confounds.tcompcor(
        whole, share=settings["tcompcor_share"], n_components=settings["n_tcompcor"], **how
    )
    standardised, scaled = nipype_confounds.dvars(whole, scale=settings["dvars_scale"])
    columns |= components | _numbered("t_comp_cor", varied)
    columns |= {
        "framewise_displacement": motion["framewise_displacement"],
        "std_dvars": standardised,
        "dvars": scaled,
    }
    return Noise(columns, masks, told)


def _numbered(name: str, series: Array) -> Columns:
    return {f"{name}_{number:02d}": column for number, column in enumerate(series.T)}


def kept_frames(
    columns: Columns, *, strategy: str, repetition_s: float, settings: Told, file: object
) -> Censoring:
    """Return the frames that a strategy keeps; raise `InputFault` if none is left."""
    limit = STRATEGIES[strategy].max_displacement_mm
    moved = moved_frames(
        columns["framewise_displacement"], columns["std_dvars"],
        max_displacement_mm=np.inf if limit is None else limit,
        max_dvars=np.inf if limit is None else settings["max_dvars"],
    )  # fmt: skip
    around = {name: settings[name] for name in ("n_before", "n_after", "min_contiguous")}
    return censor(moved, repetition_s, **around, file=file)


def table(columns: Columns, kept: Flags) -> list[dict[str, object]]:
    """Return the rows of the table of confounds, one a frame."""
    whole = columns | {KEPT: kept.astype(float)}
    return [
        {name: _cell(float(column[n])) for name, column in whole.items()} for n in range(len(kept))
    ]


def _cell(value: float) -> str:
    return "n/a" if np.isnan(value) else f"{value:.9g}"


def columns_of(rows: Sequence[Mapping[str, str]]) -> Columns:
    """Return the columns of such a table; a missing cell is NaN."""
    return {
        name: np.array([np.nan if row[name] == "n/a" else float(row[name]) for row in rows])
        for name in rows[0]
    }
