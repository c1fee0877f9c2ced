"""Map what the place of a visit's lesion goes together with in healthy people."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.errors import InputFault
from sonolesion.core.run import run
from sonolesion.functional import normative, pictures
from sonolesion.functional.network_maps import PLANES

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]


def _files(folder: str) -> list[Path]:
    """Return the series of a folder; two people are the fewest that have a t."""
    found = sorted(p for p in Path(folder).glob("*") if p.name.endswith((".nii", ".nii.gz")))
    if len(found) < 2:
        raise InputFault(
            file=folder, found=f"{len(found)} NIfTI files", expected="a denoised series a person",
            remedy="mend functional.lesion_network.normative, or leave it empty",
        )  # fmt: skip
    return found


def _people(files: list[Path]) -> Iterator[normative.Person]:
    for path in files:
        one = images.load(path)
        yield normative.Person(one.data, one.affine, str(path))


def main(
    probseg: str, lesion: str, t1w: str, warps: list[str], fisherz: str, t_map: str, sidecar: str,
    png: str, *, folder: str, space: str, labels: Settings, min_voxels: float,
) -> None:  # fmt: skip
    """Read, carry the lesion, correlate person by person, draw, write."""
    files = _files(folder)
    first = images.header(files[0])
    grid: Settings = {"shape": first.shape[:3], "affine": first.affine}
    fields = [(field.data, field.affine) for field in map(images.load_warp, warps)]
    share, head = (
        normative.in_template(one.data, one.affine, fields, **grid)
        for one in map(images.load, (probseg, t1w))
    )
    size, outcome = float(share.sum()), images.read_json(lesion)["outcome"]
    if outcome == "measured" and size < min_voxels:
        outcome = "absent"
    mean = t = np.full(grid["shape"], np.nan, dtype=np.float32)
    if outcome == "measured":
        found = normative.mapped(_people(files), share, affine=first.affine, min_voxels=min_voxels)
        mean, t = (part.reshape(grid["shape"]) for part in (found.mean, found.t))
    for path, volume in ((fisherz, mean), (t_map, t)):
        images.save(path, volume, first.affine)
    told = {"outcome": outcome, "People": len(files), "Voxels": round(size, 2), "Space": space}
    images.write_json(sidecar, told)
    top = float(np.nanpercentile(np.abs(t), 99.5)) if np.isfinite(t).any() else 1.0
    title = f"{labels['intervention_id']}, lesion of {labels['session_id']} in {len(files)} people"
    drawn = pictures.overlays(
        [pictures.Layer("t over people", t, 0.3 * top, top, True)], first.affine, np.eye(4), head,
        first.affine, planes=PLANES, title=f"{title}, {space}",
    )  # fmt: skip
    drawn.save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
