"""The lesion stage alone on many phantom patients: accuracy, intervals, false alarms.

::

    python benchmarks/lesion_stage.py FOLDER [--treated 4] [--untreated 6] [--shifts 1] [--cores 2]

Registration is not run: the phantom's true transforms take its place, each with a random error as
large as that of the pipeline's (0.15 mm and 0.15 degrees an axis), and the true tissue maps, so
that many patients fit into the time that one takes in `lesion_phantom.py`. All else is the
pipeline's own code with its default settings. First the reference condition, then one factor at a
time. Writes ``FOLDER/rows.tsv`` and prints the tables.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from campaign import conditions, pages, rasters, stage_tables
from campaign.conditions import Condition
from scipy import ndimage
from scipy.spatial.transform import Rotation

from sonolesion.core import images
from sonolesion.core.images import Image
from sonolesion.core.settings.lesion import Lesion
from sonolesion.core.settings.phantom import Phantom, clinical, draw_patients
from sonolesion.core.settings.phantom_patient import Patient
from sonolesion.core.tables import read_tsv, write_tsv
from sonolesion.diffusion.adc import apparent_diffusion
from sonolesion.lesion import earlier, visit
from sonolesion.lesion.comparison import FieldModel, NoiseModel
from sonolesion.lesion.detection import SearchPlan
from sonolesion.lesion.outline import FitPlan, Placed
from sonolesion.lesion.record import record
from sonolesion.phantom import study
from sonolesion.susceptibility.relaxation import r2star

Row = dict[str, Any]
SEED = 7300
LATER = ("1m", "12m")
SHIFTS = {"own": (0.0, 0.0, 0.0)} | {
    f"{name} 4 mm": tuple(4.0 * sign * (axis == k) for k in range(3))
    for axis, names in enumerate((("left", "right"), ("back", "front"), ("down", "up")))
    for name, sign in zip(names, (-1, 1), strict=True)
}
SHIFTED = ("3d",)
MIRRORED = "mirrored"
# Contrasts left, of what the plan's own scans hold.
SUBSETS = {
    "no DWI, no SWI": ("T1w", "T2w", "FLAIR"),
    "T1w+FLAIR": ("T1w", "FLAIR"),
    "T1w": ("T1w",),
}
# Condition of the campaign → treated and untreated patients it is tried on.
VARIED = {"size x0.5": (2, 0), "noise x2": (1, 1), "slices 4 mm": (1, 1), "12m": (1, 1)}
ERROR_MM, ERROR_DEGREES = 0.15, 0.15
CONTRASTS = ("T1w", "T2w", "FLAIR", "dwi", "MEGRE")
COLUMNS = [
    "condition",
    "patient",
    "visit",
    "treated",
    "plan",
    "contrasts",
    "outcome",
    "p",
    "log_odds",
    "true_mm3",
    "volume_mm3",
    "low_mm3",
    "high_mm3",
    "true_all_mm3",
    "all_mm3",
    "all_low_mm3",
    "all_high_mm3",
    "scan",
    "region",
    "dice",
    "surface_dice",
    "hd95_mm",
    "in_plane_mm",
    "through_mm",
    "sphere_dice",
]


@dataclass(frozen=True)
class Case:
    """One patient of the phantom: where the scans and the truth lie."""

    folder: Path
    label: str
    condition: Condition

    @property
    def days(self) -> dict[str, float]:
        """Visits and their days, the baseline first."""
        return {name: conditions.DAYS[name] for name in self.condition.visits}

    def stem(self, kind: str, visit_name: str, part: str) -> str:
        """Return the start of a file's path."""
        name = f"sub-{self.label}_ses-{visit_name}"
        return str(self.folder / kind / f"sub-{self.label}" / f"ses-{visit_name}" / part / name)

    def told(self) -> dict[str, Any]:
        """Return what the truth says of the patient."""
        truth = images.read_json(self.folder / "truth" / "truth.json")
        return dict(truth["subjects"][f"sub-{self.label}"])


