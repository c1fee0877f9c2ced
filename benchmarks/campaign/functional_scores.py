"""Compare the resting-state outputs of a phantom study with its truth, as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from campaign import functional_group as group
from campaign.patient_study import Study
from sonolesion.core import images
from sonolesion.core.atlas_labels import split_side, word
from sonolesion.core.tables import read_tsv
from sonolesion.functional import connectivity
from sonolesion.functional.denoising import Band
from sonolesion.functional.edges import before_denoising
from sonolesion.maths import rigid_motion
from sonolesion.phantom import bold_networks, pose

Row = dict[str, Any]
Array = NDArray[Any]
ATLAS = "harvardOxford"
SEED = "pcc"
HALF = 0.5
MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")


def every_row(study: Study) -> dict[str, list[Row]]:
    """Return the rows of all tables."""
    made: dict[str, list[Row]] = {"scans": [], "edges": [], "maps": [], "couplings": []}
    for visit in study.visits:
        if not study.ours(visit, f"_atlas-{ATLAS}_relmat.json").exists():
            continue
        name = {"patient": study.label, "visit": visit}
        made["scans"].append(name | scan_row(study, visit))
        made["edges"] += [name | row for row in edge_rows(study, visit)]
        made["maps"].append(name | map_row(study, visit))
        made["couplings"] += [name | row for row in coupling_rows(study, visit)]
    return made


def label_of(name: str) -> str:
    """Return a region of the atlas as the pipeline calls it.

    Examples
    --------
    >>> label_of("Left_Angular_Gyrus")
    'Angular_Gyrus_left'
    """
    stem, side = split_side(name)
    return f"{word(stem)}_{side}" if side else word(stem)


def scan_row(study: Study, visit: str) -> Row:
    """Return errors of motion and of the field, before and after."""
    told = images.read_json(study.ours(visit, "_desc-preproc_bold.json"))
    mask = images.load(study.ours(visit, "_desc-brain_mask.nii.gz"))
    n_first = int(told["VolumesDiscarded"])
    truth = read_tsv(study.true(visit, "_desc-motion_timeseries.tsv"))[n_first:]
    rows = read_tsv(study.ours(visit, "_desc-motion_timeseries.tsv"))
    true = [matrix_of(row) for row in truth]
    found = np.array([[float(row[name]) for name in rigid_motion.RIGID] for row in rows])
    inside, affine = mask.data > 0, mask.affine
    after = group.place_errors(found, true, inside, affine)
    before = group.place_errors(np.zeros_like(found), true, inside, affine)
    quality = images.read_json(study.ours(visit, "_desc-confounds_timeseries.json"))
    return {
        "motion_before_mm": float(before[0]), "motion_mm": float(after[0]),
        "motion_worst_mm": float(after[1]), "fd_mm": float(quality.get("MeanFD_mm", np.nan)),
        "discarded": n_first, "distortion": told["DistortionMethod"],
        **geometry(study, visit, inside),
    }  # fmt: skip


def matrix_of(row: Mapping[str, str]) -> Array:
    """Return the true motion of a volume."""
    numbers = np.array([float(row[name]) for name in MOTION])
    return pose.rigid(angles_deg=numbers[3:], shift_mm=numbers[:3], centre_mm=np.zeros(3))


def geometry(study: Study, visit: str, inside: Array) -> Row:
    """Return how the mean goes with the true undistorted one, within the brain."""
    true = images.load(study.true(visit, "_desc-mean_boldref.nii.gz")).data
    found = images.load(study.ours(visit, "_desc-preproc_boldref.nii.gz")).data
    return {"mean_r": float(np.corrcoef(true[inside], found[inside])[0, 1])}


def series_of(study: Study, visit: str) -> Array:
    """Return the true neural series of the volumes that count, (N, P)."""
    told = images.read_json(study.ours(visit, "_desc-preproc_bold.json"))
    rows = read_tsv(study.true(visit, "_desc-neural_timeseries.tsv"))
    return np.array([[float(cell) for cell in row.values()] for row in rows])[
        int(told["VolumesDiscarded"]) :
    ]


def stated(study: Study, visit: str) -> Array:
    """Return the stated correlations."""
    rows = read_tsv(study.true(visit, "_stat-population_relmat.tsv"))
    return np.array([[float(cell) for cell in row.values()] for row in rows])


def sampled(study: Study, visit: str) -> Array:
    """Return the correlations of the true series in the frames and the band of the run."""
    told = images.read_json(study.ours(visit, "_desc-denoised_bold.json"))
    rows = read_tsv(study.ours(visit, "_desc-confounds_timeseries.tsv"))
    kept = np.array([float(row["kept"]) > 0 for row in rows])
    band = Band(told["HighPass_Hz"] or None, told["LowPass_Hz"] or None, 2)
    return group.sample(series_of(study, visit), kept, told["RepetitionTime"], band)


def matrices(study: Study, visit: str) -> dict[str, Array]:
    """Return correlations by how they were read, all on the order of the truth.

    ``parcels``: the pipeline's own; ``places``: of the denoised series where the regions truly
    lie; ``before``: there too, before denoising.
    """
    names = bold_networks.atlas()[0].names
    path = study.ours(visit, f"_atlas-{ATLAS}_stat-pearsoncorrelation_relmat.tsv")
    rows = read_tsv(path)
    order = [list(rows[0]).index(label_of(name)) for name in names]
    cells = [[np.nan if v in {"", "n/a"} else float(v) for v in row.values()] for row in rows]
    mask = images.load(study.ours(visit, "_desc-brain_mask.nii.gz")).data > 0
    mask &= images.load(study.ours(visit, "_desc-exclusion_mask.nii.gz")).data == 0
    labels = images.load(study.true(visit, "_seg-regions_dseg.nii.gz"), dtype=np.uint8).data
    members = connectivity.from_labels(labels, n_regions=len(names))
    found = {"parcels": np.array(cells)[np.ix_(order, order)]}
    for kind, name in (("places", "denoised"), ("before", "preproc")):
        data = images.load(study.ours(visit, f"_desc-{name}_bold.nii.gz")).data[mask]
        read = connectivity.region_series(data, mask, members, min_coverage=HALF)
        made = read if kind == "before" else None
        found[kind] = (
            before_denoising(read, degree=1)
            if made is not None
            else connectivity.matrices(read.series).pearson
        )
    return found


def edge_rows(study: Study, visit: str) -> Iterator[Row]:
    """Yield how correlations go with the truth, by how they were read and kind of edge."""
    known, sample = (group.upper(one(study, visit)) for one in (stated, sampled))
    for how, matrix in matrices(study, visit).items():
        found = group.upper(matrix)
        for kind, chosen in group.kinds_of_edges().items():
            own = chosen & np.isfinite(found)
            yield {
                "read": how, "edges": kind, "n": int(own.sum()),
                **group.compared(found[own], sample[own], known[own]),
            }  # fmt: skip


def map_row(study: Study, visit: str) -> Row:
    """Return how ALFF goes with the truth, and the seed map of the PCC with its network."""
    labels = images.load(study.true(visit, "_seg-regions_dseg.nii.gz"), dtype=np.uint8).data
    there = labels > 0
    size = images.load(study.true(visit, "_stat-neural_boldmap.nii.gz")).data
    alff = images.load(study.ours(visit, "_stat-alff_boldmap.nii.gz")).data
    reho = images.load(study.ours(visit, "_stat-reho_boldmap.nii.gz")).data
    seed = images.load(study.ours(visit, f"_seed-{SEED}_stat-fisherz_boldmap.nii.gz")).data
    regions = bold_networks.atlas()[0]
    numbers = np.arange(1, len(regions.names) + 1)
    mean = ndimage.mean(np.nan_to_num(seed), np.where(np.isfinite(seed), labels, 0), numbers)
    own = [n for n, stem in enumerate(regions.stems) if stem.startswith("Cingulate_Gyrus_post")]
    expected = stated(study, visit)[own].mean(axis=0)
    away = np.array([n not in own for n in range(len(expected))]) & np.isfinite(mean)
    default = np.array(regions.networks) == "default"
    return {
        "alff_r": float(group_r(alff, size, there)),
        "reho_grey": float(np.nanmedian(reho[there])),
        "reho_white": float(np.nanmedian(reho[~there])),
        "seed_r": float(np.corrcoef(mean[away], expected[away])[0, 1]),
        "seed_default": float(mean[away & default].mean()),
        "seed_others": float(mean[away & ~default].mean()),
    }


def group_r(one: Array, other: Array, chosen: Array) -> float:
    """Return the correlation of two maps over chosen voxels that both know."""
    known = chosen & np.isfinite(one) & np.isfinite(other)
    return float(np.corrcoef(one[known], other[known])[0, 1])


def coupling_rows(study: Study, visit: str) -> Iterator[Row]:
    """Yield the mean Fisher z of each thalamus with the target network, found and true."""
    known, sample = stated(study, visit), sampled(study, visit)
    found = matrices(study, visit)["parcels"]
    for side in bold_networks.SIDES:
        row, targets = thalamus_edges(side)
        read = targets & np.isfinite(found[row])
        yield {
            "side": side, "targets": int(read.sum()),
            **{name: float(np.arctanh(matrix[row][read]).mean()) if read.any() else np.nan
               for name, matrix in (("stated", known), ("sample", sample), ("found", found))},
        }  # fmt: skip


def thalamus_edges(side: str) -> tuple[int, Array]:
    """Return the number of a thalamus, and which regions of its network are not thalami."""
    regions = bold_networks.atlas()[0]
    stems, sides = np.array(regions.stems), np.array(regions.sides)
    (row,) = np.flatnonzero((stems == bold_networks.TREATED) & (sides == side))
    network = np.array(regions.networks) == bold_networks.TARGETS
    return int(row), network & (stems != bold_networks.TREATED)
