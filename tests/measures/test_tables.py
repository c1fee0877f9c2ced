from __future__ import annotations

import io

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.lesion import findings
from sonolesion.measures import tables, vocabulary
from sonolesion.measures.vocabulary import COLUMN_NAMES, KEY, LEVELS, STATISTICS

ROW = {
    "participant_id": "sub-01",
    "session_id": "ses-3d",
    "intervention_id": "t1",
    "days_from_treatment": "3",
    "modality": "anat",
    "map": "lesion",
    "region": "lesion",
    "side": "left",
    "statistic": "volume",
    "value": "68.512345678",
    "unit": "mm3",
    "n_voxels": "69",
    "coverage": "1",
    "below_resolution": "false",
    "status": "measured",
    "method": "lesion.segment",
}
DIGITS = 6


def text(*rows: dict[str, str]) -> str:
    """Return rows as the text of a table."""
    lines = ["\t".join(COLUMN_NAMES)]
    return "\n".join([*lines, *("\t".join(row[n] for n in COLUMN_NAMES) for row in rows)]) + "\n"


def visit(subject: str, session: str, days: int) -> dict[str, str]:
    """Return the text of one visit's table under its file name."""
    own = ROW | {
        "participant_id": f"sub-{subject}",
        "session_id": f"ses-{session}",
        "days_from_treatment": str(days),
    }
    found = own | {"statistic": "error_3d", "unit": "mm", "value": "2.5"}
    return {f"sub-{subject}_ses-{session}_measures.tsv": text(own, found)}


STUDY = visit("01", "3d", 3) | visit("01", "12m", 365) | visit("02", "1m", 30)


def joined(study: dict[str, str]) -> str:
    return tables.to_tsv(tables.combine(study, digits=DIGITS), digits=DIGITS)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        (68.5123, "68.5123"),
        (0.0, "0"),
        (1234567.0, "1.23457e+06"),
        (3.0, "3"),
        (None, "n/a"),
        (True, "true"),
        ("left", "left"),
    ],
)
def test_cells_are_written_by_one_rule(cell: tables.Cell, written: str) -> None:
    assert tables.format_cell(cell, digits=DIGITS) == written


def test_a_row_keeps_six_digits_and_its_words() -> None:
    line = joined({"a": text(ROW)}).splitlines()[1].split("\t")
    assert dict(zip(COLUMN_NAMES, line, strict=True)) == ROW | {"value": "68.5123"}


def test_days_sort_by_size_not_by_letter() -> None:
    rows = tables.combine(STUDY, digits=DIGITS)
    assert [row["session_id"] for row in rows if row["statistic"] == "volume"] == [
        "ses-3d",
        "ses-12m",
        "ses-1m",
    ]


@settings(deadline=None)
@given(st.permutations(sorted(STUDY)))
def test_order_of_files_changes_no_byte(order: list[str]) -> None:
    shuffled = {name: STUDY[name] for name in order}
    rows, again = (tables.combine(study, digits=DIGITS) for study in (STUDY, shuffled))
    assert tables.to_tsv(rows, digits=DIGITS) == tables.to_tsv(again, digits=DIGITS)
    assert tables.to_parquet(rows) == tables.to_parquet(again)
    assert tables.lesion_wide(rows, digits=DIGITS) == tables.lesion_wide(again, digits=DIGITS)


@settings(deadline=None)
@given(st.integers(4, 2000), st.sampled_from(["01", "02", "03"]))
def test_a_new_visit_leaves_earlier_lines_as_they_are(days: int, subject: str) -> None:
    later = STUDY | visit(subject, "new", days)
    for write in (tables.to_tsv, tables.lesion_wide):
        before, after = (
            write(tables.combine(study, digits=DIGITS), digits=DIGITS).splitlines()
            for study in (STUDY, later)
        )
        assert [line for line in after if "ses-new" not in line] == before


@settings(deadline=None)
@given(st.floats(-1e6, 1e6), st.integers(3, 15))
def test_writing_and_reading_again_changes_nothing(value: float, digits: int) -> None:
    rows = tables.parse(text(ROW | {"value": repr(value)}), source="a", digits=digits)
    written = tables.to_tsv(rows, digits=digits)
    assert tables.to_tsv(tables.parse(written, source="b", digits=digits), digits=digits) == written


