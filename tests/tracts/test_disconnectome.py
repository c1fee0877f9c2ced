from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonolesion.maths import parcels
from sonolesion.tracts import connectome_tables, disconnectome

Array = np.ndarray[Any, Any]
SETTINGS: dict[str, Any] = {
    "disconnection": {"threshold": 0.5, "floor": 0.01, "min_streamlines": 2},
    "connectome": {"radius_mm": 3.0, "atlas": "own"},
    "resampling": {
        "n_lesions": 20, "registration_sd_mm": 0.5, "seed": 1, "interval": 0.9,
    },
}  # fmt: skip


def lines(*rows: float) -> tuple[Array, Array]:
    """Return a streamline along x from 0 to 39 mm at each y."""
    points = np.zeros((40 * len(rows), 3), dtype=np.float32)
    points[:, 0] = np.tile(np.arange(40), len(rows))
    points[:, 1] = np.repeat(rows, 40)
    return points, np.arange(0, 40 * len(rows) + 1, 40)


def nodes() -> parcels.Nodes:
    """Return parcel 1 before x = 3, parcel 2 from x = 37 on; parcel 3 has no voxel."""
    labels = np.zeros((40, 30, 3), dtype=np.int64)
    labels[:3], labels[37:] = 1, 2
    return parcels.Nodes(labels, np.eye(4), 3)


def lesion(low: int, high: int) -> disconnectome.Lesion:
    probability = np.zeros((40, 30, 3), dtype=np.float32)
    probability[18:22, low:high] = 1.0
    return disconnectome.Lesion(probability, np.eye(4))


def test_a_lesion_cuts_what_runs_through_it() -> None:
    found = disconnectome.lost(lines(2, 4, 20, 22), [], nodes(), lesion(0, 8), settings=SETTINGS)
    assert found.before.tolist() == [[0, 4, 0], [4, 0, 0], [0, 0, 0]]
    assert found.after.tolist() == [[0, 2, 0], [2, 0, 0], [0, 0, 0]]
    assert found.pairs.tolist() == [[0, 1]]
    assert found.parcels.counts.tolist() == [4, 4, 0]
    for kind in ("streamlines", "length"):
        values = [one.value for one in found.parcels.kinds[kind]]
        assert values[:2] == [0.5, 0.5] and np.isnan(values[2])
        (one,) = found.connections.kinds[kind]
        assert one.low <= one.value == 0.5 <= one.high


def test_nothing_cut_leaves_everything() -> None:
    none = disconnectome.Lesion(np.zeros((40, 30, 3), np.float32), np.eye(4))
    found = disconnectome.lost(lines(2, 4), [lines(2, 3)], nodes(), none, settings=SETTINGS)
    assert (found.before == found.after).all()
    assert [one.high for one in found.parcels.kinds["length"][:2]] == [0.0, 0.0]


def test_other_scans_widen_the_interval() -> None:
    own, other = lines(*([4] * 30 + [24] * 30)), lines(*([4] * 60))
    alone = disconnectome.lost(own, [], nodes(), lesion(0, 8), settings=SETTINGS)
    both = disconnectome.lost(own, [other], nodes(), lesion(0, 8), settings=SETTINGS)
    first, second = (found.parcels.kinds["streamlines"][0] for found in (alone, both))
    assert first.value == second.value == 0.5
    assert second.high > first.high
    assert np.isnan(first.tracking_sd) and second.tracking_sd == pytest.approx(0.25, abs=0.05)
    words = [disconnectome.holds(SETTINGS, n_scans=n) for n in (0, 3)]
    assert "noise of the scan" in words[0]["HoldsNot"]
    assert "noise of the scan" not in words[1]["HoldsNot"] and words[1]["Draws"] == 80


def test_a_cropped_lesion_keeps_its_place() -> None:
    whole = lesion(5, 9)
    part = whole.cropped()
    assert part.probability.shape == (6, 6, 3)
    assert part.affine[:3, 3].tolist() == [17.0, 4.0, 0.0]
    assert part.probability.sum() == whole.probability.sum()


def test_tables_of_a_visit() -> None:
    found = disconnectome.lost(lines(2, 4, 20, 22), [], nodes(), lesion(0, 8), settings=SETTINGS)
    names = ["A_left", "A_right", "B"]
    record = {"Parcels": [{"column": n, "name": n[0], "side": n[2:]} for n in names]}
    labels = dict.fromkeys(("participant_id", "session_id", "intervention_id", "day_after"), "x")
    tables, told = connectome_tables.visit_tables(
        found, record, labels, visible=True, settings=SETTINGS, source="test", modality="dwi",
        interval={},
    )  # fmt: skip
    (matrix, columns), (connections, _), (rows, _) = tables
    assert columns == ("parcel", *names)
    assert matrix[0] == {"parcel": "A_left", "A_left": 0, "A_right": 2, "B": 0}
    assert connections[0]["streamlines"] == 4 and connections[0]["left"] == 2
    cut = [row for row in rows if row["statistic"] == "cut_streamlines"]
    assert [(row["status"], row.get("value")) for row in cut] == [
        ("measured", 0.5), ("measured", 0.5), ("absent", None),
    ]  # fmt: skip
    assert told["streamlines_cut"] == 2 and set(told["parcels"]) == {"A_left", "A_right"}
