from __future__ import annotations

from pathlib import Path

from campaign import plans
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.tables import read_tsv

ROW = {
    "participant_id": "sub-f01",
    "intervention_id": "I1",
    "side": "left",
    "painful_side": "right",
    "target_axes": "LPS",
    "target_x_mm": "6.5",
    "target_y_mm": "10",
    "target_z_mm": "2",
}
SHIFT = st.tuples(*[st.floats(-9, 9, allow_nan=False)] * 3)


def target(row: object) -> list[float]:
    assert isinstance(row, dict)
    return [float(row[axis]) for axis in plans.AXES]


def test_shift_follows_the_letters() -> None:
    moved = plans.shifted(ROW, (4.0, 1.0, 2.0), "right")
    assert target(moved) == [2.5, 9.0, 4.0]
    assert moved["intervention_id"] == "right"


@given(SHIFT)
def test_a_shift_can_be_taken_back(shift: tuple[float, float, float]) -> None:
    there = {k: str(v) for k, v in plans.shifted(ROW, shift, "a").items()}
    back = target(plans.shifted(there, [-s for s in shift], "b"))
    assert all(abs(x - y) < 1e-9 for x, y in zip(back, target(ROW), strict=True))


def test_tables_of_plans(tmp_path: Path) -> None:
    source, made = tmp_path / "own.tsv", tmp_path / "phenotype" / "interventions.tsv"
    source.write_text("\t".join(ROW) + "\n" + "\t".join(ROW.values()) + "\n")
    plans.write(source, made, "back")
    (row,) = read_tsv(made)
    assert (row["intervention_id"], row["target_y_mm"]) == ("back", "14.0")
    plans.write(source, made, "mirrored")
    (row,) = read_tsv(made)
    assert (row["side"], row["painful_side"], row["target_x_mm"]) == ("right", "left", "-6.5")
    plans.write(source, made, "absent")
    assert read_tsv(made) == []
