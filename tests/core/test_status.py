from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sonolesion.core import status

HEADER = "output_file\tdate\trule\tlog-file(s)\tstatus\tplan"
STEP = {
    "rule": "anatomy_t1w",
    "wildcards": {"subject": "1", "session": "3d"},
    "modality": "T1w",
    "outputs": ["sub-1/a.nii.gz", "sub-1/a_qc.json"],
    "log": "logs/anatomy/t1w/1_3d.log",
    "selected": True,
}
THERE, OWED, GONE = (
    status.Pending(True, False),
    status.Pending(True, True),
    status.Pending(False, True),
)


def state(output: Path, *files: status.Pending, **change: object) -> dict[str, str]:
    step = STEP | change
    known = dict(zip(step["outputs"], files, strict=True))
    return status.step_rows([step], known, output)[0]


def record(output: Path, **fault: str) -> Path:
    content = {"kind": "ValueError", "file": "f", "found": "x", "expected": "y", "remedy": "z"}
    place = output / "logs/anatomy/t1w/1_3d.error.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(content | fault))
    return place


def test_summary_is_read_after_whatever_stands_before_it() -> None:
    lines = [
        "Building DAG",
        HEADER,
        "a\tSat\tr\t-\tok\tno update",
        "b\t-\tr\t-\tmissing\tupdate pending",
    ]
    assert status.parse_summary("\n".join(lines)) == {"a": THERE, "b": GONE}
    assert status.parse_summary("nothing to see") == {}


def test_current_step_ran(tmp_path: Path) -> None:
    row = state(tmp_path, THERE, THERE)
    assert (row["state"], row["stage"], row["step"]) == ("run", "anatomy", "t1w")
    assert (row["participant_id"], row["session_id"]) == ("sub-1", "ses-3d")


def test_failed_step_tells_why_and_what_to_mend(tmp_path: Path) -> None:
    record(tmp_path)
    row = state(tmp_path, GONE, GONE)
    assert (row["state"], row["reason"], row["remedy"]) == ("failed", "f: found x; expected y", "z")


def test_failure_of_an_earlier_run_is_not_told_again(tmp_path: Path) -> None:
    old = record(tmp_path)
    os.utime(old, (1, 1))
    (tmp_path / "work").mkdir()
    (tmp_path / "work/started").touch()
    assert state(tmp_path, GONE, GONE)["state"] == "not reached"


def test_file_that_is_there_but_owed_is_stale(tmp_path: Path) -> None:
    assert state(tmp_path, OWED, OWED)["state"] == "stale"


def test_step_that_was_not_asked_for_makes_no_run_unsound(tmp_path: Path) -> None:
    row = state(tmp_path, GONE, GONE, selected=False)
    assert (row["state"], row["reason"]) == ("not reached", status.NOT_SELECTED)
    assert status.is_sound([row])
    assert not status.is_sound([state(tmp_path, GONE, GONE)])


def test_step_under_way_is_not_called_killed(tmp_path: Path) -> None:
    record(tmp_path, kind="Killed")
    assert state(tmp_path, GONE, GONE)["state"] == "failed"
    (tmp_path / ".snakemake/locks").mkdir(parents=True)
    (tmp_path / ".snakemake/locks/0.input.lock").touch()
    assert state(tmp_path, GONE, GONE)["reason"] == "running now"


def test_only_current_files_and_what_failed_gates_saw_reach_the_pages(tmp_path: Path) -> None:
    files = dict.fromkeys(STEP["outputs"], THERE)
    assert status.current_files([STEP], files, tmp_path) == {"1": STEP["outputs"]}
    record(tmp_path)
    kept = tmp_path / "logs/anatomy/t1w/a_qc.json"
    kept.write_text("{}")
    owed = dict.fromkeys(STEP["outputs"], OWED)
    assert status.current_files([STEP], owed, tmp_path) == {"1": ["logs/anatomy/t1w/a_qc.json"]}


def test_picture_of_a_remembered_failure_reaches_the_page(tmp_path: Path) -> None:
    folder = tmp_path / "logs/anatomy/contrast"
    folder.mkdir(parents=True)
    for name in ("sub-1_ses-3d_desc-T2wregistration_qc.png", "sub-1_ses-1m_desc-T2wx_qc.png"):
        (folder / name).touch()
    row = {"participant_id": "sub-1", "session_id": "ses-3d", "modality": "T2w"}
    found = status.with_failed_gates({"1": ["a"]}, [row | {"state": "failed"}], tmp_path)
    kept = "logs/anatomy/contrast/sub-1_ses-3d_desc-T2wregistration_qc.png"
    assert found == {"1": ["a", kept]}
    assert status.with_failed_gates({}, [row | {"state": "run"}], tmp_path) == {}


def test_blocked_and_absent_rows_of_the_inventory_enter_the_ledger() -> None:
    rows = [{"participant_id": "sub-1", "state": "absent"}, {"state": "run"}]
    found = status.inventory_rows(rows)
    assert [(row["state"], row["stage"], row["log"]) for row in found] == [
        ("absent", "ingest", "n/a")
    ]


@pytest.mark.parametrize(("everything", "lines"), [(False, 3), (True, 4)])
def test_text_lists_what_needs_a_look(tmp_path: Path, everything: bool, lines: int) -> None:
    record(tmp_path)
    rows = [state(tmp_path, GONE, GONE), state(tmp_path, THERE, THERE)]
    text = status.as_text(rows, everything=everything)
    assert text.startswith("failed: 1  run: 1")
    assert "remedy: z" in text
    assert len(text.splitlines()) == lines
