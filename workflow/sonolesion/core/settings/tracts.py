"""Settings of the tracts stage: tracking, regions and bundles, disconnection, profiles."""

from __future__ import annotations

from sonolesion.core.settings import Section, key
from sonolesion.core.settings.tracts_connectome import Connectome

WORD = "^[a-z0-9_]+$"
Triple = tuple[float, float, float]


class Region(Section):
    """A waypoint or exclusion, of an atlas or of the template's millimetres."""

    name: str = key(..., "Its name in the bundles.", pattern=WORD)
    kind: str = key("atlas", "What it is.", pattern="^(atlas|sphere|box)$")
    sided: bool = key(True, "One on each side; given for the left, mirrored for the right.")
    atlas: str = key("", "Atlas of atlases.tsv.")
    parts: tuple[str, ...] = key((), "Its regions, without side; taken together.")
    centre_mm: Triple = key((0.0, 0.0, 0.0), "Centre of a sphere.", unit="mm, MNI152NLin6Asym")
    radius_mm: float = key(0.0, "Radius of a sphere.", unit="mm", ge=0)
    low_mm: Triple = key((0.0, 0.0, 0.0), "A corner of a box.", unit="mm, MNI152NLin6Asym")
    high_mm: Triple = key((0.0, 0.0, 0.0), "Its other corner.", unit="mm, MNI152NLin6Asym")
    source: str = key("chosen", "Where it comes from.")


class Bundle(Section):
    """A bundle, on each side: what its streamlines pass and what they do not."""

    name: str = key(..., "Its name in the tables.", pattern=WORD)
    seed: str = key(..., "Region that streamlines start in.")
    waypoints: tuple[str, ...] = key(..., "Regions passed; 'other:' for the other side.")
    exclusions: tuple[str, ...] = key((), "Regions not touched.")
    ordered: bool = key(False, "Whether the waypoints are passed in their order.")
    min_mm: float = key(20.0, "Shortest streamline.", unit="mm", ge=0)
    max_mm: float = key(250.0, "Longest streamline.", unit="mm", gt=0)
    safety: bool = key(False, "Whether harm is expected where it is cut.")
    source: str = key("chosen", "Where the definition comes from.")


def _atlas(name: str, *parts: str) -> Region:
    return Region(
        name=name, atlas="harvard_oxford", parts=parts, source="Harvard-Oxford: atlases.tsv"
    )


def _sphere(name: str, centre_mm: Triple, radius_mm: float, source: str) -> Region:
    return Region(name=name, kind="sphere", centre_mm=centre_mm, radius_mm=radius_mm, source=source)


def _box(name: str, low_mm: Triple, high_mm: Triple, *, sided: bool = False) -> Region:
    return Region(name=name, kind="box", sided=sided, low_mm=low_mm, high_mm=high_mm)


