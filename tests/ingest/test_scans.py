from __future__ import annotations

import json
import os

import nibabel as nib
import numpy as np
import pytest

from sonolesion.core import bids
from sonolesion.core.errors import InputFault
from sonolesion.ingest import scans


def first(dataset) -> bids.Scan:
    return next(iter(bids.scans_of(dataset.folder, "1", "pre")))


def cache_of(dataset) -> scans.Cache:
    return scans.Cache(dataset.folder.parent / "scans.json", dataset.folder)


def test_facts_of_a_sound_scan(dataset) -> None:
    facts = scans.read_facts(dataset.scan("1", "pre", "T1w"))
    assert facts.shape == [16, 18, 20]
    assert facts.voxel_mm == [2, 2, 2]
    assert (facts.unit, facts.oriented, facts.affine_difference_mm) == ("mm", True, 0.0)


def test_shift_between_qform_and_sform_by_hand(dataset) -> None:
    def shifted(image: nib.Nifti1Image) -> nib.Nifti1Image:
        moved = image.affine.copy()
        moved[:3, 3] += [3, 4, 0]
        image.set_qform(moved, 1)
        return image

    facts = scans.read_facts(dataset.scan("1", "pre", "T1w", change=shifted))
    assert facts.affine_difference_mm == pytest.approx(5)


def test_fingerprint_follows_content_not_time(dataset) -> None:
    path = dataset.scan("1", "pre", "T1w")
    before = scans.fingerprint(path)
    os.utime(path, (1, 1))
    assert scans.fingerprint(path) == before
    image = nib.load(path)
    data = np.asarray(image.dataobj).copy()
    data[3, 3, 3] += 1
    nib.save(nib.Nifti1Image(data, image.affine, image.header), path)
    os.utime(path, (1, 1))
    assert scans.fingerprint(path) != before


def test_unreadable_header_is_a_fact(dataset) -> None:
    path = dataset.scan("1", "pre", "T1w")
    path.write_bytes(b"no nifti at all, but long enough")
    assert "unreadable header" in scans.read_facts(path).fault


def test_cache_reads_a_file_again_only_when_it_changed(dataset, tmp_path, monkeypatch) -> None:
    path = dataset.scan("1", "pre", "T1w")
    relative = str(path.relative_to(dataset.folder))
    cache = scans.Cache(tmp_path / "scans.json", dataset.folder)
    facts = cache.facts(relative)
    cache.write()
    again = scans.Cache(tmp_path / "scans.json", dataset.folder)
    with monkeypatch.context() as patch:
        patch.setattr(scans, "read_facts", lambda _: pytest.fail("read again"))
        assert again.facts(relative) == facts
    os.utime(path, (1, 1))
    assert again.facts(relative).mtime_ns == 10**9


def test_sidecar_inherits_from_the_top_down(dataset) -> None:
    dataset.scan("1", "pre", "T1w", sidecar={"EchoTime": 0.003})
    inherited = {"EchoTime": 0.9, "Manufacturer": "GE"}
    (dataset.folder / "T1w.json").write_text(json.dumps(inherited))
    (dataset.folder / "acq-other_T1w.json").write_text(json.dumps({"Manufacturer": "none"}))
    assert scans.Cache(dataset.folder.parent / "scans.json", dataset.folder).sidecar(
        first(dataset)
    ) == {
        "EchoTime": 0.003,
        "Manufacturer": "GE",
    }


def test_the_file_that_says_most_of_a_scan_counts(dataset) -> None:
    """In one folder the name with more entities is the nearer one, wherever it sorts."""
    dataset.scan("1", "pre", "acq-a_T1w", sidecar={"EchoTime": 0.003})
    (dataset.folder / "sub-1/ses-pre/anat/sub-1_ses-pre_T1w.json").write_text('{"EchoTime": 0.9}')
    assert cache_of(dataset).sidecar(first(dataset)) == {"EchoTime": 0.003}


def test_broken_sidecar_is_named(dataset) -> None:
    path = dataset.scan("1", "pre", "T1w")
    path.with_name("sub-1_ses-pre_T1w.json").write_text("{")
    with pytest.raises(InputFault, match=r"sub-1_ses-pre_T1w\.json.*expected a JSON object"):
        cache_of(dataset).sidecar(first(dataset))
