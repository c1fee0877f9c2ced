"""All NIfTI and transform input and output, with the checks that belong to it.

Arrays are indexed in the file's own voxel order; ``affine`` maps voxel indices to
RAS+ millimetres. Transforms are 4 x 4 matrices that map RAS+ points of the reference
(fixed) space to points of the moving space, as resampling needs them.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault

FloatArray = NDArray[np.floating[Any]]
LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
GRID_TOLERANCE_MM = 1e-3
CHUNK_BYTES = 1 << 24


@dataclass(frozen=True)
class Image:
    """A volume and the matrix that places its voxels in RAS+ millimetres."""

    data: NDArray[Any]
    affine: NDArray[np.float64]

    @property
    def voxel_mm(self) -> NDArray[np.float64]:
        """Edge lengths of a voxel [mm], shape (3,)."""
        edges: NDArray[np.float64] = np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))
        return edges

    @property
    def voxel_mm3(self) -> float:
        """Volume of a voxel [mm³]."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))


def header(path: str | Path) -> Any:
    """Read a NIfTI header without its voxels; raise `InputFault` if it is none."""
    try:
        return nib.load(path)
    except FileNotFoundError:
        raise InputFault(
            file=path, found="no such file", expected="a NIfTI file", remedy="check the path"
        ) from None
    except (nib.filebasedimages.ImageFileError, OSError, EOFError, zlib.error) as fault:
        raise InputFault(
            file=path,
            found=f"an unreadable header ({fault})",
            expected="a NIfTI-1 or NIfTI-2 file",
            remedy="convert the scan again from its DICOM files",
        ) from fault


def load(
    path: str | Path, *, like: Image | None = None, dtype: Any = np.float32, checked: bool = False
) -> Image:
    """Load a volume.

    Parameters
    ----------
    path : path-like
        NIfTI file.
    like : Image, optional
        Image whose grid (shape and affine) this one must share.
    dtype : dtype
        Type of the returned array.
    checked : bool
        Also refuse damaged files, and volumes with non-finite voxels or without any
        contrast: for raw scans.

    Raises
    ------
    InputFault
        If the file is unreadable or truncated, on another grid, or fails the voxel check.
    """
    proxy = header(path)
    if checked:
        require_whole(path)
    try:
        data = np.asanyarray(proxy.dataobj).astype(dtype, copy=False)
    except (OSError, EOFError, ValueError, zlib.error, gzip.BadGzipFile) as fault:
        raise InputFault(
            file=path,
            found=f"voxel data that end early or are damaged ({fault})",
            expected=f"{'x'.join(map(str, proxy.shape))} voxels",
            remedy="copy or convert the scan again",
        ) from fault
    image = Image(data, np.asarray(proxy.affine, dtype=np.float64))
    if like is not None:
        require_same_grid(path, image, like)
    if checked:
        require_contrast(path, image.data)
    return image


def require_whole(path: str | Path) -> None:
    """Raise `InputFault` if a compressed file ends early or fails its own checksum.

    Reading the voxels alone stops before the checksum, and takes damaged bytes for data.
    """
    if not str(path).endswith(".gz"):
        return
    try:
        with gzip.open(path) as file:
            while file.read(CHUNK_BYTES):
                pass
    except (OSError, EOFError, zlib.error) as fault:
        raise InputFault(
            file=path,
            found=f"voxel data that end early or are damaged ({fault})",
            expected="a whole gzip file",
            remedy="copy or convert the scan again",
        ) from fault


def require_same_grid(path: str | Path, image: Image, like: Image) -> None:
    """Raise `InputFault` unless both images have the same shape and affine."""
    same = image.data.shape[:3] == like.data.shape[:3] and np.allclose(
        image.affine, like.affine, atol=GRID_TOLERANCE_MM
    )
    if not same:
        raise InputFault(
            file=path,
            found=f"grid {image.data.shape[:3]}, origin {image.affine[:3, 3].round(2).tolist()}",
            expected=f"grid {like.data.shape[:3]}, origin {like.affine[:3, 3].round(2).tolist()}",
            remedy="resample it to the grid of the image it is used with",
        )


def require_contrast(path: str | Path, data: NDArray[Any]) -> None:
    """Raise `InputFault` if voxels are not finite or all alike."""
    n_bad = int(data.size - np.count_nonzero(np.isfinite(data)))
    if n_bad:
        raise InputFault(
            file=path,
            found=f"{n_bad} of {data.size} voxels that are NaN or infinite",
            expected="finite voxels",
            remedy="convert the scan again; if the fault stays, leave it out with `exclude`",
        )
    if data.min() == data.max():
        raise InputFault(
            file=path,
            found=f"every voxel equal to {data.flat[0]}",
            expected="an image with contrast",
            remedy="convert the scan again; if the fault stays, leave it out with `exclude`",
        )


