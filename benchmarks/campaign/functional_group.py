"""A group of coarse phantom people through the kernels of the resting state, beside the truth.

Regions and tissue are taken where they truly lie: errors of registration and of the atlas are
those of the patients that go through the whole pipeline.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaign import functional_maps, studies
from campaign.functional_seen import Seen
from sonolesion.core.runner import PACKAGE
from sonolesion.core.settings.diffusion import Diffusion
from sonolesion.core.settings.functional import Functional
from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_bold import PhantomBold
from sonolesion.functional import connectivity, joint_model, noise_model, preparation
from sonolesion.functional.denoising import Band, cleaned, freedom
from sonolesion.functional.edges import before_denoising
from sonolesion.functional.preparation import Prepared
from sonolesion.functional.strategies import STRATEGIES
from sonolesion.maths import rigid_motion
from sonolesion.phantom import (
    bold_head,
    bold_motion,
    bold_networks,
    bold_study,
    damage,
    scanner,
    template,
    treatment,
)  # fmt: skip
from sonolesion.phantom import patient as patients
from sonolesion.phantom.bold_study import Scanned
from sonolesion.phantom.further import Person

Row = dict[str, Any]
Array = NDArray[Any]
BEFORE = "before"
SHAPE = {"voxel_mm": (4.0, 4.0, 4.0), "fov_mm": (204.0, 240.0, 156.0), "n_volumes": 160}
# Points of the realignment: a quarter, as the voxels are fewer.
N_POINTS = 10_000
HALF = 0.5
SMALLEST_VOXELS = 5
DEFAULT = Functional().denoising.strategy
MAPPED = ("moving", "still")
DAY = 91.0


def bolds() -> dict[str, PhantomBold]:
    """Return the scans of the group by condition."""
    flat = {"sinus_hz": 0.0, "ear_hz": 0.0}
    moving = PhantomBold.model_validate(
        {"made": True, "scan": {**SHAPE, "opposed": False}, "artefacts": flat}
    )
    still = replace_part(moving, "motion", walk_mm=0.0, walk_deg=0.0, n_jerks=0, history_per_mm=0.0)
    travelling = replace_part(moving, "physiology", systemic=0.01)
    return {"moving": moving, "still": still, "travelling": travelling, "treated": moving}


def replace_part(bold: PhantomBold, part: str, **changed: float) -> PhantomBold:
    """Return the settings with keys of one section changed."""
    own = getattr(bold, part).model_copy(update=changed)
    return bold.model_copy(update={part: own})


def every_row(folder: Path, *, n: int, make: bool) -> list[Row]:
    """Return a row a person, condition, strategy and kind of edges; results stay in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Row] = []
    for condition, bold in bolds().items():
        for index in range(n):
            # One lag map takes as long as a person, and differs little between them.
            if condition == "travelling" and index:
                continue
            path = place(folder, index, condition)
            wanted = made_from(condition, bold)
            if make and not (path.exists() and str(np.load(path)["made_from"]) == wanted):
                done = measured(index, condition, bold)
                np.savez_compressed(path, **{"made_from": np.array(wanted), **done})  # type: ignore[arg-type]
            if path.exists():
                found += rows_of(f"p{index:02d}", condition, np.load(path))
    return found


def place(folder: Path, index: int, condition: str) -> Path:
    """Return where the result of a person is kept."""
    return folder / f"p{index:02d}_{condition}.npz"


