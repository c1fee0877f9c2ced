from __future__ import annotations

import re

import pytest

from sonolesion.core.errors import InputFault
from sonolesion.ingest import interventions

ROW = {"participant_id": "sub-1"}
ACPC = {"target_frame": "acpc", "target_origin": "mc", "target_axes": "RAS", "target_space": "n/a"}


def only(dataset, **cells: object) -> interventions.Intervention:
    return interventions.read(dataset.interventions(ROW | cells))[0]


def test_mni_target(dataset) -> None:
    item = only(dataset)
    assert item.fault == ""
    assert (item.subject, item.day, item.side) == ("1", 0.0, "left")
    assert item.target == {
        "frame": "mni",
        "space": "MNI152NLin2009cAsym",
        "stated_mm": [-8.0, -20.0, 8.0],
    }


def test_acpc_target(dataset) -> None:
    assert only(dataset, **ACPC).target["origin"] == "mc"


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"target_frame": "n/a"}, "no target_frame.*wrong origin"),
        (ACPC | {"target_origin": "n/a"}, "no target_origin"),
        (ACPC | {"target_origin": "ear"}, "expected ac or mc or pc"),
        (ACPC | {"target_axes": "RAX"}, "three letters such as RAS"),
        ({"target_frame": "scanner", "target_axes": "LPS"}, "no target_image"),
        ({"target_space": "Talairach"}, "MNI152NLin2009cAsym or"),
        ({"target_x_mm": "n/a"}, "no target_x_mm"),
        ({"target_x_mm": "left"}, "expected a number"),
        ({"kind": "surgery"}, "fus or sham"),
        ({"side": "both"}, "left or right"),
        ({"day": "n/a"}, "neither day nor date"),
        ({"intervention_id": "sham1"}, "does not tell the arm"),
        ({"intervention_id": "fus1auto"}, "does not end in auto"),
        ({"intervention_id": "../x"}, "letters and digits only"),
    ],
)
def test_faulty_row_is_kept_with_its_fault(dataset, cells, message) -> None:
    item = only(dataset, **cells)
    assert item.fault
    assert re.search(message, item.fault), item.fault
    assert item.remedy


def test_same_id_twice(dataset) -> None:
    with pytest.raises(InputFault, match="sub-1 fus1 twice"):
        interventions.read(dataset.interventions(ROW, ROW))


def test_missing_column(tmp_path) -> None:
    (tmp_path / "t.tsv").write_text("participant_id\tside\n")
    with pytest.raises(InputFault, match="also intervention_id, kind"):
        interventions.read(tmp_path / "t.tsv")
