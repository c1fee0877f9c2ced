"""Settings of the anatomy stage."""

from __future__ import annotations

from sonolesion.core.settings import Section, key

MEASURED = "chosen between good and deliberately bad results: docs/anatomy.md"
JUDGED = "chosen below the worst good result seen; bad ones not tried: docs/anatomy.md"
SPREAD = "the spread of results over seeds: docs/anatomy.md"
GREEDY = "10.1016/j.jalz.2016.06.205"
N4 = "10.1109/TMI.2010.2046908"


class Bias(Section):
    """Correction of the bias field (N4)."""

    grid_mm: float = key(6.0, "Grid on which the field is estimated.", source="chosen", gt=0)
    n_iterations: int = key(20, "Iterations a level.", source=N4, ge=1)
    n_levels: int = key(3, "Levels; each halves the distance of the knots.", source=N4, ge=1)


class Search(Section):
    """What is random in a search for a transform."""

    jitter_voxels: float = key(
        0.1, "Random displacement of the points compared.", unit="voxels", source=SPREAD, ge=0
    )
    seed: int = key(1, "Seed of that randomness: equal seeds, equal results.", source="any", ge=1)


class Start(Search):
    """First guesses of where the brain lies in the scan."""

    pitch_degrees: list[float] = key([-20.0, 0.0, 20.0], "Nods of the head.", unit="degrees")
    rise_mm: list[float] = key(
        [0.0, 35.0, 70.0], "How far the brain's centre lies above the scan's.", unit="mm"
    )
    metric: str = key("NCC 2x2x2", "Likeness, with its patch radius in voxels.", source=GREEDY)
    iterations: list[int] = key([60, 30], "Iterations of each level, coarse to fine.")


class Fit(Search):
    """Fit of the template: affine, then deformable."""

    spacing_mm: float = key(2.0, "Grid of the fit.", source="chosen", gt=0)
    metric: str = key("NCC 2x2x2", "Likeness, with its patch radius in voxels.", source=GREEDY)
    linear_iterations: list[int] = key([50, 20], "Affine: iterations of each level.")
    iterations: list[int] = key([100, 60, 20], "Deformable: iterations of each level.")
    smooth_gradient_mm: float = key(3.0, "Smoothing of each update.", source="chosen", gt=0)
    smooth_field_mm: float = key(1.5, "Smoothing of the whole field.", source="chosen", gt=0)


class Warp(Fit):
    """Fit of the template to the brain for the MNI warp."""

    spacing_mm: float = key(1.0, "Grid of the fit.", source="chosen", gt=0)
    linear_iterations: list[int] = key([50, 20, 0], "Affine: iterations of each level.")
    iterations: list[int] = key([100, 50, 10], "Deformable: iterations of each level.")
    smooth_gradient_mm: float = key(2.0, "Smoothing of each update.", source="chosen", gt=0)
    smooth_field_mm: float = key(0.8, "Smoothing of the whole field.", source="chosen", gt=0)


class Brain(Section):
    """Correction of the brain mask that the template gives."""

    grow_mm: float = key(2.0, "Reach beyond the template's mask.", source="chosen", gt=0)
    trust_mm: float = key(8.0, "Depth within it that is surely brain.", source="chosen", gt=0)
    opening_mm: float = key(2.0, "Opening that cuts bridges to dura.", source="chosen", gt=0)
    tissue_fraction: float = key(
        0.4, "Darkest tissue on T1w, in units of white matter.", source="chosen", gt=0
    )
    fat_fraction: float = key(
        1.35, "Brightest tissue on T1w, in units of white matter.", source="chosen", gt=1
    )


class Commissure(Section):
    """AC and PC: what surrounds them in the template, laid on the scan."""

    radius_mm: float = key(8.0, "Radius of the surroundings.", unit="mm", source=MEASURED, gt=0)
    spacing_mm: float = key(1.0, "Lattice of the surroundings.", unit="mm", source="chosen", gt=0)
    reach_mm: float = key(
        1.5,
        "Longest shift along an axis from where the fit puts them.",
        unit="mm",
        source="chosen above the fit's own error: docs/anatomy.md",
        gt=0,
    )
    step_mm: float = key(0.5, "Lattice of the first guesses.", unit="mm", source="chosen", gt=0)
    trusted_likeness: float = key(
        0.8,
        "Correlation below which the fit's own place stays.",
        source="thin scans 0.93 and more, 3 mm slices 0.71 to 0.86: docs/anatomy.md",
    )