def made_from(condition: str, bold: PhantomBold) -> str:
    """Return a hash of settings and of the code that makes the scan."""
    code = studies.digest((PACKAGE / "phantom").glob("bold_*.py"))
    text = condition + json.dumps(bold.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256((text + code).encode()).hexdigest()[:12]


def person(index: int) -> tuple[Phantom, Person]:
    """Build somebody who is to be treated on the left."""
    settings = Phantom.model_validate(
        {"seed": 9000 + index, "anatomy_mm": 2.0, "patients": [{"label": f"p{index:02d}"}]}
    )
    who = settings.patients[0]
    own = patients.anatomy(settings, who, template.load())
    return settings, Person(who, own, treatment.sites(settings, who, own))


def measured(index: int, condition: str, bold: PhantomBold) -> dict[str, Array]:
    """Make a run, take it through the stage, and return what is compared with the truth."""
    seen = prepared(index, condition, bold)
    labels, _ = bold_head.regions_on(seen.made.inside, seen.made.grid, seen.made.run.matrix)
    columns = columns_of(seen)
    found: dict[str, Array] = {
        "population": upper(seen.made.run.matrix),
        "mean_fd_mm": np.asarray(np.nanmean(columns["framewise_displacement"])),
        "true_fd_mm": np.asarray(np.mean(true_displacement(seen.made))),
        "lengths_mm": upper(lengths_mm(labels, seen.made.grid, len(seen.made.run.matrix))),
        **dict(zip(("motion_rms_mm", "motion_worst_mm"), motion_errors(seen), strict=True)),
    }
    found |= correlated(seen, labels, columns)
    model = model_of(seen, columns, DEFAULT)
    if condition == "travelling":
        return found | functional_maps.lags(seen, model)
    return found | (functional_maps.amplitudes(seen, labels, model) if condition in MAPPED else {})


def correlated(seen: Seen, labels: Array, columns: dict[str, Array]) -> dict[str, Array]:
    """Return the edges by strategy, those of the true signals, and which regions are large."""
    n = len(seen.made.run.matrix)
    mask, repetition_s = seen.done.mask, seen.bold.scan.repetition_s
    members = connectivity.from_labels(labels, n_regions=n)
    counted = np.bincount(labels[mask], minlength=n + 1)[1:] >= SMALLEST_VOXELS
    read = connectivity.region_series(seen.done.data[mask], mask, members, min_coverage=HALF)
    true = true_series(seen)
    found: dict[str, Array] = {
        "large": upper(np.outer(counted, counted)),
        BEFORE: upper(before_denoising(read, degree=1)),
        f"sample_{BEFORE}": upper(np.corrcoef(true.T)),
    }
    for name in STRATEGIES:
        model = model_of(seen, columns, name)
        series = np.full((int(model.kept.sum()), n), np.nan)
        # Filter, regression and mean of voxels are linear: their order does not matter.
        series[:, read.is_read] = cleaned(
            read.series[:, read.is_read], model.regressors, model.kept, **model.how
        )
        found[name] = upper(connectivity.matrices(series).pearson)
        found[f"sample_{name}"] = upper(sample(true, model.kept, repetition_s, model.band))
        found[f"kept_{name}"] = np.array(model.kept.mean())
        found[f"left_{name}"] = np.array(freedom(model.regressors, model.kept, **model.how).left)
    return found


def model_of(seen: Seen, columns: dict[str, Array], strategy: str) -> joint_model.Model:
    """Return band, confounds and frames of a strategy, by the settings of the pipeline."""
    limits, repetition_s = Functional(), seen.bold.scan.repetition_s
    frames = noise_model.kept_frames(
        columns, strategy=strategy, repetition_s=repetition_s,
        settings=limits.censoring.model_dump(), file=strategy,
    )  # fmt: skip
    return joint_model.model(
        columns | {noise_model.KEPT: frames.kept.astype(float)},
        repetition_s=repetition_s,
        settings=limits.denoising.model_dump() | {"strategy": strategy},
    )


def prepared(index: int, condition: str, bold: PhantomBold) -> Seen:
    """Make a run in memory and prepare it as the stage does."""
    settings, who = person(index)
    lesions: list[damage.Present] = []
    if condition == "treated":
        states = [(site, treatment.state(who.anatomy, site, day=DAY)) for site in who.sites]
        lesions = [damage.Present(site, state) for site, state in states if state is not None]
    visit = "3m" if lesions else "baseline"
    made = bold_study.scanned(settings, bold, who, lesions, visit)
    anatomy, grid = who.anatomy, made.grid

    def on_scan(fine: Array) -> Array:
        # At the voxel's centre, as the stage carries its tissue maps.
        return scanner.resample(fine, affine=anatomy.affine, grid=grid)

    names = {"white_matter": "white", "csf": "fluid", "grey_matter": "grey"}
    tissue = {name: on_scan(anatomy.tissues[own]) for name, own in names.items()}
    return Seen(made, bold, through(made, bold, on_scan(anatomy.brain)), tissue)


def through(made: Scanned, bold: PhantomBold, share: Array) -> Prepared:
    """Take a run through discarding, slice timing, realignment and interpolation."""
    limits = Functional()
    run = {
        "repetition_s": bold.scan.repetition_s, "n_discarded": 3, "axis": 1, "sign": -1,
        "slice_times_s": list(bold.scan.slice_times_s), "slice_note": "", "method": "none",
        "map": "", "reason": "no field", "readout_s": bold.scan.readout_s,
    }  # fmt: skip
    data, _ = preparation.steady(
        made.series.astype(np.float32), run=run, limits=limits.volumes.model_dump(), file="run"
    )
    head = preparation.Head(data.mean(axis=3), share)
    return preparation.prepared(
        data, made.grid.affine, head, pair=(None, None), measured=None, run=run,
        slice_timing=limits.slice_timing.model_dump(),
        realignment=limits.realignment.model_dump() | {"n_points": N_POINTS},
        brain_mask=limits.mask.model_dump(), distortion=Diffusion().distortion.model_dump(),
        radius_mm=limits.confounds.head_radius_mm,
    )  # fmt: skip


def columns_of(seen: Seen) -> dict[str, Array]:
    """Return the confounds of a prepared run."""
    names = (*rigid_motion.RIGID, "framewise_displacement")
    motion = {
        name: np.array([np.nan if v == "n/a" else float(v) for v in column])
        for name in names
        if (column := [str(row[name]) for row in seen.done.motion])
    }
    none = np.zeros(seen.done.mask.shape, dtype=bool)
    limits = Functional().confounds.model_dump()
    found = noise_model.noise(
        seen.done.data, seen.tissue, seen.done.mask, none, motion,
        repetition_s=seen.bold.scan.repetition_s, settings=limits, file="run",
    )  # fmt: skip
    return found.columns


def true_series(seen: Seen) -> Array:
    """Return the neural signals of the volumes that count, at the time they are shifted to."""
    times = np.array(seen.bold.scan.slice_times_s)
    when = np.arange(seen.bold.scan.n_volumes) * seen.bold.scan.repetition_s
    middle = times.min() + np.ptp(times) / 2
    return np.asarray(seen.made.run.neural.at(when + middle)[seen.n_first :])


def sample(true: Array, kept: Array, repetition_s: float, band: Band) -> Array:
    """Return the correlations of the true signals themselves, in the frames and band that count."""
    series = cleaned(true, None, kept, repetition_s=repetition_s, band=band)
    return np.asarray(np.corrcoef(series.T))


def true_displacement(made: Scanned) -> Array:
    """Return the true framewise displacement [mm]."""
    moves = made.run.moves
    return bold_motion.displacement_mm(moves.shifts_mm, moves.angles_deg)


def motion_errors(seen: Seen) -> tuple[Array, Array]:
    """Return root mean square and largest error of the head's place over the brain [mm]."""
    matrices = [
        seen.made.run.moves.matrix(n) for n in range(seen.n_first, seen.bold.scan.n_volumes)
    ]
    parameters = np.array(
        [[float(str(row[name])) for name in rigid_motion.RIGID] for row in seen.done.motion]
    )
    affine, mask = seen.made.grid.affine, seen.done.mask
    return place_errors(parameters, matrices, mask, affine)


def place_errors(
    parameters: Array, true: list[Array], mask: Array, affine: Array
) -> tuple[Array, Array]:
    """Compare motion found with that of the truth, less what is the same in all volumes.

    Found parameters take a volume to the reference, true matrices the first volume to it: one
    after the other moves no point, but for where the reference lies.
    """
    points = np.argwhere(mask)[::97] @ affine[:3, :3].T + affine[:3, 3]
    centre = middle_of(mask, affine)
    placed = []
    for own, matrix in zip(parameters, true, strict=True):
        found = rigid_motion.matrix_of(own, centre)
        placed.append(points @ (found @ matrix)[:3, :3].T + (found @ matrix)[:3, 3])
    away = np.array(placed) - np.mean(placed, axis=0)
    errors = np.sqrt(np.square(away).sum(axis=2).mean(axis=1))
    return np.asarray(np.sqrt(np.mean(errors**2))), np.asarray(errors.max())


def middle_of(mask: Array, affine: Array) -> Array:
    """Return the middle of a mask [mm], about which motion is told."""
    return np.asarray(np.argwhere(mask).mean(axis=0) @ affine[:3, :3].T + affine[:3, 3])


def lengths_mm(labels: Array, grid: scanner.Grid, n: int) -> Array:
    """Return distances between the centres of regions [mm], (n, n)."""
    centres = np.full((n, 3), np.nan)
    for number in range(1, n + 1):
        voxels = np.argwhere(labels == number)
        if len(voxels):
            centres[number - 1] = voxels.mean(axis=0) @ grid.affine[:3, :3].T
    return np.asarray(np.sqrt(np.square(centres[:, None] - centres[None]).sum(axis=-1)))


def upper(matrix: Array) -> Array:
    """Return what lies above the diagonal."""
    return np.asarray(matrix)[np.triu_indices(len(matrix), k=1)]


def kinds_of_edges() -> dict[str, Array]:
    """Return which edges lie in a network, between networks, and between opposed ones."""
    network = np.array(bold_networks.atlas()[0].networks)
    same = upper(network[:, None] == network[None])
    default, salience = network == "default", network == "salience"
    against = upper(np.outer(default, salience) | np.outer(salience, default))
    every = np.ones(len(same), dtype=bool)
    return {"all": every, "within": same, "between": ~same & ~against, "opposed": against}


def rows_of(label: str, condition: str, found: Any) -> list[Row]:
    """Return a row a strategy and kind of edges."""
    rows = []
    kinds: dict[str, Array] = kinds_of_edges()
    for strategy in (BEFORE, *STRATEGIES):
        for kind, chosen in kinds.items():
            own = chosen & found["large"] & np.isfinite(found[strategy])
            rows.append(
                {
                    "person": label, "condition": condition, "strategy": strategy, "edges": kind,
                    "n": int(own.sum()), "kept": kept_of(found, strategy),
                    "mean_fd_mm": float(found["mean_fd_mm"]),
                    "true_fd_mm": float(found["true_fd_mm"]),
                    "motion_rms_mm": float(found["motion_rms_mm"]),
                    "motion_worst_mm": float(found["motion_worst_mm"]),
                    **compared(found[strategy][own], found[f"sample_{strategy}"][own],
                               found["population"][own]),
                }
            )  # fmt: skip
    return rows


def kept_of(found: Any, strategy: str) -> float:
    """Return the share of frames kept."""
    return 1.0 if strategy == BEFORE else float(found[f"kept_{strategy}"])


def pearson(a: Array, b: Array) -> float:
    """Return the correlation of two lists of edges."""
    return float(np.corrcoef(a, b)[0, 1])


def compared(found: Array, sample_r: Array, population: Array) -> Row:
    """Compare correlations with those of the true signals, and both with what was stated."""
    return {
        "stated": float(population.mean()),
        "sample_bias": float((sample_r - population).mean()),
        "bias": float((found - population).mean()),
        "bias_to_sample": float((found - sample_r).mean()),
        "spread_to_sample": float((found - sample_r).std()),
        "sample_spread": float((sample_r - population).std()),
        "r_to_sample": pearson(found, sample_r) if len(found) > 2 else float("nan"),
    }
