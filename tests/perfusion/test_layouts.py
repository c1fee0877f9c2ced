"""From a BIDS folder of every layout to the map, by the scripts: the true flow comes back.

The forward models are written here anew, by quadrature of what arrives against what is left of it
(Buxton 1998, doi:10.1002/mrm.1910400308, eq. 1), and share nothing with the stage but constants.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import nibabel as nib
import numpy as np
import PIL.Image
import pytest
from scipy.integrate import quad

from sonolesion.core import images
from sonolesion.core.config import parse
from sonolesion.core.tables import read_tsv
from sonolesion.ingest import study

SHAPE = (40, 30, 14)
GRID = np.diag([3.0, 3.0, 4.0, 1.0])
LAMBDA, T1B, GREY_T1, WHITE_T1 = 0.9, 1.65, 1.33, 0.83
FLOW = {"grey": 60.0, "white": 20.0}
M0, STATIC = 1000.0, 20.0
# The middle of each tissue.
INNER = {
    "grey": (slice(7, 9), slice(12, 18), slice(5, 9)),
    "white": (slice(19, 21), slice(12, 18), slice(5, 9)),
}


def grey() -> np.ndarray[Any, Any]:
    """White matter between two layers of grey: label on one side alone would look like motion."""
    part = brain()
    part[14:26] = 0.0
    return part


def brain() -> np.ndarray[Any, Any]:
    whole = np.zeros(SHAPE)
    whole[2:38, 2:28, 2:12] = 1.0
    return whole


def each(value: Callable[[str], float]) -> np.ndarray[Any, Any]:
    """Return a volume with a number for each tissue."""
    return grey() * value("grey") + (brain() - grey()) * value("white")


def labelled(
    start: float, end: float, readout: float, *, transit: float, blood: float, tissue: float,
    continuous: bool,
) -> float:  # fmt: skip
    """Integrate label that left the plane from start to end, over what is left at the readout."""

    def left(time: float) -> float:
        # Continuous labelling inverts blood as it passes; a pulse inverts all of it at once.
        in_blood = transit if continuous else time + transit
        return float(np.exp(-in_blood / blood - (readout - time - transit) / tissue))

    return float(quad(left, start, min(end, readout - transit), epsabs=1e-13)[0])


def pcasl(
    flow: float, delay: float, *, label: float = 1.8, efficiency: float, **times: float
) -> float:
    """Return ΔM over M0 of tissue; with no times given, label stays in blood (the consensus)."""
    own = {"transit": 0.5, "blood": T1B, "tissue": T1B} | times
    held = labelled(0.0, label, label + delay, continuous=True, **own)
    return 2 * efficiency * flow / 6000.0 / LAMBDA * held


def pasl(flow: float, inversion: float, *, bolus: float, efficiency: float) -> float:
    own = {"transit": 0.5, "blood": T1B, "tissue": T1B}
    held = labelled(0.0, bolus, inversion, continuous=False, **own)
    return 2 * efficiency * flow / 6000.0 / LAMBDA * held


def recovered(time: float, t1: float) -> float:
    return float(1 - np.exp(-time / t1))


class Layout(NamedTuple):
    """Volumes with their roles, sidecar, a separate M0 (volume and sidecar), and settings."""

    volumes: list[np.ndarray[Any, Any]]
    roles: str
    sidecar: dict[str, Any]
    m0: tuple[np.ndarray[Any, Any], dict[str, Any]] | None = None
    config: dict[str, Any] | None = None
    tolerance: float = 1e-6


PCASL = {
    "MagneticFieldStrength": 3, "MRAcquisitionType": "3D", "ArterialSpinLabelingType": "PCASL",
    "LabelingDuration": 1.8, "PostLabelingDelay": 1.8, "BackgroundSuppression": True,
    "BackgroundSuppressionNumberPulses": 2,
}  # fmt: skip
SUPPRESSED = 0.85 * 0.95**2
TAKEN = each(lambda name: pcasl(FLOW[name], 1.8, efficiency=SUPPRESSED)) * M0
SCANNED = M0 * recovered(6.0, GREY_T1) * brain()
PAIRS = [STATIC * brain(), STATIC * brain() - TAKEN] * 2
M0_SCAN = (SCANNED, {"RepetitionTimePreparation": 6.0})


def pairs_and_m0_scan() -> Layout:
    return Layout(PAIRS, "control label " * 2, PCASL | {"M0Type": "Separate"}, M0_SCAN)


def labels_first_and_m0_included() -> Layout:
    told = {"M0Type": "Included", "RepetitionTimePreparation": [6.0, 4.0, 4.0, 4.0, 4.0]}
    return Layout([SCANNED, *PAIRS[::-1]], "m0scan" + " label control" * 2, PCASL | told)


def pairs_and_an_estimate() -> Layout:
    return Layout(PAIRS, "control label " * 2, PCASL | {"M0Type": "Estimate", "M0Estimate": M0})


def pairs_without_suppression() -> Layout:
    taken = each(lambda name: pcasl(FLOW[name], 1.8, efficiency=0.85)) * M0
    control = M0 * recovered(4.0, GREY_T1) * brain()
    told = PCASL | {
        "M0Type": "Absent", "BackgroundSuppression": False, "RepetitionTimePreparation": 4.0,
    }  # fmt: skip
    # A label is a hundredth below its control, and both are stored in single precision.
    return Layout([control, control - taken] * 2, "control label " * 2, told, tolerance=3e-5)


def differences_and_m0_scan() -> Layout:
    return Layout([TAKEN, TAKEN], "deltam deltam", PCASL | {"M0Type": "Separate"}, M0_SCAN)


def product() -> tuple[list[np.ndarray[Any, Any]], dict[str, Any]]:
    """Return GE's images, NaN outside the round field of view: weighted (NEX 3), density."""
    taken = each(
        lambda name: pcasl(
            FLOW[name], 2.025, label=1.45, efficiency=0.6, blood=1.6, tissue=1.6
        )
    ) * M0  # fmt: skip
    density = M0 * recovered(2.0, 1.2) * brain()
    x, y, _ = np.meshgrid(*[np.linspace(-1, 1, n) for n in SHAPE], indexing="ij")
    outside = x**2 + y**2 > 1.2
    told = PCASL | {
        "LabelingDuration": 1.45, "PostLabelingDelay": 2.025, "M0Type": "Included",
        "BackgroundSuppressionNumberPulses": 5,
    }  # fmt: skip
    return [np.where(outside, np.nan, one) for one in (taken * 32 * 3, density)], told


