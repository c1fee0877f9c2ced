"""The steps of the connectome on a small head: what they write, and what they refuse."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonolesion.core import images, streamlines
from sonolesion.core.errors import InputFault
from sonolesion.core.tables import read_tsv
from sonolesion.measures.vocabulary import FORMS, LEVELS, STATISTICS

from .conftest import AFFINE, LABELS, TEMPLATE, Head, step

NAMES = ["A_left", "Thalamus_left", "B_right"]


def matrix_of(path: str) -> np.ndarray[Any, Any]:
    rows = read_tsv(path)
    assert [row["parcel"] for row in rows] == NAMES
    return np.array([[int(row[name]) for name in NAMES] for row in rows])


def test_streamlines_of_the_baseline_are_parted_in_the_nucleus(baseline: dict[str, str]) -> None:
    counts, told = matrix_of(baseline["matrix"]), images.read_json(baseline["sidecar"])
    assert (counts == counts.T).all()
    # No way leads from cortex to cortex but through the nucleus.
    assert counts[0, 2] == 0
    assert counts[0, 1] > 100 and counts[1, 2] > 100
    assert told["BothEndsInParcels"] > 0.9
    assert [p["column"] for p in told["Parcels"]] == NAMES
    assert told["Parcels"][1]["centre_mm"][0] == pytest.approx(0.0, abs=0.01)
    labels = images.load(baseline["dseg"]).data
    assert set(np.unique(labels)) == {0, 1, 2, 3}
    again = streamlines.load(baseline["resampled"])
    assert list(again.groups) == ["scan@0"] and Path(baseline["png"]).stat().st_size > 1000


def require_known_words(rows: list[dict[str, str]]) -> None:
    """Check that every row is of the vocabulary of the measures."""
    assert rows
    for row in rows:
        assert row["statistic"] in STATISTICS
        assert re.fullmatch(FORMS["region"][0], row["region"])
        assert all(row[column] in LEVELS[column] for column in ("modality", "map", "status"))


def disconnectome(head: Head, baseline: dict[str, str], *, visible: bool) -> dict[str, str]:
    out = {
        name: head.at(f"lost_{name}", ending)
        for name, ending in (
            ("matrix", ".tsv"), ("connections", ".tsv"), ("lost_map", ".nii.gz"),
            ("in_template", ".nii.gz"), ("record", ".json"), ("measures", ".tsv"), ("png", ".png"),
        )
    }  # fmt: skip
    given = {k: baseline[k] for k in ("tractogram_file", "resampled", "dseg", "sidecar")}
    step(head.root, "disconnectome")(
        **given, **head.lesion(visible=visible), from_acpc=head.at("from_acpc"),
        t1w=head.at("t1w"), mask=head.at("mask"), **out, labels=LABELS, settings=head.settings,
    )  # fmt: skip
    return out


def test_half_a_bundle_is_cut(head: Head, baseline: dict[str, str]) -> None:
    out = disconnectome(head, baseline, visible=True)
    require_known_words(read_tsv(out["measures"]))
    before, after = matrix_of(baseline["matrix"]), matrix_of(out["matrix"])
    assert (after == after.T).all() and (after <= before).all()
    share = 1 - after[0, 1] / before[0, 1]
    assert 0.3 < share < 0.7
    rows = {(r["region"], r["statistic"]): r for r in read_tsv(out["measures"])}
    cut = rows["parcel:A", "cut_streamlines"]
    assert float(cut["value"]) == pytest.approx(share, abs=0.02)
    ends = [float(rows["parcel:A", f"cut_streamlines_{end}"]["value"]) for end in ("low", "high")]
    assert ends[0] <= float(cut["value"]) <= ends[1]
    assert (cut["side"], cut["map"], cut["status"]) == ("left", "disconnectome", "measured")
    record = images.read_json(out["record"])
    assert record["streamlines_cut"] / record["streamlines"] == pytest.approx(share, abs=0.1)
    assert any("1 resampled" in word for word in record["interval"]["Holds"])
    first = read_tsv(out["connections"])[0]
    assert {first["parcel_a"], first["parcel_b"]} < set(NAMES)
    assert np.nanmax(images.load(out["lost_map"]).data) == 1.0


def test_a_lesion_that_is_not_seen_cuts_nothing(head: Head, baseline: dict[str, str]) -> None:
    out = disconnectome(head, baseline, visible=False)
    assert (matrix_of(out["matrix"]) == matrix_of(baseline["matrix"])).all()
    rows = read_tsv(out["measures"])
    assert {row["status"] for row in rows} == {"not_visible"}
    assert images.read_json(out["record"])["outcome"] == "not_visible"
    assert np.nanmax(images.load(out["lost_map"]).data) == 0.0


def normative(head: Head, tractogram: str) -> dict[str, str]:
    out = {
        name: head.at(f"norm_{name}", ending)
        for name, ending in (
            ("matrix", ".tsv"), ("connections", ".tsv"), ("lost_map", ".nii.gz"),
            ("record", ".json"), ("measures", ".tsv"), ("png", ".png"),
        )
    }  # fmt: skip
    given = {name: head.at(name) for name in ("from_acpc", "to_other", "t1w", "mask")}
    step(head.root, "normative")(
        **head.lesion(), **given, **out, tractogram_file=tractogram, atlases=head.atlases,
        labels=LABELS, settings=head.settings, template_name=TEMPLATE,
    )  # fmt: skip
    return out


def test_a_normative_tractogram_is_cut_in_the_template(
    head: Head, baseline: dict[str, str]
) -> None:
    own = streamlines.load(baseline["tractogram_file"])
    file = head.at("norm", ".tck")
    kept = streamlines.Streamlines(own.points, own.offsets)
    streamlines.save(file, kept, affine=AFFINE, shape=(32, 16, 16))
    out = normative(head, file)
    before = matrix_of(baseline["matrix"])
    after = matrix_of(out["matrix"])
    assert 0.3 < 1 - after[0, 1] / before[0, 1] < 0.7
    rows = read_tsv(out["measures"])
    assert all("normative" in row["method"] for row in rows)
    assert {row["modality"] for row in rows} == {"anat"}
    assert images.read_json(out["record"])["Source"] == "norm.tck"
    shifted = streamlines.Streamlines(own.points + np.float32(40), own.offsets)
    streamlines.save(file, shifted, affine=AFFINE, shape=(32, 16, 16))
    with pytest.raises(InputFault, match=r"norm\.tck: found .* outside the template's brain"):
        normative(head, file)


def test_a_normative_tractogram_that_is_not_there_is_named(head: Head) -> None:
    with pytest.raises(InputFault, match=r"nowhere\.trx: found an unreadable file"):
        normative(head, head.at("nowhere", ".trx"))
