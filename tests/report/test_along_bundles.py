from __future__ import annotations

import math

import pytest

from sonolesion.report import along_bundles
from sonolesion.report.records import File, Intervention, Reader, Visit

HEAD = "bundle\tside\tnode\tfa\tmd_mm2_s\n"
BEFORE = HEAD + "".join(f"thalamus_s1\tleft\t{k}\t0.4\t0.0007\n" for k in range(5))
AFTER = HEAD + "".join(
    f"thalamus_s1\tleft\t{k}\t{v}\t0.0014\n" for k, v in enumerate(("0.4", "", "0.2", "0.3", "0.3"))
)
BUNDLES = {"thalamus_s1_left": {"bundle": "thalamus_s1", "waypoints": ["thalamus", "s1"]}}


def along(nodes: list[int] | None) -> along_bundles.Along:
    files = [
        File("a.tsv", {"ses": "pre", "desc": "profiles"}, "tracts"),
        File("b.tsv", {"ses": "3d", "desc": "profiles"}, "tracts"),
        File("t.json", {"desc": "bundles"}, "tractogram"),
        File("c.json", {"ses": "3d", "desc": "fus1disconnection", "space": "acpc"}, "dwimap"),
    ]
    lesion = {"outcome": "measured", "bundles": {"thalamus_s1_left": {"lesion_nodes": nodes}}}
    told = {"t.json": {"Bundles": BUNDLES}, "c.json": lesion}
    text = {"a.tsv": BEFORE, "b.tsv": AFTER}
    reader = Reader(lambda _: None, lambda path: told[path], lambda path: text[path].encode())
    visits = [Visit("pre", -3.0, True), Visit("3d", 3.0, False), Visit("1m", 30.0, False)]
    return along_bundles.collect(files, reader, visits, [Intervention("fus1", 0.0, "left")])


def test_every_visit_has_a_curve_and_those_without_are_named() -> None:
    found = along([2, 3])
    assert [entry[0] for entry in found.legend] == ["pre", "3d"]
    assert found.missing == ("1m",)
    assert found.lesion == "fus1 at ses-3d"
    (card,) = found.cards
    assert (card.title, card.start, card.end) == (
        "Thalamus – primary somatosensory", "thalamus", "postcentral gyrus",
    )  # fmt: skip
    assert card.missing == ("right",)
    (chart,) = card.charts["fa"]
    assert [curve.session for curve in chart.curves] == ["pre", "3d"]


def test_means_inside_and_outside_of_the_lesion_by_hand() -> None:
    (chart,) = along([2, 3]).cards[0].charts["fa"]
    assert chart.told == (
        "Mean in the lesion pre 0.40, 3d 0.25 (−38 %); elsewhere pre 0.40, 3d 0.35 (−13 %)"
    )
    (plain,) = along(None).cards[0].charts["md_mm2_s"]
    assert plain.told == "Mean pre 0.70, 3d 1.40 (+100 %)"
    assert plain.shade is None


def test_the_shade_spans_the_nodes_of_the_lesion() -> None:
    (chart,) = along([2, 3]).cards[0].charts["fa"]
    across = (along_bundles.WIDTH - along_bundles.LEFT - 4.0) / 4
    assert chart.shade == pytest.approx((along_bundles.LEFT + 1.5 * across, 2 * across))
    (single,) = along([0, 0]).cards[0].charts["fa"]
    assert single.shade == pytest.approx((along_bundles.LEFT, 0.5 * across))


def test_an_unknown_node_breaks_the_curve() -> None:
    (chart,) = along(None).cards[0].charts["fa"]
    # The first node stands alone beside the unknown one, and makes no line.
    assert [len(piece.split()) for piece in chart.curves[1].pieces] == [3]
    assert [len(piece.split()) for piece in chart.curves[0].pieces] == [5]


def test_an_empty_cell_is_unknown_not_zero() -> None:
    values = along_bundles.read(AFTER)["thalamus_s1", "left"]["fa"]
    assert math.isnan(values[1])
    assert values[2] == 0.2


def test_axes_hold_every_value() -> None:
    for chart in (c for cards in along([2, 3]).cards for cs in cards.charts.values() for c in cs):
        ends = [float(pair.split(",")[1]) for curve in chart.curves
                for piece in curve.pieces for pair in piece.split()]  # fmt: skip
        assert min(ends) >= along_bundles.TOP - 0.1
        assert max(ends) <= along_bundles.HEIGHT - along_bundles.BOTTOM + 0.1