def ge_product() -> Layout:
    volumes, told = product()
    config = {"equation": "ge", "ge": {"n_excitations": 3}}
    return Layout(volumes, "deltam m0scan", told, config=config)


def ge_product_by_the_consensus() -> Layout:
    """What makes the consensus of GE's images: their scale, efficiency, and recovery of M0."""
    volumes, told = product()
    config = {
        "calibration": {"m0_scale": 96.0}, "labelling": {"total_efficiency": 0.6},
        "constants": {"blood_t1_s": {"3": 1.6}, "grey_t1_s": 1.2},
    }  # fmt: skip
    told = told | {"RepetitionTimePreparation": [0.0, 2.0]}
    return Layout(volumes, "deltam m0scan", told, config=config)


def map_alone() -> Layout:
    return Layout([each(FLOW.__getitem__)], "cbf", {"MagneticFieldStrength": 3})


def quipss_in_slices() -> Layout:
    times = [0.04 * n for n in range(SHAPE[2])]
    slices = [
        each(lambda name, at=at: pasl(FLOW[name], 1.8 + at, bolus=0.7, efficiency=0.98))
        for at in times
    ]
    taken = np.stack([one[..., n] for n, one in enumerate(slices)], axis=2) * M0
    told = PCASL | {
        "ArterialSpinLabelingType": "PASL", "MRAcquisitionType": "2D", "SliceTiming": times,
        "BolusCutOffFlag": True, "BolusCutOffTechnique": "QUIPSSII", "BolusCutOffDelayTime": 0.7,
        "BackgroundSuppression": False, "M0Type": "Separate",
    }  # fmt: skip
    del told["LabelingDuration"]
    return Layout([taken, taken], "deltam deltam", told, M0_SCAN)


