"""Compare the blood flow of a phantom study with its truth, as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaign.diffusion_scores import applied, at, number
from campaign.patient_study import Study
from campaign.perfusion_study import KINDS, found, protocol, settings_of, truth_of
from campaign.perfusion_theory import predicted
from sonolesion.core import images
from sonolesion.core.images import Image
from sonolesion.core.tables import read_tsv
from sonolesion.maths import rigid_motion

Row = dict[str, Any]
Array = NDArray[Any]
# At this resolution few voxels of cortex hold more of it; of white matter many do.
MOSTLY = {"GM": 0.7, "WM": 0.9}
HALF = 0.5
BASELINE = "baseline"
SIDES = ("left", "right")
EVERY = 11


def every_row(study: Study, out: str) -> dict[str, list[Row]]:
    """Return the rows of all tables, of the visits that are in an output folder."""
    made: dict[str, list[Row]] = {"flow": [], "perfusion_scans": [], "effects": []}
    seen = [visit for visit in study.visits if study.of(out, visit, "_cbf.nii.gz").exists()]
    for visit in seen:
        name = {"patient": study.label, "visit": visit, "protocol": protocol(study, out, visit)}
        made["flow"] += [name | row for row in flow_rows(study, out, visit)]
        if study.of(out, visit, "_desc-cbf_qc.json").exists():
            made["perfusion_scans"].append(name | scan_row(study, out, visit))
        days = study.told["sessions"][f"ses-{visit}"]["days_from_treatment"]
        if days > 0 and BASELINE in seen:
            made["effects"] += [name | row for row in effect_rows(study, out, visit)]
    return made


def regions(study: Study, visit: str) -> dict[str, tuple[str, NDArray[np.bool_]]]:
    """Return the true regions of a scan, each with the tissue whose flow is asked for."""
    share = {short: truth_of(study, visit, f"label-{short}_probseg") for short in KINDS}
    late = truth_of(study, visit, "desc-GM_att")
    usual = settings_of(study)["asl"]["flow"]
    later_s = usual["grey_transit_s"] + usual["late_s"] / 2
    grey = share["GM"] > MOSTLY["GM"]
    sides = [
        truth_of(study, visit, f"hemi-{side[0].upper()}_label-thalamus_probseg") for side in SIDES
    ]
    return {
        "grey matter": ("GM", grey & (late < later_s)),
        "grey matter, late": ("GM", grey & (late >= later_s)),
        "white matter": ("WM", share["WM"] > MOSTLY["WM"]),
        "thalamus": ("mixed", sum(sides) >= HALF),
    }


def flow_rows(study: Study, out: str, visit: str) -> Iterator[Row]:
    """Yield true and read flow of each region, with and without correction for partial volume."""
    told = predicted(study, out, visit)
    plain = found(study, out, visit, "cbf")
    pure = {short: found(study, out, visit, f"desc-pvc{short}_cbf") for short in KINDS}
    true = {short: truth_of(study, visit, f"desc-{short}_cbf") for short in KINDS}
    true["mixed"] = mixed(study, visit)
    transit = found(study, out, visit, "att")
    for region, (kind, mask) in regions(study, visit).items():
        late = truth_of(study, visit, "att" if kind == "mixed" else f"desc-{kind}_att")
        yield row_of(region, "plain", mask, true[kind], plain, told["mixed"]) | errors_s(
            transit - late, mask
        )
        corrected = "GM" if kind == "mixed" else kind
        yield row_of(region, "corrected", mask, true[corrected], pure[corrected], told[corrected])


def mixed(study: Study, visit: str) -> Array:
    """Return the flow of the nerve tissue of each voxel."""
    share = sum(truth_of(study, visit, f"label-{short}_probseg") for short in KINDS)
    return truth_of(study, visit, "cbf") / np.where(share > 0, share, np.nan)


def row_of(region: str, name: str, mask: Array, true: Array, read: Array, told: Array) -> Row:
    """Return medians over a region."""
    known = mask & np.isfinite(true) & np.isfinite(read) & np.isfinite(told)
    ratio = read[known] / true[known]
    low, middle, high = np.quantile(ratio, [0.25, 0.5, 0.75]) if known.any() else [np.nan] * 3
    return {
        "map": name,
        "region": region,
        "voxels": int(known.sum()),
        "true": middle_of(true[known]),
        "read": middle_of(read[known]),
        "ratio": float(middle),
        "low": float(low),
        "high": float(high),
        "predicted": middle_of(told[known] / true[known]),
        "against": middle_of(read[known]) / middle_of(told[known]),
        "absolute": middle_of(np.abs(read - true)[known]),
    }


def errors_s(error: Array, mask: Array) -> Row:
    """Return the median error of transit time [s]."""
    return {"transit_error_s": middle_of(error[mask])}


def middle_of(values: Array) -> float:
    """Return the median of what is known."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def scan_row(study: Study, out: str, visit: str) -> Row:
    """Return motion, registration and the numbers of quality of a scan."""
    quality = {
        row["name"]: row for row in read_tsv(study.of(out, visit, "_desc-qualitycontrol_cbf.tsv"))
    }
    told = images.read_json(study.of(out, visit, "_cbf.json"))
    gate = images.read_json(study.of(out, visit, "_desc-cbf_qc.json"))
    before, after = motion_mm(study, out, visit)
    return {
        "motion_before_mm": before,
        "motion_mm": after,
        "registration_mm": registration_mm(study, out, visit),
        "differences": told["NumberOfDifferences"],
        "left_out": len(told["DifferencesLeftOut"]),
        "gate": gate["outcome"],
        "marks": "; ".join(told["Marks"]),
        **{
            name: number(quality[name]["value"])
            for name in ("quality_index", "spatial_cov")
            if name in quality
        },
    }


