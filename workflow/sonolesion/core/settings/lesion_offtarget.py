"""Settings of the search for change away from the plan."""

from __future__ import annotations

from pydantic import model_validator

from sonolesion.core.settings import Section, key
from sonolesion.core.settings.lesion_phases import CONTRASTS


class Look(Section):
    """Contrasts whose changes must agree, and what it means if they do."""

    name: str = key(..., "Name of the look.", pattern="^[a-z]+$")
    kind: str = key(
        ..., "What a change with these signs is.",
        pattern="^(haemorrhage|restricted_diffusion|t2_hyperintensity)$",
    )  # fmt: skip
    signs: dict[str, int] = key(..., "Contrast → sign of its change; those not there are left out.")

    @model_validator(mode="after")
    def check(self) -> Look:
        """Refuse unknown contrasts and signs."""
        if not set(self.signs) <= set(CONTRASTS) or not set(self.signs.values()) <= {1, -1}:
            raise ValueError(f"{self.name}: signs are 1 or -1, contrasts {', '.join(CONTRASTS)}")
        return self


class Search(Section):
    """How clusters are found and what chance makes."""

    alpha: float = key(
        0.05, "Probability of one false cluster or more in a visit: all looks, both signs.",
        source="chosen", gt=0, lt=1,
    )  # fmt: skip
    scale_mm: float = key(
        0.8, "Gaussian width of the blur.", unit="mm", source="chosen on one patient, "
        "docs/offtarget.md", gt=0,
    )  # fmt: skip
    start: float = key(
        3.5, "Standard deviations from which a voxel belongs to a cluster.",
        source="chosen on one patient, docs/offtarget.md", gt=0,
    )  # fmt: skip
    rim_mm: float = key(
        2.0, "Depth below the brain's surface from which to look.", unit="mm",
        source="chosen: a border of the mask is off by a voxel or two", ge=0,
    )  # fmt: skip
    most_fluid: float = key(
        0.5, "Fraction of fluid in the baseline up to which a voxel is looked at.",
        source="chosen: ventricles and sulci widen and pulsate", ge=0, le=1,
    )  # fmt: skip
    edge_share: float = key(
        0.25, "A cluster ends where evidence falls to this part of its height.",
        source="chosen on one patient, docs/offtarget.md", ge=0, lt=1,
    )  # fmt: skip
    bulk: tuple[float, float] = key(
        (0.5, 0.95), "Quantiles of cluster statistics that tell how chance behaves.",
        source="chosen: real clusters are few",
    )  # fmt: skip
    typical: float = key(
        0.9, "Mean excess of a chance cluster before any was seen.",
        source="chosen: scans of one patient, docs/offtarget.md", gt=0,
    )  # fmt: skip
    weight: float = key(
        10.0, "Number of clusters that this counts for.", source="chosen: decides with few", gt=0
    )


class OffTarget(Section):
    """How change away from every plan is looked for."""

    looks: tuple[Look, ...] = key(
        (
            Look(name="susceptibility", kind="haemorrhage", signs={"R2starmap": 1, "T2starw": -1}),
            Look(name="diffusion", kind="restricted_diffusion", signs={"trace": 1, "ADC": -1}),
            Look(name="water", kind="t2_hyperintensity", signs={"T2w": 1, "FLAIR": 1}),
        ),
        "What is looked for; the opposite signs count as `other`. The first that fits names a "
        "cluster. T1w is reported and never looks: vessels change in it.",
        source="signs: Wintermark 2014, PMID 24371027",
        min_length=1,
    )
    search: Search = Search()
    agree: float = key(
        1.0, "Standard deviations by which each contrast of a look must change on average over "
        "a cluster for the cluster to be of its kind.", source="chosen", ge=0,
    )  # fmt: skip
    safety: tuple[str, ...] = key(
        ("haemorrhage", "restricted_diffusion"), "Kinds that are flagged for safety.",
        source="chosen",
    )  # fmt: skip
    pictures: int = key(8, "Most clusters shown.", source="chosen", ge=1)
