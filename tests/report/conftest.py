"""A small made-up output folder: six visits, a gate that failed, a lesion that fades."""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture

from sonolesion.core import images
from sonolesion.core.tables import write_tsv
from sonolesion.measures.vocabulary import COLUMN_NAMES, STATISTICS

AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])
AFFINE[:3, 3] = (-96.0, -132.0, -78.0)
SHAPE = (65, 77, 65)
TARGET = (-8.0, -9.0, 2.0)
DAYS = {"baseline": -7, "3d": 3, "1m": 31, "3m": 92, "6m": 183, "12m": 365}
VOLUMES = {"3d": 142.0, "3m": 61.5, "12m": None}
GATE_REASON = "FLAIR registration: found NMI 1.02; expected at least 1.10"
BLOCKED_REASON = "sidecar lacks EchoTime"
CONTRASTS = ("T1w", "T2w", "FLAIR")
LOOK = {
    "half_width_mm": 36.0,
    "pixel_mm": 1.0,
    "picture_quality": 60,
    "check_width_px": 300,
    "panel_width_px": 400,
    "radiological": True,
}


def points() -> np.ndarray:
    """Return the millimetre coordinates of the voxels, shape (X, Y, Z, 3)."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij"), axis=-1)
    return index @ AFFINE[:3, :3].T + AFFINE[:3, 3]


def head(contrast: str, seed: int, lesion: np.ndarray | None) -> np.ndarray:
    """Return an egg with ventricles and, where asked, a bright lesion."""
    mm = points() - np.array([0.0, -18.0, 10.0])
    radius = np.sqrt(((mm / np.array([68.0, 86.0, 60.0])) ** 2).sum(axis=-1))
    fluid = (np.abs(np.abs(mm[..., 0]) - 8) < 5) & (np.abs(mm[..., 1]) < 25) & (mm[..., 2] > 4)
    fluid &= mm[..., 2] < 22
    level = {"T1w": 0.3, "T2w": 1.6, "FLAIR": 0.25}[contrast]
    data = np.where(radius < 1, 1.0 - 0.25 * (radius > 0.85), 0.0)
    data = np.where(fluid, level, data)
    if lesion is not None:
        data = data + lesion * (-0.4 if contrast == "T1w" else 0.7)
    noise = np.random.default_rng(seed).normal(0, 0.03, SHAPE)
    return ((data + noise) * (radius < 1.02) * 500).astype(np.float32)


def ball(volume_mm3: float) -> np.ndarray:
    """Return a soft ball near the target, off by (1, 1.5, -1) mm, at least two voxels wide."""
    radius = max((volume_mm3 * 3 / (4 * np.pi)) ** (1 / 3), 4.0)
    centre = np.array(TARGET) + np.array([-1.0, 1.5, -1.0])
    distance = np.linalg.norm(points() - centre, axis=-1)
    return (1 / (1 + np.exp((distance - radius) / 1.0))).astype(np.float32)


def measure_rows(subject: str, session: str, volume: float | None) -> list[dict[str, str]]:
    """Return the rows a lesion step writes for one visit."""
    common = {
        "participant_id": f"sub-{subject}",
        "session_id": f"ses-{session}",
        "intervention_id": "t1",
        "days_from_treatment": str(DAYS[session]),
        "modality": "anat",
        "map": "lesion",
        "side": "left",
        "n_voxels": "n/a" if volume is None else f"{volume:.0f}",
        "coverage": "1",
        "below_resolution": "false",
        "method": "lesion.segment",
    }
    values = {"volume": volume}
    if volume is not None:
        values |= {"centroid_x": -9.0, "centroid_y": -7.5, "centroid_z": 1.0}
        values |= {"error_ml": 1.0, "error_ap": 1.5, "error_dv": -1.0, "error_3d": 2.0616}
    rows = [
        common
        | {
            "region": "lesion",
            "statistic": name,
            "value": "n/a" if value is None else f"{value:.8g}",
            "unit": STATISTICS[name][0],
            "status": "not_visible" if value is None else "measured",
        }
        for name, value in values.items()
    ]
    detection = {"region": "search", "statistic": "detection_p", "unit": "1", "status": "measured"}
    p = "0.41" if volume is None else "0.00002"
    return [*rows, common | detection | {"value": p}]


def write_table(path: Path, rows: list[dict[str, str]]) -> None:
    """Write rows as a tab-separated table."""
    lines = ["\t".join(COLUMN_NAMES)]
    lines += ["\t".join(row[name] for name in COLUMN_NAMES) for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def ledger_row(session: str, modality: str, step: str, **more: str) -> dict[str, str]:
    """Return one row of the ledger; `step` is the rule's name."""
    stage, _, name = step.partition("_")
    row = {
        "participant_id": "sub-01",
        "session_id": f"ses-{session}" if session else "n/a",
        "modality": modality,
        "stage": stage,
        "step": name,
        "state": "run",
        "reason": "",
        "remedy": "",
        "log": f"logs/{stage}/{name}/01{session and '_' + session}.log",
        "output": "n/a",
    }
    return row | more