COLOURED = "chosen on the colour-coded FA of a healthy brain"
REGIONS = (
    _atlas("thalamus", "Thalamus"),
    _atlas("precentral", "Precentral_Gyrus"),
    _atlas("s1", "Postcentral_Gyrus"),
    _atlas("acc", "Cingulate_Gyrus_anterior_division", "Paracingulate_Gyrus"),
    _atlas(
        "pfc",
        "Frontal_Pole",
        "Superior_Frontal_Gyrus",
        "Middle_Frontal_Gyrus",
        "Frontal_Medial_Cortex",
        "Frontal_Orbital_Cortex",
    ),
    _atlas("insula", "Insular_Cortex"),
    _sphere("peduncle", (-13.0, -18.0, -14.0), 7.0, COLOURED),
    _sphere("pons_basis", (-7.0, -24.0, -28.0), 6.0, COLOURED),
    _sphere("pons_tegmentum", (-5.0, -36.0, -28.0), 5.0, COLOURED),
    _sphere("superior_peduncle", (-7.0, -46.0, -24.0), 5.0, COLOURED),
    _sphere(
        "red_nucleus",
        (-4.9, -19.1, -9.4),
        5.0,
        "centroid of CIT168, doi:10.1038/sdata.2018.63; radius chosen",
    ),
    _box("midline", (-2.0, -120.0, -60.0), (2.0, 80.0, 90.0)),
    _box("midline_above", (-2.0, -120.0, -8.0), (2.0, 80.0, 90.0)),
    _box("far_side", (4.0, -120.0, -8.0), (80.0, 80.0, 90.0), sided=True),
    # The medulla lies in front of and below this box: tracts may run on to the spinal cord.
    _box("cerebellum", (-60.0, -100.0, -48.0), (60.0, -48.0, -18.0)),
    _box("brainstem_low", (-30.0, -60.0, -60.0), (30.0, -5.0, -20.0)),
)
THALAMIC = ("midline", "brainstem_low")
# Down in the medulla lemniscus and pyramid touch the midline, and cross it.
ASCENDING = ("midline_above", "cerebellum", "pons_basis")
BUNDLES = (
    Bundle(
        name="spinothalamic_lemniscal",
        seed="pons_tegmentum",
        waypoints=("pons_tegmentum", "thalamus"),
        exclusions=ASCENDING,
        source="chosen: spinothalamic tract and medial lemniscus run together in the tegmentum",
    ),
    Bundle(
        name="thalamus_acc", seed="thalamus", waypoints=("thalamus", "acc"), exclusions=THALAMIC
    ),
    Bundle(
        name="thalamus_pfc", seed="thalamus", waypoints=("thalamus", "pfc"), exclusions=THALAMIC
    ),
    Bundle(
        name="thalamus_insula",
        seed="thalamus",
        waypoints=("thalamus", "insula"),
        exclusions=THALAMIC,
    ),
    Bundle(name="thalamus_s1", seed="thalamus", waypoints=("thalamus", "s1"), exclusions=THALAMIC),
    Bundle(
        name="cerebellothalamic",
        seed="other:superior_peduncle",
        waypoints=("other:superior_peduncle", "red_nucleus", "thalamus"),
        exclusions=("midline_above", "pons_basis"),
        ordered=True,
        source="chosen: dentato-rubro-thalamic, from the other side's superior peduncle",
    ),
    Bundle(
        name="cerebellothalamic_uncrossed",
        seed="superior_peduncle",
        waypoints=("superior_peduncle", "red_nucleus", "thalamus"),
        exclusions=("midline_above", "far_side", "pons_basis"),
        ordered=True,
        source="chosen: few directions do not resolve the decussation",
    ),
    Bundle(
        name="corticospinal",
        seed="peduncle",
        waypoints=("precentral", "peduncle", "pons_basis"),
        exclusions=("midline_above", "cerebellum"),
        ordered=True,
        safety=True,
    ),
)


class Response(Section):
    """Single-fibre response and orientation distributions."""

    min_fa: float = key(
        0.6, "Least FA of its voxels.", source="chosen: 0.7 (10.1016/j.neuroimage.2004.07.037) "
        "leaves too few at 2 mm", gt=0, lt=1,
    )  # fmt: skip
    max_voxels: int = key(300, "Voxels of highest FA taken.", source="10.1002/nbm.3017", ge=10)
    min_voxels: int = key(50, "Fewer are no sample.", source="chosen", ge=5)
    edge_mm: float = key(
        8.0, "Distance from the border of the brain, where FA is noise.", unit="mm",
        source="chosen", ge=0,
    )  # fmt: skip
    same_deg: float = key(
        5.0, "Directions closer than this are one.", unit="deg", source="chosen", gt=0
    )
    max_order: int = key(
        8, "Highest order of harmonics.", source="chosen: 45 directions carry 8", ge=2, le=12
    )
    max_rounds: int = key(50, "Rounds of the constraint.", source="dipy's default", ge=1)
    b0_max_s_mm2: float = key(
        50.0, "Largest b-value that counts as unweighted.", unit="s/mm²", source="chosen", ge=0
    )


