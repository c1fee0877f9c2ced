"""What is said of change away from the plan, on a small digital head."""

from __future__ import annotations

import numpy as np
import pytest

from sonolesion.core.settings.lesion import Lesion
from sonolesion.lesion import findings, offtarget_picture, offtarget_report
from sonolesion.lesion.comparison import FieldModel, NoiseModel
from sonolesion.lesion.offtarget import Look, Search
from sonolesion.lesion.offtarget_report import OffTarget, Rules
from sonolesion.measures import tables

from .conftest import Study, make_study

LESION = Lesion()
LOOKS = [Look(look.name, look.signs) for look in LESION.offtarget.looks]
RULES = Rules({look.name: look.kind for look in LESION.offtarget.looks}, LESION.offtarget.agree,
              LESION.offtarget.safety)  # fmt: skip
LABELS = {"participant_id": "sub-01", "session_id": "ses-3d", "intervention_id": "t1",
          "day_after": 3.0, "side": "left"}  # fmt: skip
# Contrasts of a susceptibility and a diffusion scan, made of the FLAIR's geometry.
CHANGES = {
    "restricted_diffusion": {"trace": 0.5, "ADC": -0.4},
    "haemorrhage": {"R2starmap": 0.8, "T2starw": -0.4},
}


def add(study: Study, place: tuple[int, int, int], changes: dict[str, float]) -> Study:
    """Return the study with a ball of change of 3 voxels, and the contrasts it needs."""
    ball = np.linalg.norm(np.indices(study.head.brain.shape).T - place, axis=-1).T < 2.6
    late, early = dict(study.late), dict(study.early)
    for number, (name, size) in enumerate(changes.items()):
        rng = np.random.default_rng(50 + number)
        source = study.early["FLAIR"]
        early.setdefault(name, source + rng.normal(0, 15, source.shape).astype(np.float32))
        after = late.get(name, source + rng.normal(0, 15, source.shape).astype(np.float32))
        late[name] = after + (size * 700 * ball).astype(np.float32)
    return Study(study.head, late, early, study.inner, study.outer)


def examine(study: Study) -> OffTarget:
    return offtarget_report.examine(
        study.late, study.early, head=study.head, looks=LOOKS, rules=RULES,
        search=Search(**LESION.offtarget.search.model_dump()),
        exclusion_radius_mm=LESION.exclusion_radius_mm,
        field=FieldModel(**LESION.calibration.model_dump()),
        noise=NoiseModel(**LESION.noise.model_dump()),
    )  # fmt: skip


@pytest.fixture(scope="module")
def restricted() -> OffTarget:
    return examine(add(make_study(lesion=True), (45, 40, 30), CHANGES["restricted_diffusion"]))


def test_a_lesion_at_the_plan_is_not_off_target_and_none_is_told_with_its_p():
    found = examine(make_study(lesion=True))
    assert found.record["outcome"] == "not_visible"
    assert 0.05 < found.record["smallest_p"] <= 1
    rows = offtarget_report.rows(found, LABELS, rules=RULES)
    told = {(row["region"], row["statistic"]): row for row in rows}
    assert told["offtarget", "clusters"]["value"] == 0
    assert told["offtarget_t2_hyperintensity", "clusters"]["status"] == "measured"
    # Diffusion was not scanned: no zero is claimed.
    assert told["offtarget_restricted_diffusion", "clusters"]["status"] == "absent"


def test_restricted_diffusion_is_found_where_it_is_and_flagged(restricted: OffTarget):
    (one,) = restricted.clusters
    assert one["kind"] == "restricted_diffusion" and one["safety"]
    # Voxel (45, 40, 30) of 2 mm from the middle (32, 36, 30).
    np.testing.assert_allclose(one["centroid_mm"], [26.0, 8.0, 0.0], atol=1.0)
    # The ball has 81 voxels of 8 mm³.
    assert 0.7 < one["volume_mm3"] / 648.0 < 1.4
    assert one["mean_change"]["trace"] > 0 > one["mean_change"]["ADC"]


def test_haemorrhage_is_named_by_both_its_contrasts():
    found = examine(add(make_study(lesion=False), (18, 50, 36), CHANGES["haemorrhage"]))
    assert [one["kind"] for one in found.clusters] == ["haemorrhage"]
    assert found.record["safety"]


def test_the_opposite_signs_are_another_kind():
    opposite = {name: -size for name, size in CHANGES["haemorrhage"].items()}
    found = examine(add(make_study(lesion=False), (18, 50, 36), opposite))
    assert [one["kind"] for one in found.clusters] == ["other"]
    assert not found.record["safety"]


def test_one_contrast_without_a_look_is_not_examined():
    study = make_study(lesion=False)
    alone = Study(study.head, {"T1w": study.late["T1w"]}, {"T1w": study.early["T1w"]},
                  study.inner, study.outer)  # fmt: skip
    found = examine(alone)
    assert found.record["outcome"] == "not_examined"
    assert found.record["smallest_p"] is None
    rows = offtarget_report.rows(found, LABELS, rules=RULES)
    assert {row["status"] for row in rows} == {"absent"}


def test_rows_are_in_the_vocabulary(restricted: OffTarget):
    rows = offtarget_report.rows(restricted, LABELS, rules=RULES)
    lines = ["\t".join(findings.COLUMNS)]
    lines += ["\t".join(str(r.get(c, "n/a") if r.get(c) is not None else "n/a")
                        for c in findings.COLUMNS) for r in rows]  # fmt: skip
    combined = tables.combine({"one": "\n".join(lines) + "\n"}, digits=6)
    assert len(combined) == len(rows)


def test_a_picture_is_drawn_with_and_without_clusters(restricted: OffTarget, tmp_path):
    study = add(make_study(lesion=True), (45, 40, 30), CHANGES["restricted_diffusion"])
    nothing = OffTarget(np.zeros_like(restricted.labels), [], restricted.record)
    for number, found in enumerate((restricted, nothing)):
        path = tmp_path / f"{number}.png"
        offtarget_picture.draw(
            str(path), study.late, study.early, head=study.head, found=found, half_mm=24.0, most=4
        )
        assert path.read_bytes().startswith(b"\x89PNG")
