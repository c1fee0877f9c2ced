"""What an earlier visit of the same patient tells a later one: where to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sonolesion.lesion.visit import Anchor


def anchor(
    records: Sequence[Mapping[str, Any]], *, flat_mm: float, fall_mm: float
) -> Anchor | None:
    """Return where the clearest of earlier visits saw the lesion; None if none did.

    Parameters
    ----------
    records
        Records of earlier visits (`record.record`), of the same intervention.
    flat_mm, fall_mm : float
        Distance within which any place is as likely, and the Gaussian fall beyond [mm].

    Notes
    -----
    A lesion shrinks round its centre; later visits never inform earlier ones.
    """
    seen = [one for one in records if one["outcome"] == "measured"]
    if not seen:
        return None
    clearest = max(seen, key=lambda one: float(one["log_odds"]))
    centre = np.mean(np.array(clearest["centroid_samples_mm"]), axis=0)
    return Anchor(np.asarray(centre), flat_mm, fall_mm)