def motion_mm(study: Study, out: str, visit: str) -> tuple[float, float]:
    """Return the motion between volumes before and after realignment, as median displacement.

    Of points of the brain, each volume against the one that the others are laid on.
    """
    rows = read_tsv(study.of(out, visit, "_desc-confounds_timeseries.tsv"))
    own = [row for row in rows if row["role"] in {"control", "label"}]
    if not own:
        return float("nan"), float("nan")
    series = images.load(
        study.folder
        / "bids"
        / f"sub-{study.label}"
        / f"ses-{visit}"
        / "perf"
        / f"sub-{study.label}_ses-{visit}_asl.nii.gz"
    )
    names = ("trans_x_mm", "trans_y_mm", "trans_z_mm", "rot_x_rad", "rot_y_rad", "rot_z_rad")
    parameters = np.array([[number(row[name]) for name in names] for row in own])
    reference = int(np.abs(parameters).sum(axis=1).argmin())
    volume = series.data[..., int(own[reference]["volume"])]
    bright = volume > 0.2 * np.percentile(volume, 98)
    brain = truth_of(study, visit, "desc-brain_mask") > 0
    centre = applied(series.affine, np.argwhere(bright).mean(axis=0))
    points = applied(series.affine, np.argwhere(brain)[::EVERY].astype(float))
    real = true_motion(study, visit)[-len(own) :]
    before, after = [], []
    for n, given in enumerate(parameters):
        # From a volume's points to the reference's, truly and as found.
        truly = real[reference] @ np.linalg.inv(real[n])
        before.append(gap(truly, np.eye(4), points))
        after.append(gap(truly, rigid_motion.matrix_of(given, centre), points))
    return float(np.median(before)), float(np.median(after))


def gap(first: Array, second: Array, points: Array) -> float:
    """Return the root mean square distance between two images of points [mm]."""
    apart = applied(first, points) - applied(second, points)
    return float(np.sqrt((apart**2).sum(axis=1).mean()))


def true_motion(study: Study, visit: str) -> list[Array]:
    """Return the motion of M0 and of each volume, from the first."""
    from sonolesion.phantom import pose

    rows = read_tsv(study.true(visit, "_desc-motion_timeseries.tsv"))
    return [
        pose.rigid(
            angles_deg=np.array([float(row[f"rot_{axis}"]) for axis in "xyz"]),
            shift_mm=np.array([float(row[f"trans_{axis}"]) for axis in "xyz"]),
            centre_mm=np.zeros(3),
        )
        for row in rows
    ]


