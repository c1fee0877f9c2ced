"""The methods text, the settings and the references of the steps that really ran."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sonolesion.core.citations import Citation
from sonolesion.report.references import REFERENCES, Reference


@dataclass(frozen=True)
class Statement:
    """A sentence that stands in the methods if one of its rules ran."""

    rules: frozenset[str]
    text: str
    cites: tuple[str, ...]


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
        "were found by fitting the MNI152NLin2009cAsym template with greedy, carrying the "
        "template's, and moving them to where its surroundings match best; the image was "
        "aligned rigidly to them (acpc space: origin at the anterior commissure, 1 mm isotropic).",
        ("Tustison 2010", "Lowekamp 2013", "Yushkevich 2016", "Fonov 2009", "Lau 2019"),
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
        frozenset({"diffusion_adc"}),
        "The trace-weighted image is the geometric mean over the directions of the highest "
        "usable shell, weighted so that they stand for all of space; ADC is the logarithm of its "
        "ratio to the unweighted volumes over the difference of b.",
        ("Stejskal 1965", "Basser 1994"),
    ),
    Statement(
        frozenset({"diffusion_gradients"}),
        "The frame of the gradient directions was judged by the coherence of fibres among all 24 "
        "distinguishable flips and permutations; the raw table is never edited.",
        ("Schilling 2019",),
    ),
    Statement(
        frozenset({"diffusion_preproc"}),
        "The diffusion scan was denoised (MP-PCA) and unringed where its k-space allows it. Each "
        "volume was registered to what the others predict, rigidly and with a polynomial field of "
        "the eddy currents; slices that lost signal were predicted from the others; directions "
        "turned with the head. Distortion was undone by the best there is of a scan with opposite "
        "phase encoding, a B0 map, and registration to the T1w along the phase encoding, all in "
        "one interpolation.",
        ("Veraart 2016", "Kellner 2016", "Andersson 2016", "Ruthotto 2012", "Leemans 2009"),
    ),
    Statement(
        frozenset({"diffusion_tensor"}),
        "The diffusion tensor was fitted by weighted linear least squares; free water from one "
        "shell is exploratory.",
        ("Veraart 2013", "Pasternak 2009"),
    ),
    Statement(
        frozenset({"perfusion_preproc"}),
        "Controls and labels of the perfusion scan were realigned rigidly and subtracted; M0 was "
        "brought to full relaxation by its repetition time and T1 of grey matter.",
        ("Alsop 2015", "Baker 2004"),
    ),
    Statement(
        frozenset({"perfusion_cbf"}),
        "Outlying differences were left out where tissue became more uniform without them. Blood "
        "flow follows the equation and the constants that stand beside each map; of several "
        "delays flow and transit time were fitted to the kinetic model, the transit time held near "
        "that of the tissue around. Flow of pure grey and "
        "white matter comes from local regression. The quality evaluation index and the spatial "
        "coefficient of variation tell how far a map can be believed.",
        ("Alsop 2015", "Buxton 1998", "Dolui 2017", "Asllani 2008", "Dolui 2024", "Mutsaerts 2017"),
    ),
    Statement(
        frozenset({"perfusion_lesion"}),
        "Flow in the zones of a lesion, in the tissue around them and at the places mirrored at "
        "the midsagittal plane is the median of the voxels that lie in them by half or more, on "
        "the grid of the scan.",
        (),
    ),
    Statement(
        frozenset({"functional_preproc"}),
        "Of the resting-state run the volumes before the steady state were left out, slice times "
        "corrected where they are told, and volumes realigned rigidly to their mean by inverse "
        "compositional Gauss–Newton steps. Distortion was undone where there is a scan with "
        "opposite phase encoding or a measured field, in the same one interpolation.",
        ("Sladky 2011", "Baker 2004"),
    ),
    Statement(
        frozenset({"functional_confounds"}),
        "Confounds are 24 motion parameters, framewise displacement, DVARS, tissue means, and "
        "components of white matter, fluid (aCompCor) and of where most varies (tCompCor), by "
        "nipype. The place of each planned lesion was left out of every mean and mask at all "
        "visits.",
        ("Power 2012", "Friston 1996", "Behzadi 2007", "Nichols 2017", "Gorgolewski 2011"),
    ),
    Statement(
        frozenset({"functional_denoise"}),
        "Band and confounds were taken out in one joint model, confounds filtered as the series "
        "are and dropped frames drawn before the filter; the degrees of freedom left were counted.",
        ("Lindquist 2019", "Ciric 2017"),
    ),
    Statement(
        frozenset({"functional_activity"}),
        "ALFF and fALFF are of series that were not band-passed, ReHo (Kendall's W of 27 voxels) "
        "of series that were not smoothed.",
        ("Zang 2007", "Zou 2008", "Zang 2004"),
    ),
    Statement(
        frozenset({"functional_connectivity"}),
        "Regions with enough coverage were correlated (Pearson, Fisher z, and partial correlation "
        "of the Ledoit–Wolf covariance); seeds were mapped, and the haemodynamic lag against the "
        "grey matter, for which motion alone was regressed.",
        ("Ledoit 2004", "Power 2011", "Dosenbach 2010", "Siegel 2016"),
    ),
    Statement(
        frozenset({"functional_network"}),
        "The lesion's network is what its voxels went together with in the patient's own run "
        "before treatment.",
        ("Boes 2015",),
    ),
    Statement(
        frozenset({"functional_normative"}),
        "The same was read in series of healthy people: mean and t over people of the Fisher z "
        "with the lesion's voxels.",
        ("Boes 2015",),
    ),
    Statement(
        frozenset({"tracts_track"}),
        "Fibre orientations of the baseline came from constrained spherical deconvolution, "
        "streamlines from probabilistic tracking, and bundles from the regions that these pass "
        "and do not touch.",
        ("Tournier 2007", "Garyfallidis 2014"),
    ),
    Statement(
        frozenset({"tracts_disconnection"}),
        "A streamline of the baseline is cut where the probability of lesion reaches the "
        "threshold. Intervals come from a wild bootstrap of the scan, new tracking, and redrawing "
        "place and outline of the lesion.",
        ("Whitcher 2008",),
    ),
    Statement(
        frozenset({"tracts_profiles"}),
        "FA and MD of each visit were followed along the baseline's bundles.",
        ("Yeatman 2012",),
    ),
    Statement(
        frozenset({"susceptibility_r2star"}),
        "R2* was fitted to the magnitudes of the echoes by weighted log-linear least squares, "
        "after removal of the bias of noise and without echoes below the noise floor; the "
        "T2*-weighted image is their mean weighted with echo time.",
        ("Gudbjartsson 1995", "Koay 2006", "Salvador 2005"),
    ),
    Statement(
        frozenset({"anatomy_contrast"}),
        "Every other contrast was registered rigidly to the T1-weighted image of its visit (ADC "
        "and R2* with the image they come from) and resampled once into acpc space. Every "
        "registration had to pass a gate of numbers with limits.",
        ("Yushkevich 2016",),
    ),
    Statement(
        frozenset({"atlases_carry"}),
        "Atlas regions were carried through the warp to the patient's acpc space, once, those in "
        "MNI152NLin6Asym by way of a transform between the two templates; atlases of an unknown "
        "or contradicted space were refused.",
        ("Fonov 2009", "Grabner 2006"),
    ),
    Statement(
        frozenset({"lesion_target"}),
        "The planned target was carried into acpc space from the frame in which it was stated.",
        (),
    ),
    Statement(
        frozenset({"lesion_segment"}),
        "The lesion was looked for as the joint change of all shared contrasts against the "
        "baseline, after calibration by Tukey's biweight and with misregistration taken away, "
        "with signs expected by contrast and phase and a weak prior around the plan. The same "
        "statistic at other places of the same brain gives p; “not visible” is a legal outcome.",
        ("Beaton 1974", "Wintermark 2014", "Keil 2020"),
    ),
    Statement(
        frozenset({"lesion_segment"}),
        "A visible lesion was outlined by nested smooth shapes (core, rim, oedema), seen through "
        "the voxels of each scan as acquired and fitted by damped Gauss–Newton steps with the "
        "changes of the zones integrated out; the odds against no change at all are Laplace's "
        "approximation of the evidence. Intervals are quantiles of shapes drawn from the "
        "posterior by a preconditioned Crank–Nicolson chain.",
        ("Kass 1995", "Cotter 2013"),
    ),
    Statement(
        frozenset({"lesion_learned"}),
        "The lesion was outlined by a learned model that the user supplied; there is then no "
        "test and no interval.",
        (),
    ),
    Statement(
        frozenset({"lesion_measure"}),
        "Volume, diameters, extents, shape and place were measured on the zones, by definition, "
        "with the error against the plan and the distance from the wall of the third ventricle. "
        "An outline corrected by hand takes the place of the automatic one; how the two agree is "
        "told as Dice and surface Dice.",
        ("Zwanenburg 2020", "van der Walt 2014", "Dice 1945", "Nikolov 2021"),
    ),
    Statement(
        frozenset({"lesion_overlap"}),
        "Overlap of the lesion with atlas regions is told both ways, as a share of the lesion "
        "and of the region. Its interval comes from displacing the lesion at random by the error "
        "of registration and of the atlas' own space.",
        (),
    ),
    Statement(
        frozenset({"lesion_offtarget"}),
        "Change away from every plan was looked for in the whole brain as clusters of contrasts "
        "that agree; p is family-wise over the visit, from the mass of a cluster against an "
        "exponential tail fitted to the bulk of clusters in the same pair of scans. Kinds say "
        "what signals look like and are no diagnoses.",
        ("Zhang 2009",),
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


def citation_markdown(chosen: Iterable[Statement], atlases: Iterable[Citation] = ()) -> str:
    """Write methods, references, and the atlases with their licences as Markdown."""
    chosen = list(chosen)
    text = " ".join(sentence(statement) for statement in chosen)
    listed = [
        f"- {item.text}" + (f" https://doi.org/{item.doi}" if item.doi else "")
        for item in references(chosen)
    ]
    told = "\n".join(
        f"- {item.atlas} ({item.space}): {item.citation}. Licence: {item.licence}."
        + (f" Note: {item.note}." if item.note else "")
        for item in atlases
    )
    kept = f"\n# Atlases\n\n{told}\n" if told else ""
    return f"# Methods\n\n{text}\n\n# References\n\n" + "\n".join(listed) + f"\n{kept}"


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value)
    return str(value)
