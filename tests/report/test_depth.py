"""The panels as they stand in the pages: made from files, or saying why there are none."""

from __future__ import annotations

import io
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture

from sonolesion.core import images
from sonolesion.core.tables import write_tsv

STEM = "sub-01/ses-3d/anat/sub-01_ses-3d"
RECORD = f"{STEM}_space-acpc_desc-t1_lesion.json"
SEARCH = f"{STEM}_space-acpc_desc-t1_offtarget.json"
DRAWN = f"{STEM}_space-acpc_desc-t1_offtarget.png"
OVERLAP = f"{STEM}_desc-t1overlap_measures.tsv"
REGIONS = "sub-01/anat/sub-01_space-acpc_desc-atlases_probseg.json"
MEASURES = f"{STEM}_desc-t1_measures.tsv"
LANDMARKS = "sub-01/anat/sub-01_desc-acpc_landmarks.json"
ALL = (RECORD, SEARCH, DRAWN, OVERLAP, REGIONS, LANDMARKS)


def words(html: str) -> str:
    body = re.sub(r"<style>.*?</style>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.fixture
def deep(study: Any, depth: Any) -> Any:
    """The study with everything that the lesion's steps leave at ses-3d."""
    images.write_json(RECORD, depth.LESION)
    images.write_json(SEARCH, depth.ELSEWHERE)
    images.write_json(REGIONS, depth.ATLASES)
    landmarks = {"ac_mm": [0, 0, 0], "pc_mm": [0, -26, 0], "ac_likeness": 0.86}
    images.write_json(LANDMARKS, landmarks | {"ac_moved_mm": 0.5})
    sink = io.BytesIO()
    Picture.new("RGB", (500, 300)).save(sink, format="PNG")
    Path(DRAWN).write_bytes(sink.getvalue())
    method = "ellipsoid for target CL; position sd 1.1 mm"
    study.write_rows(
        OVERLAP, depth.rows_of("centroid:CL", method, **depth.overlap(0.87, 0.44, 0.99))
    )
    study.current.extend(ALL)
    return study


def with_rows(study: Any, name: str, rows: list[dict[str, str]]) -> list[str]:
    """Return the current files, those of measures of ses-3d replaced by rows of our own."""
    file = f"{STEM}_desc-t1{name}_measures.tsv"
    study.write_rows(file, rows)
    return [path for path in study.current if path != MEASURES] + [file]


def more(
    study: Any, statistic: str, value: str, region: str = "lesion", **changed: str
) -> dict[str, str]:
    """Return one more row of ses-3d."""
    base = study.lesion_rows("3d", 142.0)[0]
    unit = "mm3" if "volume" in statistic else "mm"
    return base | {"statistic": statistic, "value": value, "region": region, "unit": unit} | changed


def test_every_panel_stands_in_the_page(deep: Any) -> None:
    text = words(deep.page())
    for told in (
        "log odds +2177",
        "T2w : not acquired at the baseline",
        "FLAIR 97 %",
        "87 % (44 to 99) of the lesion",
        "20 % (10 to 23) of the region",
        "ellipsoid, no anatomical outline",
        "morel : no file",
        "Tzourio-Mazoyer 2002",
        "▲ safety",
        "haemorrhage (1), other change (1)",
        "AC resembles the template's by 0.86, moved 0.5 mm",
        "Protocols were not compared",
    ):
        assert told in text, told


def test_a_picture_of_change_elsewhere_is_shown_and_its_loss_said(deep: Any) -> None:
    assert 'alt="Change away from the plan, ses-3d"' in deep.page()
    deep.current.remove(DRAWN)
    assert "The picture is not there." in deep.page()


@pytest.mark.parametrize("lost", ALL)
def test_the_page_survives_any_missing_file(deep: Any, lost: str) -> None:
    deep.current.remove(lost)
    assert "<h1>sub-01</h1>" in deep.page()


def test_missing_results_say_why(study: Any) -> None:
    text = words(study.page())
    assert "No current record" in text
    assert "ses-3d : no overlap result. absent: the step was not planned for this visit." in text
    assert "No result (absent): the step was not planned for this visit." in text


def test_sizes_have_intervals_definitions_and_flags(study: Any) -> None:
    rows = [
        *study.lesion_rows("3d", 142.0),
        more(study, "volume_low", "131"),
        more(study, "volume_high", "175"),
        more(study, "volume", "51", "core", below_resolution="true"),
        more(study, "volume", "n/a", "oedema", status="not_visible"),
        more(study, "error_3d_low", "1.9"),
        more(study, "error_3d_high", "2.4"),
        more(study, "wall_distance", "6.4"),
        more(study, "volume", "626", map="contrast_lesion", modality="T1w"),
        more(study, "volume", "n/a", map="contrast_lesion", modality="ADC", status="not_visible"),
    ]
    page = study.page(current=with_rows(study, "sizes", rows))
    text = words(page)
    for told in (
        "142 mm³ (131 to 175)",
        "51 † below resolution",
        "2.1 (1.9 to 2.4)",
        "T1w, mm³ ADC, mm³ ses-3d day 3 626 not visible",
        "6.4",
    ):
        assert told in text, told
    assert "not told" in text  # the zones together have no row
    assert re.search(r"M[\d.]+ [\d.]+V[\d.]+m-5 0h10", page)  # bar of the curve


def test_a_corrected_outline_wears_its_badge(deep: Any, depth: Any) -> None:
    images.write_json(RECORD, depth.CORRECTED)
    method = "corrected by hand; T1w; zones I and II as a person outlined them"
    rows = [row | {"method": method} for row in deep.lesion_rows("3d", 160.0)]
    text = words(deep.page(current=with_rows(deep, "hand", rows)))
    assert "treatment corrected by hand Lesion outlined by hand, 160 mm³" in text
    assert "Dice against the automatic outline 0.83" in text


def test_protocol_changes_are_listed_and_major_ones_in_the_summary(study: Any) -> None:
    row = {
        "participant_id": "sub-01", "session_id": "ses-3d", "modality": "FLAIR",
        "key": "ScanningSequence", "baseline": "SE", "value": "GR", "severity": "major",
        "baseline_session_id": "ses-baseline",
    }  # fmt: skip
    other = row | {"participant_id": "sub-02", "key": "Elsewhere"}
    write_tsv("protocol.tsv", [row, other], columns=list(row))
    text = words(study.page(protocol=["protocol.tsv"]))
    assert "The scan protocol changed since the baseline: ses-3d FLAIR" in text
    assert "major ScanningSequence SE → GR" in text
    assert "Elsewhere SE" not in text
    write_tsv("protocol.tsv", [other], columns=list(row))
    assert "No scan differs from its baseline" in words(study.page(protocol=["protocol.tsv"]))


def test_not_examined_is_said_in_the_summary(deep: Any, depth: Any) -> None:
    images.write_json(SEARCH, depth.BLIND)
    assert "Elsewhere: Not examined: none of the contrasts" in words(deep.page())


def test_contrasts_of_diffusion_are_folded_and_their_absence_said(study: Any) -> None:
    images_of = [f for f in study.current if "ses-3d" in f and f.endswith("preproc_T2w.nii.gz")]
    made = images_of[0].replace("T2w", "ADC")
    scan = images.load(images_of[0])
    images.save(Path(made), scan.data, scan.affine)
    page = study.page(current=[*study.current, made])
    assert re.search(r'<details class="film"><summary>Diffusion, ADC</summary>', page)
    assert re.search(r'<details class="film" open><summary>T2w</summary>', page)
    strip = page.partition("Diffusion, ADC</summary>")[2].partition("</details>")[0]
    assert "unused" in words(strip)  # the inventory's word for dwi at the other visits
