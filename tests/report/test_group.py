from __future__ import annotations

from pathlib import Path
from typing import Any


def made(study: Any) -> str:
    """Run the tables' and the group page's scripts, as the rules do."""
    tables = [path for path in study.current if path.endswith("_measures.tsv")]
    names = ("measures.tsv", "measures.parquet", "measures.json", "wide.tsv")
    study.script("measures/tables")(tables, *names, significant_digits=6)
    study.write_tables()
    study.script("report/group")(
        "inventory.tsv", "ledger.tsv", "measures.tsv", "plan.json",
        ["bids_validation.json"], "group.html", "CITATION.md",
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
