from __future__ import annotations

from datetime import datetime

import pytest

from sonolesion.core.errors import InputFault
from sonolesion.ingest.timeline import day_of, session_rows

TREATMENT = datetime(2024, 5, 3, 10)


def day(row: dict[str, str], **change: object) -> float:
    options = {"table": "sub-1_sessions.tsv", "treatment": TREATMENT, "fallback_days": {}}
    return day_of(row, "3d", **(options | change))


def test_stated_day_comes_first() -> None:
    assert day({"days_from_treatment": "-1.5", "acq_time": "2030-01-01"}) == -1.5


def test_day_from_acquisition_time_and_treatment_date() -> None:
    assert day({"acq_time": "2024-05-06T16:00:00"}) == 3.25


def test_configuration_is_the_last_resort() -> None:
    assert day({}, fallback_days={"3d": 3}) == 3
    assert day({"days_from_treatment": "4"}, fallback_days={"3d": 3}) == 4


def test_unknown_day_is_refused_by_name_never_guessed_from_the_label() -> None:
    with pytest.raises(InputFault, match=r"no day for ses-3d.*add days_from_treatment"):
        day({"acq_time": "2024-05-06"}, treatment=None)


@pytest.mark.parametrize("text", ["three", "nan", "inf"])
def test_day_that_is_no_number(text: str) -> None:
    with pytest.raises(InputFault, match="expected a number"):
        day({"days_from_treatment": text})


def test_time_that_is_not_iso() -> None:
    with pytest.raises(InputFault, match="ISO 8601"):
        day({"acq_time": "3 May"})


def test_labels_with_and_without_prefix(dataset) -> None:
    table = dataset.sessions("1", {"3d": 3})
    assert session_rows(table)["3d"]["days_from_treatment"] == "3"
    assert session_rows(table.with_name("none.tsv")) == {}