def registration_mm(study: Study, out: str, visit: str) -> float:
    """Return how far off the target lies, carried from the visit's T1w to its scan [mm]."""
    true, told = [], []
    for scan in ("T1w", "asl"):
        name = f"_from-{scan}_to-{{}}_mode-image_xfm.txt"
        true.append(images.read_affine(study.true(visit, name.format("baseline"), "anat")))
        told.append(images.read_affine(study.of(out, visit, name.format("acpc"), "anat")))
    place = applied(true[0], np.array(study.told["target_scanner_mm"]))
    right = applied(true[1] @ np.linalg.inv(true[0]), place)
    return float(np.linalg.norm(applied(told[1] @ np.linalg.inv(told[0]), place) - right))


def effect_rows(study: Study, out: str, visit: str) -> Iterator[Row]:
    """Yield the change of flow since the baseline, true and measured, in lesion and thalamus."""
    side = study.told["side"]
    own = SIDES.index(side)
    lesion = lesion_masks(study, visit)
    grey = {v: regions(study, v)["grey matter"][1] for v in (BASELINE, visit)}
    plain = {v: found(study, out, v, "cbf") for v in (BASELINE, visit)}
    true = {v: mixed(study, v) for v in (BASELINE, visit)}
    wanted: Mapping[str, Any] = {"measured": plain, "true": true}
    changes = {
        name: changed({v: mean_in(one[v], lesion[v]) / mean_in(one[v], grey[v]) for v in one})
        for name, one in wanted.items()
    }
    yield {
        "region": "lesion with oedema, over grey matter",
        "voxels": int(lesion[visit].sum()),
        **changes,
    }
    masks = {
        v: [
            truth_of(study, v, f"hemi-{s[0].upper()}_label-thalamus_probseg") >= HALF for s in SIDES
        ]
        for v in (BASELINE, visit)
    }
    changes = {
        name: changed(
            {v: mean_in(one[v], masks[v][own]) / mean_in(one[v], masks[v][1 - own]) for v in one}
        )
        for name, one in wanted.items()
    }
    region = "thalamus, treated over other side"
    yield {"region": region, "voxels": int(masks[visit][own].sum()), **changes}
    rows = {v: thalami(study, out, v) for v in (BASELINE, visit)}
    for name in rows[visit]:
        told = changed({v: one[name][own] / one[name][1 - own] for v, one in rows.items()})
        yield {
            "region": f"{region}, row {name}",
            "voxels": int(rows[visit][name][2]),
            "measured": told,
            "true": changes["true"],
        }


def changed(ratio: Mapping[str, float]) -> float:
    """Return the relative change since the baseline."""
    (visit,) = set(ratio) - {BASELINE}
    return ratio[visit] / ratio[BASELINE] - 1


def mean_in(volume: Array, mask: Array) -> float:
    """Return the mean of what is known in a region, NaN if that is nothing."""
    known = volume[mask][np.isfinite(volume[mask])]
    return float(known.mean()) if known.size else float("nan")


def lesion_masks(study: Study, visit: str) -> dict[str, Array]:
    """Return where the lesion of a visit is, on its grid and on that of the baseline."""
    xfm = "_from-asl_to-baseline_mode-image_xfm.txt"
    image = images.load(study.true(visit, "_from-asl_seg-zones_dseg.nii.gz", "anat"))
    inside = Image((image.data > 0).astype(float), image.affine)
    first = images.load(study.true(BASELINE, "_cbf.nii.gz"))
    index = np.moveaxis(np.indices(first.data.shape, dtype=float), 0, -1)
    # The files hold points of the baseline T1w in each scan.
    to_scan = [images.read_affine(study.true(v, xfm, "anat")) for v in (BASELINE, visit)]
    points = applied(to_scan[1] @ np.linalg.inv(to_scan[0]) @ first.affine, index)
    return {visit: inside.data > 0, BASELINE: at(inside, points) >= HALF}


def thalami(study: Study, out: str, visit: str) -> dict[str, tuple[float, float, float]]:
    """Return the pipeline's own rows of the thalami: map → left, right, voxels."""
    path = study.of(out, visit, "_desc-regions_measures.tsv")
    rows = read_tsv(path) if path.exists() else []
    told: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row["region"].lower() == "thalamus" and row["statistic"] == "median" and row["value"]:
            told.setdefault(row["map"], {})[row["side"]] = row
    return {
        name: (
            number(both["left"]["value"]),
            number(both["right"]["value"]),
            number(both["left"]["n_voxels"]),
        )
        for name, both in told.items()
        if {*SIDES} <= {*both} and name in {"cbf", "cbf_pvc_grey"}
    }
