from __future__ import annotations

from typing import Any

from sonolesion.report import diffusion_scans
from sonolesion.report.records import File, LedgerRow, Reader, Visit

TOLD = {
    "Denoising": "MP-PCA", "Unringing": "off: why", "LargestTranslation_mm": 1.25,
    "LargestRotation_deg": 0.5, "MedianResidualBefore": 0.1, "MedianResidualAfter": None,
    "OutlierSlices": 1, "VolumesLeftOut": [], "DistortionMethod": "registration",
    "PairVerdict": "they disagree", "PolarityVerdict": "sign as told",
}  # fmt: skip
SCHEME = {"shells_s_mm2": {"1000": 16}, "n_directions": 16, "n_unweighted": 2, "lmax": 4}
JUDGED = {"outcome": "undecidable", "reason": "two readings alike", "scheme": SCHEME}
BLANK = {"remedy": "", "log": "", "output": ""}


def file(name: str, suffix: str, **entities: str) -> File:
    return File(name, entities, suffix)


def scans(*rows: LedgerRow, **content: Any) -> list[diffusion_scans.Scan]:
    files = [
        file("a/qc.json", "qc", ses="pre", desc="gradients"),
        file("a/dwi.json", "dwi", ses="pre", desc="preproc"),
    ]
    found = {"a/qc.json": JUDGED, "a/dwi.json": TOLD} | content
    reader = Reader(lambda _: None, lambda path: found[path], lambda _: b"")
    visits = [Visit("pre", -3.0, True), Visit("3d", 3.0, False)]
    return diffusion_scans.overview(files, reader, rows, visits)


def test_what_was_done_in_words() -> None:
    found = dict(diffusion_scans.facts(TOLD))
    assert found["Residual of a volume, median"] == "10.0 % before, – after correction"
    assert found["Lost signal"] == "1 slice; 0 volumes left out"


def test_a_visit_tells_directions_gate_and_method_with_its_checks() -> None:
    first, second = scans()
    assert first.scan == (
        "16 directions (16 at b 1000 s/mm²), 2 unweighted; harmonics up to order 4"
    )
    assert first.gradients == "undecidable, used as given (two readings alike)"
    assert first.distortion == (
        "registration to the T1w along the phase encoding; they disagree; sign as told"
    )
    assert (first.missing, second.missing) == ("", "no DTI at this visit")
    assert (second.scan, second.gradients, second.distortion) == ("–", "–", "–")


def test_a_refused_scan_says_why_and_is_not_called_absent() -> None:
    step = LedgerRow("3d", "dwi", "diffusion", "gradients", "failed", "x and y swapped", **BLANK)
    assert scans(step)[1].missing == "failed: x and y swapped"
    blocked = LedgerRow("3d", "dwi", "ingest", "inventory", "blocked", "no .bval", **BLANK)
    assert scans(blocked)[1].missing == "blocked: no .bval"


def test_regions_of_a_visit() -> None:
    common = {"map": "tensor", "region": "white_matter", "side": "n/a", "session_id": "ses-3d"}
    rows = [
        common | {"statistic": "fa_median", "value": "0.4"},
        common | {"statistic": "md_median", "value": "7e-4"},
    ]
    assert diffusion_scans.regions(rows, "3d") == [("white matter", "", "0.40", "0.70")]
    assert diffusion_scans.regions(rows, "pre") == []
