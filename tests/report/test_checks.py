from __future__ import annotations

from typing import Any

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
