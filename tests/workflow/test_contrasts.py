"""Diffusion and multi-echo scans through the real rules, with stand-in scripts."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.workflow

TRACE = {"diffusion_adc 1 3d", "anatomy_contrast 1 3d trace", "anatomy_map 1 3d ADC"}
T2STARW = {
    "susceptibility_r2star 1 3d",
    "anatomy_contrast 1 3d T2starw",
    "anatomy_map 1 3d R2starmap",
}


@pytest.fixture
def scanned(study):
    for session in ("pre", "3d"):
        scan = study.dataset.scan(
            "1", session, "dwi", datatype="dwi", shape=(16, 18, 20, 4), sidecar={}
        )
        place, stem = scan.parent, scan.name.removesuffix(".nii.gz")
        (place / f"{stem}.bval").write_text("0 1000 1000 1000")
        (place / f"{stem}.bvec").write_text("0 1 0 0\n0 0 1 0\n0 0 0 1\n")
        for echo in (1, 2):
            sidecar = {"EchoTime": 0.01 * echo}
            study.dataset.scan("1", session, f"echo-{echo}_part-mag_MEGRE", sidecar=sidecar)
    return study


def test_each_scan_reruns_what_is_made_of_it(scanned) -> None:
    assert scanned.run() == 0
    ran = set(scanned.ran())
    assert ran >= TRACE | T2STARW
    folder = scanned.dataset.folder / "sub-1/ses-3d"

    (folder / "dwi/sub-1_ses-3d_dwi.bval").write_text("0 900 900 900")
    assert scanned.run() == 0
    ran = set(scanned.ran())
    assert ran >= TRACE | {"lesion_segment 1 3d fus1"}
    assert not ran & (T2STARW | {"anatomy_t1w 1 3d", "diffusion_adc 1 pre"})

    (folder / "anat/sub-1_ses-3d_echo-2_part-mag_MEGRE.json").write_text('{"EchoTime": 0.03}')
    assert scanned.run() == 0
    ran = set(scanned.ran())
    assert ran >= T2STARW | {"lesion_segment 1 3d fus1"}
    assert not ran & (TRACE | {"susceptibility_r2star 1 pre"})

    assert scanned.run() == 0
    assert scanned.ran() == []


def test_a_faulty_map_leaves_its_session_worked_without_it(scanned) -> None:
    scanned.break_("diffusion_adc 1 3d", "anatomy_contrast 1 3d T2starw")
    assert scanned.run() == 1
    failed = {(row["session_id"], row["modality"]) for row in scanned.ledger("failed")}
    assert failed == {("ses-3d", "dwi"), ("ses-3d", "MEGRE")}
    assert scanned.states()["lesion/segment/1_3d_fus1"] == "run"
    scanned.ran()
    assert scanned.run() == 1
    assert scanned.ran() == []


def test_a_single_echo_is_registered_as_it_is(scanned) -> None:
    for session in ("pre", "3d"):
        folder = scanned.dataset.folder / f"sub-1/ses-{session}/anat"
        for file in folder.glob("*echo-2*"):
            file.unlink()
    assert scanned.run("--modality", "T1w", "MEGRE") == 0
    ran = {job for job in scanned.ran() if "1 3d" in job}
    assert ran == {"anatomy_t1w 1 3d", "anatomy_contrast 1 3d T2starw"}