def inventory() -> list[dict[str, str]]:
    """Return the rows of inventory.tsv."""
    rows = []
    for session, day in DAYS.items():
        for modality in (*CONTRASTS, "dwi"):
            state, reason, remedy = "run", "n/a", "n/a"
            if modality == "dwi":
                state, reason = "unused", "no stage of this version reads it"
            if (session, modality) == ("3m", "FLAIR"):
                state, reason = "absent", "not acquired"
            if session == "6m":
                state, reason, remedy = "blocked", BLOCKED_REASON, "add EchoTime to the sidecar"
            rows.append(
                {
                    "participant_id": "sub-01",
                    "session_id": f"ses-{session}",
                    "modality": modality,
                    "state": state,
                    "reason": reason,
                    "remedy": remedy,
                    "file": "n/a",
                    "days_from_treatment": str(day),
                }
            )
    return rows


def ledger() -> list[dict[str, str]]:
    """Return the rows of ledger.tsv."""
    rows = [
        ledger_row(
            row["session_id"].removeprefix("ses-"),
            row["modality"],
            "ingest_inventory",
            state=row["state"],
            reason=row["reason"],
            remedy=row["remedy"],
            log="n/a",
        )
        for row in inventory()
        if row["state"] != "run"
    ]
    rows += [ledger_row("", "T1w", step) for step in ("anatomy_space", "anatomy_tissue")]
    rows += [ledger_row("", "lesion", "lesion_target")]
    for session in ("baseline", "3d", "1m", "3m", "12m"):
        rows.append(ledger_row(session, "T1w", "anatomy_t1w"))
        rows += [ledger_row(session, name, "anatomy_contrast") for name in ("T2w", "FLAIR")]
        if session != "baseline":
            rows.append(ledger_row(session, "lesion", "lesion_segment"))
    for row in rows:
        key = (row["session_id"], row["modality"], row["step"])
        if key == ("ses-12m", "FLAIR", "contrast"):
            row |= {"state": "failed", "reason": GATE_REASON, "remedy": "look at the picture"}
        if key == ("ses-1m", "lesion", "segment"):
            row |= {
                "state": "not reached",
                "reason": "a step before it failed, or the run was stopped",
                "remedy": "see the failed step",
            }
        if key == ("ses-1m", "T1w", "t1w"):
            row |= {
                "state": "failed",
                "reason": "found r 0.41; expected at least 0.8",
                "remedy": "check the head position",
            }
    return rows


def plan() -> dict[str, object]:
    """Return the subject's part of work/plan.json; the arm is added to see that no page tells."""
    treatment = {"day": 0.0, "side": "left", "kind": "sham", "baseline": "baseline"}
    return {"baseline": "baseline", "sessions": {}, "interventions": {"t1": treatment}}


def atlas(name: str, fault: str) -> dict[str, str]:
    """Return an atlas as work/atlases.json has it."""
    told = {"space": "MNIColin27", "licence": "GNU GPL", "citation": "Doe 2002", "note": "one"}
    return {"name": name, "fault": fault} | told


def write_check(folder: Path, stem: str, *, passed: bool) -> None:
    """Write a gate's numbers and picture."""
    picture = io.BytesIO()
    shade = np.linspace(0, 255, 480 * 700).reshape(480, 700).astype(np.uint8)
    Picture.fromarray(shade).save(picture, format="PNG")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}_qc.png").write_bytes(picture.getvalue())
    value = 0.93 if passed else 0.41
    check = {"name": "correlation", "value": value, "limit": 0.8, "sense": ">=", "unit": "1"}
    content = {
        "gate": "passed" if passed else "failed",
        "checks": [check | {"passed": passed}],
        "picture": f"{stem}_qc.png",
    }
    images.write_json(folder / f"{stem}_qc.json", content)


