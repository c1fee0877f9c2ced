"""Settings of the phantom's tissues and sequences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import model_validator

from sonolesion.core.settings import Section, key

Triple = tuple[float, float, float]
# Quoted from memory of the papers named, like the figures marked with a dagger in the design.
WANSAPURA = "Wansapura 1999, doi:10.1002/(SICI)1522-2586(199904)9:4<531::AID-JMRI4>3.0.CO;2-L"
SPIJKERMAN = "Spijkerman 2018, doi:10.1007/s10334-017-0659-3"
BAZELAIRE = "de Bazelaire 2004, doi:10.1148/radiol.2303021331"
STANISZ = "Stanisz 2005, doi:10.1002/mrm.20605"
HELENIUS = "ADC: Helenius 2002, AJNR 23:194, PMID 11847041"
PERAN = "R2*: Peran 2007, doi:10.1002/jmri.21137"
WATER = "relative water content, 0.78/0.65/0.97 (grey, white, CSF), see spectroscopy"
CHOSEN = "chosen for the demo study"


class Nested(Section):
    """A section of sections, of which a study may name only what differs."""

    @model_validator(mode="before")
    @classmethod
    def keep_defaults(cls, content: Any) -> Any:
        """Fill what a nested section leaves out from this section's default."""
        if not isinstance(content, Mapping):
            return content
        filled = dict(content)
        for name, info in cls.model_fields.items():
            if isinstance(info.default, Section) and isinstance(filled.get(name), Mapping):
                filled[name] = {**info.default.model_dump(), **filled[name]}
        return filled


class Tissue(Section):
    """Relaxation, proton density and diffusion of one tissue at 3 T."""

    t1_s: float = key(1.0, "Longitudinal relaxation time.", unit="s", gt=0)
    t2_s: float = key(0.1, "Transverse relaxation time.", unit="s", gt=0)
    density: float = key(1.0, "Proton density, water = 1.", gt=0, le=1, source=WATER)
    r2_prime_per_s: float = key(
        0.0, "Reversible relaxation rate: R2* = 1/T2 + R2'.", unit="1/s", ge=0
    )
    adc_mm2_s: float = key(0.0, "Apparent diffusion coefficient.", unit="mm2/s", ge=0)


class Tissues(Nested):
    """The tissues the head is made of."""

    grey: Tissue = key(
        Tissue(t1_s=1.331, t2_s=0.110, density=0.78, r2_prime_per_s=10.0, adc_mm2_s=0.8e-3),
        "Grey matter.",
        source=f"{WANSAPURA}; {WATER}; {PERAN}; {HELENIUS}",
    )
    white: Tissue = key(
        Tissue(t1_s=0.832, t2_s=0.0796, density=0.65, r2_prime_per_s=8.5, adc_mm2_s=0.7e-3),
        "White matter.",
        source=f"{WANSAPURA}; {WATER}; {PERAN}; {HELENIUS}",
    )
    fluid: Tissue = key(
        Tissue(t1_s=4.2, t2_s=2.0, density=0.97, r2_prime_per_s=0.5, adc_mm2_s=3.0e-3),
        "Cerebrospinal fluid.",
        source=f"{SPIJKERMAN}; {WATER}; free water at 37 oC, Holz 2000, doi:10.1039/b005319h",
    )
    bone: Tissue = key(
        Tissue(t1_s=0.22, t2_s=0.0004, density=0.2, r2_prime_per_s=500.0),
        "Cortical bone.",
        source=f"Du 2010, doi:10.1016/j.jmr.2010.09.013; R2' {CHOSEN}",
    )
    marrow: Tissue = key(
        Tissue(t1_s=0.55, t2_s=0.045, density=0.5, r2_prime_per_s=60.0, adc_mm2_s=0.4e-3),
        "Diploe of the skull.",
        source=f"{BAZELAIRE}; R2' and ADC {CHOSEN}",
    )
    fat: Tissue = key(
        Tissue(t1_s=0.382, t2_s=0.068, density=0.6, r2_prime_per_s=20.0, adc_mm2_s=0.05e-3),
        "Subcutaneous fat and septa.",
        source=f"{BAZELAIRE}; density, R2' and ADC {CHOSEN}",
    )
    muscle: Tissue = key(
        Tissue(t1_s=1.412, t2_s=0.050, density=0.79, r2_prime_per_s=15.0, adc_mm2_s=1.5e-3),
        "Muscle and skin.",
        source=f"{STANISZ}; R2' and ADC {CHOSEN}",
    )
    blood: Tissue = key(
        Tissue(t1_s=0.3, t2_s=0.1, density=0.85, r2_prime_per_s=15.0, adc_mm2_s=2.0e-3),
        "Veins, choroid and mucosa after a gadolinium agent; before it they count as fluid.",
        source=CHOSEN,
    )
    bottle: Tissue = key(
        Tissue(t1_s=0.3, t2_s=0.25, density=1.0, r2_prime_per_s=1.0, adc_mm2_s=2.1e-3),
        "Doped water in a bottle.",
        source=CHOSEN,
    )


