from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture

from sonolesion.core import images
from sonolesion.report import fibre_maps

AFFINE = np.diag([4.0, 4.0, 4.0, 1.0])
AFFINE[:3, 3] = (-90.0, -100.0, -80.0)
SHAPE = (46, 46, 46)


@dataclass(frozen=True)
class Grid:
    """A volume on a coarse grid."""

    data: Any
    affine: Any


def ball(centre: tuple[float, float, float], radius: float) -> np.ndarray:
    index = np.stack(np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij"), axis=-1)
    points = index @ AFFINE[:3, :3].T + AFFINE[:3, 3]
    return np.linalg.norm(points - np.array(centre), axis=-1) <= radius


def mosaic(lesion: np.ndarray, *, radiological: bool = True) -> np.ndarray | None:
    brain = ball((0.0, -10.0, 10.0), 75.0)
    t1w = brain * np.linspace(0.4, 0.6, SHAPE[2])
    share = np.where(brain & (lesion > 0), 1.0, np.nan)
    volumes = [Grid(v.astype(np.float64), AFFINE) for v in (share, t1w, brain, lesion)]
    return fibre_maps.mosaic(*volumes, radiological=radiological)


def yellow(picture: np.ndarray) -> np.ndarray:
    red, green, blue = (picture[..., k].astype(int) for k in range(3))
    return (red > 180) & (green > 180) & (blue < 120)


@pytest.mark.parametrize(("radiological", "right_half"), [(True, True), (False, False)])
def test_a_lesion_on_the_left_lies_on_the_side_of_the_view(
    radiological: bool, right_half: bool
) -> None:
    drawn = mosaic(ball((-24.0, -10.0, 10.0), 9.0), radiological=radiological)
    assert drawn is not None
    edge = drawn.shape[0] // 2
    coronal = yellow(drawn[:edge, edge : 2 * edge])
    assert coronal.any()
    assert (np.argwhere(coronal)[:, 1].mean() > edge / 2) == right_half


def test_no_lesion_no_map() -> None:
    assert mosaic(np.zeros(SHAPE)) is None


def test_the_scale_runs_from_dark_to_bright() -> None:
    colours = [tuple(int(c[k : k + 2], 16) for k in (1, 3, 5)) for c in fibre_maps.scale()]
    bright = [0.3 * r + 0.6 * g + 0.1 * b for r, g, b in colours]
    assert bright == sorted(bright)


def _write_visit(study: Any) -> None:
    """Add bundles, a visit's cuts and a curve to the study."""
    own, stem = (
        "sub-01/dwi/sub-01_space-acpc_desc-bundles_tractogram",
        "sub-01/ses-3d/dwi/sub-01_ses-3d",
    )
    told = {"bundle": "corticospinal", "side": "left", "safety": True, "waypoints": ["precentral"]}
    images.write_json(f"{own}.json", {"Bundles": {"corticospinal_left": told}})
    shade = io.BytesIO()
    Picture.new("RGB", (64, 32), "navy").save(shade, format="PNG")
    made = f"{stem}_space-acpc_desc-t1disconnection_dwimap"
    for name in (f"{own}.png", f"{made}.png"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(shade.getvalue())
    images.write_json(f"{made}.json", {"outcome": "measured", "bundles": {
        "corticospinal_left": {"lesion_nodes": [1, 1]}}})  # fmt: skip
    common = study.lesion_rows("3d", 142.0)[0] | {
        "modality": "dwi", "map": "disconnection", "region": "tract:corticospinal", "unit": "1",
        "method": "250 streamlines of the baseline",
    }  # fmt: skip
    values = {
        "cut_streamlines": "0.12",
        "cut_streamlines_low": "0.02",
        "cut_streamlines_high": "0.3",
    }
    rows = [common | {"statistic": name, "value": value} for name, value in values.items()]
    study.write_rows(f"{stem}_desc-t1disconnection_measures.tsv", rows)
    table = "bundle\tside\tnode\tfa\tmd_mm2_s\n" + "".join(
        f"corticospinal\tleft\t{k}\t0.5\t0.0007\n" for k in range(3)
    )
    curve = f"{stem}_space-acpc_desc-profiles_tracts.tsv"
    Path(curve).write_text(table, encoding="utf-8")
    study.current[:] = [
        *study.current,
        f"{own}.json", f"{own}.png", f"{made}.json", f"{made}.png", curve,
        f"{stem}_desc-t1disconnection_measures.tsv",
    ]  # fmt: skip


def test_page_tells_what_was_cut_before_how_it_was_scanned(study: Any) -> None:
    _write_visit(study)
    html = study.page()
    order = [html.index(words) for words in (
        "share of each bundle that the lesion cuts", "Bundles with the lesion",
        "Along the bundles", "Diffusion tensor scans",
    )]  # fmt: skip
    assert order == sorted(order)
    assert "<b>12\u202f% (2.0 to 30)</b>" in html
    assert "cuts streamlines of a safety bundle" in html
    assert 'fill="#e69f00" fill-opacity="0.28"' in html
    # Of six visits one was refused by the inventory: that is told as such.
    assert html.count("no DTI at this visit") == 5
    assert "blocked: sidecar lacks EchoTime" in html
    assert "<script" not in html
    assert not re.search(r'(src|href)="https?://(?!doi\.org)', html)


def test_page_without_any_tensor_says_so(study: Any) -> None:
    html = study.page()
    assert "No visit has a current diffusion tensor" in html
    assert "share of each bundle" not in html