def main() -> None:
    """Make, run, print."""
    given = arguments()
    jobs = list(trials(given))
    with ProcessPoolExecutor(given.cores) as pool:
        rows = [row for part in pool.map(patient_rows, *zip(*jobs, strict=True)) for row in part]
    write_tsv(given.folder / "rows.tsv", rows, columns=COLUMNS)
    made = {
        f"stage_{name}": getattr(stage_tables, name)(rows)
        for name in ("outlines", "shifts", "statements", "false_alarms")
    }
    print("\n\n".join(made.values()))
    if given.page:
        pages.fill(given.page, made)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="keeps scans and rows; resumed if there")
    parser.add_argument("--treated", type=int, default=4)
    parser.add_argument("--untreated", type=int, default=6)
    parser.add_argument("--shifts", type=int, default=1, help="treated patients with shifted plans")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--page", type=Path, help="page whose marked tables are filled")
    return parser.parse_args()


def trials(given: argparse.Namespace) -> Iterator[tuple[Path, Condition, Patient, bool]]:
    """Yield folder, condition, patient and whether the plan is shifted too."""
    by_name = {condition.name: condition for condition in conditions.ALL}
    people = draw_patients(given.treated, seed=SEED, untreated=given.untreated)
    for index, person in enumerate(people):
        yield given.folder, by_name[conditions.REFERENCE], person, index < given.shifts
    for name, (treated, untreated) in VARIED.items():
        for person in draw_patients(treated, seed=SEED, untreated=untreated):
            yield given.folder / name.replace(" ", "-"), by_name[name], person, False


def patient_rows(folder: Path, condition: Condition, person: Patient, shifted: bool) -> list[Row]:
    """Return the rows of one patient; those of a finished one are read back."""
    case = Case(folder / person.label, person.label, condition)
    done = case.folder / "rows.tsv"
    if not done.exists():
        if not (case.folder / "truth" / "truth.json").exists():
            study.make(phantom_of(case, person), case.folder, threads=1)
        write_tsv(done, list(examined(case, person, shifted)), columns=COLUMNS)
    return [dict(row) for row in read_tsv(done)]


def phantom_of(case: Case, person: Patient) -> Phantom:
    """Return the settings that a patient's scans are made with."""
    base = clinical(seed=SEED, contrasts=CONTRASTS, patients=(person,))
    update = {
        "visits": case.days,
        "scans": base.scans.model_copy(update=conditions.scans_of(case.condition, base)),
        "lesion": conditions.resized(base.lesion, case.condition.size),
    }
    return base.model_copy(update=update)


def examined(case: Case, person: Patient, shifted: bool) -> Iterator[Row]:
    """Look at every follow-up: with the own plan, a mirrored one, shifted ones, fewer contrasts."""
    rng = np.random.default_rng([SEED, int(person.label[1:]), person.arm == "fus"])
    head, scans = prepared(case, rng)
    reference = case.condition.name == conditions.REFERENCE
    plans = dict(SHIFTS) if shifted else {"own": SHIFTS["own"]}
    for plan in [*plans, MIRRORED]:
        target = head.target_mm * np.array([-1, 1, 1]) if plan == MIRRORED else None
        moved = replace(head, target_mm=head.target_mm + plans[plan] if target is None else target)
        # A shifted plan is tried where there is most to lose.
        names = SHIFTED if "mm" in plan else list(case.days)[1:]
        yield from followed(case, person, plan, moved, scans, names, case.condition.name, None)
    if reference and person.arm == "fus":
        for name, kept in SUBSETS.items():
            visits = list(case.days)[1:]
            yield from followed(case, person, "own", head, scans, visits, name, kept)


def followed(
    case: Case, person: Patient, plan: str, head: visit.Head, scans: dict[str, Scans],
    names: Sequence[str], condition: str, kept: Sequence[str] | None,
) -> Iterator[Row]:  # fmt: skip
    """Yield the rows of a patient's visits in their order, the earlier informing the later."""
    before: list[dict[str, Any]] = []
    for name in names:
        late = scans[name] if kept is None else only(scans[name], kept)
        found = look(head, late, scans["baseline"], case.days[name], before)
        told = told_of(found, head, case.days[name])
        before.append(told)
        for row in rows_of(case, person, name, plan, found, told, head, late[1]):
            yield {"condition": condition, **row}


def only(scans: Scans, kept: Sequence[str]) -> Scans:
    """Return a visit's scans with some contrasts alone."""
    values, placed, true = scans
    return {k: values[k] for k in kept}, {k: placed[k] for k in kept}, true


Scans = tuple[dict[str, Any], dict[str, Placed], dict[str, Any]]