class Scan(Section):
    """One sequence: grid, timing and noise."""

    voxel_mm: Triple = key((1.5, 1.5, 1.5), "Voxel edges; the last is the slice.", unit="mm")
    fov_mm: Triple = key((192.0, 240.0, 204.0), "Field of view along the voxel axes.", unit="mm")
    axes: Literal["RAS", "LAS", "LPS"] = key("RAS", "Directions in which voxel indices grow.")
    echo_s: float = key(0.003, "Echo time.", unit="s", gt=0)
    repetition_s: float = key(2.3, "Repetition time (of the preparation for T1w).", unit="s", gt=0)
    inversion_s: float = key(0.0, "Inversion time; 0 for none.", unit="s", ge=0)
    flip_deg: float = key(90.0, "Excitation flip angle.", unit="deg", gt=0, le=180, source=CHOSEN)
    echo_spacing_s: float = key(0.0, "Time between readouts of the train.", unit="s", ge=0)
    n_echoes: int = key(1, "Readouts in the train.", ge=1, source=CHOSEN)
    snr: float = key(
        40.0, "Signal of white matter over the noise of one channel.", gt=0, source=CHOSEN
    )

    @model_validator(mode="after")
    def check(self) -> Scan:
        """Refuse grids and timings that no scanner can run."""
        if min(self.voxel_mm) <= 0 or min(self.fov_mm) <= 0:
            raise ValueError("voxel_mm and fov_mm must be positive")
        if self.echo_s >= self.repetition_s or self.inversion_s >= self.repetition_s:
            raise ValueError("echo_s and inversion_s must be shorter than repetition_s")
        half_train_s = self.echo_spacing_s * self.n_echoes / 2
        if self.n_echoes > 1 and not half_train_s < self.inversion_s < (
            self.repetition_s - half_train_s
        ):
            raise ValueError("the readout train must fit between inversion_s and repetition_s")
        return self


class DiffusionScan(Scan):
    """Diffusion-weighted spin-echo EPI: one volume without, and some along each direction."""

    b_s_mm2: float = key(1000.0, "Diffusion weighting.", unit="s/mm2", gt=0, source=CHOSEN)
    averages: int = key(1, "Volumes along each of the three directions.", ge=1, source=CHOSEN)
    fat_share: float = key(
        0.1, "Share of the fat signal that suppression leaves.", ge=0, le=1, source=CHOSEN
    )


class MultiEchoScan(Scan):
    """Spoiled multi-echo gradient echo; `echo_s` is the first echo."""

    echo_step_s: float = key(0.007, "Time between echoes.", unit="s", gt=0, source=CHOSEN)
    n_times: int = key(5, "Echoes.", ge=2, source=CHOSEN)

    @property
    def echo_times_s(self) -> tuple[float, ...]:
        """Echo times [s]."""
        return tuple(round(self.echo_s + i * self.echo_step_s, 6) for i in range(self.n_times))

    @model_validator(mode="after")
    def check_echoes(self) -> MultiEchoScan:
        """Refuse echoes after the next excitation."""
        if self.echo_times_s[-1] >= self.repetition_s:
            raise ValueError("the last echo must come before repetition_s")
        return self


T1W = Scan(
    echo_s=0.003,
    repetition_s=2.3,
    inversion_s=0.9,
    flip_deg=8.0,
    echo_spacing_s=0.0071,
    n_echoes=176,
    snr=40.0,
)
T2W = Scan(
    voxel_mm=(1.5, 1.5, 2.0),
    fov_mm=(192.0, 240.0, 180.0),
    axes="LAS",
    echo_s=0.1,
    repetition_s=5.0,
    snr=35.0,
)
FLAIR = Scan(
    voxel_mm=(1.5, 1.5, 2.0),
    fov_mm=(192.0, 240.0, 180.0),
    axes="LAS",
    echo_s=0.12,
    repetition_s=9.0,
    inversion_s=2.44,
    snr=30.0,
)
DWI = DiffusionScan(
    voxel_mm=(2.5, 2.5, 2.5),
    fov_mm=(220.0, 240.0, 180.0),
    axes="LAS",
    echo_s=0.08,
    repetition_s=6.0,
    snr=25.0,
)
MEGRE = MultiEchoScan(
    voxel_mm=(1.5, 1.5, 2.0),
    fov_mm=(192.0, 240.0, 180.0),
    axes="LAS",
    echo_s=0.005,
    repetition_s=0.045,
    flip_deg=15.0,
    snr=35.0,
)


class Scans(Nested):
    """The sequences of every visit."""

    t1w: Scan = key(
        T1W,
        "Inversion-prepared gradient echo train.",
        source="Mugler 1990, doi:10.1002/mrm.1910150117",
    )
    t2w: Scan = key(T2W, "Spin echo.", source="clinical protocols at 3 T")
    flair: Scan = key(
        FLAIR,
        "Inversion recovery spin echo that nulls fluid.",
        source="Hajnal 1992, doi:10.1097/00004728-199211000-00001",
    )
    dwi: DiffusionScan = key(
        DWI,
        "Spin-echo EPI with diffusion weighting along three orthogonal directions.",
        source="clinical protocols at 3 T",
    )
    megre: MultiEchoScan = key(
        MEGRE, "Spoiled gradient echo with several echoes.", source="clinical protocols at 3 T"
    )
