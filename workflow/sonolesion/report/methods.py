"""The methods text, the settings and the references of the steps that really ran."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reference:
    """A publication, with its DOI where that was checked."""

    key: str
    text: str
    doi: str = ""


@dataclass(frozen=True)
class Statement:
    """A sentence that stands in the methods if one of its rules ran."""

    rules: frozenset[str]
    text: str
    cites: tuple[str, ...]


REFERENCES = {
    item.key: item
    for item in (
        Reference(
            "Gorgolewski 2016",
            "Gorgolewski KJ et al. The brain imaging data structure, a format for organizing and "
            "describing outputs of neuroimaging experiments. Sci Data 2016; 3: 160044.",
            "10.1038/sdata.2016.44",
        ),
        Reference(
            "Mölder 2021",
            "Mölder F et al. Sustainable data analysis with Snakemake. F1000Research 2021; 10: 33.",
            "10.12688/f1000research.29032.2",
        ),
        Reference(
            "Tustison 2010",
            "Tustison NJ et al. N4ITK: improved N3 bias correction. "
            "IEEE Trans Med Imaging 2010; 29: 1310–1320.",
            "10.1109/TMI.2010.2046908",
        ),
        Reference(
            "Lowekamp 2013",
            "Lowekamp BC et al. The design of SimpleITK. Front Neuroinform 2013; 7: 45.",
            "10.3389/fninf.2013.00045",
        ),
        Reference(
            "Yushkevich 2016",
            "Yushkevich PA et al. Fast automatic segmentation of hippocampal subfields and medial "
            "temporal lobe subregions in 3 Tesla and 7 Tesla T2-weighted MRI. "
            "Alzheimers Dement 2016; 12: P126–P127.",
            "10.1016/j.jalz.2016.06.205",
        ),
        Reference(
            "Fonov 2009",
            "Fonov VS et al. Unbiased nonlinear average age-appropriate brain templates from "
            "birth to adulthood. NeuroImage 2009; 47: S102.",
            "10.1016/S1053-8119(09)70884-5",
        ),
        Reference(
            "Wintermark 2014",
            "Wintermark M et al. Imaging findings in MR imaging-guided focused ultrasound "
            "treatment for patients with essential tremor. AJNR 2014; 35: 891–896. PMID 24371027.",
        ),
        Reference(
            "Keil 2020",
            "Keil VC et al. MRI follow-up after magnetic resonance-guided focused ultrasound for "
            "non-invasive thalamotomy. Neuroradiology 2020; 62: 1111–1122.",
            "10.1007/s00234-020-02433-9",
        ),
        Reference(
            "Harris 2020",
            "Harris CR et al. Array programming with NumPy. Nature 2020; 585: 357–362.",
            "10.1038/s41586-020-2649-2",
        ),
        Reference(
            "Virtanen 2020",
            "Virtanen P et al. SciPy 1.0: fundamental algorithms for scientific computing in "
            "Python. Nat Methods 2020; 17: 261–272.",
            "10.1038/s41592-019-0686-2",
        ),
        Reference(
            "van der Walt 2014",
            "van der Walt S et al. scikit-image: image processing in Python. PeerJ 2014; 2: e453.",
            "10.7717/peerj.453",
        ),
    )
}

ALWAYS = Statement(
    frozenset(),
    "Data organised in BIDS were processed with sonolesion, a Snakemake workflow. Time is counted "
    "in days from treatment; follow-up visits are compared with the patient's own baseline only.",
    ("Gorgolewski 2016", "Mölder 2021", "Harris 2020", "Virtanen 2020"),
)
STATEMENTS = (
    Statement(
        frozenset({"anatomy_space"}),
        "The baseline T1-weighted image was corrected for intensity bias (N4). Its commissures "
        "were found by fitting the MNI152NLin2009cAsym template with greedy, and the image was "
        "aligned rigidly to them (acpc space: origin at the anterior commissure, 1 mm isotropic).",
        ("Tustison 2010", "Lowekamp 2013", "Yushkevich 2016", "Fonov 2009"),
    ),
    Statement(
        frozenset({"anatomy_mni"}),
        "The template was warped to the brain, affine and then deformable, and the warp was kept "
        "in both directions.",
        ("Yushkevich 2016",),
    ),
    Statement(
        frozenset({"anatomy_tissue"}),
        "Probability maps of grey matter, white matter and cerebrospinal fluid were made from "
        "the baseline, once for all visits.",
        (),
    ),
    Statement(
        frozenset({"anatomy_t1w"}),
        "The T1-weighted image of each visit was corrected for bias in the same way, registered "
        "rigidly to the baseline in acpc space and resampled once.",
        ("Tustison 2010", "Yushkevich 2016"),
    ),
    Statement(
        frozenset({"anatomy_contrast"}),
        "T2-weighted and FLAIR images were registered rigidly to the T1-weighted image of their "
        "visit and resampled once into acpc space. Every registration had to pass a gate of "
        "numbers with limits.",
        ("Yushkevich 2016",),
    ),
    Statement(
        frozenset({"lesion_target"}),
        "The planned target was carried into acpc space from the frame in which it was stated.",
        (),
    ),
    Statement(
        frozenset({"lesion_segment"}),
        "The lesion was segmented as the change of all shared contrasts against the baseline, "
        "with signs expected by contrast and phase and a weak prior around the plan; “not "
        "visible” is a legal outcome with its own test.",
        ("Wintermark 2014", "Keil 2020", "van der Walt 2014"),
    ),
)


@dataclass(frozen=True)
class Setting:
    """A setting as a step really used it; several values if runs differ."""

    rule: str
    name: str
    value: str


def statements(rules: Iterable[str]) -> list[Statement]:
    """Return the statements that the rules which ran call for, in reading order."""
    ran = set(rules)
    return [ALWAYS, *(item for item in STATEMENTS if item.rules & ran)]


def references(chosen: Iterable[Statement]) -> list[Reference]:
    """Return what the statements cite, each once, in order of first mention."""
    keys = dict.fromkeys(key for statement in chosen for key in statement.cites)
    return [REFERENCES[key] for key in keys]


def settings(provenance: Iterable[Mapping[str, Any]], *, left_out: frozenset[str]) -> list[Setting]:
    """Return the settings in the provenance records, one row a rule and name."""
    values: dict[tuple[str, str], dict[str, None]] = {}
    for record in provenance:
        for name, value in record.get("params", {}).items():
            if name not in left_out:
                values.setdefault((record["rule"], name), {})[_plain(value)] = None
    return [Setting(rule, name, "; ".join(values[rule, name])) for rule, name in sorted(values)]


def versions(provenance: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return (package, version) of what the steps ran with; several versions are all named."""
    found: dict[str, set[str]] = {}
    for record in provenance:
        for name, version in record.get("versions", {}).items():
            found.setdefault(name, set()).add(str(version))
    return [(name, ", ".join(sorted(found[name]))) for name in sorted(found, key=str.lower)]


def sentence(statement: Statement) -> str:
    """Return a statement with its citations in brackets before the full stop.

    Examples
    --------
    >>> sentence(Statement(frozenset(), "It was done.", ("Keil 2020",)))
    'It was done (Keil 2020).'
    """
    cited = f" ({'; '.join(statement.cites)})" if statement.cites else ""
    return f"{statement.text.removesuffix('.')}{cited}."


def citation_markdown(chosen: Iterable[Statement]) -> str:
    """Write methods and references as Markdown for a manuscript."""
    chosen = list(chosen)
    text = " ".join(sentence(statement) for statement in chosen)
    listed = [
        f"- {item.text}" + (f" https://doi.org/{item.doi}" if item.doi else "")
        for item in references(chosen)
    ]
    return f"# Methods\n\n{text}\n\n# References\n\n" + "\n".join(listed) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value)
    return str(value)
