"""The real pipeline on a coarse phantom: truth recovered, and a visit added later."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest
import yaml

from sonolesion import cli
from sonolesion.core.tables import read_tsv

pytestmark = pytest.mark.workflow
LATE = "ses-3m"


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


def test_pages_of_the_study_stand_alone(study: Path) -> None:
    page = (study / "out/sub-01.html").read_text()
    assert "ses-3m" in page
    assert 'src="http' not in page
    assert (study / "out/group.html").exists()
