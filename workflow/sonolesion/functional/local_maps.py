"""ALFF, fALFF and ReHo of a run as maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.functional import activity
from sonolesion.functional.joint_model import Model, on_all_frames
from sonolesion.functional.pictures import Layer

Values = NDArray[np.float32]
Flags = NDArray[np.bool_]
PLANES = ((2, -16.0), (2, 0.0), (2, 14.0), (2, 30.0), (2, 48.0), (0, 4.0))


@dataclass(frozen=True)
class Amplitudes:
    """ALFF over its mean in the brain and fALFF, (V,); and what the sidecar says."""

    relative: Values
    falff: Values
    told: dict[str, Any]


def amplitudes(
    series: NDArray[Any], model: Model, *, settings: Mapping[str, Any], file: str
) -> Amplitudes:
    """Return the amplitudes of series (V, N) after confounds are regressed, all frequencies kept.

    Raises
    ------
    InputFault
        If the scan has no frequency in the band, or was band-passed before.
    """
    open_model = model.without_band
    cleaned = on_all_frames(series, open_model)
    how = {name: settings[name] for name in ("low_hz", "high_hz", "highest_hz", "gaps")}
    found = activity.amplitude(cleaned, model.kept, tr_s=model.repetition_s, **how)
    hz = activity.frequencies(series.shape[1], tr_s=model.repetition_s)
    highest = np.inf if settings["highest_hz"] is None else settings["highest_hz"]
    n_band = int(((hz >= settings["low_hz"]) & (hz <= settings["high_hz"])).sum())
    median = activity.require_whole_spectrum(
        found.falff, file=file, max_median=settings["max_median_falff"], n_band=n_band,
        n_counted=int((hz <= highest).sum()),
    )  # fmt: skip
    whole = np.ones(len(series), dtype=bool)
    mean = float(np.mean(found.alff[np.isfinite(found.alff)], dtype=np.float64))
    told = {
        "MeanALFF": mean,
        "MedianFALFF": round(median, 5),
        "FrequenciesInBand": n_band,
        "ALFF": "over the mean of the brain without the places of lesions",
    }
    return Amplitudes(activity.over_mean(found.alff, whole), found.falff, told)


def laid(values: NDArray[Any], inside: Flags) -> Values:
    """Lay values (V,) on the grid of their mask; NaN elsewhere."""
    out = np.full(inside.shape, np.nan, dtype=np.float32)
    out[inside] = values
    return out


def layers(maps: Mapping[str, Values]) -> list[Layer]:
    """Return the maps as they are drawn, each to its 99th percentile."""
    tops = {name: float(np.nanpercentile(volume, 99.0)) for name, volume in maps.items()}
    words = {"alff": "ALFF", "falff": "fALFF", "reho": "ReHo"}
    return [
        Layer(words[name], volume, float(np.nanpercentile(volume, 10.0)), tops[name], False)
        for name, volume in maps.items()
    ]
