"""The real pipeline on a coarse phantom: truth recovered, and a visit added later."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from sonolesion import cli
from sonolesion.core import images
from sonolesion.core.tables import read_tsv
from sonolesion.phantom.truth import FRACTION_SCALE

pytestmark = pytest.mark.workflow
LATE = "ses-3m"
# A scan of the fewest volumes and streamlines that still show what is cut.
SCAN = {"voxel_mm": [3.0] * 3, "fov_mm": [198.0, 228.0, 165.0], "n_directions": 20}
DTI = {"made": True, "visits": ["baseline", "3d"], "scan": SCAN | {"opposed": "b0"}}
TRACTS = {
    "tracking": {"n_seeds": 3000},
    "resampling": {"n_scans": 2},
    "connectome": {"n_seeds": 2000, "n_scans": 1},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the phantom of one patient; the truth is put where no run looks."""
    root = Path(__file__).resolve().parents[2]
    folder = tmp_path_factory.mktemp("phantom")
    config = yaml.safe_load((root / "config/studies/demo.yaml").read_text())
    config["phantom"]["patients"] = config["phantom"]["patients"][:1]
    # The demo has one visit after treatment; here another comes later.
    del config["phantom"]["visits"]["3m"]
    config["lesion"]["fit"]["samples"] = 20
    config |= {"phantom_dti": DTI, "tracts": TRACTS}
    config["atlases"]["used"].append("harvard_oxford")
    (folder / "study.yaml").write_text(yaml.safe_dump(config))
    assert cli.main(["phantom", str(folder), "--config", str(folder / "study.yaml")]) == 0
    (folder / "truth").rename(folder / "kept_from_the_run")
    return folder


def run(folder: Path) -> int:
    return cli.main(
        [
            *(str(folder / "bids"), str(folder / "out"), "participant"),
            *("--config", str(folder / "study.yaml"), "--cores", "2"),
        ]
    )


def hide(folder: Path, session: str) -> None:
    """Take a visit out of the data set, as if it had not taken place yet."""
    shutil.move(folder / "bids/sub-01" / session, folder / session)
    table = folder / "bids/sub-01/sub-01_sessions.tsv"
    shutil.copy(table, folder / "sessions.tsv")
    lines = [line for line in table.read_text().splitlines() if session not in line]
    table.write_text("\n".join(lines) + "\n")


def show(folder: Path, session: str) -> None:
    """Put it back."""
    shutil.move(folder / session, folder / "bids/sub-01" / session)
    shutil.copy(folder / "sessions.tsv", folder / "bids/sub-01/sub-01_sessions.tsv")


def value(folder: Path, session: str, statistic: str, *, region: str = "lesion") -> float:
    rows = read_tsv(folder / "out/measures.tsv")
    chosen = [
        row["value"]
        for row in rows
        if (row["session_id"], row["map"], row["region"], row["statistic"])
        == (session, "lesion", region, statistic)
    ]
    assert len(chosen) == 1, (session, statistic, chosen)
    return float(chosen[0])


def written(folder: Path) -> dict[str, bytes]:
    """Return every image, table and number of the subject."""
    out = folder / "out"
    files = [path for path in (out / "sub-01").rglob("*") if path.is_file()]
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def test_a_study_and_the_visit_that_came_later(study: Path) -> None:
    hide(study, LATE)
    assert run(study) == 0
    first, table = written(study), (study / "out/measures.tsv").read_text().splitlines()
    assert not [path for path in first if LATE in path]

    truth = json.loads((study / "kept_from_the_run/truth.json").read_text())
    visit = truth["subjects"]["sub-01"]["sessions"]["ses-3d"]
    place = [value(study, "ses-3d", f"centroid_{axis}") for axis in "xyz"]
    assert math.dist(place, visit["centroid_acpc_mm"]) < 1.5
    # The rim is thinner than these coarse voxels, so the zones are not told apart here; together
    # they are.
    volume = value(study, "ses-3d", "volume", region="all_zones")
    assert volume == pytest.approx(sum(visit["zone_mm3"].values()), rel=0.25)

    show(study, LATE)
    assert run(study) == 0
    second = written(study)
    assert {path: second[path] for path in first} == first
    assert [path for path in second if LATE in path]
    later = (study / "out/measures.tsv").read_text().splitlines()
    assert [line for line in later if LATE not in line] == table
    assert len(later) > len(table)


