"""Each fault of a diffusion scan is named with file and remedy, and blocks its session alone."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import nibabel as nib
import numpy as np
import pytest

from sonolesion.core.config import parse
from sonolesion.ingest import study

TRACE = ["trace", "ADC"]
TENSOR_STEPS = {"diffusion_gradients", "diffusion_preproc", "diffusion_space", "diffusion_tensor"}
UP = {"PhaseEncodingDirection": "j", "TotalReadoutTime": 0.04}
DOWN = UP | {"PhaseEncodingDirection": "j-"}


class Case(NamedTuple):
    """What is spoilt, which file is named, what is told of it, and whether trace and ADC go on."""

    spoil: Callable[[Path], object]
    file: str
    found: str
    remedy: str
    trace_goes_on: bool = False
    config: dict[str, Any] | None = None


def table(scan: Path, extension: str) -> Path:
    return scan.with_name(scan.name.replace(".nii.gz", extension))


def numbers(path: Path) -> np.ndarray:
    return np.array([line.split() for line in path.read_text().splitlines()], dtype=float)


def rewrite(extension: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], object]:
    """Return what changes the numbers of a table."""

    def spoil(scan: Path) -> None:
        path = table(scan, extension)
        rows = np.atleast_2d(change(numbers(path)))
        path.write_text("\n".join(" ".join(f"{v:g}" for v in row) for row in rows))

    return spoil


def scaled(*lengths: float) -> Callable[[Path], object]:
    return rewrite(".bvec", lambda rows: rows * np.array([1.0, *lengths]))


def truncate(scan: Path) -> None:
    """Keep the header and three volumes and a half, in a gzip file that is sound in itself."""
    whole = gzip.decompress(scan.read_bytes())
    image = nib.load(scan)
    volume = 4 * int(np.prod(image.shape[:3]))
    scan.write_bytes(gzip.compress(whole[: image.dataobj.offset + 3 * volume + volume // 2]))


def break_off(scan: Path) -> None:
    """Cut the compressed file itself, as a copy that stopped leaves it."""
    content = scan.read_bytes()
    scan.write_bytes(content[: len(content) // 2])


def unpack_short(scan: Path) -> None:
    truncate(scan)
    scan.with_name(scan.name.removesuffix(".gz")).write_bytes(gzip.decompress(scan.read_bytes()))
    scan.unlink()


def second(label: str, sidecar: dict[str, object]) -> Callable[[Path], object]:
    """Return what renames the scan to dir-AP, and lays one of another label beside it."""

    def spoil(scan: Path) -> None:
        content = {ending: table(scan, ending).read_bytes() for ending in (".bval", ".bvec")}
        content[".nii.gz"] = scan.read_bytes()
        for own, told in (("dir-AP", UP), (label, sidecar)):
            for ending, data in content.items():
                name = scan.name.replace("_dwi.nii.gz", f"_{own}_dwi{ending}")
                scan.with_name(name).write_bytes(data)
            scan.with_name(name.replace(".bvec", ".json").replace(".nii.gz", ".json")).write_text(
                json.dumps(told)
            )
        for ending in (".nii.gz", ".bval", ".bvec", ".json"):
            table(scan, ending).unlink()

    return spoil


TWICE = rewrite(".bval", lambda row: np.delete(row, -1))
CASES = {
    "one b-value too few": Case(TWICE, "dwi.bval", "6 b-values", "convert"),
    "one direction too few": Case(
        rewrite(".bvec", lambda rows: rows[:, 1:]), "dwi.bvec", "3 lines of 6", "convert"
    ),
    "transposed": Case(
        rewrite(".bvec", np.transpose), "dwi.bvec", "transposed: one line a volume", "3 lines"
    ),
    "MRtrix": Case(
        rewrite(".bvec", lambda rows: np.vstack([rows, np.full(7, 1000)]).T),
        "dwi.bvec", "the b-values among them", "mrconvert",
    ),
    "too long": Case(scaled(1, 1, 1.4, 1, 1, 1), "dwi.bvec", "length 1.400 (volume 3", "convert"),
    "many lengths": Case(
        scaled(0.6, 0.67, 0.74, 0.8, 0.85, 0.9), "dwi.bvec", "of many lengths", "convert"
    ),
    "all too short": Case(
        scaled(*[0.5] * 6), "dwi.bval", "b-values 0, 250 s/mm² (b |g|²; stored as 0, 1000)", "unit"
    ),
    "ms/µm²": Case(rewrite(".bval", lambda b: b / 1000), "dwi.bval", "as if in ms/µm²", "s/mm²"),
    "s/m²": Case(rewrite(".bval", lambda b: b * 1e6), "dwi.bval", "as if in s/m²", "s/mm²"),
    "no b0": Case(
        rewrite(".bval", lambda b: b * 0 + 1000), "dwi.bval", "no unweighted volume", "order"
    ),
    "single direction": Case(
        rewrite(".bvec", lambda rows: np.tile([[0], [0], [1]], 7) * (rows**2).sum(axis=0)),
        "dwi.bval", "do not cover space", "0 0 0 as its gradient",
    ),
    "missing shell": Case(
        Path.exists, "dwi.bval", "shell 2000 s/mm² as well", "convert", trace_goes_on=True,
        config={"diffusion": {"table": {"expected_shells_s_mm2": [1000, 2000]}}},
    ),
    "truncated": Case(truncate, "dwi.nii.gz", "3 of 7 volumes", "copy or convert"),
    "truncated, not packed": Case(unpack_short, "dwi.nii", "3 of 7 volumes", "copy or convert"),
    "broken off": Case(break_off, "dwi.nii.gz", "of 7 volumes", "copy or convert"),
    "one label, two directions": Case(
        second("acq-b_dir-AP", DOWN), "dir-AP_dwi.nii.gz", "dir-AP encoded along", "protocol",
        trace_goes_on=True,
    ),
    "two labels, one direction": Case(
        second("dir-PA", UP), "dir-PA_dwi.nii.gz", "dir-PA encoded along j, and dir-AP along j",
        "protocol", trace_goes_on=True,
    ),
}  # fmt: skip


def prepared(dataset, config: dict[str, Any]) -> study.Study:
    settings = parse({"bids_dir": str(dataset.folder), **config}, file="test")
    return study.prepare(settings, dataset.folder.parent / "out", code=lambda step: step)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fault_is_named_and_blocks_its_session_alone(dataset, tensor, case: Case) -> None:
    scan = tensor("3d")
    tensor("pre")
    case.spoil(scan)
    found = prepared(dataset, case.config or {})
    state = {(row.session, row.modality): row for row in found.rows}
    row = state["3d", "tensor" if case.trace_goes_on else "dwi"]
    assert row.state == "blocked"
    named, _, told = row.reason.partition(": found ")
    assert named.endswith(case.file)
    assert not named.startswith("/")
    assert case.found in told
    assert case.remedy in row.remedy

    plan = json.loads((dataset.folder.parent / "out/work/plan.json").read_text())
    steps = {(rule, wildcards.get("session")) for rule, wildcards, _ in plan["jobs"]}
    assert not {(step, "3d") for step in TENSOR_STEPS} & steps
    assert {"lesion_segment", "anatomy_t1w"} <= {rule for rule, session in steps if session == "3d"}
    follow_up = found.subjects[0].interventions["fus1"]["follow_ups"]["3d"]
    assert {"T1w", "T2w"} <= set(follow_up["contrasts"])
    assert (set(TRACE) <= set(follow_up["contrasts"])) == case.trace_goes_on
    # What the configuration demands of every session it refuses at every session.
    assert ({(step, "pre") for step in TENSOR_STEPS} <= steps) == (case.config is None)


def test_the_scan_that_is_spoilt_is_sound_before(dataset, tensor) -> None:
    tensor("3d")
    rows = [r for r in prepared(dataset, {}).rows if (r.session, r.modality) == ("3d", "dwi")]
    assert [row.state for row in rows] == ["run"]
    assert "tensor of 6 directions" in rows[0].reason


def test_a_packed_scan_of_several_parts_is_whole(dataset, tensor) -> None:
    """Some programs write a gzip file in pieces, whose end tells the last one's length alone."""
    scan = tensor("3d")
    whole = gzip.decompress(scan.read_bytes())
    scan.write_bytes(gzip.compress(whole[:5000]) + gzip.compress(whole[5000:]))
    rows = [r for r in prepared(dataset, {}).rows if (r.session, r.modality) == ("3d", "dwi")]
    assert [row.state for row in rows] == ["run"]


def test_a_shell_that_the_baseline_had_is_told(dataset, tensor) -> None:
    """Nothing demands it, but what changed since the baseline stands in the table of changes."""
    for session in ("pre", "3d"):
        scan = tensor(session, shape=(16, 18, 20, 7))
        if session == "pre":
            table(scan, ".bval").write_text("0 1000 1000 1000 1000 1000 1000")
        else:
            table(scan, ".bval").write_text("0 700 1000 1000 1000 1000 1000")
    row = next(r for r in prepared(dataset, {}).rows if (r.session, r.modality) == ("3d", "dwi"))
    assert "Shells 1000 to 700 x 1000 (drift)" in row.reason