DELAYS = [0.7, 1.2, 1.7, 2.2, 2.7]
TRANSIT = {"grey": 1.1, "white": 1.45}
T1 = {"grey": GREY_T1, "white": WHITE_T1}


def several_delays() -> Layout:
    def taken(delay: float) -> np.ndarray[Any, Any]:
        def of(name: str) -> float:
            stay = 1 / (1 / T1[name] + FLOW[name] / 6000.0 / LAMBDA)
            times = {"transit": TRANSIT[name], "tissue": stay}
            return pcasl(FLOW[name], delay, efficiency=SUPPRESSED, **times)

        return each(of) * M0

    told = PCASL | {"PostLabelingDelay": DELAYS, "M0Type": "Separate"}
    config = {"delays": {"tolerance_s": 1e-8, "n_rounds": 6}}
    # Flow follows its transit time, which the search tells to 1e-5.
    return Layout(
        [taken(delay) for delay in DELAYS], "deltam " * 5, told, M0_SCAN, config, tolerance=1e-5
    )


LAYOUTS = [
    pairs_and_m0_scan, labels_first_and_m0_included, pairs_and_an_estimate,
    pairs_without_suppression, differences_and_m0_scan, ge_product, ge_product_by_the_consensus,
    map_alone, quipss_in_slices, several_delays,
]  # fmt: skip


