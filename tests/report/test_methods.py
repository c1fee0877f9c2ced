from __future__ import annotations

import re

import pytest

from sonolesion.core.citations import Citation
from sonolesion.report import methods


def test_every_citation_is_known_and_every_reference_cited() -> None:
    everything = [methods.ALWAYS, *methods.STATEMENTS]
    assert {key for item in everything for key in item.cites} == set(methods.REFERENCES)


def test_dois_have_the_form_of_dois() -> None:
    for reference in methods.REFERENCES.values():
        assert re.fullmatch(r"(10\.\d{4,9}/\S+)?", reference.doi), reference.key
        assert reference.doi or "PMID" in reference.text


def test_only_what_ran_is_told() -> None:
    chosen = methods.statements({"anatomy_space"})
    keys = [reference.key for reference in methods.references(chosen)]
    assert "Tustison 2010" in keys
    assert "Wintermark 2014" not in keys
    assert methods.statements([]) == [methods.ALWAYS]


def test_settings_that_differ_between_runs_are_all_named() -> None:
    records = [
        {"rule": "a_b", "params": {"x_mm": 1.5, "code": "f00"}},
        {"rule": "a_b", "params": {"x_mm": 2, "codes": [1, 2]}},
    ]
    found = methods.settings(records, left_out=frozenset({"code"}))
    assert [(s.name, s.value) for s in found] == [("codes", "1, 2"), ("x_mm", "1.5; 2")]


def test_versions_that_differ_are_all_named() -> None:
    records = [{"versions": {"numpy": "2.1"}}, {"versions": {"numpy": "2.4"}}, {}]
    assert methods.versions(records) == [("numpy", "2.1, 2.4")]


def test_citation_file_lists_each_reference_once() -> None:
    text = methods.citation_markdown(methods.statements({"anatomy_t1w", "anatomy_contrast"}))
    assert text.count("10.1016/j.jalz.2016.06.205") == 1
    assert "(Yushkevich 2016)." in text


def test_citation_file_names_the_atlases_with_licence() -> None:
    atlas = Citation("aal", "MNIColin27", "Tzourio-Mazoyer 2002", "GNU GPL", "one brain")
    text = methods.citation_markdown([methods.ALWAYS], [atlas])
    assert "- aal (MNIColin27): Tzourio-Mazoyer 2002. Licence: GNU GPL. Note: one brain." in text
    assert "# Atlases" not in methods.citation_markdown([methods.ALWAYS])


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ("lesion_segment", "Cotter 2013"),
        ("lesion_measure", "Zwanenburg 2020"),
        ("lesion_offtarget", "Zhang 2009"),
        ("diffusion_adc", "Stejskal 1965"),
        ("susceptibility_r2star", "Salvador 2005"),
        ("atlases_carry", "Grabner 2006"),
    ],
)
def test_new_steps_bring_their_references(rule: str, key: str) -> None:
    keys = {reference.key for reference in methods.references(methods.statements({rule}))}
    assert key in keys
