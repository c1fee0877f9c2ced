from __future__ import annotations

from sonolesion.report import protocol
from sonolesion.report.records import Visit

VISITS = [Visit("b", -1.0, True), Visit("9d", 9.0, False), Visit("12m", 365.0, False)]


def row(session: str, modality: str, key: str, severity: str) -> dict[str, str]:
    values = {"baseline": "2", "value": "3", "baseline_session_id": "ses-b"}
    told = {"session_id": f"ses-{session}", "modality": modality, "key": key}
    return values | told | {"severity": severity}


def test_lines_follow_the_visits_and_the_gravest_change_comes_first() -> None:
    rows = [
        row("12m", "T1w", "VoxelSize", "drift"),
        row("9d", "T2w", "EchoTime", "drift"),
        row("9d", "T2w", "ScanningSequence", "major"),
    ]
    lines = protocol.lines(rows, VISITS)
    assert [(line.session, line.modality) for line in lines] == [("9d", "T2w"), ("12m", "T1w")]
    assert [(c.key, c.major) for c in lines[0].changes] == [
        ("ScanningSequence", True),
        ("EchoTime", False),
    ]
    assert [line.major for line in lines] == [True, False]
    assert lines[0].against == "b"


def test_no_change_no_line() -> None:
    assert protocol.lines([], VISITS) == []