def prepared(case: Case, rng: np.random.Generator) -> tuple[visit.Head, dict[str, Scans]]:
    """Bring the brain and all scans to the true acpc grid, registered with random errors."""
    stem = case.folder / "truth" / f"sub-{case.label}" / "anat" / f"sub-{case.label}"
    to_scan = images.read_affine(f"{stem}_from-T1w_to-acpc_mode-image_xfm.txt")
    brain = images.load(f"{stem}_space-T1w_desc-brain_mask.nii.gz")
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    affine[:3, 3] = [-80, -115, -65]
    grid = Image(np.zeros((160, 195, 140), dtype=np.float32), affine)
    inside = carried(brain, to_scan, grid, 1) > 0.5
    tissue = [
        carried(images.load(f"{stem}_space-T1w_label-{part}_probseg.nii.gz"), to_scan, grid, 1)
        for part in ("GM", "WM", "CSF")
    ]
    target = np.array(case.told()["target_acpc_mm"])
    head = visit.Head(inside, np.stack(tissue), affine, target, np.zeros((0, 3)))
    return head, {name: scans_of(case, name, to_scan, grid, rng) for name in case.days}


def scans_of(case: Case, name: str, to_scan: Any, grid: Image, rng: np.random.Generator) -> Scans:
    """Return a visit's contrasts on the grid, how they lie there, and acpc → scan transforms."""
    values, placed, true = {}, {}, {}
    for contrast, scan, image in contrasts_of(case, name):
        stem = case.stem("truth", name, "anat")
        known = images.read_affine(f"{stem}_from-{scan}_to-baseline_mode-image_xfm.txt") @ to_scan
        matrix = true.setdefault(f"{scan} as found", known @ jitter(rng))
        true[scan] = known
        order = 3 if image.voxel_mm.max() <= 2.0 else 1
        values[contrast] = np.maximum(carried(image, matrix, grid, order), 0)
        placed[contrast] = Placed(np.linalg.inv(matrix) @ image.affine, order)
    return values, placed, true


def contrasts_of(case: Case, name: str) -> Iterator[tuple[str, str, Image]]:
    """Yield contrast, scan and image of a visit, maps by the pipeline's own kernels."""
    anat, dwi = case.stem("bids", name, "anat"), case.stem("bids", name, "dwi")
    for contrast in ("T1w", "T2w", "FLAIR"):
        yield contrast, contrast, images.load(f"{anat}_{contrast}.nii.gz")
    scan = images.load(f"{dwi}_dwi.nii.gz")
    b_values = np.loadtxt(f"{dwi}_dwi.bval").ravel()
    before = scan.data[..., b_values < 50].mean(axis=-1)
    after = np.exp(np.log(np.maximum(scan.data[..., b_values > 500], 1)).mean(axis=-1))
    floor = 0.03 * float(np.quantile(before, 0.98))
    found = apparent_diffusion(
        before, after, b_difference_s_mm2=1000.0, floor=floor, ceiling_mm2_s=4e-3
    )
    yield "ADC", "dwi", Image(found, scan.affine)
    files = sorted(Path(anat).parent.glob("*_echo-*MEGRE.nii.gz"))
    echoes = [images.load(file) for file in files]
    times = [images.read_json(images.sidecar_of(file))["EchoTime"] for file in files]
    data = np.stack([one.data for one in echoes], axis=-1)
    floor = 0.03 * float(np.quantile(data[..., 0], 0.98))
    rates = r2star(data, np.array(times), noise=floor / 3, floor=floor, ceiling_per_s=200.0)
    yield "R2starmap", "MEGRE", Image(rates, echoes[0].affine)


def jitter(rng: np.random.Generator) -> Any:
    """Return a small random rigid error (4, 4)."""
    matrix = np.eye(4)
    turn = rng.normal(0, np.deg2rad(ERROR_DEGREES), 3)
    matrix[:3, :3] = Rotation.from_rotvec(turn).as_matrix()
    matrix[:3, 3] = rng.normal(0, ERROR_MM, 3)
    return matrix


def carried(image: Image, matrix: Any, grid: Image, order: int) -> Any:
    """Interpolate an image on the grid; `matrix` takes acpc points to its own."""
    whole = np.linalg.inv(image.affine) @ matrix @ grid.affine
    data = np.nan_to_num(image.data).astype(np.float32)
    return ndimage.affine_transform(
        data, whole[:3, :3], whole[:3, 3], output_shape=grid.data.shape, order=order
    )