def test_parquet_holds_the_rows_of_the_table() -> None:
    rows = tables.combine(STUDY, digits=DIGITS)
    table = pq.read_table(io.BytesIO(tables.to_parquet(rows)))
    assert table.to_pylist() == rows
    assert [str(field.type) for field in table.schema][COLUMN_NAMES.index("value")] == "double"


def test_no_tables_give_a_header() -> None:
    assert joined({}) == "\t".join(COLUMN_NAMES) + "\n"
    assert pq.read_table(io.BytesIO(tables.to_parquet([]))).num_rows == 0


def test_dictionary_describes_every_column_and_level() -> None:
    described = tables.dictionary()
    for name in COLUMN_NAMES:
        entry = described[name]
        assert isinstance(entry, dict)
        assert entry["Description"]
        if name in LEVELS:
            assert entry["Levels"] == LEVELS[name]
    assert set(LEVELS["statistic"]) == set(STATISTICS)
    assert {unit for unit, _ in STATISTICS.values()} <= set(LEVELS["unit"])
    assert described["SortedBy"] == list(KEY)


def test_wide_table_tells_not_visible_from_zero_and_missing() -> None:
    hidden = ROW | {"session_id": "ses-b", "value": "n/a", "status": "not_visible"}
    p = {"statistic": "detection_p", "unit": "1", "value": "0.4", "region": "search"}
    zero = ROW | {"session_id": "ses-a", "value": "0"}
    rows = tables.combine({"x": text(zero, hidden, hidden | p)}, digits=DIGITS)
    header, first, second = (
        line.split("\t") for line in tables.lesion_wide(rows, digits=DIGITS).splitlines()
    )
    volume, status = header.index("lesion_volume"), header.index("status")
    assert (first[volume], first[status]) == ("0", "measured")
    assert (second[volume], second[status]) == ("n/a", "not_visible")
    assert second[header.index("search_detection_p")] == "0.4"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"status": "seen"}, "status 'seen'"),
        ({"region": "thalamus"}, "region 'thalamus'"),
        ({"statistic": "mass"}, "statistic 'mass'"),
        ({"unit": "mm"}, "unit mm"),
        ({"value": "n/a"}, "status measured"),
        ({"status": "failed"}, "status failed"),
        ({"status": "not_visible"}, "status not_visible"),
        ({"value": "inf"}, "'inf'"),
        ({"value": "much"}, "'much'"),
        ({"participant_id": "n/a"}, "no participant_id"),
        ({"below_resolution": "no"}, "below_resolution 'no'"),
    ],
)
def test_a_wrong_cell_is_refused_by_name(change: dict[str, str], found: str) -> None:
    with pytest.raises(InputFault) as fault:
        tables.combine({"sub-01_measures.tsv": text(ROW | change)}, digits=DIGITS)
    assert found in fault.value.found
    assert "sub-01_measures.tsv line 2" in fault.value.file


def test_the_same_row_twice_is_refused_with_both_files() -> None:
    with pytest.raises(InputFault) as fault:
        tables.combine({"a.tsv": text(ROW), "b.tsv": text(ROW)}, digits=DIGITS)
    assert fault.value.file == "b.tsv line 2"
    assert "a.tsv" in fault.value.expected


@pytest.mark.parametrize("header", ["", "participant_id\tarm\n", "\t".join([*COLUMN_NAMES, "arm"])])
def test_other_columns_are_refused(header: str) -> None:
    with pytest.raises(InputFault) as fault:
        tables.combine({"a.tsv": header}, digits=DIGITS)
    assert "columns" in fault.value.found


def test_a_short_line_is_refused() -> None:
    with pytest.raises(InputFault) as fault:
        tables.combine({"a.tsv": text(ROW) + "sub-01\tses-3d\n"}, digits=DIGITS)
    assert "2 cells" in fault.value.found


def test_the_lesion_stage_writes_these_columns() -> None:
    assert findings.COLUMNS == COLUMN_NAMES
    for name, (unit, _) in vocabulary.SHAPE.items():
        assert findings.unit(name) == unit
    for name in vocabulary.ENDS:
        assert findings.unit(name) == STATISTICS[name][0]
