"""Connectivity against motion on the page of the study."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from sonolesion.report import group, group_motion

NUMBERS = {
    "median_abs_r": "0.3142", "null_median": "0.2211", "null_high": "0.2899", "p": "0.0120",
    "distance_rho": "-0.2500", "distance_null_low": "-0.1000", "distance_null_high": "0.1100",
}  # fmt: skip
ROWS = [
    {"atlas": "power", "participants": "12", "scans": "30", "status": "measured"} | NUMBERS,
    {"atlas": "dosenbach", "participants": "3", "scans": "1", "status": "3 participants"}
    | dict.fromkeys(NUMBERS, "n/a"),
]


def picture() -> bytes:
    sink = io.BytesIO()
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(sink, format="PNG")
    return sink.getvalue()


def test_a_line_a_set_of_regions_with_its_null() -> None:
    found, refused = group_motion.collect(ROWS, picture()).lines
    assert found.people == "12 (30 scans)"
    assert (found.median, found.null, found.p) == ("0.31", "0.22, limit 0.29", "0.012")
    assert found.distance == "−0.25 (−0.10 to 0.11)"
    assert (refused.status, refused.people) == ("3 participants", "3 (1 scan)")


def test_the_section_is_there_with_a_run_and_not_without() -> None:
    plan = {"folders": [], "subjects": {}}
    tables = {"inventory": [], "ledger": [], "measures": []}
    html = group.page(plan, tables | {"qcfc": ROWS}, {}, motion_picture=picture())
    assert "Connectivity and head motion" in html
    assert "not judged: 3 participants" in html
    assert 'alt="Connectivity against motion' in html
    assert "Connectivity and head motion" not in group.page(plan, tables, {})
