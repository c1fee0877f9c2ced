"""How far a visit's maps can be believed: numbers, marks, and the gate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.perfusion import plausibility, quality
from sonolesion.perfusion.mapping import Maps, Tissue, constants_of

Volume = NDArray[np.float32]
Matrix = NDArray[np.float64]
Told = Mapping[str, Any]
FLOW = "mL/100g/min"
COLUMNS = ("name", "value", "unit", "limit", "marked")


@dataclass(frozen=True)
class Number:
    """A number with its unit; what it should keep to ("" if nothing), and whether it does."""

    value: float
    unit: str = "1"
    limit: str = ""
    marked: bool = False


@dataclass(frozen=True)
class Scanner:
    """Our map against the scanner's own, in the brain.

    Attributes
    ----------
    correlation, ratio, slope : float
        Pearson's r, ratio of medians (ours over the scanner's), slope of ours on the scanner's.
    """

    correlation: float
    ratio: float
    slope: float


@dataclass(frozen=True)
class Appraisal:
    """Verdict of the gate, every number by name, and what would explain the scanner's ratio."""

    verdict: plausibility.Verdict
    numbers: dict[str, Number]
    against_scanner: tuple[str, ...] = ()

    @property
    def marks(self) -> list[str]:
        """Names of the numbers beyond their limits, with both."""
        return [
            f"{name.replace('_', ' ')} {number.value:.3g} ({number.limit})"
            for name, number in self.numbers.items()
            if number.marked
        ]


def appraise(
    maps: Maps,
    tissue: Tissue,
    *,
    told: Told,
    affine: Matrix,
    settings: Told,
    plausible: Told,
    ge: Told,
    scanner: Volume | None,
) -> Appraisal:
    """Judge the maps of a visit.

    Parameters
    ----------
    told : mapping
        What the plan says of the series.
    settings, plausible, ge : mapping
        Settings ``perfusion.quality``, ``plausible`` and ``ge``.
    scanner : ndarray of shape (X, Y, Z) or None
        The scanner's own map, where there is one.
    """
    grey, white, fluid = tissue.each
    level = settings["min_probability"]
    pure_grey, pure_white = tissue.brain & (grey > level), tissue.brain & (white > level)
    median = _median(maps.cbf[tissue.brain & (grey > plausible["min_probability"])])
    low, high = plausible["min_cbf"], plausible["max_cbf"]
    known = _mistakes(told, ge, plausible)
    verdict = plausibility.judge(
        median, known, min_cbf=low, max_cbf=high,
        usual_cbf=plausible["usual_cbf"], tolerance=plausible["tolerance"],
    )  # fmt: skip
    voxel_mm = np.linalg.norm(affine[:3, :3], axis=0)
    curves = ("likeness_curve", "dispersion_curve", "negative_curve")
    index = quality.quality_index(
        maps.cbf, grey, white, fluid, voxel_mm=voxel_mm, fwhm_mm=settings["fwhm_mm"],
        min_probability=level, grey_to_white=settings["grey_to_white"],
        **{name: tuple(settings[name]) for name in curves},
    )  # fmt: skip
    limits = ("max_spatial_cov", "spot_multiple", "max_spot_share")
    transit = quality.transit_artefact(
        maps.cbf, pure_grey, tissue.brain, **{name: settings[name] for name in limits}
    )
    cov, spots = settings["max_spatial_cov"], settings["max_spot_share"]
    numbers = {
        "grey_median": Number(median, FLOW, f"{low:g} to {high:g}", not verdict.passed),
        "white_median": Number(_median(maps.cbf[pure_white]), FLOW),
        "tissue_ratio": Number(quality.tissue_ratio(maps.cbf, pure_grey, pure_white)),
        "grey_median_pure": Number(_median(maps.grey[pure_grey]), FLOW),
        "white_median_pure": Number(_median(maps.white[pure_white]), FLOW),
        "negative_share": Number(quality.negative_share(maps.cbf, pure_grey)),
        "quality_index": Number(
            index.value, "1", f">= {settings['min_index']:g}", index.value < settings["min_index"]
        ),
        "quality_likeness": Number(index.likeness),
        "quality_dispersion": Number(index.dispersion, FLOW),
        # Both of them together are suspect: label still in arteries.
        "spatial_cov": Number(transit.spatial_cov, "1", f"<= {cov:g}", transit.suspected),
        "spot_share": Number(transit.spot_share, "1", f"<= {spots:g}", transit.suspected),
        "differences_used": Number(float(maps.kept.sum())),
        "differences_left_out": Number(float((~maps.kept).sum())),
        "coverage": Number(_share(np.isfinite(maps.cbf), tissue.brain)),
    }
    other = None if scanner is None else compared(maps.cbf, scanner, tissue.brain)
    if other is None:
        return Appraisal(verdict, numbers)
    more, cause = _against_scanner(other, known, settings)
    return Appraisal(verdict, numbers | more, cause)


