"""Which scans a study's settings ask for besides its contrasts."""

from __future__ import annotations

from sonolesion.core.config import Settings
from sonolesion.phantom.asl_study import AslStudy
from sonolesion.phantom.bold_study import BoldStudy
from sonolesion.phantom.further import FurtherScan
from sonolesion.phantom.tensor_study import TensorStudy


def asked_for(settings: Settings) -> list[FurtherScan]:
    """Return the kinds of scans that are made."""
    found: list[FurtherScan] = []
    if settings.phantom_dti.made:
        found.append(TensorStudy(settings.phantom_dti))
    if settings.phantom_bold.made:
        found.append(BoldStudy(settings.phantom_bold))
    if settings.phantom_asl.made:
        found.append(AslStudy(settings.phantom_asl))
    return found
