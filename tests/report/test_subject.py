from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

VOID = {"meta", "br", "img", "input", "link", "hr"}
MIB = 1024 * 1024


class Checker(HTMLParser):
    """Follows the tags of a page, and gathers what it would load and what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert tag not in {"script", "link", "iframe", "object"}
        assert not any(name.startswith("on") for name in given)
        if tag == "a":
            self.links.append(given["href"])
        else:
            self.loaded += [given[name] for name in ("src", "href") if name in given]
        self.ids += [given["id"]] if "id" in given else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def checked(html: str) -> Checker:
    checker = Checker()
    checker.feed(html)
    checker.close()
    assert not checker.open
    assert len(checker.ids) == len(set(checker.ids))
    return checker


def test_page_is_well_formed_and_loads_nothing(study: Any) -> None:
    html = study.page()
    page = checked(html)
    assert all(url.startswith("data:image/webp;base64,") for url in page.loaded)
    assert all(url.startswith(("#", "https://doi.org/")) for url in page.links)
    assert {url[1:] for url in page.links if url.startswith("#")} <= set(page.ids)
    assert "@import" not in html
    assert "url(" not in html
    assert len(html.encode()) < 3 * MIB


def test_page_never_tells_the_arm(study: Any) -> None:
    study.plan["interventions"]["t1"]["arm"] = "control"
    text = study.page().lower()
    assert "sham" not in text
    assert not re.search(r"\b(arm|nprs|pain score|control)\b", checked(text).text)


def test_page_gives_each_state_with_reason_and_remedy(study: Any) -> None:
    text = checked(study.page()).text
    for words in (
        "found r 0.41; expected at least 0.8",
        "check the head position",
        "FLAIR registration: found NMI 1.02; expected at least 1.10",
        "sidecar lacks EchoTime",
        "add EchoTime to the sidecar",
        "not acquired",
        "not reached",
        "unused",
    ):
        assert words in text, words


def test_page_tells_every_visit_apart(study: Any) -> None:
    text = checked(study.page()).text
    assert "Lesion visible (p < 0.001), 142 mm³" in text
    assert "2.1 mm from the planned target (1.0 lateral, 1.5 anterior, 1.0 ventral)" in text
    assert "Lesion looked for and not visible (p = 0.41)" in text
    assert "No lesion result (failed): found r 0.41" in text
    assert "No lesion result (blocked): sidecar lacks EchoTime" in text


def test_a_stale_result_is_not_taken_for_current(study: Any) -> None:
    row = next(r for r in study.ledger if (r["session_id"], r["step"]) == ("ses-3d", "segment"))
    row |= {"state": "stale", "reason": "made by earlier code", "remedy": "run again"}
    left = [path for path in study.current if not path.endswith("3d_desc-t1_measures.tsv")]
    text = checked(study.page(current=left)).text
    assert "No lesion result (stale): made by earlier code. To mend: run again." in text
    assert "142 mm³" not in text


def test_sections_stand_in_their_order(study: Any) -> None:
    html = study.page()
    found = re.findall(r'<section id="(\w+)">', html)
    assert found == [
        "summary", "anatomy", "lesion", "nuclei", "elsewhere", "fibres", "perfusion",
        "resting", "about",
        "methods", "errors",
    ]  # fmt: skip
    assert "not a medical device" in html
    assert "HTG491" in html


def test_text_from_the_data_is_escaped(study: Any) -> None:
    html = study.page()
    assert "EchoTime &lt;missing&gt;" in html


def test_methods_come_from_what_ran(study: Any) -> None:
    text = checked(study.page()).text
    assert "(N4)" in text
    assert "Every other contrast was registered" not in text  # left no record
    assert "fwhm_mm 0.15" in text
    assert "abc" not in text  # the code hash is no setting


def test_a_subject_with_nothing_current_still_gets_a_page(study: Any) -> None:
    text = checked(study.page(current=[])).text
    assert "There is no current result for this subject" in text
    assert "sidecar lacks EchoTime" in text


def test_a_subject_known_only_by_a_refusal_gets_a_page(study: Any) -> None:
    study.plan.clear()
    study.inventory.clear()
    refusal = {"session_id": "n/a", "state": "blocked", "reason": "no ses-* folder"}
    study.ledger[:] = [study.ledger[0] | refusal]
    text = checked(study.page(current=[])).text
    assert "no ses-* folder" in text
    assert "0 visits" in text


@pytest.mark.parametrize("unknown", ["n/a", ""])
def test_a_visit_without_days_does_not_stop_the_page(study: Any, unknown: str) -> None:
    for row in study.inventory:
        if row["session_id"] == "ses-6m":
            row["days_from_treatment"] = unknown
    assert "day ?" in checked(study.page()).text


def test_the_same_files_give_the_same_page(study: Any) -> None:
    first = study.page()
    Path("sub-01.html").unlink()
    assert study.page() == first
