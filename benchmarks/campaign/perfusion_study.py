"""Read the truth and the outputs of a phantom study of blood flow."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from campaign.patient_study import Study
from sonolesion.core import images

Row = dict[str, Any]
Array = NDArray[Any]
KINDS = {"GM": "grey", "WM": "white"}
FLUID = {"CSF": "fluid"}


def truth_of(study: Study, visit: str, name: str) -> Array:
    """Return a map of the truth, on the grid of the scan."""
    return images.load(study.true(visit, f"_{name}.nii.gz")).data.astype(float)


def found(study: Study, out: str, visit: str, name: str) -> Array:
    """Return a map of the output, on the same grid."""
    return images.load(study.of(out, visit, f"_{name}.nii.gz")).data.astype(float)


def constants(study: Study, out: str, visit: str) -> tuple[str, Row]:
    """Return the equation that was used, and the value of each of its constants."""
    told = images.read_json(study.of(out, visit, "_cbf.json"))
    return told["EquationName"], {k: one["value"] for k, one in told["Constants"].items()}


def protocol(study: Study, out: str, visit: str) -> str:
    """Say how a visit was scanned and by which equation it is read."""
    scan = sequence(study, visit)
    delays = scan["delays_s"]
    span = f"{delays[0]:g}" if len(delays) == 1 else f"{delays[0]:g} to {delays[-1]:g}"
    m0 = "M0 within" if scan["m0"] == "included" else "M0 apart"
    kind = f"{scan['labelling']} {scan['readout']}, {scan['layout']}, {m0}"
    return f"{kind}, {scan['labelling_s']:g} + {span} s: {constants(study, out, visit)[0]}"


def sequence(study: Study, visit: str) -> Row:
    """Return the sequence of a visit."""
    return dict(study.told["sessions"][f"ses-{visit}"]["scans"]["asl"]["sequence"])


def settings_of(study: Study) -> Row:
    """Return the settings of the phantom."""
    return dict(images.read_json(study.folder / "truth" / "truth.json"))
