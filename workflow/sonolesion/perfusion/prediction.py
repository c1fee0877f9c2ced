"""What an equation of one delay reads of a true flow, by tissue and transit time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sonolesion.perfusion import kinetic
from sonolesion.perfusion.mapping import constants_of

Told = Mapping[str, Any]
# Equations whose label stays in blood; those of the kinetic model have no such bias.
OF_ONE_DELAY = {"pcasl", "ge", "pasl"}


def read_over_true(told: Told, settings: Told) -> list[dict[str, Any]]:
    """Return the bias of a series' equation by the general kinetic model.

    Parameters
    ----------
    told : mapping
        What the plan says of the series.
    settings : mapping
        Settings ``perfusion.prediction``, with T1 of the tissues.

    Returns
    -------
    list of dict
        Tissue, its T1 [s] and flow [mL/100 g/min], transit times [s], and of each the flow
        that is read over the true one; empty for the kinetic model and a scanner's own map.
    """
    if told["equation"] not in OF_ONE_DELAY:
        return []
    value = constants_of(told)
    blood = {name: value[name] for name in ("blood_t1_s", "partition_ml_g")}
    found = []
    for tissue in ("grey", "white"):
        cbf, transit_s = settings[f"{tissue}_cbf"], settings[f"{tissue}_transit_s"]
        true: dict[str, Any] = {
            "cbf": cbf, "transit_s": np.asarray(transit_s),
            "tissue_t1_s": settings[f"{tissue}_t1_s"],
        }  # fmt: skip
        if told["equation"] == "pasl":
            ratio = kinetic.quipss_bias(
                bolus_s=value["bolus_s"], inversion_s=value["delay_s"], **true, **blood
            )
        else:
            ratio = kinetic.consensus_bias(
                labelling_s=value["labelling_s"], delay_s=value["delay_s"], **true, **blood
            )
        found.append({
            "Tissue": tissue, "T1_s": true["tissue_t1_s"], "Flow": cbf,
            "TransitTime_s": list(transit_s), "ReadOverTrue": ratio.round(3).tolist(),
        })  # fmt: skip
    return found
