"""What is written of a visit's blood flow beside its maps: words, constants, rows of measures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.maths import region_measures
from sonolesion.perfusion.appraisal import FLOW, Appraisal
from sonolesion.perfusion.mapping import Maps, single_factor
from sonolesion.perfusion.quantification import EQUATIONS

Matrix = NDArray[np.float64]
Told = Mapping[str, Any]
# Number of the appraisal → region, unit.
ROWS = {
    "spatial_cov": "grey_matter",
    "negative_share": "grey_matter",
    "tissue_ratio": "brain",
    "quality_index": "brain",
    "scanner_correlation": "brain",
    "scanner_ratio": "brain",
}
# Where the flow of one tissue says nothing.
NOT_OF = {"cbf_pvc_grey": "white_matter", "cbf_pvc_white": "grey_matter"}


def sidecar(
    maps: Maps, appraisal: Appraisal, *, told: Told, motion: Told, predicted: Sequence[Told]
) -> dict[str, Any]:
    """Return the sidecar of the map: equation, constants, what was left out, how good it is.

    Parameters
    ----------
    motion : mapping
        Sidecar of the realigned series.
    predicted : sequence of mapping
        Of `prediction.read_over_true`.
    """
    left_out = [
        {"Difference": n, "Reason": reason} for n, reason in enumerate(maps.reasons) if reason
    ]
    content: dict[str, Any] = {
        "Units": "mL/100 g/min",
        "Equation": EQUATIONS[told["equation"]],
        "EquationName": told["equation"],
        "Given": told["layout"] == "cbf",
        "Constants": dict(told["constants"]),
        "M0Source": told["m0_source"],
        "NumberOfDifferences": len(maps.kept),
        "DifferencesLeftOut": left_out,
        "Motion": dict(motion),
        "PredictedBias": list(predicted),
        "Quality": {
            name: None if not math.isfinite(number.value) else number.value
            for name, number in appraisal.numbers.items()
        },
        "Marks": appraisal.marks,
        "AgainstScannerExplainedBy": list(appraisal.against_scanner),
    }
    if told["layout"] != "cbf" and not told["equation"].startswith("kinetic"):
        factors = single_factor(told)
        content["FlowPerDifferenceOverM0"] = [float(factors.min()), float(factors.max())]
    return content


def rows(
    maps: Maps,
    scanner: NDArray[Any] | None,
    appraisal: Appraisal,
    to_scan: Matrix,
    *,
    affine: Matrix,
    tissue: Mapping[str, tuple[NDArray[Any], Matrix]],
    stack: NDArray[Any],
    stack_affine: Matrix,
    atlases: Told,
    told: Told,
    labels: Told,
    regions: Told,
) -> list[dict[str, object]]:
    """Return the rows of measures of a visit.

    Parameters
    ----------
    scanner : ndarray of shape (X, Y, Z) or None
        The scanner's own map on the grid.
    to_scan, affine, tissue, stack, stack_affine, atlases
        As in `region_measures.places`.
    labels : mapping
        Ids and day of the visit.
    regions : mapping
        Settings ``perfusion.regions``.
    """
    limits = {name: value for name, value in regions.items() if name != "few_voxels"}
    places = region_measures.places(
        affine, to_scan, shape=maps.cbf.shape, tissue=tissue, stack=stack,
        stack_affine=stack_affine, record=atlases, **limits,
    )  # fmt: skip
    how = method(told)
    # Voxels of an interpolated grid resolve less than they look.
    few = math.ceil(regions["few_voxels"] * told["voxel_ratio"])
    found = [row for place in places for row in _of_place(maps, scanner, place, how, few)]
    for name, region in ROWS.items():
        number = appraisal.numbers.get(name)
        if number is not None and math.isfinite(number.value):
            cells = {"map": "cbf", "region": region, "statistic": name, "method": how}
            measured = {"value": number.value, "unit": number.unit, "status": "measured"}
            found.append({**cells, **measured})
    common = {**region_measures.visit_cells(labels), "modality": "perf"}
    return [{**common, **row} for row in found]


def _of_place(
    maps: Maps,
    scanner: NDArray[Any] | None,
    place: region_measures.Place,
    how: str,
    few_voxels: int,
) -> Iterator[dict[str, object]]:
    """Yield the rows of one region, of every map that tells something of it."""
    for name, volumes in _told_of(maps, scanner):
        if NOT_OF.get(name) == place.region:
            continue
        own = "scanner" if name == "cbf_scanner" else how
        for row in region_measures.medians(volumes, place, few_voxels):
            yield {"map": name, **row, "method": f"{own}; {place.method}"}


def _told_of(
    maps: Maps, scanner: NDArray[Any] | None
) -> Iterator[tuple[str, dict[str, region_measures.Map]]]:
    """Yield each map's name and volume with what its median is called."""
    yield "cbf", {"cbf_median": (maps.cbf, FLOW)}
    yield "cbf_pvc_grey", {"cbf_median": (maps.grey, FLOW)}
    yield "cbf_pvc_white", {"cbf_median": (maps.white, FLOW)}
    if maps.transit_s is not None:
        yield "att", {"att_median": (maps.transit_s, "s")}
    if scanner is not None:
        yield "cbf_scanner", {"cbf_median": (scanner, FLOW)}


def method(told: Told) -> str:
    """Return what names the equation in a row."""
    return named(told["layout"] == "cbf", told["equation"], told["m0_source"])


def named(given: bool, equation: str, m0_source: str) -> str:
    """Return what names a map: whose it is, or its equation and its M0."""
    return "scanner's own map, as it is" if given else f"equation {equation}, M0 {m0_source}"


def printed(told: Told) -> list[str]:
    """Return the equation and each constant with its value and source, a line each."""
    lines = [EQUATIONS[told["equation"]]]
    for entry in told["constants"].values():
        value = entry["value"]
        shown = (
            f"{value:g}" if isinstance(value, int | float) else ", ".join(f"{v:g}" for v in value)
        )
        unit = "" if entry["unit"] in {"", "1"} else f" {entry['unit']}"
        lines.append(f"{entry['symbol']} = {shown}{unit}: {entry['words']} ({entry['source']})")
    return lines
