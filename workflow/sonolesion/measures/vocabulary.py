"""The columns of `measures.tsv` and every word that may stand in them.

A producer that writes a word unknown here is stopped by `tables.combine`, so the data
dictionary can't fall behind the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MISSING = "n/a"
Kind = Literal["label", "level", "number", "flag"]


@dataclass(frozen=True)
class Column:
    """A column: its type, its meaning and, for a number, its unit."""

    name: str
    kind: Kind
    description: str
    unit: str = ""
    required: bool = True


COLUMNS = (
    Column("participant_id", "label", "Participant, as `sub-<label>`."),
    Column("session_id", "label", "Visit, as `ses-<label>`; labels carry no order."),
    Column(
        "intervention_id",
        "label",
        "Treatment the row is counted from, n/a where it is of the visit; says nothing of arm.",
        required=False,
    ),
    Column("days_from_treatment", "number", "Days from that treatment; before it negative.", "d"),
    Column("modality", "level", "Kind of acquisition the number comes from."),
    Column("map", "level", "Map or segmentation that was measured."),
    Column("region", "level", "Where it was measured."),
    Column("side", "level", "Side of the brain, the patient's own.", required=False),
    Column("statistic", "level", "What was computed over the region; it fixes the unit."),
    Column("value", "number", "The number, in the unit of its row.", required=False),
    Column("unit", "level", "Unit of the value."),
    Column("n_voxels", "number", "Voxels in the region; fractions count in part.", "voxel", False),
    Column("coverage", "number", "Part of the region inside the image, 0 to 1.", "1", False),
    Column("below_resolution", "flag", "The region is too small for the voxels.", "", False),
    Column("status", "level", "Whether there is a number, and if not, why not."),
    Column("method", "label", "How it was computed: the step and its variant.", required=False),
)
COLUMN_NAMES = tuple(column.name for column in COLUMNS)
KEY = (
    "participant_id",
    "intervention_id",
    "days_from_treatment",
    "session_id",
    "modality",
    "map",
    "region",
    "side",
    "statistic",
    "method",
)

UNITS = {
    "mm3": "cubic millimetre",
    "mm": "millimetre",
    "1": "plain number (ratio, score or probability)",
    "mm2/s": "square millimetre per second",
    "mL/100g/min": "millilitre per 100 gram and minute",
    "s": "second",
    "min": "minute",
}

# Overlap of the lesion with a region of an atlas, with the interval that its position leaves.
OVERLAP = {
    "region_volume": ("mm3", "Volume of the whole atlas region, fractions counting in part."),
    "overlap_volume": ("mm3", "Volume common to the lesion and the atlas region."),
    "overlap_of_region": ("1", "That volume as a part of the region."),
    "overlap_of_lesion": ("1", "That volume as a part of the lesion."),
    "centroid_distance": ("mm", "Distance of the lesion's centroid from the region's."),
}
OVERLAP |= {
    f"{name}_{end}": (unit, f"{word} end of the interval of {name}.")
    for name, (unit, _) in OVERLAP.items()
    if name != "region_volume"
    for end, word in (("low", "Lower"), ("high", "Upper"))
}

# Shape and place of the lesion, and which of its statistics have an interval.
SHAPE = {
    "extent_ml": ("mm", "Extent from side to side, voxel edge to voxel edge."),
    "extent_ap": ("mm", "Extent from back to front."),
    "extent_si": ("mm", "Extent from bottom to top."),
    "elongation": ("1", "Second principal axis over the first; 1 for a ball."),
    "flatness": ("1", "Third principal axis over the first; 1 for a ball."),
    "sphericity": ("1", "Surface of the ball of equal volume over the surface; 1 for a ball."),
    "solidity": ("1", "Volume over that of the convex hull; 1 without dents."),
}
WALL = {
    "wall_distance": (
        "mm",
        "Mediolateral distance of the centroid from the wall of the third ventricle on the "
        "treated side (lateral positive).",
    ),
}
FOCUS = {
    "focus_error_ml": ("mm", "Centroid minus energy-weighted focus, mediolateral."),
    "focus_error_ap": ("mm", "Centroid minus energy-weighted focus, anteroposterior."),
    "focus_error_dv": ("mm", "Centroid minus energy-weighted focus, dorsoventral."),
    "focus_error_3d": ("mm", "Distance of the centroid from the energy-weighted focus."),
}
# Change away from the plan.
CLUSTERS = {
    "clusters": ("1", "Number of clusters of change; zero if none is real."),
    "peak_z": ("1", "Largest change of a cluster over its noise."),
}
# Diffusion tensor and bundles.
TENSOR = {
    "fa_median": ("1", "Median fractional anisotropy of the region's voxels."),
    "md_median": ("mm2/s", "Median mean diffusivity of the region's voxels."),
    "fa_mean": ("1", "Fractional anisotropy along the bundle's core, mean of its nodes."),
    "md_mean": ("mm2/s", "Mean diffusivity along the bundle's core, mean of its nodes."),
}
CUT = {
    "cut_streamlines": (
        "1",
        "Share of the streamlines of a bundle or parcel that the lesion cuts.",
    ),
    "cut_length": ("1", "Share of their length that belongs to cut streamlines."),
}
CUT |= {
    f"{name}_{end}": (unit, f"{word} end of the interval of {name}.")
    for name, (unit, _) in CUT.items()
    for end, word in (("low", "Lower"), ("high", "Upper"))
}
CUT["cut_expected"] = ("1", "Mean over the bundle's streamlines of the highest lesion probability.")
# Blood flow.
FLOW = {
    "cbf_median": ("mL/100g/min", "Median blood flow of the region's voxels."),
    "cbf_ratio": ("1", "Median blood flow of a zone over that of its mirrored place."),
    "att_median": ("s", "Median arterial transit time of the region's voxels."),
    "spatial_cov": ("1", "Standard deviation over mean of the region's flow (Mutsaerts 2017)."),
    "negative_share": ("1", "Share of the region's voxels whose flow is below 0."),
    "tissue_ratio": ("1", "Median flow of grey over that of white matter."),
    "quality_index": ("1", "Quality evaluation index, 0 to 1 (Dolui 2024)."),
    "scanner_correlation": ("1", "Pearson's r with the scanner's own map."),
    "scanner_ratio": ("1", "Ratio of medians, ours over the scanner's own map."),
}
# Resting-state fMRI.
RESTING = {
    "mean_fd": ("mm", "Mean framewise displacement of the head (Power 2012)."),
    "clean_minutes": ("min", "Time of the frames that were kept."),
    "censored_minutes": ("min", "Time of the frames that were dropped for motion."),
    "tsnr_median": ("1", "Median temporal signal-to-noise ratio of the region's voxels."),
    "freedom": ("1", "Degrees of freedom that the denoised series has left."),
    "alff_median": ("1", "Median amplitude of slow fluctuations, over the mean of the brain."),
    "falff_median": ("1", "Median share of slow fluctuations in all."),
    "reho_median": ("1", "Median regional homogeneity (Kendall's W)."),
    "fc_within": ("1", "Mean Fisher z of the correlations between regions of a network."),
    "fc_between": ("1", "Mean Fisher z of its regions with those of all other networks."),
    "outside_exclusion": ("mm3", "Volume of the lesion outside the places that are left out."),
    "outside_exclusion_share": ("1", "That volume as a part of the lesion."),
    "exclusion_reach": (
        "mm",
        "Radius about the planned targets that would hold all of the lesion.",
    ),
}
UNCERTAIN = ("volume", *(f"centroid_{axis}" for axis in "xyz"),
             *(f"error_{axis}" for axis in ("ml", "ap", "dv", "3d")), *WALL, *FOCUS)  # fmt: skip
ENDS = {
    f"{name}_{end}": ("mm3" if name == "volume" else "mm", f"{word} end of the interval of {name}.")
    for name in UNCERTAIN
    for end, word in (("low", "Lower"), ("high", "Upper"))
}

# Statistic: (unit, meaning). Coordinates are acpc: origin AC, x right, y anterior, z up.
STATISTICS = {
    "volume": (
        "mm3",
        "Volume: the mean over the shapes drawn from the posterior, or of the mask that was drawn.",
    ),
    "mask_volume": ("mm3", "Number of voxels of the mask times the voxel volume."),
    "probability_volume": ("mm3", "Sum of the probabilities times the voxel volume."),
    "diameter": ("mm", "Largest distance between two voxels of the region."),
    "equivalent_diameter": ("mm", "Diameter of the sphere of equal volume."),
    "centroid_x": ("mm", "Centroid, acpc x (right positive)."),
    "centroid_y": ("mm", "Centroid, acpc y (anterior positive)."),
    "centroid_z": ("mm", "Centroid, acpc z (superior positive)."),
    "error_ml": ("mm", "Centroid minus planned target, mediolateral (lateral positive)."),
    "error_ap": ("mm", "Centroid minus planned target, anteroposterior (anterior positive)."),
    "error_dv": ("mm", "Centroid minus planned target, dorsoventral (dorsal positive)."),
    "error_3d": ("mm", "Distance of the centroid from the planned target."),
    **SHAPE,
    **WALL,
    **FOCUS,
    **ENDS,
    **OVERLAP,
    "detection_statistic": ("1", "Statistic of the test that a lesion is there."),
    "detection_p": ("1", "Its probability where there is no lesion."),
    **CLUSTERS,
    **TENSOR,
    **CUT,
    **FLOW,
    **RESTING,
}

LEVELS = {
    "modality": {
        "anat": "All structural contrasts of the visit together.",
        "T1w": "T1-weighted image.",
        "T2w": "T2-weighted image.",
        "FLAIR": "T2-weighted image with suppressed fluid.",
        "trace": "Diffusion-weighted image, mean of the directions.",
        "ADC": "Apparent diffusion coefficient.",
        "T2starw": "Late echo of the gradient echo, magnitude.",
        "R2starmap": "Transverse relaxation rate R2*.",
        "dwi": "Diffusion scan with directions enough for a tensor.",
        "perf": "Arterial spin labelling.",
        "bold": "Resting-state run.",
    },
    "map": {
        "lesion": "Segmentation of the change against the participant's own baseline.",
        "contrast_lesion": "Change seen in one contrast alone, whatever the zone.",
        "overlap": "The lesion and a region of an atlas, on the acpc grid.",
        "offtarget": "Change away from every plan; its p is family-wise over the visit.",
        "tensor": "Tensor maps of the visit, on the scan's own grid.",
        "disconnection": "The visit's lesion and the bundles of the patient's own baseline.",
        "disconnectome": "The visit's lesion and the connections between parcels of an atlas.",
        "cbf": "Blood flow of the visit, on the scan's own grid.",
        "cbf_pvc_grey": "Flow of pure grey matter, corrected for partial volume.",
        "cbf_pvc_white": "Flow of pure white matter, corrected for partial volume.",
        "att": "Arterial transit time of the visit; several delays only.",
        "cbf_scanner": "The scanner's own map of blood flow, a cross-check.",
        "cbf_baseline": "Blood flow of the treatment's baseline, in the zones of this visit.",
        "run": "The resting-state run as a whole: motion, signal, freedom left.",
        "activity": "ALFF, fALFF and ReHo of the visit, on the scan's own grid.",
        "exclusion": "The visit's lesion and the places that masks of resting-state runs omit.",
        "connectivity": "Correlations between regions of the visit's denoised run.",
        "profile": "Tensor maps of the visit along the bundles of the baseline.",
    },
    "region": {
        "lesion": "Lesion, zones I and II; oedema apart.",
        "core": "Zone I alone.",
        "rim": "Zone II alone.",
        "oedema": "Zone III around the lesion.",
        "perilesional": "Shell of tissue around all zones.",
        **{
            f"mirrored_{zone}": f"Place of the region `{zone}` mirrored at the midsagittal plane."
            for zone in ("lesion", "core", "rim", "oedema", "perilesional")
        },
        "all_zones": "Zones I to III together.",
        "search": "Neighbourhood of the planned target in which a lesion is looked for.",
        "offtarget": "Brain away from every plan.",
        "offtarget_haemorrhage": "Clusters there with R2* up and T2*-weighted signal down.",
        "offtarget_restricted_diffusion": "Clusters there with trace up and ADC down.",
        "offtarget_t2_hyperintensity": "Clusters there with T2w and FLAIR up.",
        "offtarget_other": "Clusters there of any other change.",
        "white_matter": "White matter of the baseline.",
        "grey_matter": "Grey matter of the baseline.",
        "brain": "The brain in the scan.",
    },
    "side": {"left": "The patient's left.", "right": "The patient's right."},
    "statistic": {name: meaning for name, (_, meaning) in STATISTICS.items()},
    "unit": UNITS,
    "status": {
        "measured": "There is a number; it may be zero.",
        "not_visible": "Looked for and not seen; the detection statistic stands in its own row.",
        "failed": "The input was there, the step did not succeed; see the ledger.",
        "absent": "The input was not acquired or is blocked; see the inventory.",
    },
}

# Levels that are too many to list: column → (form, meaning).
FORMS = {
    "region": (
        r"[a-z0-9_]+:[A-Za-z0-9_.+-]+",
        "Region of an atlas, as `atlas:region`; `atlas:all` if the atlas could not be used. "
        "`offtarget:N` is cluster N away from the plan, `tract:name` a bundle of the baseline, "
        "`parcel:name` the streamlines that end in a parcel of an atlas, `network:name` a "
        "functional network.",
    ),
}

# Statistics that are not of the lesion itself.
OF_OTHERS = {
    *OVERLAP, *CLUSTERS, *TENSOR, *CUT, *FLOW, *RESTING, "detection_statistic", "detection_p",
}  # fmt: skip
# Too many for a table that people read; the long table has them.
ONLY_LONG = {*FOCUS, *ENDS} - {"volume_low", "volume_high"}
# Columns of the wide table of the lesion: region and statistic.
WIDE = (
    *(("lesion", name) for name in STATISTICS if name not in OF_OTHERS | ONLY_LONG),
    ("core", "volume"),
    ("oedema", "volume"),
    ("all_zones", "volume"),
    ("search", "detection_statistic"),
    ("search", "detection_p"),
)