def save(
    path: str | Path,
    data: NDArray[Any],
    affine: NDArray[np.float64],
    *,
    sidecar: Mapping[str, object] | None = None,
    step_s: float | None = None,
) -> None:
    """Write a NIfTI-1 file in millimetres, and its JSON sidecar if one is given.

    `step_s` [s] is the time between volumes; without it the header has no unit of time, so that
    the 1 that is filled in there claims nothing. The same array gives the same bytes. Booleans
    are written as unsigned bytes, doubles as single precision.
    """
    stored: dict[Any, Any] = {
        np.dtype(bool): np.dtype(np.uint8),
        np.dtype(float): np.dtype(np.float32),
    }
    kind = stored.get(data.dtype, data.dtype)
    nifti = nib.Nifti1Image(data.astype(kind, copy=False), affine)
    nifti.header.set_xyzt_units("mm", None if step_s is None else "sec")
    nifti.set_sform(affine, code=1)
    nifti.set_qform(affine, code=1)
    if step_s is not None:
        nifti.header.set_zooms((*nifti.header.get_zooms()[:3], step_s))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    nib.save(nifti, path)
    if sidecar is not None:
        write_json(sidecar_of(path), sidecar)


def sidecar_of(path: str | Path) -> Path:
    """Return the name of the JSON sidecar of a NIfTI file."""
    return Path(str(path).removesuffix(".gz").removesuffix(".nii") + ".json")


def write_json(path: str | Path, content: Mapping[str, object]) -> None:
    """Write JSON with sorted keys, so that equal content gives equal bytes."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


def read_json(path: str | Path) -> dict[str, Any]:
    """Read a JSON object; raise `InputFault` naming the file if it is none."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as fault:
        raise InputFault(
            file=path, found=str(fault), expected="a JSON object", remedy="mend the file"
        ) from fault
    if not isinstance(content, dict):
        raise InputFault(
            file=path,
            found=f"a JSON {type(content).__name__}",
            expected="a JSON object",
            remedy="mend the file",
        )
    return content


def write_affine(path: str | Path, matrix: NDArray[np.float64]) -> None:
    """Write a RAS+ matrix as an ITK text transform (LPS+), readable by ANTs and 3D Slicer."""
    lps = LPS_FROM_RAS @ matrix @ LPS_FROM_RAS
    numbers = [*lps[:3, :3].ravel(), *lps[:3, 3]]
    text = (
        "#Insight Transform File V1.0\n#Transform 0\n"
        "Transform: AffineTransform_double_3_3\n"
        f"Parameters: {' '.join(f'{n:.12g}' for n in numbers)}\n"
        "FixedParameters: 0 0 0\n"
    )
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="ascii")


def read_affine(path: str | Path) -> NDArray[np.float64]:
    """Read an ITK text affine as a RAS+ matrix of shape (4, 4)."""
    fields: dict[str, list[float]] = {}
    for line in Path(path).read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name in {"Parameters", "FixedParameters"}:
            fields[name] = [float(number) for number in value.split()]
    numbers, centre = np.array(fields["Parameters"]), np.array(fields["FixedParameters"])
    lps = np.eye(4)
    lps[:3, :3] = numbers[:9].reshape(3, 3)
    lps[:3, 3] = numbers[9:12] + centre - lps[:3, :3] @ centre
    return LPS_FROM_RAS @ lps @ LPS_FROM_RAS


def save_warp(path: str | Path, field: FloatArray, affine: NDArray[np.float64]) -> None:
    """Write a displacement field as an ITK/ANTs warp.

    Parameters
    ----------
    field : ndarray of shape (X, Y, Z, 3)
        Displacement in RAS+ [mm] from a point of the reference grid to the moving space.
    """
    lps = (field * np.array([-1.0, -1.0, 1.0])).astype(np.float32)[:, :, :, None, :]
    nifti = nib.Nifti1Image(lps, affine)
    nifti.header.set_intent("vector")
    nifti.header.set_xyzt_units("mm")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    nib.save(nifti, path)


def load_warp(path: str | Path) -> Image:
    """Read a warp written by `save_warp`; ``data`` has shape (X, Y, Z, 3), RAS+ [mm]."""
    image = load(path)
    signs = np.array([-1, -1, 1], dtype=np.float32)
    return Image(image.data[:, :, :, 0, :] * signs, image.affine)
