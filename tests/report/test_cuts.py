from __future__ import annotations

from typing import Any

from sonolesion.report import cuts, group_cuts
from sonolesion.report.records import File, Intervention, LedgerRow, Range, Reader, Visit

ITEM = Intervention("fus1", 0.0, "left")
VISITS = [Visit("pre", -3.0, True), Visit("3d", 3.0, False), Visit("3m", 90.0, False)]


def row(**given: str) -> dict[str, str]:
    common = {
        "participant_id": "sub-01", "modality": "dwi", "map": "disconnection",
        "session_id": "ses-3d", "side": "left", "intervention_id": "fus1", "value": "n/a",
        "region": "tract:corticospinal", "statistic": "cut_streamlines", "status": "measured",
        "days_from_treatment": "3", "method": "250 streamlines of the baseline; cut from p 0.5",
    }  # fmt: skip
    return common | given


def three(value: float, low: float, high: float, **given: str) -> list[dict[str, str]]:
    ends = {"": value, "_low": low, "_high": high}
    return [row(statistic=f"cut_streamlines{e}", value=str(v), **given) for e, v in ends.items()]


def collect(rows: list[dict[str, str]], *ledger: LedgerRow, **told: Any) -> cuts.Cuts:
    bundle = {"corticospinal_left": {"safety": True}}
    content = {"t.json": {"Bundles": bundle}} | {"d.json": told}
    files = [File("t.json", {"desc": "bundles"}, "tractogram")]
    if told:
        files.append(File("d.json", {"ses": "3d", "desc": "fus1disconnectome"}, "relmat"))
    reader = Reader(lambda _: None, lambda path: content[path], lambda _: b"")
    return cuts.collect(files, reader, rows, ledger, VISITS, ITEM)


def test_shares_with_interval_and_words_where_there_is_none() -> None:
    rows = [
        row(side="right", status="absent"),
        row(side="right", session_id="ses-3m", status="absent"),
        *three(0.4, 0.1, 0.6),
        row(session_id="ses-3m", status="not_visible"),
    ]
    found = collect(rows)
    treated, other = found.bundles
    assert (treated.name, treated.side, treated.streamlines) == ("Corticospinal", "left", "250")
    assert [cell.text for cell in treated.cells] == ["40\u202f% (10 to 60)", "lesion not visible"]
    assert [cell.text for cell in other.cells] == ["too few streamlines"] * 2
    assert [session for session, _, _ in found.visits] == ["3d", "3m"]
    assert (treated.safety, other.safety) == (True, False)


def test_a_cut_safety_bundle_warns_and_a_spared_one_does_not() -> None:
    (grave,) = collect(three(0.004, 0.0, 0.02)).warnings
    assert grave.grave
    assert grave.text == (
        "Corticospinal, left: 0.4\u202f% (0 to 2.0) at ses-3d; no result at ses-3m"
    )
    (calm,) = collect(three(0.0, 0.0, 0.02)).warnings
    assert not calm.grave


def test_a_visit_without_result_says_why() -> None:
    lost = LedgerRow(
        "3m", "dwi", "tracts", "disconnection", "not_reached", "step before", "", "", ""
    )
    found = collect(three(0.4, 0.1, 0.6), lost)
    assert [reason for _, _, reason in found.visits] == ["", "not reached: step before"]


def test_parcels_by_what_they_lost_and_how_many_lost_nothing() -> None:
    rows = [
        line
        for name, value in (("Frontal_Pole", 0.01), ("Thalamus", 0.2), ("Cuneus", 0.0))
        for line in three(value, 0.0, 0.3, map="disconnectome", region=f"parcel:{name}")
    ]
    rows.append(row(map="disconnectome", region="parcel:Small", status="absent"))
    found = collect(rows)
    assert [line.name for line in found.parcels] == ["Thalamus", "Frontal Pole"]
    assert (found.spared, found.thin) == (1, 1)


def test_connections_and_what_the_interval_holds() -> None:
    worst = {
        "parcel_a": "A_left", "parcel_b": "B_left", "streamlines": 20, "left": 15,
        "cut_streamlines": 0.25, "cut_streamlines_low": "", "cut_streamlines_high": "",
    }  # fmt: skip
    held = {"Share": 0.9, "Draws": 80, "Holds": ["place", "outline"], "HoldsNot": ["noise"]}
    found = collect([], outcome="measured", connections_most_cut=[worst], interval=held)
    assert found.connections == (cuts.Connection(("A left", "B left"), 20, 15, Range(0.25)),)
    assert found.holds == "90\u202f% interval over 80 draws of: place, outline; not in it: noise"


def plan(*sides: str) -> dict[str, Any]:
    treated = [{"fus1": {"day": 0.0, "side": side, "kind": "sham"}} for side in sides]
    return {"subjects": {f"0{n}": {"interventions": t} for n, t in enumerate(treated, start=1)}}


def test_group_median_and_range_by_side_of_treatment() -> None:
    rows = [
        row(participant_id="sub-01", value="0.1"),
        row(participant_id="sub-02", value="0.4", side="right"),
        row(participant_id="sub-03", value="0.2", days_from_treatment="5"),
        row(participant_id="sub-04", status="not_visible"),
        row(participant_id="sub-02", value="0.0"),
        row(participant_id="sub-01", session_id="ses-3m", status="absent",
            days_from_treatment="90"),
        row(participant_id="sub-09", value="0.9"),
    ]  # fmt: skip
    found = group_cuts.table(rows, plan("left", "right", "left", "left"))
    assert found.visits == (("3d", 3.0), ("3m", 90.0))
    treated, other = found.lines
    first, later = treated.cells
    assert first is not None and later is not None
    assert first.text == "20\u202f% (10 to 40)"
    assert (first.n, first.unseen, later.n, later.thin, later.text) == (3, 1, 0, 1, "")
    assert (treated.side, other.side) == ("treated", "other")
    assert other.cells[1] is None
