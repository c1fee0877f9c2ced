"""A small head on disk: two cortices, a bundle along x, a nucleus half way."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonolesion.core import images
from sonolesion.core.config import parse
from sonolesion.maths.gradient_frames import to_fsl

from .test_response_csd import ACROSS, ALONG, S0, signal, table

SHAPE = (32, 16, 16)
AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
AFFINE[:3, 3] = -31.0, -15.0, -15.0
LABELS = {
    "participant_id": "sub-1", "session_id": "ses-3d", "intervention_id": "A", "day_after": 3,
}  # fmt: skip
TEMPLATE = "MNI152NLin2009cAsym"


def step(root: Path, name: str) -> Callable[..., None]:
    """Return main() of a script."""
    path = root / f"scripts/tracts/{name}.py"
    spec = importlib.util.spec_from_file_location(f"tracts_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[..., None] = module.main
    return found


def tissue() -> dict[str, Any]:
    """Return the share of each tissue, and the brain."""
    inside = np.zeros(SHAPE, dtype=bool)
    inside[1:-1, 1:-1, 1:-1] = True
    white = np.zeros(SHAPE, dtype=np.float32)
    white[4:28, 4:12, 4:12] = 1.0
    white[[4, 5, 26, 27]] *= 0.5
    return {"white": white, "grey": (1.0 - white) * inside, "csf": 0.0 * white, "mask": inside}


def diffusion(white: Any) -> dict[str, Any]:
    """Return a scan of fibres along x in white matter, with its tensor."""
    b, vectors = table()
    along = signal(b, vectors, np.array([1.0, 0, 0]))
    around = S0 * np.exp(-b * 0.8e-3)
    data = np.where((white > 0)[..., None], along, around).astype(np.float32)
    tensor = np.zeros((*SHAPE, 6), dtype=np.float32)
    tensor[..., [0, 3, 5]] = 0.8e-3
    tensor[white > 0] = [ALONG, 0, 0, ACROSS, 0, ACROSS]
    fa = np.where(white > 0, 0.84, 0.05).astype(np.float32)
    return {"dwi": data, "fa": fa, "tensor": tensor, "b": b, "vectors": vectors}


class Head:
    """Files of a patient whose acpc space, scan and template are one."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self.folder = root, folder
        self.settings = json.loads(parse({}, file="test").model_dump_json())["tracts"]
        self.settings["connectome"] |= {"n_seeds": 400, "n_scans": 1, "border_voxels": 20}
        self.settings["response"] |= {"edge_mm": 4.0}
        self.settings["resampling"] |= {"share_of_seeds": 1.0, "n_lesions": 10}
        parts = tissue()
        scan = diffusion(parts["white"])
        for name, data in (parts | {k: scan[k] for k in ("dwi", "fa", "tensor")}).items():
            images.save(self.at(name), data, AFFINE)
        images.save(self.at("t1w"), (100 * parts["white"]).astype(np.float32), AFFINE)
        for name in ("from_mni", "from_acpc", "to_other"):
            images.save_warp(self.at(name), np.zeros((*SHAPE, 3)), AFFINE)
        images.write_affine(self.at("to_acpc", ".txt"), np.eye(4))
        np.savetxt(self.at("bval", ".txt"), scan["b"][None])
        np.savetxt(self.at("bvec", ".txt"), to_fsl(scan["vectors"], AFFINE).T)
        labels = np.zeros(SHAPE, dtype=np.int16)
        labels[:6], labels[26:], labels[13:19] = 1, 2, 3
        images.save(self.at("atlas"), labels, AFFINE)
        table_of = self.folder / "atlas.csv"
        table_of.write_text("index,name\n1,Left_A\n2,Right_B\n3,Left_Thalamus\n")
        self.atlases = [
            {"name": "harvard_oxford", "file": self.at("atlas"), "labels": str(table_of),
             "coding": "labels", "fault": "", "carried_as": TEMPLATE}
        ]  # fmt: skip

    def at(self, name: str, ending: str = ".nii.gz") -> str:
        """Return the path of a file."""
        return str(self.folder / f"{name}{ending}")

    def lesion(self, *, visible: bool = True) -> dict[str, str]:
        """Write a lesion that covers half of the bundle within the nucleus."""
        probability = np.zeros(SHAPE, dtype=np.float32)
        probability[15:17, 4:8, 4:12] = 1.0
        images.save(self.at("probseg"), probability, AFFINE)
        images.write_json(
            self.at("lesion", ".json"), {"outcome": "measured" if visible else "not_visible"}
        )
        return {"probseg": self.at("probseg"), "lesion": self.at("lesion", ".json")}

    def connectome(self) -> dict[str, str]:
        """Run the step of the baseline; return its outputs."""
        given = ("dwi", "brain", "fa", "tensor", "csf", "white", "grey", "from_mni", "to_other",
                 "t1w", "mask")  # fmt: skip
        out = {
            "tractogram_file": self.at("whole", ".trx"), "resampled": self.at("again", ".trx"),
            "dseg": self.at("dseg"), "matrix": self.at("matrix", ".tsv"),
            "sidecar": self.at("matrix", ".json"), "png": self.at("matrix", ".png"),
        }  # fmt: skip
        step(self.root, "connectome")(
            **{name: self.at("mask" if name == "brain" else name) for name in given}, **out,
            bval=self.at("bval", ".txt"), bvec=self.at("bvec", ".txt"),
            to_acpc=self.at("to_acpc", ".txt"), threads=1, atlases=self.atlases,
            table={"b0_max_s_mm2": 50.0, "shell_width_s_mm2": 100.0}, settings=self.settings,
            template_name=TEMPLATE,
        )  # fmt: skip
        return out


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Head:
    return Head(Path(__file__).resolve().parents[2], tmp_path_factory.mktemp("head"))


@pytest.fixture(scope="module")
def baseline(head: Head) -> dict[str, str]:
    return head.connectome()
