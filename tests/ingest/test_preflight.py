from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.settings.ingest import Ingest
from sonolesion.ingest.preflight import faults
from sonolesion.ingest.scans import Facts

SOUND = Facts(
    1, 1, "x", [100, 110, 120], [1.0, 1.0, 1.0], oriented=True, affine_difference_mm=0.0, shear=0.0
)


def reasons(modality: str = "T1w", sidecar: dict[str, object] | None = None, **change: object):
    facts = replace(SOUND, **change)
    return [fault.reason for fault in faults(modality, facts, sidecar or {}, Ingest())]


def test_sound_scan_has_no_fault() -> None:
    assert reasons() == []


def test_unreadable_header_is_the_only_fault() -> None:
    assert reasons(fault="bad magic", shape=[]) == ["unreadable header: bad magic"]


def test_wrong_dimension() -> None:
    assert reasons(shape=[9, 9, 9, 4]) == ["4-D volume (9x9x9x4), expected 3-D"]


def test_too_few_slices() -> None:
    assert "at least 8 voxels" in reasons(shape=[256, 256, 3])[0]


def test_qform_and_sform_disagree() -> None:
    assert reasons(affine_difference_mm=12.5) == [
        "qform and sform disagree by 12.5 mm, expected at most 1.0 mm"
    ]


def test_only_one_of_qform_and_sform_is_no_fault() -> None:
    assert reasons(affine_difference_mm=None) == []


def test_no_orientation_at_all() -> None:
    assert "side can't be known" in reasons(oriented=False)[0]


def test_unit_other_than_mm() -> None:
    assert reasons(unit="meter") == ["lengths in meter, expected mm"]
    assert reasons(unit="unknown") == []


def test_shear() -> None:
    assert "right angles" in reasons(shear=0.2)[0]


def test_missing_physical_parameter_is_asked_for_by_name() -> None:
    assert reasons("MEGRE", {}) == ["sidecar lacks EchoTime"]
    assert reasons("MEGRE", {"EchoTime": 0.01}) == []


def test_echo_time_in_milliseconds() -> None:
    assert "expected seconds" in reasons(sidecar={"EchoTime": 90})[0]
    assert reasons(sidecar={"EchoTime": 0.09}) == []


@given(st.floats(0.001, 100))
def test_voxel_size_is_judged_by_the_limits(edge_mm: float) -> None:
    settings = Ingest()
    plausible = settings.min_voxel_mm <= edge_mm <= settings.max_voxel_mm
    assert (reasons(voxel_mm=[1.0, 1.0, edge_mm]) == []) == plausible