class Tissue(Section):
    """Grey matter, white matter and CSF."""

    n_iterations: int = key(40, "Rounds of the fit of three Gaussians.", source="chosen", ge=1)
    start_percentiles: tuple[float, float, float] = key(
        (5.0, 40.0, 85.0), "Where CSF, grey and white matter start.", unit="%"
    )
    smoothness: float = key(
        0.5, "Weight of a voxel's six neighbours.", source="10.1109/42.906424", ge=0
    )
    n_rounds: int = key(4, "Rounds in which neighbours are heard.", source="chosen", ge=0)
    deep_grey: float = key(
        0.9, "Trust in the template's deep grey nuclei, too bright on T1w.", source="chosen", ge=0
    )


class Rigid(Search):
    """Rigid registration of scans of one subject."""

    metric: str = key("NCC 2x2x2", "Likeness.", source=GREEDY)
    iterations: list[int] = key([60, 30, 10], "Iterations of each level, coarse to fine.")


class CrossRigid(Rigid):
    """Rigid registration of T2w and FLAIR to T1w."""

    metric: str = key("NMI", "Likeness.", source="10.1016/S0031-3203(98)00091-0")


class Probe(Section):
    """Displaced copies that a registration must beat."""

    shift_mm: float = key(4.0, "Their shift.", source=MEASURED, gt=0)
    turn_degrees: float = key(6.0, "Their turn.", source=MEASURED, gt=0)
    n_bins: int = key(32, "Bins of the joint histogram.", source="chosen", ge=8)


class Limits(Section):
    """Limits of the gates; beyond them a result counts as failed."""

    min_fit_correlation: float = key(
        0.6, "Head to template: correlation within the brain.", source=MEASURED
    )
    min_brain_ml: float = key(900.0, "Brain with its CSF [ml].", source="chosen, adults")
    max_brain_ml: float = key(2000.0, "Brain with its CSF [ml].", source="chosen, adults")
    min_acpc_mm: float = key(19.0, "Distance of AC and PC.", source="chosen, adults")
    max_acpc_mm: float = key(34.0, "Distance of AC and PC.", source="chosen, adults")
    min_commissure_likeness: float = key(
        0.6, "AC and PC: correlation of their surroundings with the template's.", source=MEASURED
    )
    min_coverage: float = key(0.8, "Share of the brain inside the scan.", source="chosen")
    min_session_coverage: float = key(
        0.5, "Share of the brain inside a session's scan.", source=MEASURED
    )
    min_warp_correlation: float = key(
        0.75, "Warp: correlation with the template within the brain.", source=JUDGED
    )
    min_jacobian: float = key(0.05, "Warp: smallest volume change.", source=JUDGED)
    max_jacobian: float = key(10.0, "Warp: largest volume change.", source=JUDGED)
    min_brain_dice: float = key(
        0.9, "Warp: overlap of the brain with the template's.", source=JUDGED
    )
    max_landmark_shift_mm: float = key(
        1.5, "AC and PC: distance between the first fit and the warp.", source=JUDGED
    )
    min_session_correlation: float = key(
        0.7, "Session's T1w: correlation with the baseline's in the brain.", source=MEASURED
    )
    min_same_person: float = key(
        0.6, "Session's T1w: mean correlation with the baseline's in 15 mm cubes.", source=MEASURED
    )
    min_thalamus_coverage: float = key(
        0.9, "Share of both thalami at which a session's scan holds data.", source=MEASURED
    )
    min_detail: float = key(
        0.7,
        "Session's contrast: what it tells of the T1w's anatomy, over what the baseline's tells.",
        source=MEASURED,
    )
    min_peak_sharpness: float = key(
        1.3, "Mutual information over that of displaced copies.", source=MEASURED
    )
    min_mirror_ratio: float = key(
        1.02,
        "Mutual information over that of the mirrored image.",
        source="right: 1.08 and more (gradient echo of the symmetric phantom), 2 to 3.5 (real "
        "scans); wrong: 0.5 to 0.95; docs/anatomy.md",
    )
    min_thalamus_grey: float = key(
        0.5, "Tissue: grey matter in the template's thalamus.", source=JUDGED
    )
    min_ventricle_csf: float = key(
        0.5, "Tissue: CSF in the core of the template's ventricles.", source=JUDGED
    )


class Anatomy(Section):
    """Bias field, AC–PC space, brain, template warp, tissue, registration of sessions."""

    bias: Bias = Bias()
    start: Start = Start()
    head: Fit = Fit()
    warp: Warp = Warp()
    brain: Brain = Brain()
    commissure: Commissure = Commissure()
    tissue: Tissue = Tissue()
    session: Rigid = Rigid()
    contrast: CrossRigid = CrossRigid()
    probe: Probe = Probe()
    limits: Limits = Limits()
    cubic_limit_mm: float = key(
        2.0,
        "Longest voxel edge that is interpolated by cubic splines; thicker ones linearly.",
        source="chosen: splines ring at thick slices",
        gt=0,
    )
    mask_margin_mm: float = key(
        3.0, "Margin around the brain in rigid registration.", source="chosen", ge=0
    )
