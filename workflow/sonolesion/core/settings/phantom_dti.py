"""Settings of the phantom's diffusion tensor scan; off unless a study asks for it."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from sonolesion.core.settings import Section, key
from sonolesion.core.settings.phantom_signal import CHOSEN, DiffusionScan, Nested

PIERPAOLI = f"{CHOSEN}, of the order in corpus callosum, Pierpaoli 1996, PMID 8939209"
PUIG = "Puig 2010, doi:10.3174/ajnr.A2038"


class TensorScan(DiffusionScan):
    """Diffusion-weighted EPI along many directions; `averages` repeats the whole table."""

    n_directions: int = key(24, "Directions, evenly over the sphere.", ge=6, source=CHOSEN)
    n_b0: int = key(2, "Volumes without weighting, spread over the scan.", ge=1, source=CHOSEN)
    readout_s: float = key(
        0.04, "Total readout time, first to last echo.", unit="s", gt=0, source=CHOSEN
    )
    opposed: Literal["none", "b0", "all"] = key(
        "none", "What the scan `dir-PA` of opposite polarity holds, if there is one."
    )

    @property
    def b_values(self) -> tuple[float, ...]:
        """Diffusion weighting of each volume [s/mm²]; the first has none."""
        n = self.n_b0 + self.n_directions
        unweighted = {index * n // self.n_b0 for index in range(self.n_b0)}
        once = [0.0 if index in unweighted else self.b_s_mm2 for index in range(n)]
        return tuple(once * self.averages)

    @model_validator(mode="after")
    def check_table(self) -> TensorScan:
        """Refuse more volumes without weighting than the table has room for."""
        if self.n_b0 > self.n_directions:
            raise ValueError("n_b0 must not exceed n_directions")
        return self


SCAN = TensorScan(
    voxel_mm=(2.5, 2.5, 2.5),
    fov_mm=(220.0, 240.0, 180.0),
    axes="LAS",
    echo_s=0.08,
    repetition_s=6.0,
    snr=25.0,
)


class Fibre(Section):
    """Diffusion in the bundles, and what becomes of them beyond a cut."""

    fa: float = key(0.78, "FA of fibres that run in parallel.", gt=0, lt=1, source=PIERPAOLI)
    grey_share: float = key(
        0.4, "Share of grey matter that a bundle fills on its way.", ge=0, le=1, source=CHOSEN
    )
    rest_fa: float = key(
        0.45,
        "FA of white matter outside the bundles, along the nearest one.",
        ge=0,
        lt=1,
        source=f"{CHOSEN}: about 0.4 in voxels that hold some grey matter; "
        "subcortical white matter, Pierpaoli 1996, PMID 8939209",
    )
    thalamus_fa: float = key(
        0.3,
        "FA of the thalami outside the bundles, along the nearest one.",
        ge=0,
        lt=1,
        source=f"{CHOSEN}: thalami of adults have 0.25 to 0.35",
    )
    radius_factor: float = key(1.0, "Factor on the radius of every bundle.", gt=0, source=CHOSEN)
    n_lines: int = key(
        400, "Parallel fibres of a bundle on which cuts are counted.", ge=10, source=CHOSEN
    )
    fa_loss: float = key(
        0.0,
        "Share of FA that fibres lose in the end beyond a cut, at constant mean diffusivity.",
        ge=0,
        lt=1,
        source=f"off; with {PUIG}: nothing at day 3, affected over unaffected tract < 0.925 "
        "at day 30, where only some fibres are cut",
    )
    loss_delay_d: float = key(30.0, "Time constant of that loss.", unit="d", gt=0, source=PUIG)


class Distortion(Section):
    """What moves the voxels: the head, eddy currents and susceptibility."""

    motion_mm: float = key(
        0.4,
        "Head shift from first to last volume, each axis (standard deviation).",
        unit="mm",
        ge=0,
        le=10,
        source=CHOSEN,
    )
    motion_deg: float = key(
        0.3,
        "Head rotation from first to last volume, each axis (standard deviation).",
        unit="deg",
        ge=0,
        le=10,
        source=CHOSEN,
    )
    eddy_hz: float = key(
        12.0,
        "Spread of the field of eddy currents 100 mm from the isocentre, at full gradients.",
        unit="Hz",
        ge=0,
        source=CHOSEN,
    )
    sinus_hz: float = key(
        90.0, "Field above the sinuses.", unit="Hz", source=f"{CHOSEN}: order of that at 3 T"
    )
    ear_hz: float = key(
        60.0, "Field above the petrous bones.", unit="Hz", source=f"{CHOSEN}: order of that at 3 T"
    )


class PhantomDti(Nested):
    """A diffusion tensor scan beside the scans of the study, with bundles of known course."""

    made: bool = key(False, "Make the scan; without it the study is what it was.")
    visits: tuple[str, ...] = key((), "Visits that have it; all if none is named.")
    scan: TensorScan = key(SCAN, "The sequence.", source="clinical protocols at 3 T")
    fibre: Fibre = key(Fibre(), "Diffusion in bundles.", source="see each key")
    distortion: Distortion = key(Distortion(), "Motion and distortion.", source="see each key")

    def asked(self, visit: str) -> bool:
        """Whether the scan is made at a visit."""
        return self.made and (not self.visits or visit in self.visits)