def look(
    head: visit.Head, late: Scans, early: Scans, day: float, before: list[dict[str, Any]]
) -> visit.Outcome:
    """Run the stage with its default settings."""
    settings = Lesion()
    given = settings.model_dump()
    return visit.read_visit(
        late[0], {name: early[0][name] for name in late[0]}, late[1], head=head, day=day,
        phases=given["phases"],
        exclusion_radius_mm=settings.exclusion_radius_mm, least_coverage=settings.least_coverage,
        field=FieldModel(**given["calibration"]), noise=NoiseModel(**given["noise"]),
        search=SearchPlan(**given["search"]), fit=FitPlan(**given["fit"]),
        anchor=earlier.anchor(before, **given["anchor"]), n_threads=1,
    )  # fmt: skip


def told_of(found: visit.Outcome, head: visit.Head, day: float) -> dict[str, Any]:
    """Return the record the pipeline would write."""
    labels = {"day_after": day, "baseline": "ses-baseline"}
    return record(found, head=head, labels=labels, left_out={}, interval=0.9, near_mm=5.0)


def rows_of(
    case: Case, person: Patient, name: str, plan: str, found: visit.Outcome,
    told: dict[str, Any], head: visit.Head, placed: dict[str, Placed],
) -> Iterator[Row]:  # fmt: skip
    """Yield one row on the visit, and one a scan and region where there is an outline."""
    zones = case.told()["sessions"][f"ses-{name}"].get("zone_mm3") or {}
    true = [zones.get("core", 0.0) + zones.get("rim", 0.0), sum(zones.values())]
    row: Row = {
        "patient": case.label, "visit": name, "treated": person.arm == "fus", "plan": plan,
        "contrasts": "+".join(placed), "outcome": told["outcome"], "p": found.detection.p,
        "log_odds": told.get("log_odds"), "true_mm3": true[0], "true_all_mm3": true[1],
    }  # fmt: skip
    for region, start in (("lesion", ""), ("all", "all_")):
        drawn = told.get("volume_samples_mm3", {}).get(region)
        if drawn:
            low, middle, high = np.quantile(drawn, [0.05, 0.5, 0.95])
            middle_name = "all_mm3" if start else "volume_mm3"
            row |= {f"{start}low_mm3": low, middle_name: middle, f"{start}high_mm3": high}
    if found.outline is None or not true[0] or plan == MIRRORED:
        yield row
        return
    for scan in ("T1w", "T2w", "FLAIR"):
        if scan not in placed:
            continue
        yield from (row | extra for extra in scan_rows(case, name, scan, found, head, placed))


def scan_rows(
    case: Case, name: str, scan: str, found: visit.Outcome, head: visit.Head,
    placed: dict[str, Placed],
) -> Iterator[Row]:  # fmt: skip
    """Compare outline and truth on a scan's own grid, rasterised alike."""
    stem = case.stem("truth", name, "anat")
    labels = images.load(f"{stem}_from-{scan}_seg-zones_dseg.nii.gz", dtype=np.uint8)
    share = images.load(f"{stem}_from-{scan}_label-lesion_probseg.nii.gz").data
    share = share / 250.0 if share.max() > 1.5 else share
    matrix = labels.affine @ np.linalg.inv(placed[scan].voxel_to_acpc)
    outline = found.outline
    assert outline is not None
    plan_mm = rasters.moved(head.target_mm[None], matrix)
    box = rasters.window(
        labels, np.vstack([rasters.corners_mm(labels.data > 0, labels.affine), plan_mm])
    )
    for region, ours, true in (
        ("I+II", outline.lesion, share >= 0.5),
        ("I-III", outline.lesion + outline.oedema, labels.data > 0),
    ):
        part = Image(np.asarray(ours, dtype=np.float32), head.affine)
        mask, truth = rasters.carried(part, labels, matrix, box) >= 0.5, true[box]
        if not truth.any() or not mask.any():
            continue
        score = rasters.compared(mask, truth, labels.voxel_mm)
        sphere = rasters.ball(labels, box, plan_mm[0], int(truth.sum()))
        yield {
            "scan": scan, "region": region, "dice": score.dice,
            "surface_dice": score.surface_dice, "hd95_mm": score.hd95_mm,
            "in_plane_mm": score.in_plane_mm, "through_mm": score.through_plane_mm,
            "sphere_dice": rasters.compared(sphere, truth, labels.voxel_mm).dice,
        }  # fmt: skip


if __name__ == "__main__":
    main()
