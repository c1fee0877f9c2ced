"""The connectome over visits on the page: that of the first, and how the others differ."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sonolesion.report import panels
from sonolesion.report.diffusion_scans import Picture
from sonolesion.report.records import File, Reader, Visit, find, number

Array = NDArray[np.float64]
# Set of regions whose networks are known, and the Fisher z at the ends of the colours.
ATLAS, HIGHEST_Z = "dosenbach", 1.0
# Blue, white, red; grey where a region was not read, and lines between networks.
COLOURS = np.array([[33, 102, 172], [247, 247, 247], [178, 24, 43]], dtype=np.float64)
UNREAD, LINE = (200, 200, 200), (0, 0, 0)
PIXELS = 3


def pictures(
    files: Sequence[File], reader: Reader, visits: Sequence[Visit], *, size: Mapping[str, int]
) -> Iterator[Picture]:
    """Yield the matrix of the first visit that has one, and the change since then of each other.

    Nothing is yielded of a single visit: its matrices stand with its run.
    """
    found = [(visit.session, one) for visit in visits if (one := _read(files, reader, visit))]
    if len(found) < 2:
        return
    first, (before, networks) = found[0]
    yield Picture(f"ses-{first}: Fisher z", _drawn(before, networks, size))
    for session, (after, _) in found[1:]:
        both = np.isfinite(before) & np.isfinite(after)
        upper = np.triu(both, k=1)
        alike = np.corrcoef(before[upper], after[upper])[0, 1] if upper.sum() > 1 else np.nan
        title = f"ses-{session} less ses-{first} (edges of both correlate {alike:.2f})"
        yield Picture(title, _drawn(after - before, networks, size))


def _read(files: Sequence[File], reader: Reader, visit: Visit) -> tuple[Array, list[str]] | None:
    """Return Fisher z (P, P) and the network of each region of a visit."""
    at = {"ses": visit.session, "task": "rest", "atlas": ATLAS}
    table = find(files, "relmat", ".tsv", **at, stat="fisherz")
    record = find(files, "relmat", ".json", **at, stat="")
    if table is None or record is None:
        return None
    lines = reader.content(table.path).decode("utf-8").splitlines()[1:]
    cells = [[number(cell) for cell in line.split("\t")] for line in lines]
    z = np.array([[np.nan if v is None else v for v in row] for row in cells])
    regions: Sequence[Mapping[str, Any]] = reader.json(record.path)["Regions"]
    return z, [str(one["network"]) for one in regions]


def _drawn(matrix: Array, networks: Sequence[str], size: Mapping[str, int]) -> str:
    """Return a matrix in colours, with lines between networks, as data URI."""
    known = np.isfinite(matrix)
    share = np.clip(np.where(known, matrix, 0.0) / HIGHEST_Z, -1.0, 1.0) + 1.0
    rgb = np.stack([np.interp(share, [0.0, 1.0, 2.0], colour) for colour in COLOURS.T], axis=-1)
    rgb[~known] = UNREAD
    large = rgb.round().astype(np.uint8).repeat(PIXELS, axis=0).repeat(PIXELS, axis=1)
    for end in range(1, len(networks)):
        if networks[end] != networks[end - 1]:
            large[end * PIXELS, :] = large[:, end * PIXELS] = LINE
    sink = io.BytesIO()
    Image.fromarray(large).save(sink, format="PNG")
    return panels.shrink(sink.getvalue(), **size)
