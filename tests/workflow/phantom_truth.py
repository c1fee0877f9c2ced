"""What the truth of a phantom study predicts of blood flow and of correlations.

The truth stands in a folder that no run of the pipeline reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sonolesion.core import images
from sonolesion.core.atlas_labels import split_side, word
from sonolesion.core.tables import read_tsv
from sonolesion.perfusion import kinetic
from sonolesion.phantom import bold_networks

KINDS = {"GM": "grey", "WM": "white", "CSF": "fluid"}
KEPT = "kept_from_the_run"
# T1 of grey matter that the pipeline takes for the recovery of M0 [s].
CALIBRATION_T1_S = 1.33


@dataclass(frozen=True)
class Scans:
    """The scans of sub-01 at a visit."""

    folder: Path
    session: str

    def flow(self, top: str, name: str) -> np.ndarray:
        """Read a map of the perfusion scan, of the truth or the output."""
        return images.load(self._stem(top, "perf", f"_{name}.nii.gz")).data.astype(float)

    def rest(self, top: str, name: str) -> Path:
        """Return a file of the resting-state run."""
        return self._stem(top, "func", f"_task-rest{name}")

    def _stem(self, top: str, kind: str, name: str) -> Path:
        folder = self.folder / top / "sub-01" / self.session / kind
        return folder / f"sub-01_{self.session}{name}"


def share(scans: Scans, short: str) -> np.ndarray:
    """Return the true share of a tissue in each voxel."""
    return scans.flow(KEPT, f"label-{short}_probseg")


def flow_told(scans: Scans) -> np.ndarray:
    """Return what the consensus equation should read of each voxel [mL/100 g/min].

    Its bias at the true flow and transit time of each tissue; tissues add up by their water, and
    fluid adds to M0 alone.
    """
    truth = images.read_json(scans.folder / KEPT / "truth.json")
    scan = truth["subjects"]["sub-01"]["sessions"][scans.session]["scans"]["asl"]["sequence"]
    blood, recovery_s = truth["asl"]["blood"], scan["m0_repetition_s"]
    above, below = np.zeros(1), np.zeros(1)
    for short, kind in KINDS.items():
        tissue = truth["settings"]["tissues"][kind]
        water = tissue["density"] * np.exp(-scan["echo_s"] / tissue["t2_s"]) * share(scans, short)
        recovered = np.expm1(-recovery_s / tissue["t1_s"]) / np.expm1(
            -recovery_s / CALIBRATION_T1_S
        )
        below = below + water * recovered
        if kind != "fluid":
            cbf = scans.flow(KEPT, f"desc-{short}_cbf")
            bias = kinetic.consensus_bias(
                cbf=cbf, transit_s=scans.flow(KEPT, f"desc-{short}_att"),
                tissue_t1_s=tissue["t1_s"], labelling_s=scan["labelling_s"],
                delay_s=scan["delays_s"][0], blood_t1_s=blood["t1_s"],
                partition_ml_g=blood[f"partition_{kind}_ml_g"],
            )  # fmt: skip
            above = above + np.nan_to_num(water * cbf * bias)
    return above / np.where(below > 0, below, np.nan)


def correlations(scans: Scans) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return correlations of parcels as found, of their true signals, and which are of a network.

    Each pair once; the true signals are those of the frames that the run kept.
    """
    regions = bold_networks.atlas()[0]
    first = images.read_json(scans.rest("out", "_desc-preproc_bold.json"))["VolumesDiscarded"]
    signals = numbers(scans.rest(KEPT, "_desc-neural_timeseries.tsv"), regions.names)[first:]
    names = [label_of(name) for name in regions.names]
    file = scans.rest("out", "_atlas-harvardOxford_stat-pearsoncorrelation_relmat.tsv")
    columns = list(read_tsv(file)[0])
    found = numbers(file, names)[[columns.index(name) for name in names]]
    networks = np.array(regions.networks)
    once = np.triu(np.isfinite(found), 1)
    within = networks[:, None] == networks[None]
    return found[once], np.corrcoef(signals.T)[once], within[once]


def numbers(path: Path, names: list[str] | tuple[str, ...]) -> np.ndarray:
    """Read some columns of a table as numbers."""
    rows = read_tsv(path)
    return np.array(
        [[np.nan if row[n] in {"", "n/a"} else float(row[n]) for n in names] for row in rows]
    )


def label_of(name: str) -> str:
    """Return a region of the atlas as the pipeline calls it."""
    stem, side = split_side(name)
    return f"{word(stem)}_{side}" if side else word(stem)