def script(root: Path, step: str) -> Any:
    spec = importlib.util.spec_from_file_location(step, root / f"scripts/perfusion/{step}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def written(path: Path, volume: np.ndarray[Any, Any]) -> str:
    image = nib.Nifti1Image(volume.astype(np.float32), GRID)
    image.set_qform(GRID, 1)
    image.set_sform(GRID, 1)
    image.header.set_xyzt_units("mm")
    nib.save(image, path)
    return str(path)


def planned(dataset, layout: Layout) -> tuple[dict[str, Any], list[str]]:
    """Write the data set, plan it, and return what the steps are told and the M0 scan."""
    dataset.patient("1", {"pre": -3})
    scan = dataset.scan("1", "pre", "asl", datatype="perf", sidecar=layout.sidecar)
    written(scan, np.squeeze(np.stack(layout.volumes, axis=3)))
    table = scan.with_name(scan.name.replace("_asl.nii.gz", "_aslcontext.tsv"))
    table.write_text("\n".join(["volume_type", *layout.roles.split()]) + "\n")
    own = []
    if layout.m0:
        m0 = dataset.scan("1", "pre", "m0scan", datatype="perf", sidecar=layout.m0[1])
        own = [written(m0, layout.m0[0])]
    config = {"bids_dir": str(dataset.folder), "perfusion": layout.config or {}}
    found = study.prepare(
        parse(config, file="test"), dataset.folder.parent / "out", code=lambda step: step
    )
    row = next(row for row in found.rows if row.modality == "asl")
    assert row.state == "run", row.reason
    return json.loads(json.dumps(row.use.params["asl"])), [str(scan), *own]


def anatomy(folder: Path) -> dict[str, Any]:
    """Write tissue, brain, transform and an atlas of one region."""
    parts = (grey(), brain() - grey(), np.zeros(SHAPE))
    stack = np.zeros((*SHAPE, 1), np.uint8)
    stack[INNER["grey"]] = 200
    images.save(folder / "atlases.nii.gz", stack, GRID)
    entry = {"atlas": "a", "region": "CL", "side": "left", "structure": "", "coverage": 1.0}
    images.write_json(folder / "atlases.json", {"whole": 200, "regions": [entry]})
    images.write_affine(folder / "to_acpc.txt", np.eye(4))
    return {
        "tissue": [written(folder / f"{n}.nii.gz", part) for n, part in enumerate(parts)],
        "mask": written(folder / "mask.nii.gz", brain()),
        "atlases": str(folder / "atlases.nii.gz"),
        "atlases_sidecar": str(folder / "atlases.json"), "to_acpc": str(folder / "to_acpc.txt"),
    }  # fmt: skip


def quantified(
    root: Path, folder: Path, told: dict[str, Any], files: list[str], config: Any
) -> Any:
    """Run both scripts and return the paths of what they wrote."""
    own = json.loads(
        parse({"bids_dir": "x", "perfusion": config or {}}, file="t").model_dump_json()
    )
    settings = own["perfusion"]
    made = {
        name: str(folder / f"{name}.nii.gz")
        for name in ("deltam", "m0", "aslref", "cbf", "pvc_grey", "pvc_white", "att", "brain")
    }
    script(root, "preproc").main(
        files[0], files[1:], made["deltam"], made["m0"], made["aslref"], str(folder / "asl.json"),
        str(folder / "confounds.tsv"), told=told, motion=settings["motion"],
    )  # fmt: skip
    rest = {
        "sidecar": str(folder / "cbf.json"), "quality_table": str(folder / "quality.tsv"),
        "measures": str(folder / "measures.tsv"), "qc": str(folder / "qc.json"),
        "png": str(folder / "qc.png"),
    }  # fmt: skip
    del made["aslref"]
    predicted = settings["prediction"] | {"grey_t1_s": GREY_T1, "white_t1_s": WHITE_T1}
    steps = {
        "outliers": settings["outliers"], "partial_volume": settings["partial_volume"],
        "min_m0_share": settings["calibration"]["min_m0_share"], "delays": settings["delays"],
    }  # fmt: skip
    script(root, "cbf").main(
        **made, **rest, **anatomy(folder), asl=str(folder / "asl.json"),
        scanner_map=[files[0]] if told["cbf"] else [], told=told,
        labels={"participant_id": "sub-1", "session_id": "ses-pre", "day": -3}, steps=steps,
        predicted=predicted,
        **{name: settings[name] for name in ("quality", "plausible", "ge", "regions")},
    )  # fmt: skip
    return made | rest


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda one: one.__name__)
def test_the_true_flow_comes_back(
    layout: Callable[[], Layout], dataset, root: Path, tmp_path: Path, monkeypatch
) -> None:
    from sonolesion.perfusion import picture

    monkeypatch.setattr(picture, "visit", lambda *_, **__: PIL.Image.new("RGB", (4, 4)))
    own = layout()
    told, files = planned(dataset, own)
    made = quantified(root, tmp_path, told, files, own.config)
    cbf = images.load(made["cbf"]).data
    for tissue, place in INNER.items():
        assert cbf[place] == pytest.approx(FLOW[tissue], rel=own.tolerance)
        pure = images.load(made["pvc_grey" if tissue == "grey" else "pvc_white"]).data[place]
        assert pure == pytest.approx(FLOW[tissue], rel=own.tolerance)
    assert np.isnan(cbf[brain() == 0]).all()
    if layout is several_delays:
        transit = images.load(made["att"]).data[INNER["grey"]]
        assert transit == pytest.approx(TRANSIT["grey"], abs=1e-4)
    sidecar = images.read_json(made["sidecar"])
    for entry in sidecar["Constants"].values():
        assert {"symbol", "words", "value", "unit", "source"} <= set(entry)
        assert entry["source"]
    rows = {(r["map"], r["region"], r["statistic"]): r for r in read_tsv(made["measures"])}
    assert float(rows["cbf", "a:CL", "cbf_median"]["value"]) == pytest.approx(60.0, rel=1e-4)
    assert images.read_json(made["qc"])["gate"] == "passed"


def test_ge_images_in_the_consensus_without_their_scale_fail_and_name_it(
    dataset, root: Path, tmp_path: Path
) -> None:
    own = ge_product_by_the_consensus()
    config = (own.config or {}) | {"calibration": {}}
    told, files = planned(dataset, own._replace(config=config))
    with pytest.raises(Exception, match="96 = 32 x NEX 3"):
        quantified(root, tmp_path, told, files, config)
    # What explains it is written before the step fails.
    explained = json.loads((tmp_path / "qc.json").read_text())
    assert explained["gate"] == "failed"
    assert any("scale 32" in one or "96" in one for one in explained["explanations"])
