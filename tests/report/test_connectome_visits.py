"""The connectome over visits: which matrices are drawn, and how change looks."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from sonolesion.report import connectome_visits
from sonolesion.report.records import File, Reader, Visit

NETWORKS = ["a", "a", "b"]
SIZE = {"width": 40, "quality": 95}


def table(edge: float) -> bytes:
    rows = [["n/a", edge, 0.2], [edge, "n/a", 0.1], [0.2, 0.1, "n/a"]]
    lines = ["x\ty\tz", *("\t".join(map(str, row)) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def made(*sessions: str) -> list[tuple[str, np.ndarray]]:
    content = {"pre": table(0.2), "3d": table(-0.8)}
    files = []
    for name in sessions:
        own = {"ses": name, "task": "rest", "atlas": "dosenbach"}
        files.append(File(f"{name}.tsv", own | {"stat": "fisherz"}, "relmat"))
        files.append(File(f"{name}.json", own, "relmat"))
    record = {"Regions": [{"network": name} for name in NETWORKS]}
    reader = Reader(lambda _: None, lambda _: record, lambda path: content[path[:-4]])
    visits = [Visit("pre", -3.0, True), Visit("3d", 3.0, False)]
    found = connectome_visits.pictures(files, reader, visits, size=SIZE)
    return [(one.title, _pixels(one.uri)) for one in found]


def _pixels(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


def test_the_first_visit_and_what_changed() -> None:
    (first, whole), (second, change) = made("pre", "3d")
    assert first == "ses-pre: Fisher z"
    assert second.startswith("ses-3d less ses-pre (edges of both correlate ")
    assert whole.shape == change.shape == (9, 9, 3)
    red, blue = (change[1, 4, channel].astype(int) for channel in (0, 2))
    assert blue > red + 60
    assert whole[1, 4, 0] > whole[1, 4, 2]
    assert whole[6].max() < 60


def test_a_single_visit_has_no_change() -> None:
    assert made("pre") == []
