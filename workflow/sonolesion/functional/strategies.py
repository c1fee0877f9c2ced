"""Denoising strategies by name: which confounds each regresses, and whether it scrubs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sonolesion.maths.rigid_motion import RIGID

TISSUES = ("white_matter", "csf", "global_signal")


@dataclass(frozen=True)
class Strategy:
    """A named set of confounds.

    Attributes
    ----------
    columns : tuple of str
        Confounds by name.
    prefixes : tuple of str
        Begin of the names of components, all of which are taken.
    max_displacement_mm : float or None
        Framewise displacement above which a frame is dropped [mm]; None keeps all.
    reference : str
        Where it was evaluated.
    """

    columns: tuple[str, ...]
    prefixes: tuple[str, ...]
    max_displacement_mm: float | None
    reference: str


def _forms(names: Iterable[str], change: str) -> tuple[str, ...]:
    """Return names, their changes, and the squares of both."""
    endings = ("", change, "_power2", f"{change}_power2")
    return tuple(f"{name}{ending}" for name in names for ending in endings)


MOTION_24 = _forms(RIGID, "_lag1")
PARAMETERS_36 = MOTION_24 + _forms(TISSUES, "_derivative1")
CIRIC = "10.1016/j.neuroimage.2017.03.020"

STRATEGIES = {
    "minimal": Strategy((*RIGID, "white_matter", "csf"), (), None, "10.1002/mrm.1910350312"),
    "24p_acompcor": Strategy(MOTION_24, ("a_comp_cor_wm_", "a_comp_cor_csf_"), None, CIRIC),
    "36p": Strategy(PARAMETERS_36, (), None, "10.1016/j.neuroimage.2012.08.052"),
    "scrubbing_0.2": Strategy(PARAMETERS_36, (), 0.2, CIRIC),
    "scrubbing_0.5": Strategy(PARAMETERS_36, (), 0.5, "10.1016/j.neuroimage.2017.12.073"),
}


def confounds_of(name: str, available: Iterable[str]) -> list[str]:
    """Return the confounds that a strategy regresses, of those there are.

    Raises
    ------
    ValueError
        If the strategy is unknown, or a confound of it is missing.

    Examples
    --------
    >>> len(confounds_of("36p", PARAMETERS_36))
    36
    """
    if name not in STRATEGIES:
        raise ValueError(f"no strategy {name!r}; there are {', '.join(STRATEGIES)}")
    strategy, there = STRATEGIES[name], list(available)
    missing = [column for column in strategy.columns if column not in there]
    parts = [[column for column in there if column.startswith(p)] for p in strategy.prefixes]
    missing += [f"{p}*" for p, part in zip(strategy.prefixes, parts, strict=True) if not part]
    if missing:
        raise ValueError(f"{name} lacks the confounds {', '.join(missing)}")
    return [*strategy.columns, *(column for part in parts for column in part)]
