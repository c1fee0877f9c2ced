from __future__ import annotations

from sonolesion.report import fibres
from sonolesion.report.records import Intervention, Visit

TOLD = {
    "Denoising": "MP-PCA", "Unringing": "off: why", "LargestTranslation_mm": 1.25,
    "LargestRotation_deg": 0.5, "MedianResidualBefore": 0.1, "MedianResidualAfter": None,
    "OutlierSlices": 1, "VolumesLeftOut": [], "DistortionMethod": "opposed",
    "PairVerdict": "they agree",
}  # fmt: skip


def row(**given: str) -> dict[str, str]:
    common = {
        "modality": "dwi",
        "map": "disconnection",
        "session_id": "ses-3d",
        "side": "left",
        "intervention_id": "fus1",
        "region": "tract:thalamus_s1",
        "status": "measured",
    }
    return {**common, **given}


def test_what_was_done_in_words() -> None:
    found = dict(fibres.facts(TOLD))
    assert found["Distortion"] == "opposite phase encoding"
    assert found["Residual of a volume, median"] == "10.0 % before, – after"
    assert found["Lost signal"] == "1 slice; 0 volumes left out"
    assert found[""] == "they agree"


def test_cut_shares_with_interval_and_without_value() -> None:
    rows = [
        row(statistic="cut_streamlines", value="0.4"),
        row(statistic="cut_streamlines_low", value="0.1"),
        row(statistic="cut_streamlines_high", value="0.6"),
        row(statistic="cut_streamlines", value="n/a", status="absent", side="right"),
    ]
    visits = [Visit("pre", -3.0, True), Visit("3d", 3.0, False)]
    found = fibres.collect(
        [], None, rows, visits, [Intervention("fus1", 0.0, "left")], width=10, quality=10
    )
    (cuts,) = found.cuts
    assert cuts.sessions == ("3d",)
    assert [(line.bundle, line.side) for line in cuts.lines] == [
        ("thalamus s1", "left"),
        ("thalamus s1", "right"),
    ]
    assert "40" in cuts.lines[0].cells[0]
    assert "(10 to 60)" in cuts.lines[0].cells[0]
    assert cuts.lines[1].cells == ("bundle too thin",)
    assert not found.there


def test_regions_of_a_visit() -> None:
    rows = [
        row(map="tensor", region="white_matter", side="n/a", statistic="fa_median", value="0.4"),
        row(map="tensor", region="white_matter", side="n/a", statistic="md_median", value="7e-4"),
    ]
    assert fibres.regions(rows, "3d") == [("white matter", "", "0.40", "0.70")]
    assert fibres.regions(rows, "pre") == []


def test_profiles_need_two_visits() -> None:
    one = {"pre": {"thalamus_s1_left": [0.2, 0.4]}}
    assert fibres.charts(one) == []
    (chart,) = fibres.charts({**one, "3d": {"thalamus_s1_left": [0.2, 0.3]}})
    assert chart.title == "thalamus s1, left"
    assert (chart.low, chart.high) == ("0.20", "0.40")
    assert chart.curves[0].points == "0.0,110.0 240.0,0.0"
    assert [curve.session for curve in chart.curves] == ["pre", "3d"]