class Tracking(Section):
    """How streamlines are followed."""

    method: str = key(
        "probabilistic", "Tracker.", source="chosen", pattern="^(probabilistic|deterministic)$"
    )
    n_seeds: int = key(8000, "Seeds in each seed region.", source="chosen", ge=100)
    step_mm: float = key(
        1.0, "Step; half a voxel of 2 mm.", unit="mm", source="10.1002/ima.22005", gt=0
    )
    max_angle_deg: float = key(
        30.0, "Largest turn in a step.", unit="deg", source="chosen", gt=0, le=90
    )
    min_amplitude: float = key(
        0.1, "Least share of the largest amplitude.", source="dipy's default", ge=0, lt=1
    )
    stop_fa: float = key(
        0.12, "FA below which a streamline stops; thalamus has 0.2 to 0.35.",
        source="chosen", ge=0, lt=1,
    )  # fmt: skip
    max_fluid: float = key(
        0.5, "Share of cerebrospinal fluid that stops it.", source="chosen", gt=0, le=1
    )
    sphere: str = key(
        "symmetric362", "Set of directions.", source="chosen: twice as fast as 724",
        pattern="^(repulsion100|repulsion200|symmetric362|repulsion724)$",
    )  # fmt: skip
    min_mm: float = key(20.0, "Shortest streamline.", unit="mm", source="chosen", ge=0)
    max_mm: float = key(250.0, "Longest streamline.", unit="mm", source="chosen", gt=0)
    seed: int = key(1, "Seed of the random numbers.", source="any", ge=1)


class Disconnection(Section):
    """What counts as cut."""

    threshold: float = key(
        0.5, "Lesion probability from which a streamline is cut.", source="chosen", gt=0, le=1
    )
    floor: float = key(
        0.01, "Lesion probabilities up to this count as 0.", source="chosen", ge=0, lt=1
    )
    min_visits: int = key(5, "Streamlines a voxel must have in the map.", source="chosen", ge=1)
    min_streamlines: int = key(
        10, "Streamlines a bundle, parcel or connection must have.", source="chosen", ge=1
    )


class Resampling(Section):
    """The interval of a cut fraction."""

    n_scans: int = key(
        5, "Tractograms from resampled scans, each with its own tracking seed; 0 leaves "
        "the interval out.", source="chosen: half a minute of one core each", ge=0,
    )  # fmt: skip
    n_lesions: int = key(40, "Draws of the lesion for each tractogram.", source="chosen", ge=1)
    share_of_seeds: float = key(
        0.2, "Seeds of a resampled tractogram, as a share of n_seeds.", source="chosen", gt=0, le=1
    )
    registration_sd_mm: float = key(
        1.0, "Error of scan and lesion against each other, an axis (standard deviation).",
        unit="mm", source="chosen: docs/atlases.md", ge=0,
    )  # fmt: skip
    interval: float = key(
        0.9, "Share of the draws between low and high.", source="chosen", gt=0, lt=1
    )
    min_signal: float = key(
        1.0, "Floor of the signal before its logarithm, in the scan's own unit.",
        source="chosen", gt=0,
    )  # fmt: skip
    seed: int = key(1, "Seed of the draws.", source="any", ge=0)


class Profiles(Section):
    """Profiles along a bundle."""

    n_nodes: int = key(100, "Nodes.", source="10.1371/journal.pone.0049790", ge=2)
    max_distance: float = key(
        5.0, "Largest Mahalanobis distance from the core; beyond, a stray.",
        source="10.1371/journal.pone.0049790", gt=0,
    )  # fmt: skip
    max_length_sd: float = key(
        4.0, "Largest excess of length, in standard deviations.",
        source="10.1371/journal.pone.0049790", gt=0,
    )  # fmt: skip
    floor_mm: float = key(
        0.5, "Least spread of a node's position.", unit="mm", source="chosen", gt=0
    )


class Tracts(Section):
    """Tractography of the baseline, and what the lesion cut."""

    region_share: float = key(
        0.25, "Atlas probability from which a voxel belongs to a region.",
        source="chosen: the usual threshold of 25 %", gt=0, le=1,
    )  # fmt: skip
    regions: tuple[Region, ...] = key(REGIONS, "Regions that the bundles name.")
    bundles: tuple[Bundle, ...] = key(BUNDLES, "Bundles, each on both sides.")
    response: Response = Response()
    tracking: Tracking = Tracking()
    disconnection: Disconnection = Disconnection()
    resampling: Resampling = Resampling()
    profiles: Profiles = Profiles()
    connectome: Connectome = Connectome()
