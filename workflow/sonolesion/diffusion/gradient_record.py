"""What the gate of the gradients leaves behind: checks, candidates, shells, acquisition."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.diffusion.acquisition import Fill, PartialFourier
from sonolesion.diffusion.gradient_gate import Verdict
from sonolesion.maths.gradient_table import Scheme


def record(
    verdict: Verdict, scheme: Scheme, fill: Fill, partial: PartialFourier, *, picture: str
) -> dict[str, Any]:
    """Return the content of the gate's JSON file.

    The one check is what the table as given has over the best other reading of it; it fails
    only where another reading is beyond doubt better.
    """
    coherence = verdict.coherence
    ahead = float(coherence[0] - coherence[1:].max()) if np.isfinite(coherence).all() else 0.0
    check = {
        "name": "gradient_frame_margin",
        "value": round(ahead, 4),
        "limit": 0.0,
        "sense": ">=",
        "unit": "1",
        "passed": verdict.outcome != "wrong",
    }
    return {
        "gate": "failed" if verdict.outcome == "wrong" else "passed",
        "checks": [check],
        "picture": picture,
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "best": verdict.best,
        "n_voxels": verdict.n_voxels,
        "certainty": _plain(verdict.certainty),
        "candidates": {
            name: {"coherence": _plain(value), "standard_error": _plain(error)}
            for name, value, error in zip(verdict.names, coherence, verdict.errors, strict=True)
        },
        "scheme": {
            "n_unweighted": len(scheme.unweighted),
            "shells_s_mm2": {f"{b:.0f}": len(part) for b, part in scheme.shells},
            "n_directions": scheme.n_directions,
            "lmax": scheme.lmax,
            "rescaled": scheme.rescaled,
        },
        "acquisition": {
            "zero_filled": fill.outcome,
            "empty_share": [_plain(share) for share in fill.share],
            "partial_fourier": partial.answer,
            "partial_fourier_source": partial.source,
        },
    }


def _plain(value: float | np.floating[Any] | NDArray[Any]) -> float | None:
    """Return a number that JSON knows, None for NaN."""
    return round(float(value), 5) if np.isfinite(value) else None
