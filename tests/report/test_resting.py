from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sonolesion.report import render, resting
from sonolesion.report.records import File, Intervention, LedgerRow, Reader, Visit

PREPROC = {
    "NumberOfVolumes": 71, "VolumesDiscarded": 4, "RepetitionTime": 1.25923,
    "SliceTimingCorrected": False, "SliceTimingNote": "SliceTiming is not told",
    "DistortionMethod": "none", "DistortionChoice": "there is no B0 map",
}  # fmt: skip
NOISE = {
    "TSNR": {"grey_matter": 54.2}, "MeanFD_mm": 0.175, "MaxFD_mm": 0.39, "CleanMinutes": 1.49,
    "CensoredMinutes": 0.0, "Targets_mm": [[1, 2, 3]], "ExclusionRadius_mm": 15.0,
    "VoxelsExcluded": 900, "Mark": "only 1.5 min of clean data",
}  # fmt: skip
DENOISED = {
    "Strategy": "minimal", "HighPass_Hz": 0.01, "LowPass_Hz": 0.0,
    "Freedom": {"left": 60.2, "frames": 71, "dropped": 0, "filtered": 3.0, "regressed": 7.8},
}  # fmt: skip
CONTENT: dict[str, Any] = {
    "p.json": PREPROC,
    "c.json": NOISE,
    "d.json": DENOISED,
    "n.json": {
        "outcome": "measured",
        "Baseline": "ses-pre",
        "ExclusionRadius_mm": 15.0,
        "OutsideExclusion_mm3": 312.0,
        "ExclusionReach_mm": 18.44,
    },
}
SIZE = {"width": 40, "quality": 60}
BLANK = {"remedy": "", "log": "", "output": ""}


def file(path: str, suffix: str, **entities: str) -> File:
    return File(path, {"ses": "pre", "task": "rest"} | entities, suffix)


FILES = [
    file("p.json", "bold", desc="preproc"),
    file("c.json", "timeseries", desc="confounds"),
    file("d.json", "bold", desc="denoised"),
    file("carpet.png", "bold", desc="carpet"),
    file("seeds.png", "boldmap", desc="seeds"),
    file("n.json", "boldmap", desc="fus1network", ses="3d"),
    file("n.png", "boldmap", desc="fus1network", ses="3d"),
]
VISITS = [Visit("pre", -3.0, True), Visit("3d", 3.0, False)]


def row(**cells: str) -> dict[str, str]:
    common = {"modality": "bold", "session_id": "ses-pre", "side": "n/a"}
    return common | cells


MEASURES = [
    row(map="activity", region="grey_matter", statistic="alff_median", value="1.1"),
    row(map="activity", region="grey_matter", statistic="reho_median", value="0.09"),
    row(map="connectivity", region="network:default", statistic="fc_within", value="0.31"),
    row(map="connectivity", region="network:default", statistic="fc_between", value="n/a"),
]


def collected(files: list[File] = FILES, *ledger: LedgerRow) -> resting.Resting:
    sink = io.BytesIO()
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(sink, format="PNG")
    reader = Reader(lambda _: None, lambda path: CONTENT[path], lambda _: sink.getvalue())
    treated = [Intervention("fus1", 0.0, "left", "pre")]
    return resting.collect(files, reader, MEASURES, ledger, VISITS, treated, size=SIZE)


def test_a_run_in_words_and_numbers() -> None:
    found = collected()
    first, second = found.sessions
    words = dict(first.facts)
    assert words["Volumes"].startswith("71 used, 4 before the steady state")
    assert words["Slice timing"] == "SliceTiming is not told"
    assert words["Distortion"] == "not corrected: there is no B0 map"
    assert "no upper end; degrees of freedom left 60.2 of 71" in words["Denoising"]
    assert words["Places of lesions left out"] == "1 sphere of 15 mm, 900 voxels"
    assert first.regions == (("grey matter", "", ("1.10", "–", "0.09")),)
    assert [p.title.split()[0] for p in first.pictures] == ["Head", "What"]
    assert found.marks == ["ses-pre: only 1.5 min of clean data"]
    assert (first.missing, second.missing) == ("", "no resting-state run at this visit")
    assert found.networks == (("default", (("0.31", "–"),)),)
    assert [p.title for p in found.lesion_networks] == ["fus1, ses-3d, in the own run of ses-pre"]


def test_a_refused_run_says_why_and_what_there_is_stays() -> None:
    step = LedgerRow("pre", "bold", "functional", "denoise", "failed", "too little left", **BLANK)
    found = collected([one for one in FILES if one.path != "d.json"], step)
    assert found.sessions[0].missing == "failed: too little left"
    assert "Denoising" not in dict(found.sessions[0].facts)
    blocked = LedgerRow("3d", "bold", "ingest", "inventory", "blocked", "2.4 min", **BLANK)
    assert collected([], blocked).sessions[1].missing == "blocked: 2.4 min"
    assert not collected([], blocked).there


@pytest.mark.parametrize(
    ("error", "words", "marked"),
    [
        (0.19, "about 0.19", False),
        (0.333, "about 0.33, above 0.3: one edge alone says little", True),
        (None, "at most 2 degrees of freedom are left", True),
    ],
)
def test_the_error_of_one_correlation_is_told_and_a_large_one_marked(
    monkeypatch: pytest.MonkeyPatch, error: float | None, words: str, marked: bool
) -> None:
    monkeypatch.setitem(CONTENT, "d.json", DENOISED | {"FisherZStandardError": error})
    found = collected().sessions[0]
    assert dict(found.facts)["One correlation"].endswith(words)
    assert found.warned == (("One correlation",) if marked else ())


def test_the_section_is_written_with_and_without_a_run(monkeypatch) -> None:
    import jinja2

    text = '{% import "resting.html" as rest with context %}{{ rest.section(resting) }}'
    loader = jinja2.ChoiceLoader(
        [jinja2.DictLoader({"x.html": text}), jinja2.PackageLoader("sonolesion.report")]
    )
    monkeypatch.setattr(render.jinja2, "PackageLoader", lambda _: loader)
    monkeypatch.setitem(CONTENT, "d.json", DENOISED | {"FisherZStandardError": 0.41})
    html = render.page("x.html", {"resting": collected()})
    assert html.count('<span class="badge warn">uncertain</span>') == 1
    assert "Too short a run, used by override" in html
    assert "0.31 / –" in html
    assert "Lesion outgrows the exclusion" in html
    assert "ses-3d, fus1: the lesion reaches 312.0 mm³ beyond" in html
    assert "up to 18.5 mm from the plan" in html
    assert "functional.exclusion.radius_mm (now 15 mm)" in html
    assert "No visit has a current resting-state run" in render.page(
        "x.html", {"resting": collected([])}
    )
