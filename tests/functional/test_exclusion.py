"""How much of a lesion lies outside the places that every mask leaves out."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core import images
from sonolesion.core.tables import read_tsv, write_tsv
from sonolesion.functional import exclusion
from sonolesion.maths.region_measures import COLUMNS
from sonolesion.measures import tables
from sonolesion.report import resting

TARGET = [[0.0, 0.0, 0.0]]
LABELS = {
    "participant_id": "sub-1", "session_id": "ses-3d", "intervention_id": "fus1",
    "day_after": 3.0, "side": "left", "baseline": "ses-pre",
}  # fmt: skip


def grid(voxel_mm: float, n: int = 24) -> np.ndarray:
    """Return a grid whose middle voxel lies at the origin."""
    out = np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])
    out[:3, 3] = -voxel_mm * (n // 2)
    return out


def test_a_rod_by_hand() -> None:
    lesion = np.zeros((24, 24, 24))
    lesion[12:18, 12, 12] = 1.0
    found = exclusion.outside(lesion, TARGET, radius_mm=6.0, affine=grid(2.0))
    # Voxels at 0, 2, 4, 6 mm are within, those at 8 and 10 mm are not; each has 8 mm3.
    assert found == exclusion.Outside(
        pytest.approx(16.0), pytest.approx(1 / 3), pytest.approx(10.0)
    )


def test_a_sphere_that_holds_the_lesion_and_a_second_target_that_does() -> None:
    lesion = np.zeros((24, 24, 24))
    lesion[12:18, 12, 12] = 1.0
    whole = exclusion.outside(lesion, TARGET, radius_mm=10.0, affine=grid(2.0))
    assert (whole.volume_mm3, whole.share) == (0.0, 0.0)
    both = exclusion.outside(lesion, [*TARGET, [10.0, 0, 0]], radius_mm=4.0, affine=grid(2.0))
    assert (both.volume_mm3, both.reach_mm) == (0.0, pytest.approx(4.0))


@given(st.integers(0, 99), st.floats(3.0, 20.0), st.floats(0.1, 10.0))
def test_a_larger_radius_leaves_less_and_the_reach_leaves_nothing(
    seed: int, radius_mm: float, more_mm: float
) -> None:
    rng = np.random.default_rng(seed)
    lesion, affine = rng.random((24, 24, 24)) < 0.01, grid(1.5)
    targets = rng.uniform(-9, 9, (2, 3)).tolist()
    told = {"targets_mm": targets, "affine": affine}
    small = exclusion.outside(lesion, radius_mm=radius_mm, **told)
    large = exclusion.outside(lesion, radius_mm=radius_mm + more_mm, **told)
    assert large.volume_mm3 <= small.volume_mm3 <= lesion.sum() * 1.5**3 + 1e-6
    assert exclusion.outside(lesion, radius_mm=small.reach_mm, **told).share == 0.0
    # What is outside is what the mask of the same grid leaves in.
    mask = exclusion.spheres(
        targets, radius_mm=radius_mm, to_scan=np.eye(4), affine=affine, shape=lesion.shape
    )
    assert small.share == pytest.approx(float(np.mean(~mask[lesion])))


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(ValueError, match="0 voxels of a lesion and 1 targets"):
        exclusion.outside(np.zeros((2, 2, 2)), TARGET, radius_mm=1.0, affine=np.eye(4))
    with pytest.raises(ValueError, match="8 voxels of a lesion and 0 targets"):
        exclusion.outside(np.ones((2, 2, 2)), [], radius_mm=1.0, affine=np.eye(4))


@pytest.mark.parametrize("found", [exclusion.Outside(12.0, 0.25, 17.5), None])
def test_rows_are_of_the_vocabulary(found: exclusion.Outside | None, tmp_path: Path) -> None:
    path = tmp_path / "a_measures.tsv"
    write_tsv(path, exclusion.rows(found, LABELS, radius_mm=15.0), columns=COLUMNS)
    rows = tables.combine({path.name: path.read_text()}, digits=6)
    assert {row["method"] for row in rows} == {"functional; spheres of 15 mm"}
    cells = {row["statistic"]: (row["status"], row["value"]) for row in rows}
    if found is None:
        assert cells == {"outside_exclusion": ("not_visible", None)}
    else:
        assert cells["outside_exclusion"] == ("measured", 12.0)
        assert cells["exclusion_reach"] == ("measured", 17.5)


@pytest.fixture
def visit(tmp_path: Path, root: Path) -> Any:
    """Return a call of the step for a lesion that reaches 8 mm from the plan."""
    path = root / "scripts/functional/network.py"
    spec = importlib.util.spec_from_file_location("functional_network", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    at = {name: str(tmp_path / name) for name in (
        "denoised.nii.gz", "denoised_sidecar.json", "brain.nii.gz", "to_acpc.txt",
        "probseg.nii.gz", "zones.nii.gz", "lesion.json", "t1w.nii.gz", "network.nii.gz",
        "sidecar.json", "measures.tsv", "png.png",
    )}  # fmt: skip
    rng, affine = np.random.default_rng(3), grid(2.0)
    zones = np.zeros((24, 24, 24), dtype=np.uint8)
    zones[12:15, 12, 12], zones[15:17, 12, 12] = 1, 3
    brain = np.zeros(zones.shape, dtype=np.uint8)
    brain[6:18, 6:18, 6:18] = 1
    images.save(at["denoised.nii.gz"], rng.normal(size=(24, 24, 24, 20)).astype("f4"), affine)
    images.save(at["zones.nii.gz"], zones, affine)
    images.save(at["probseg.nii.gz"], (zones == 1).astype("f4"), affine)
    for name in ("brain.nii.gz", "t1w.nii.gz"):
        images.save(at[name], brain, affine)
    images.write_affine(at["to_acpc.txt"], np.eye(4))
    images.write_json(at["denoised_sidecar.json"], {"Strategy": "minimal", "Mark": ""})
    target = tmp_path / "target.json"
    images.write_json(target, {"target_mm": TARGET[0]})

    def call(radius_mm: float, outcome: str = "measured") -> tuple[dict[str, Any], Path]:
        images.write_json(at["lesion.json"], {"outcome": outcome})
        files = {name.partition(".")[0]: file for name, file in at.items()}
        module.main(
            **files, targets=[str(target)], labels=LABELS, min_voxels=1.0, fwhm_mm=0.0,
            exclusion_radius_mm=radius_mm,
        )  # fmt: skip
        return images.read_json(at["sidecar.json"]), Path(at["measures.tsv"])

    return call


def test_the_step_tells_what_is_outside_and_the_page_what_to_do(visit: Any) -> None:
    record, table = visit(6.0)
    # The oedema's last voxel lies at 8 mm.
    assert (record["OutsideExclusion_mm3"], record["ExclusionReach_mm"]) == (8.0, 8.0)
    rows = {row["statistic"]: row for row in read_tsv(table)}
    assert float(rows["outside_exclusion"]["value"]) == pytest.approx(8.0)
    assert float(rows["outside_exclusion_share"]["value"]) == pytest.approx(0.2)
    assert resting.beyond(record) == (
        "the lesion reaches 8.0 mm³ beyond the places left out of every mask, up to 8.0 mm from "
        "the plan: raise functional.exclusion.radius_mm (now 6 mm) and run again; all visits are "
        "then done anew with the one larger mask"
    )
    larger, table = visit(8.0)
    assert (larger["OutsideExclusion_mm3"], resting.beyond(larger)) == (0.0, "")
    assert larger["outcome"] == "measured"
    assert read_tsv(table)[0]["method"].endswith("spheres of 8 mm")


def test_a_lesion_that_is_not_visible_is_in_the_table_and_no_fault(visit: Any) -> None:
    record, table = visit(6.0, "not_visible")
    assert resting.beyond(record) == ""
    assert [row["status"] for row in read_tsv(table)] == ["not_visible"]
