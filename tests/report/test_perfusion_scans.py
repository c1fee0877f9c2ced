from __future__ import annotations

from typing import Any

from sonolesion.report import perfusion_scans, wording
from sonolesion.report.records import File, LedgerRow, Reader, Visit

TOLD: dict[str, Any] = {
    "Given": False, "Equation": "CBF = λ ΔM", "M0Source": "volumes", "NumberOfDifferences": 8,
    "Constants": {
        "a": {"symbol": "λ", "words": "partition", "value": 0.9, "unit": "mL/g", "source": "doi"},
        "b": {"symbol": "PLD", "words": "delay", "value": [1.0, 2.0], "unit": "s", "source": "s"},
    },
    "DifferencesLeftOut": [{"Difference": 2, "Reason": "structure"}],
    "Motion": {"MeanFramewiseDisplacement_mm": 0.2, "LargestFramewiseDisplacement_mm": 0.9},
    "PredictedBias": [{
        "Tissue": "grey", "T1_s": 1.33, "Flow": 60.0, "TransitTime_s": [0.8, 1.4],
        "ReadOverTrue": [0.74, 0.813],
    }],
    "AgainstScannerExplainedBy": ["NEX"],
    "Marks": ["quality index 0.3 (>= 0.5)"],
    "Quality": {
        "quality_index": 0.3, "spatial_cov": 0.456, "tissue_ratio": None, "negative_share": 0.015,
        "spot_share": 0.012,
        "scanner_correlation": 0.95, "scanner_ratio": 1.04, "scanner_slope": 1.01,
    },
}  # fmt: skip
VISITS = [Visit("pre", -3.0, True), Visit("3d", 3.0, False)]


def row(name: str, region: str, value: str, statistic: str = "cbf_median") -> dict[str, str]:
    return {
        "modality": "perf", "map": name, "region": region, "side": "n/a", "value": value,
        "statistic": statistic, "session_id": "ses-pre", "n_voxels": "12",
    }  # fmt: skip


ROWS = [
    row("cbf", "grey_matter", "24.48"), row("cbf_pvc_grey", "grey_matter", "28.4"),
    row("cbf_scanner", "grey_matter", "23.9"), row("cbf", "aal:Insula", "30.0"),
    row("cbf", "aal:Thalamus", "23.2"), row("cbf", "aal:Empty", "n/a"),
    row("cbf", "brain", "0.7", "quality_index"),
]  # fmt: skip


def collected(
    *ledger: LedgerRow, rows: list[dict[str, str]] | None = None, **change: Any
) -> perfusion_scans.Flow:
    files = [File("a/cbf.json", {"ses": "pre"}, "cbf")]
    reader = Reader(lambda _: None, lambda _: TOLD | change, lambda _: b"")
    size = {"width": 10, "quality": 10}
    return perfusion_scans.collect(files, reader, ROWS + (rows or []), ledger, VISITS, size=size)


def test_tissue_comes_first_and_regions_are_folded() -> None:
    (visit,) = collected().visits
    assert [one.region for one in visit.tissues] == ["grey matter", "aal:Thalamus"]
    grey = visit.tissues[0]
    assert (grey.flow, grey.pure, grey.scanner, grey.transit) == ("24.5", "28.4", "23.9", "–")
    assert [one.region for one in visit.regions] == ["aal:Insula"]
    assert visit.compared == "r 0.95, ratio of medians 1.04, slope 1.01"


def test_every_constant_has_value_unit_and_source() -> None:
    found = perfusion_scans.constants(TOLD)
    assert [(one.symbol, one.value, one.source) for one in found] == [
        ("λ", "0.9 mL/g", "doi"), ("PLD", "1, 2 s", "s"),
    ]  # fmt: skip


def test_facts_say_what_was_left_out() -> None:
    found = dict(perfusion_scans.facts(TOLD))
    assert found["Differences"] == "7 used; 1 left out (structure)"
    assert found["Head motion from volume to volume"] == "0.20 mm on average, at most 0.90 mm"
    assert found["Grey over white matter"] == "–"


def test_a_refused_scan_says_why_and_a_session_without_one_says_nothing() -> None:
    blank = {"remedy": "", "log": "", "output": ""}
    refused = LedgerRow("3d", "asl", "ingest", "inventory", "blocked", "no M0", **blank)
    assert collected(refused).missing == (("3d", "blocked: no M0"),)
    none = LedgerRow("3d", "asl", "ingest", "inventory", "absent", "not acquired", **blank)
    assert collected(none).missing == ()


def rendered(flow: perfusion_scans.Flow) -> str:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sonolesion.report"), undefined=jinja2.StrictUndefined,
        autoescape=True,
    )  # fmt: skip
    environment.filters["day"] = str
    environment.globals["plural"] = wording.plural
    return str(environment.get_template("perfusion.html").module.section(flow))


def test_the_section_renders() -> None:
    text = rendered(collected(Given=True))
    for words in (
        "check: NEX",
        "scanner’s own map",
        "quality index 0.3",
        "PLD",
        "CBF = λ ΔM",
        "24.5",
    ):
        assert words in text
    empty = perfusion_scans.Flow((), (("3d", "blocked: no M0"),))
    assert "blocked: no M0" in rendered(empty)


def zone(region: str, value: str, statistic: str = "cbf_median", **change: str) -> dict[str, str]:
    cells = {"intervention_id": "fus1", "coverage": "0.95", "below_resolution": "true"}
    return row("cbf", region, value, statistic) | cells | {"status": "measured"} | change


def test_zones_of_a_lesion_have_a_table_of_their_own() -> None:
    zones = [
        zone("lesion", "12.0", side="left"), zone("mirrored_lesion", "24.0", side="right"),
        zone("lesion", "0.5", "cbf_ratio", side="left"),
        zone("lesion", "20.0", side="left", map="cbf_baseline"),
        zone("perilesional", "22.0", below_resolution="false", side="left"),
    ]  # fmt: skip
    (told,) = collected(rows=zones).visits[0].lesions
    lesion, around = told.zones
    assert (lesion.flow, lesion.mirrored, lesion.ratio) == ("12.0", "24.0", "0.50")
    assert (lesion.baseline, lesion.baseline_ratio) == ("20.0", "–")
    assert (lesion.coverage, lesion.below_resolution) == ("95", True)
    assert (around.zone, around.mirrored) == ("tissue around all zones", "–")
    assert collected(rows=zones).visits[0].tissues[0].region == "grey matter"
    assert "below resolution" in rendered(collected(rows=zones))


def test_a_lesion_that_is_not_seen_says_so() -> None:
    (told,) = collected(rows=[zone("lesion", "n/a", status="not_visible")]).visits[0].lesions
    assert not told.visible
    assert told.zones == ()


def test_the_bias_of_the_equation_is_told() -> None:
    (bias,) = perfusion_scans.biases(TOLD)
    assert (bias.transit, bias.read) == (("0.8 s", "1.4 s"), ("0.74", "0.81"))
    assert "0.8 s: <b>0.74</b>" in rendered(collected())
    facts = dict(perfusion_scans.facts(TOLD))
    assert facts["Label left in arteries"] == "not suspected; 1.2 % of the brain in bright spots"
    marked = TOLD | {"Marks": ["spot share 0.03 (<= 0.02)"]}
    assert dict(perfusion_scans.facts(marked))["Label left in arteries"].startswith("suspected")