def _against_scanner(
    other: Scanner, known: Mapping[str, float], settings: Told
) -> tuple[dict[str, Number], tuple[str, ...]]:
    """Return the agreement with the scanner's own map, and the mistakes that explain a bad one."""
    most = settings["max_scanner_ratio"]
    off = not 1.0 / most <= other.ratio <= most
    numbers = {
        "scanner_correlation": Number(other.correlation),
        "scanner_ratio": Number(other.ratio, "1", f"{1.0 / most:.2g} to {most:g}", off),
        "scanner_slope": Number(other.slope),
    }
    cause = plausibility.explained(other.ratio, known, tolerance=settings["scanner_tolerance"])
    return numbers, cause if off else ()


def _mistakes(told: Told, ge: Told, plausible: Told) -> dict[str, float]:
    """Return the mistakes that a flow of this series could come from."""
    if told["layout"] == "cbf":
        return plausibility.UNITS
    value = constants_of(told)
    recovered = 1.0
    if "recovery_s" in value:
        recovered = -math.expm1(-value["recovery_s"] / value["grey_t1_s"])
    return plausibility.mistakes(
        labelling_s=float(np.mean(value["bolus_s" if "bolus_s" in value else "labelling_s"])),
        delay_s=float(np.mean(value["delay_s"])),
        blood_t1_s=value["blood_t1_s"],
        m0_recovered=recovered,
        scale=ge["scale"],
        n_excitations=ge["n_excitations"],
        usual_excitations=plausible["usual_excitations"],
        usual_delay_s=plausible["usual_delay_s"],
        n_differences=max(len(group) for group in told["groups"]),
    )


def compared(ours: Volume, scanner: Volume, brain: NDArray[np.bool_]) -> Scanner | None:
    """Compare two maps in the brain where both are told; None where that is nowhere.

    Parameters
    ----------
    ours, scanner : ndarray of shape (X, Y, Z)
        On one grid [mL/100 g/min].
    """
    both = brain & np.isfinite(ours) & np.isfinite(scanner)
    one, other = ours[both].astype(np.float64), scanner[both].astype(np.float64)
    if len(one) < 2 or not (one.std() > 0 and other.std() > 0):
        return None
    correlation = float(np.corrcoef(one, other)[0, 1])
    slope = correlation * float(one.std() / other.std())
    return Scanner(correlation, float(np.median(one) / np.median(other)), slope)


def on_grid(
    volume: NDArray[Any], volume_affine: Matrix, affine: Matrix, shape: tuple[int, ...]
) -> Volume:
    """Return a map of the same session on the grid of a scan: as it is, or linearly."""
    if volume.shape == shape and np.allclose(volume_affine, affine, atol=1e-3):
        return np.asarray(volume, dtype=np.float32)
    index = np.linalg.solve(volume_affine, affine)
    return np.asarray(
        ndimage.affine_transform(
            np.asarray(volume, np.float32), index[:3, :3], index[:3, 3], output_shape=shape,
            order=1, cval=np.nan,
        ),
        dtype=np.float32,
    )  # fmt: skip


def gate(appraisal: Appraisal, plausible: Told, *, picture: str) -> dict[str, object]:
    """Return the record of the gate, as the page shows it."""
    median = appraisal.verdict.median
    value = median if math.isfinite(median) else None
    checks = [
        {
            "name": "grey_matter_flow", "value": value, "limit": plausible[limit], "sense": sense,
            "unit": "mL/100 g/min",
            "passed": appraisal.verdict.passed or (
                value is not None and (value - plausible[limit]) * sign >= 0
            ),
        }
        for limit, sense, sign in (("min_cbf", ">=", 1), ("max_cbf", "<=", -1))
    ]  # fmt: skip
    return {
        "gate": "passed" if appraisal.verdict.passed else "failed",
        "checks": checks,
        "explanations": list(appraisal.verdict.explanations),
        "picture": picture,
    }


def table(appraisal: Appraisal) -> list[dict[str, object]]:
    """Return a row a number."""
    return [
        {
            "name": name,
            "value": f"{number.value:.6g}" if math.isfinite(number.value) else "",
            "unit": number.unit,
            "limit": number.limit,
            "marked": "true" if number.marked else "false",
        }
        for name, number in appraisal.numbers.items()
    ]


def _median(values: NDArray[Any]) -> float:
    there = values[np.isfinite(values)]
    return float(np.median(there)) if len(there) else float("nan")


def _share(some: NDArray[np.bool_], brain: NDArray[np.bool_]) -> float:
    return float(some[brain].mean()) if brain.any() else float("nan")
