from __future__ import annotations

from typing import Any

from sonolesion.report import nuclei
from sonolesion.report.findings import Finding
from sonolesion.report.records import Intervention, LedgerRow, Range

TREATMENT = Intervention("t1", 0.0, "left", "baseline")
SEEN = Finding("3d", "t1", 3.0, "measured", {"volume": 144.0})
ELLIPSOID = "ellipsoid for target CL; position sd 1.1 mm"
NEIGHBOUR = "neighbour; position sd 2.2 mm"


def rows_of_all(depth: Any) -> list[dict[str, str]]:
    return [
        *depth.rows_of("aal:Caudate_Head", NEIGHBOUR, **depth.overlap(0.0, 0.0, 0.0)),
        *depth.rows_of("aal:Thalamus", NEIGHBOUR, **depth.overlap(1.0, 0.93, 1.0)),
        *depth.rows_of("centroid:CL", ELLIPSOID, **depth.overlap(0.87, 0.44, 0.99)),
    ]


def made(depth, rows, ledger=(), found=(SEEN,), contents=None):
    path = "sub-01/anat/x_probseg.json"
    files = [depth.file(path, "probseg", desc="atlases")] if contents else []
    own = depth.reader({path: contents})
    return nuclei.collect(
        rows, list(ledger), list(found), TREATMENT, files, own, width=9, quality=9
    )  # fmt: skip


def test_target_first_then_what_the_lesion_touches_the_rest_apart(depth: Any) -> None:
    table = made(depth, rows_of_all(depth))
    assert [(r.atlas, r.name) for r in table.first] == [("centroid", "CL"), ("aal", "Thalamus")]
    assert [r.name for r in table.others] == ["Caudate Head"]


def test_both_ways_with_intervals(depth: Any) -> None:
    (cell,) = made(depth, rows_of_all(depth)).first[0].cells
    assert cell.of_lesion == Range(0.87, 0.44, 0.99)
    assert cell.of_region == Range(0.2, 0.1, 0.23)
    assert cell.distance == Range(1.9, 1.1, 4.1)


def test_an_ellipsoid_is_no_outline_of_anatomy(depth: Any) -> None:
    first, second = made(depth, rows_of_all(depth)).first
    assert (first.stands_in, second.stands_in) == (True, False)
    assert first.position == "position sd 1.1 mm"


def test_a_lesion_not_seen_has_no_share(depth: Any) -> None:
    (region,) = made(depth, depth.rows_of("centroid:CL", ELLIPSOID)).first
    assert [cell.word for cell in region.cells] == ["not visible"]


def test_refused_atlases_come_from_the_record_or_else_from_the_rows(depth: Any) -> None:
    refusal = depth.rows_of("morel:all", "no file")[0] | {"status": "absent", "side": "n/a"}
    assert made(depth, [*rows_of_all(depth), refusal]).refused == (("morel", "no file"),)
    told = made(depth, rows_of_all(depth), contents=depth.ATLASES)
    assert told.refused == (("morel", "no file"),)
    assert [(s.atlas, s.licence) for s in told.sources] == [("aal", "GNU GPL")]


def test_a_visit_without_rows_tells_why(depth: Any) -> None:
    row = LedgerRow("3d", "lesion", "lesion", "overlap", "failed", "no warp", "look", "", "")
    assert made(depth, [], [row]).missing == (("3d", "failed: no warp. To mend: look."),)
    assert made(depth, []).missing[0][1].startswith("absent: the step was not planned")


def test_rows_of_another_treatment_are_not_ours(depth: Any) -> None:
    assert made(depth, [row | {"intervention_id": "t2"} for row in rows_of_all(depth)]).first == ()


def test_few_words_for_the_page_of_the_study(depth: Any) -> None:
    assert nuclei.in_target(rows_of_all(depth), SEEN) == ["in CL (ellipsoid): 87\u202f% (44 to 99)"]
    assert nuclei.in_target(depth.rows_of("centroid:CL", ELLIPSOID), SEEN) == []