def dwi(folder: Path, top: str, session: str, name: str) -> np.ndarray:
    """Read a map of the truth or of the output on the scan's own grid."""
    stem = f"sub-01_{session}" + ("_acq-dti" if top != "out" else "")
    return images.load(folder / top / "sub-01" / session / "dwi" / f"{stem}_{name}.nii.gz").data


def test_every_step_of_the_diffusion_scan_ran(study: Path) -> None:
    ledger = read_tsv(study / "out/ledger.tsv")
    states = {(row["session_id"], row["log"].split("/")[2]): row["state"] for row in ledger
              if row["log"].startswith(("logs/diffusion/", "logs/tracts/"))}  # fmt: skip
    every = {"adc", "gradients", "preproc", "space", "tensor", "profiles"}
    assert every <= {step for session, step in states if session == "ses-3d"}
    assert {"track", "connectome", "disconnection", "disconnectome"} <= {step for _, step in states}
    assert set(states.values()) == {"run"}


def test_tensor_maps_are_those_of_the_phantom(study: Path) -> None:
    for session in ("ses-baseline", "ses-3d"):
        filled = dwi(study, "kept_from_the_run", session, "desc-bundles_probseg").sum(axis=-1)
        inside = filled > 0.8 * FRACTION_SCALE
        for name, limit in (("fa", 0.06), ("md", 0.04e-3)):
            name = f"model-tensor_param-{name}_dwimap"
            true, found = (dwi(study, top, session, name) for top in ("kept_from_the_run", "out"))
            known = inside & np.isfinite(true) & np.isfinite(found)
            assert known.sum() > 0.9 * inside.sum()
            assert np.median(np.abs(found - true)[known]) < limit


def test_cut_fibres_are_those_of_the_treated_side(study: Path) -> None:
    """The phantom's share itself is not asked for: tracked bundles are wider, docs/accuracy.md."""
    truth = json.loads((study / "kept_from_the_run/truth.json").read_text())
    visit = truth["subjects"]["sub-01"]["sessions"]["ses-3d"]
    cut = {name: one["cut_fraction"] for name, one in visit["scans"]["dti"]["cut"].items()}
    rows = [row for row in read_tsv(study / "out/measures.tsv") if row["map"] == "disconnection"]
    assert {row["session_id"] for row in rows} == {"ses-3d", LATE}
    told = {
        (row["region"], row["side"], row["statistic"]): float(row["value"])
        for row in rows
        if row["session_id"] == "ses-3d" and row["status"] == "measured"
    }
    shares = {key[:2]: value for key, value in told.items() if key[2] == "cut_streamlines"}
    assert {side for _, side in shares} == {"left", "right"}
    assert not any(value for (_, side), value in shares.items() if side == "right")
    truly = {"tract:thalamus_acc": "thalamuscingulate", "tract:thalamus_pfc": "thalamusprefrontal"}
    assert all(cut[f"{name}_left"] > 0.3 > 0.0 == cut[f"{name}_right"] for name in truly.values())
    for name in truly:
        assert told[name, "left", "cut_streamlines_high"] > 0
    assert max(shares[name, "left"] for name in truly) > 0.05
    # What the lesion does not touch stays whole.
    assert cut["corticospinal_left"] == 0.0 == shares["tract:corticospinal", "left"]


def test_pages_of_the_study_stand_alone(study: Path) -> None:
    page = (study / "out/sub-01.html").read_text()
    assert "ses-3m" in page
    assert 'src="http' not in page
    assert (study / "out/group.html").exists()
