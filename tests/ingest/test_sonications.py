from __future__ import annotations

from pathlib import Path

import pytest

from sonolesion.core.errors import InputFault
from sonolesion.ingest import sonications

COLUMNS = "participant_id\tintervention_id\tsonication_index\tfocus_x_mm\tenergy_j\tduration_s"


def found(tmp_path: Path, *rows: str) -> list[sonications.SonicationFault]:
    table = tmp_path / "sonications.tsv"
    table.write_text("\n".join([COLUMNS, *rows]) + "\n")
    return list(sonications.faults(table, {("1", "t1")}))


def test_sound_rows_and_missing_values(tmp_path: Path) -> None:
    assert found(tmp_path, "sub-1\tt1\t1\t-6.5\t14000\t12", "sub-1\tt1\t2\tn/a\tn/a\tn/a") == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("sub-1\tt2\t1\t0\t1\t1", "found sub-1 t2; expected a treatment listed"),
        ("sub-1\tt1\t1\t0\t-5\t1", "found energy_j -5; expected at least 0"),
        ("sub-1\tt1\t1\tleft\t5\t1", "expected a number"),
    ],
)
def test_faulty_row_is_named_by_line(tmp_path: Path, row: str, reason: str) -> None:
    (fault,) = found(tmp_path, row)
    assert fault.subject == "1"
    assert fault.reason.startswith("sonications.tsv line 2")
    assert reason in fault.reason


def test_missing_column(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("participant_id\n")
    with pytest.raises(InputFault, match="also intervention_id"):
        list(sonications.faults(tmp_path / "t.tsv", set()))


def test_foci_are_whole_and_sound(tmp_path: Path) -> None:
    table = tmp_path / "sonications.tsv"
    head = "participant_id\tintervention_id\tsonication_index\tfocus_x_mm\tfocus_y_mm\tfocus_z_mm"
    rows = [
        "sub-1\tt1\t1\t-6\t-20\t8\t14000",
        "sub-1\tt1\t2\t-7\t-20\t8\tn/a",
        "sub-1\tt1\t3\t-7\tn/a\t8\t100",
        "sub-1\tt1\t4\t-7\t-20\t8\t-5",
        "sub-9\tt1\t1\t-7\t-20\t8\t5",
    ]
    table.write_text("\n".join([f"{head}\tenergy_j", *rows]) + "\n")
    assert sonications.foci(table, {("1", "t1")}) == {
        ("1", "t1"): [
            {"stated_mm": [-6.0, -20.0, 8.0], "energy_j": 14000.0},
            {"stated_mm": [-7.0, -20.0, 8.0], "energy_j": None},
        ]
    }