def write(root: Path) -> list[str]:
    """Write the output folder of sub-01; return its current files, relative to it."""
    own = root / "sub-01" / "anat"
    for desc in ("space", "mni"):
        write_check(own, f"sub-01_desc-{desc}", passed=True)
    target = {"target_mm": list(TARGET), "frame": "acpc", "derivation": "stated"}
    images.write_json(own / "sub-01_space-acpc_desc-t1_target.json", target)
    for seed, session in enumerate(["baseline", "3d", "3m", "12m"]):
        folder = root / "sub-01" / f"ses-{session}" / "anat"
        stem = f"sub-01_ses-{session}"
        volume = VOLUMES.get(session)
        lesion = ball(volume) if volume else None
        for contrast in CONTRASTS:
            if (session, contrast) in {("3m", "FLAIR"), ("12m", "FLAIR")}:
                continue
            path = folder / f"{stem}_space-acpc_desc-preproc_{contrast}.nii.gz"
            images.save(path, head(contrast, seed, lesion), AFFINE)
            write_check(folder, f"{stem}_desc-{contrast}registration", passed=True)
        if session in VOLUMES:
            mask = np.zeros(SHAPE, bool) if lesion is None else lesion > 0.5
            path = folder / f"{stem}_space-acpc_label-lesion_desc-t1_mask.nii.gz"
            images.save(path, mask, AFFINE)
            write_table(
                folder / f"{stem}_desc-t1_measures.tsv", measure_rows("01", session, volume)
            )
    for step in ("anatomy/space/01", "anatomy/t1w/01_3d", "lesion/segment/01_3d"):
        rule = "_".join(step.split("/")[:2])
        log = root / "logs" / f"{step}.json"
        params = {"code": "abc", "fwhm_mm": 0.15}
        images.write_json(
            log, {"rule": rule, "params": params, "versions": {"sonolesion": "0.1.0"}}
        )
    issue = {
        "code": "SIDECAR_KEY_REQUIRED",
        "severity": "error",
        "location": "/sub-01/ses-6m/anat/sub-01_ses-6m_T1w.json",
        "message": "EchoTime <missing>",
    }
    report = {"errors": 1, "warnings": 3, "issues": [issue]}
    images.write_json(root / "bids_validation.json", report)
    files = [path for path in (root / "sub-01").rglob("*") if path.is_file()]
    return sorted(path.relative_to(root).as_posix() for path in files)


def _module(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Study:
    """The output folder, and what the rules would hand to the scripts."""

    root: Path
    current: list[str]
    inventory: list[dict[str, str]]
    ledger: list[dict[str, str]]
    plan: dict[str, Any]
    look: dict[str, Any]

    def script(self, name: str) -> Callable[..., None]:
        """Return main() of a script."""
        file = Path(__file__).resolve().parents[2] / "scripts" / f"{name}.py"
        main: Callable[..., None] = _module(file).main
        return main

    def page(self, **changed: Any) -> str:
        """Return the subject page; `changed` replaces arguments of the script."""
        self.write_tables()
        given = {"current": self.current, "subject": "01", "look": self.look} | changed
        given = {"protocol": []} | given
        self.script("report/subject")(
            inventory="inventory.tsv",
            ledger="ledger.tsv",
            plan="plan.json",
            validation=["bids_validation.json"],
            page="sub-01.html",
            **given,
        )
        return Path("sub-01.html").read_text(encoding="utf-8")

    def lesion_rows(self, session: str, volume: float | None) -> list[dict[str, str]]:
        """Return the rows of a visit."""
        return measure_rows("01", session, volume)

    def write_rows(self, file: str, rows: list[dict[str, str]]) -> None:
        """Write rows of measures."""
        write_table(Path(file), rows)

    def write_tables(self) -> None:
        """Write inventory, ledger and plan, as ingest and the first pass do."""
        write_tsv("inventory.tsv", self.inventory, columns=list(inventory()[0]))
        refusal = {"participant_id": "sub-02", "state": "blocked", "reason": "no ses-* folder"}
        rows = [*self.ledger, ledger()[0] | refusal]
        write_tsv("ledger.tsv", rows, columns=list(rows[0]))
        content = {"subjects": {"01": self.plan}, "folders": ["01", "02"]}
        Path("plan.json").write_text(json.dumps(content), encoding="utf-8")
        atlases = [atlas(name, fault) for name, fault in (("aal", ""), ("odd", "no such file"))]
        Path("atlases.json").write_text(json.dumps({"atlases": atlases}), encoding="utf-8")


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """An output folder, written once."""
    root = tmp_path_factory.mktemp("out")
    return root, write(root)


@pytest.fixture
def study(written: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch) -> Study:
    """A finished study; the test stands in its folder, as a job does."""
    monkeypatch.chdir(written[0])
    return Study(written[0], list(written[1]), inventory(), ledger(), plan(), LOOK)


@pytest.fixture(scope="session")
def depth() -> ModuleType:
    """What the steps of the lesion leave of a visit: the module `depth_records`."""
    return _module(Path(__file__).with_name("depth_records.py"))
