from __future__ import annotations

from typing import Any

import pytest

from sonolesion.report import checks
from sonolesion.report.records import File, Reader

CHECK = {"name": "brain_dice", "value": 0.9312, "limit": 0.9, "sense": ">=", "unit": "1"}


def qc(session: str, desc: str) -> File:
    entities = {"sub": "1", "desc": desc} | ({"ses": session} if session else {})
    return File(f"{session}_{desc}_qc.json", entities, "qc")


def reader(content: dict[str, Any]) -> Reader:
    def refuse(path: str) -> Any:
        raise AssertionError(path)

    return Reader(refuse, lambda _: content, refuse)


def test_gates_stand_in_order_of_visits_not_of_names() -> None:
    files = [qc("12m", "T1wregistration"), qc("3d", "T2wregistration"), qc("", "mni")]
    found = checks.gates(
        files, reader({"gate": "passed"}), ["baseline", "3d", "12m"], width=9, quality=50
    )
    assert [gate.session for gate in found] == ["", "3d", "12m"]


def test_numbers_stand_beside_their_limits() -> None:
    content = {"gate": "failed", "checks": [CHECK | {"passed": False, "unit": "mm"}]}
    (gate,) = checks.gates([qc("", "other")], reader(content), [], width=9, quality=50)
    assert gate == checks.Gate(
        "", "other", False, (checks.Check("brain dice", "0.931 mm", "≥ 0.9 mm", False),), ""
    )


def test_gates_are_grouped_by_visit() -> None:
    files = [qc("3d", "T1wregistration"), qc("", "mni"), qc("3d", "traceregistration")]
    found = checks.gates(files, reader({"gate": "passed"}), ["3d"], width=9, quality=50)
    grouped = checks.by_visit(found)
    assert [(session, len(own)) for session, own in grouped] == [("", 1), ("3d", 2)]
    assert grouped[1][1][1].title.startswith("Diffusion")


@pytest.mark.parametrize(
    ("name", "words"),
    [("same_person", "same person as the baseline"), ("ac_likeness", "AC looks like")],
)
def test_checks_have_names_that_say_what_they_are(name: str, words: str) -> None:
    content = {"gate": "passed", "checks": [CHECK | {"name": name, "passed": True}]}
    (gate,) = checks.gates([qc("", "space")], reader(content), [], width=9, quality=50)
    assert gate.checks[0].name.startswith(words)


def test_commissures_tell_distance_and_likeness() -> None:
    file = File("l.json", {"sub": "1", "desc": "acpc"}, "landmarks")
    content = {"ac_mm": [0, 0, 0], "pc_mm": [0, -26.5, 0], "ac_likeness": 0.858, "pc_likeness": 0.7}
    told = checks.commissures([file], reader(content | {"ac_moved_mm": 0.54}))
    assert told.startswith(
        "AC and PC lie 26.5 mm apart; AC resembles the template's by 0.86, moved"
    )
    assert "PC resembles the template's by 0.70 (" in told
    assert checks.commissures([], reader({})) == ""
