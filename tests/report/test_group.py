from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sonolesion.core.tables import write_tsv

ENDS = {"low": "131", "high": "175"}


def made(study: Any, protocol: Sequence[str] = ()) -> str:
    """Run the tables' and the group page's scripts, as the rules do."""
    tables = [path for path in study.current if path.endswith("_measures.tsv")]
    names = ("measures.tsv", "measures.parquet", "measures.json", "wide.tsv")
    study.script("measures/tables")(tables, *names, significant_digits=6)
    study.write_tables()
    study.script("report/group")(
        "inventory.tsv", "ledger.tsv", "measures.tsv", "plan.json",
        ["bids_validation.json"], protocol, "atlases.json", [], "group.html", "CITATION.md",
    )  # fmt: skip
    return Path("group.html").read_text(encoding="utf-8")


def test_group_page_shows_every_subject_and_outcome_and_no_arm(study: Any) -> None:
    html = made(study)
    for words in (
        'href="sub-01.html"',
        'href="sub-02.html"',
        "142\u202fmm³",
        "not visible",
        "no ses-* folder",
        "visible: <strong>2</strong>",
    ):
        assert words in html, words
    assert "sham" not in html.lower()


def test_citations_name_what_ran(study: Any) -> None:
    made(study)
    text = Path("CITATION.md").read_text(encoding="utf-8")
    assert "10.1109/TMI.2010.2046908" in text
    assert "10.1038/sdata.2016.44" in text
    assert "- aal (MNIColin27)" not in text  # no atlas was carried


def test_chips_tell_source_nucleus_change_elsewhere_and_protocol(study: Any, depth: Any) -> None:
    stem = "sub-01/ses-3d/anat/sub-01_ses-3d"
    old = f"{stem}_desc-t1_measures.tsv"
    method = "corrected by hand; T1w"
    lesion = [row | {"method": method} for row in study.lesion_rows("3d", 142.0)]
    first = lesion[0]
    lesion += [first | {"statistic": f"volume_{end}", "value": v} for end, v in ENDS.items()]
    elsewhere = first | {"map": "offtarget", "statistic": "clusters", "unit": "1", "value": "2"}
    bleed = elsewhere | {"region": "offtarget_haemorrhage", "value": "1"}
    target = depth.rows_of("centroid:CL", "ellipsoid for target CL", **depth.overlap(0.9, 0.4, 1.0))
    rows = [*lesion, elsewhere | {"region": "offtarget"}, bleed, *target]
    study.write_rows(f"{stem}_desc-t1chips_measures.tsv", rows)
    study.current[:] = [f for f in study.current if f != old] + [
        f"{stem}_desc-t1chips_measures.tsv"
    ]
    change = {
        "participant_id": "sub-01", "session_id": "ses-3d", "modality": "FLAIR",
        "key": "EchoTime", "baseline": "1", "value": "2", "severity": "major",
        "baseline_session_id": "ses-baseline",
    }  # fmt: skip
    write_tsv("changes.tsv", [change], columns=list(change))
    html = made(study, ["changes.tsv"])
    for words in (
        "142\u202fmm³ <small>(131 to 175)</small>",
        "<i>corrected by hand</i>",
        "<i>in CL (ellipsoid): 90\u202f% (40 to 100)</i>",
        '<i class="alarm">▲ elsewhere: haemorrhage (1)</i>',
        '<i class="alarm">▲ protocol changed (major): FLAIR</i>',
        "<i>elsewhere: no result</i>",
    ):
        assert words in html, words


def test_citations_name_the_atlases_that_were_carried(study: Any) -> None:
    ran = study.ledger[-1] | {"stage": "atlases", "step": "carry", "state": "run"}
    study.ledger.append(ran)
    made(study)
    text = Path("CITATION.md").read_text(encoding="utf-8")
    assert "- aal (MNIColin27): Doe 2002. Licence: GNU GPL." in text
    assert "- odd" not in text  # refused
