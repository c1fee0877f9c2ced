"""Band, confounds and frames of a run as its strategy wants them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.functional.connectivity import z_standard_error
from sonolesion.functional.denoising import Band, Freedom, cleaned
from sonolesion.functional.noise_model import APART, KEPT
from sonolesion.functional.strategies import confounds_of
from sonolesion.maths.rigid_motion import RIGID

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Model:
    """What is regressed, kept and filtered.

    Attributes
    ----------
    names : list of str
        Confounds that are regressed.
    regressors : ndarray of shape (N, K)
        Their values.
    kept : ndarray of shape (N,)
        Frames that are kept.
    repetition_s : float
        Repetition time [s].
    band : Band
        Frequencies that are kept.
    """

    names: list[str]
    regressors: Array
    kept: Flags
    repetition_s: float
    band: Band

    @property
    def how(self) -> dict[str, Any]:
        """Return what `cleaned` is told besides."""
        return {"repetition_s": self.repetition_s, "band": self.band}

    @property
    def step_s(self) -> float | None:
        """Return the time between the frames kept [s]; None where any was dropped."""
        return self.repetition_s if self.kept.all() else None

    @property
    def without_band(self) -> Model:
        """Return the model that keeps all frequencies."""
        return replace(self, band=replace(self.band, high_pass_hz=None, low_pass_hz=None))

    @property
    def motion_alone(self) -> Model:
        """Return the model that regresses the strategy's motion parameters and nothing else.

        What travels with the blood is in all tissue: means and components of it hold it too.
        """
        stays = [name.startswith(RIGID) for name in self.names]
        names = [name for name, own in zip(self.names, stays, strict=True) if own]
        return replace(self, names=names, regressors=self.regressors[:, stays])


def model(
    columns: Mapping[str, Array], *, repetition_s: float, settings: Mapping[str, Any]
) -> Model:
    """Return the model of a strategy.

    Parameters
    ----------
    columns : mapping
        The table of confounds, with the frames that are kept.
    repetition_s : float
        Repetition time [s].
    settings : mapping
        ``functional.denoising``.
    """
    there = [name for name in columns if name not in APART]
    names = confounds_of(settings["strategy"], there)
    # 0 Hz in the settings leaves that side of the band open.
    band = Band(
        settings["high_pass_hz"] or None,
        settings["low_pass_hz"] or None,
        settings["filter_order"],
    )
    regressors = np.column_stack([columns[name] for name in names])
    return Model(names, regressors, columns[KEPT] > 0, repetition_s, band)


def on_all_frames(series: NDArray[Any], told: Model) -> NDArray[np.float32]:
    """Return series (V, N) cleaned by a model, on all frames; 0 in those that were dropped."""
    out = np.zeros(series.shape, dtype=np.float32)
    out[:, told.kept] = cleaned(series.T, told.regressors, told.kept, **told.how).T
    return out


def record(told: Model, left: Freedom, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the sidecar of a denoised run says."""
    error = z_standard_error(freedom=left.left)
    return {
        "Strategy": settings["strategy"],
        "Confounds": told.names,
        "HighPass_Hz": settings["high_pass_hz"],
        "LowPass_Hz": settings["low_pass_hz"],
        "RepetitionTime": told.repetition_s,
        "TimeStepInHeader": "RepetitionTime" if told.step_s else "none: frames were dropped",
        "FramesKept": int(told.kept.sum()),
        "Freedom": {
            "frames": left.n_frames,
            "dropped": left.n_dropped,
            "filtered": round(left.filtered, 2),
            "regressed": round(left.regressed, 2),
            "left": round(left.left, 2),
        },
        "FisherZStandardError": None if np.isnan(error) else round(error, 4),
    }
