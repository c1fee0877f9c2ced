"""A small head with an independent forward model: analytic shapes, own noise, own blur."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import ndimage

from sonolesion.core.settings.lesion import Lesion
from sonolesion.lesion import visit
from sonolesion.lesion.comparison import FieldModel, NoiseModel
from sonolesion.lesion.detection import SearchPlan
from sonolesion.lesion.outline import FitPlan, Placed

SHAPE = (64, 72, 60)
CONTRASTS = ("T1w", "FLAIR")
# Signal of grey matter, white matter, fluid; change of core and oedema.
SIGNAL = {"T1w": (0.8, 1.1, 0.3), "FLAIR": (1.1, 0.9, 0.2)}
CORE, OEDEMA = {"T1w": -0.25, "FLAIR": -0.25}, {"T1w": -0.05, "FLAIR": 0.5}
VOXEL_MM = 2.0
INNER_MM, OUTER_MM = 4.0, 8.0


@dataclass(frozen=True)
class Study:
    """Two visits of a digital head and what was put into it."""

    head: visit.Head
    late: dict[str, np.ndarray]
    early: dict[str, np.ndarray]
    inner: np.ndarray
    outer: np.ndarray


def make_study(*, lesion: bool, seed: int = 3, sd: float = 0.03) -> Study:
    """Return a head; the follow-up is brighter, in a field, shifted by 0.2 voxel."""
    rng = np.random.default_rng(seed)
    index = np.stack(np.meshgrid(*[np.arange(n) for n in SHAPE], indexing="ij"), axis=-1)
    centre = np.array(SHAPE) / 2
    radius = np.linalg.norm((index - centre) / (np.array(SHAPE) / 2 - 3), axis=-1)
    fluid = np.linalg.norm((index - centre) / np.array([4, 9, 7]), axis=-1) < 1
    white = ndimage.gaussian_filter(rng.standard_normal(SHAPE), 4) > 0
    parts = np.stack([~white & ~fluid, white & ~fluid, fluid]) * (radius < 1)
    affine = np.diag([VOXEL_MM, VOXEL_MM, VOXEL_MM, 1.0])
    affine[:3, 3] = -centre * VOXEL_MM
    target = np.array([-20.0, -8.0, 0.0])
    miss = np.linalg.norm(
        (index - centre) * VOXEL_MM - (target + np.array([1.0, -2.0, 1.0])), axis=-1
    )
    inner, outer = miss < INNER_MM, miss < OUTER_MM
    tissue = np.stack([ndimage.gaussian_filter(p.astype(float), 0.6) for p in parts])
    head = visit.Head(radius < 1, tissue.astype(np.float32), affine, target, np.zeros((0, 3)))
    late, early = {}, {}
    for name in CONTRASTS:
        clean = np.tensordot(SIGNAL[name], tissue, axes=1) * 700
        change = (inner * CORE[name] + (outer & ~inner) * OEDEMA[name]) * 700 * lesion
        after = ndimage.gaussian_filter(clean + change, 0.3)
        after = ndimage.shift(after, (0.2, 0.0, -0.1), order=1, mode="nearest")
        field = 1.3 * np.exp(0.1 * (index[..., 0] - centre[0]) / SHAPE[0])
        noise = rng.standard_normal((2, *SHAPE)) * sd * 700
        early[name] = np.abs(clean + noise[0]).astype(np.float32)
        late[name] = np.abs(after * field + noise[1]).astype(np.float32)
    return Study(head, late, early, inner, outer)


# As fine to these coarse voxels as the default settings are to those of the pipeline; fewer shapes.
FIT = {"fine_mm": 1.0, "edge_mm": 1.0, "sample_mm": 0.5, "samples": 20}


def read(study: Study, *, day: float = 3.0, anchor: visit.Anchor | None = None) -> visit.Outcome:
    """Run the stage with its default settings, the fit coarser."""
    whole = Lesion()
    settings = whole.model_copy(update={"fit": whole.fit.model_copy(update=FIT)}).model_dump()
    return visit.read_visit(
        study.late,
        study.early,
        dict.fromkeys(study.late, Placed(study.head.affine, 1)),
        head=study.head,
        day=day,
        phases=settings["phases"],
        exclusion_radius_mm=settings["exclusion_radius_mm"],
        least_coverage=settings["least_coverage"],
        field=FieldModel(**settings["calibration"]),
        noise=NoiseModel(**settings["noise"]),
        search=SearchPlan(**settings["search"]),
        fit=FitPlan(**settings["fit"]),
        anchor=anchor,
        n_threads=1,
    )


@pytest.fixture(scope="session")
def treated() -> Study:
    return make_study(lesion=True)


@pytest.fixture(scope="session")
def untreated() -> Study:
    return make_study(lesion=False)


@pytest.fixture(scope="session")
def outcome(treated: Study) -> visit.Outcome:
    return read(treated)
