from __future__ import annotations

import pytest

from sonolesion.report import findings
from sonolesion.report.records import Intervention, LedgerRow, Range, Visit

TREATMENT = Intervention("t1", 10.0, "left")
VISIT = Visit("3d", 13.0, False)


def row(statistic: str, value: str, status: str = "measured", region: str = "lesion"):
    return {
        "session_id": "ses-3d",
        "intervention_id": "t1",
        "map": "lesion",
        "region": region,
        "statistic": statistic,
        "method": "T1w+T2w; zones I and II",
        "value": value,
        "status": status,
    }


def entry(session: str, stage: str, state: str, reason: str) -> LedgerRow:
    return LedgerRow(session, "", stage, "step", state, reason, "mend it", "", "")


def only(rows, ledger=(), visits=(VISIT,)):
    (found,) = findings.collect(rows, list(ledger), list(visits), TREATMENT)
    return found


def test_days_count_from_the_own_treatment() -> None:
    assert only([row("volume", "60")]).days == 3.0


def test_a_measured_zero_is_a_value() -> None:
    found = only([row("volume", "0")])
    assert (found.status, found.value("volume")) == ("measured", 0.0)


def test_oedema_stands_apart() -> None:
    found = only([row("volume", "60"), row("volume", "300", region="oedema")])
    assert found.value("volume") == 60
    assert "60\u202fmm³, oedema 300\u202fmm³" in found.sentence
    assert found.method == "T1w+T2w; zones I and II"


def test_not_visible_keeps_its_test() -> None:
    rows = [row("volume", "n/a", "not_visible"), row("detection_p", "0.4", region="search")]
    found = only(rows)
    assert (found.status, found.values) == ("not_visible", {"detection_p": 0.4})
    assert "p = 0.4" in found.sentence


def test_a_missing_result_takes_the_gravest_reason_of_its_visit() -> None:
    ledger = [
        entry("", "anatomy", "failed", "no space"),
        entry("3d", "lesion", "not_reached", "a step before it failed"),
        entry("3d", "anatomy", "failed", "bad fit"),
        entry("12m", "anatomy", "failed", "another visit"),
    ]
    found = only([], ledger)
    assert (found.status, found.reason, found.remedy) == ("failed", "bad fit", "mend it")


def test_a_fault_of_the_subject_explains_its_visits() -> None:
    found = only([], [entry("", "anatomy", "failed", "no space")])
    assert (found.status, found.reason) == ("failed", "no space")


def test_nothing_known_is_said_to_be_nothing() -> None:
    assert only([]).status == "absent"


def test_visits_before_the_treatment_have_no_finding() -> None:
    assert findings.collect([], [], [Visit("b", 3.0, True)], TREATMENT) == []


def test_directions_are_words() -> None:
    rows = [row("volume", "60"), row("error_3d", "1.5"), row("error_ml", "-1.2")]
    assert "(1.2 medial)" in only(rows).sentence


def test_the_interval_stands_behind_the_volume() -> None:
    rows = [row("volume", "60"), row("volume_low", "51.2"), row("volume_high", "70")]
    found = only(rows)
    assert found.ranged("volume") == Range(60.0, 51.2, 70.0)
    assert "60\u202fmm³ (51 to 70)" in found.sentence


def test_definitions_that_are_not_told_not_visible_and_measured_are_three_things() -> None:
    rows = [row("volume", "60"), row("volume", "n/a", "not_visible", region="core")]
    assert only(rows).regions == {"lesion": Range(60.0), "core": Range()}


def test_each_contrast_alone_keeps_its_own_numbers() -> None:
    alone = {"map": "contrast_lesion", "modality": "T1w"}
    rows = [
        row("volume", "60"),
        row("volume", "40") | alone,
        row("volume_low", "30") | alone,
        row("volume_high", "50") | alone,
        row("volume", "n/a", "not_visible") | alone | {"modality": "ADC"},
    ]
    found = only(rows)
    assert found.alone == {"T1w": Range(40.0, 30.0, 50.0), "ADC": Range()}
    assert found.value("volume") == 60


def test_coverage_and_resolution_are_kept() -> None:
    found = only([row("volume", "6") | {"coverage": "0.9", "below_resolution": "true"}])
    assert (found.coverage, found.small) == (0.9, {"lesion"})


@pytest.mark.parametrize(
    ("method", "status", "badge", "begins"),
    [
        ("corrected by hand; T1w", "measured", "corrected by hand", "Lesion outlined by hand, 60"),
        ("corrected by hand; T1w", "not_visible", "corrected by hand", "The person who corrected"),
        ("learned model; T1w", "measured", "learned model", "Lesion outlined by a learned model"),
        ("T1w; zones I and II", "measured", "", "Lesion visible, 60"),
    ],
)
def test_who_outlined_it_is_said(method: str, status: str, badge: str, begins: str) -> None:
    value = "60" if status == "measured" else "n/a"
    found = only([row("volume", value, status) | {"method": method}])
    assert found.badge == badge
    assert found.sentence.startswith(begins)


def test_a_step_is_explained_by_its_own_row_and_treatment() -> None:
    ledger = [
        LedgerRow("3d", "", "lesion", "overlap", "failed", "A", "", "l/1_3d_t2.log", ""),
        LedgerRow("3d", "", "lesion", "overlap", "failed", "B", "", "l/1_3d_t1.log", ""),
    ]
    assert findings.why_no(ledger, "overlap", "3d", "t1")[1] == "B"


def test_a_step_not_reached_points_to_what_stopped_it() -> None:
    ledger = [
        entry("3d", "anatomy", "failed", "bad fit"),
        LedgerRow("3d", "", "lesion", "overlap", "not_reached", "before it", "", "", ""),
    ]
    assert findings.why_no(ledger, "overlap", "3d", "t1") == ("failed", "bad fit", "mend it")
