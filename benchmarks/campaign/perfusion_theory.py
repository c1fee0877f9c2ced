"""What the kinetic model tells of a phantom study's maps, at its true flow and transit time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaign.patient_study import Study
from campaign.perfusion_study import FLUID, KINDS, constants, sequence, settings_of, truth_of
from sonolesion.perfusion import kinetic, quantification

Row = dict[str, Any]
Array = NDArray[Any]


def read_over_true(study: Study, out: str, visit: str, short: str) -> Array:
    """Return what theory tells of the equation's reading of a pure tissue, over its flow.

    By the pipeline's own kinetic model at the true flow and transit time; 1 of several delays.
    """
    everything = settings_of(study)
    equation, value = constants(study, out, visit)
    scan, blood = sequence(study, visit), everything["asl"]["blood"]
    cbf = truth_of(study, visit, f"desc-{short}_cbf")
    if equation.startswith("kinetic"):
        return np.where(np.isfinite(cbf), 1.0, np.nan)
    tissue = everything["settings"]["tissues"][KINDS[short]]
    late = scan["slice_s"] * np.arange(cbf.shape[2]) * (scan["readout"] == "2D")
    given: Row = {
        "cbf": cbf,
        "transit_s": truth_of(study, visit, f"desc-{short}_att"),
    }
    own: Row = {"blood_t1_s": blood["t1_s"], "partition_ml_g": value["partition_ml_g"]}
    efficiency = study.told["sessions"][f"ses-{visit}"]["scans"]["asl"]["efficiency"]
    if equation == "pasl":
        return pulsed(given, own, value, tissue["t1_s"], scan, late, efficiency)
    bias = kinetic.consensus_bias(
        **given,
        tissue_t1_s=tissue["t1_s"],
        labelling_s=scan["labelling_s"],
        delay_s=scan["delays_s"][0] + late,
        **own,
    )
    timing = {"labelling_s": scan["labelling_s"], "delay_s": scan["delays_s"][0]}
    told = {name: value[name] for name in ("blood_t1_s", "efficiency", "partition_ml_g")}
    used = quantification.pcasl_factor(**timing, **told)
    right = quantification.pcasl_factor(**timing, efficiency=efficiency, **own)
    return np.asarray(bias * used / right)


def pulsed(
    given: Row, own: Row, value: Row, t1_s: float, scan: Row, late: Array, efficiency: float
) -> Array:
    """Return the reading of the pulsed equation over the true flow."""
    time_s = scan["delays_s"][0] + late
    stay = kinetic.apparent_t1(
        tissue_t1_s=t1_s, cbf=given["cbf"], partition_ml_g=own["partition_ml_g"]
    )
    response = kinetic.pasl_response(
        transit_s=given["transit_s"],
        bolus_s=scan["labelling_s"],
        inversion_s=time_s,
        blood_t1_s=own["blood_t1_s"],
        apparent_t1_s=stay,
    )
    measured = kinetic.signal(
        response, cbf=given["cbf"], efficiency=efficiency, blood_m0=1 / own["partition_ml_g"]
    )
    told = {name: value[name] for name in ("blood_t1_s", "efficiency", "partition_ml_g")}
    factor = quantification.pasl_factor(bolus_s=value["bolus_s"], inversion_s=time_s, **told)
    return np.asarray(factor * measured / given["cbf"])


def calibration(study: Study, out: str, visit: str) -> dict[str, float]:
    """Return M0 that the equation takes of each tissue, over its water: relaxation that is left."""
    tissues = settings_of(study)["settings"]["tissues"]
    equation, value = constants(study, out, visit)
    scan = sequence(study, visit)
    recovery_s = scan["saturation_s" if scan["layout"] == "product" else "m0_repetition_s"]
    assumed_s = value["tissue_t1_s" if equation == "ge" else "grey_t1_s"]
    names = KINDS | FLUID
    return {
        short: float(
            np.expm1(-recovery_s / tissues[kind]["t1_s"]) / np.expm1(-recovery_s / assumed_s)
        )
        for short, kind in names.items()
    }


def predicted(study: Study, out: str, visit: str) -> dict[str, Array]:
    """Return what theory tells of the maps: of pure grey and white matter, and of mixed voxels.

    In a mixed voxel flow adds up by the signal of each tissue, and fluid adds to M0 alone.
    """
    tissues = settings_of(study)["settings"]["tissues"]
    echo_s = sequence(study, visit)["echo_s"]
    left = calibration(study, out, visit)
    above: Array = np.zeros(1)
    below: Array = np.zeros(1)
    made = {}
    for short, kind in (KINDS | FLUID).items():
        tissue = tissues[kind]
        water = tissue["density"] * np.exp(-echo_s / tissue["t2_s"])
        share = truth_of(study, visit, f"label-{short}_probseg") * water
        below = below + share * left[short]
        if short in KINDS:
            flow = truth_of(study, visit, f"desc-{short}_cbf")
            read = flow * read_over_true(study, out, visit, short)
            made[short] = read / left[short]
            above = above + np.nan_to_num(share * read)
    return made | {"mixed": above / np.where(below > 0, below, np.nan)}
