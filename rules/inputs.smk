# Which files the rules take, looked up in the plan; no science.
from hashlib import sha256

from sonolesion.core import protocol
from sonolesion.core.bids import CONTRASTS_OF, MODALITY_OF, label_of
from sonolesion.core.tables import read_tsv

TEMPLATE = "MNI152NLin2009cAsym"
OTHER_TEMPLATE = "MNI152NLin6Asym"
TO_OTHER = f"templates/from-{OTHER_TEMPLATE}_to-{TEMPLATE}_mode-image_xfm.nii.gz"
FROM_OTHER = f"templates/from-{TEMPLATE}_to-{OTHER_TEMPLATE}_mode-image_xfm.nii.gz"
ACPC = "sub-{subject}/anat/sub-{subject}_space-acpc"
AT_VISIT = "sub-{subject}/ses-{session}/anat/sub-{subject}_ses-{session}"
AT_DWI = "sub-{subject}/ses-{session}/dwi/sub-{subject}_ses-{session}"
AT_PERF = "sub-{subject}/ses-{session}/perf/sub-{subject}_ses-{session}"
GRE_FIELD = "sub-{subject}/ses-{session}/fmap/sub-{subject}_ses-{session}_desc-gre_fieldmap.nii.gz"

# Native images that a step makes of the raw scans, and the contrast whose transform carries a map.
MADE = {
    "trace": "sub-{subject}/ses-{session}/dwi/sub-{subject}_ses-{session}_trace.nii.gz",
    "ADC": "sub-{subject}/ses-{session}/dwi/sub-{subject}_ses-{session}_ADC.nii.gz",
    "T2starw": f"{AT_VISIT}_T2starw.nii.gz",
    "R2starmap": f"{AT_VISIT}_R2starmap.nii.gz",
}
CARRIER = {"ADC": "trace", "R2starmap": "T2starw"}


def native(w):
    """Return the native image of a contrast: the raw scan, or what a step makes of it."""
    modality = MODALITY_OF[w.contrast]
    if all(
        name in visit(w.subject, w.session)["origins"]
        for name in CONTRASTS_OF[modality]
    ):
        if w.contrast in MADE:
            return MADE[w.contrast].format(**w)
    return raw(w.subject, w.session, modality)


def baseline_alike(w):
    """Return the baseline's image of a session's contrast, by which its detail is judged."""
    first = baseline(w.subject)
    if w.session == first or w.contrast not in visit(w.subject, first)["origins"]:
        return []
    image = f"{AT_VISIT}_space-acpc_desc-preproc_{w.contrast}.nii.gz"
    return [image.format(subject=w.subject, session=first)]


def gradient_table(w, part):
    """Return the path (or paths) of the table of b-values or directions."""
    told = series(w.subject, w.session, "dwi")[part]
    if isinstance(told, str):
        return ancient(f"{RAW}/{told}")
    return [ancient(f"{RAW}/{path}") for path in told]


def tensor_told(w):
    """Return what the plan says of a diffusion scan with directions enough for a tensor."""
    return series(w.subject, w.session, "dwi")["tensor"]


def phase_encoding(w):
    """Return axis, sign and readout time, and the correction of the distortion that was chosen."""
    named = (
        "axis",
        "sign",
        "readout_s",
        "field_unit",
        "partner_readout_s",
        "method",
        "map",
        "reason",
        "partial_fourier",
    )
    told = tensor_told(w)
    return {name: told[name] for name in named}


def tensor_files(w, part):
    """Return the raw file that the correction takes besides the scan, if there is one."""
    path = tensor_told(w)[part]
    return [ancient(f"{RAW}/{path}")] if path else []


def gradient_echoes(w):
    """Return the gradient echoes that echo-planar scans of the session are corrected by."""
    told = visit(w.subject, w.session)["series"]
    of_scans = (told.get("dwi", {}).get("tensor", {}), told.get("bold", {}))
    return next(one["gre"] for one in of_scans if one.get("gre"))


def field_echoes(w, part):
    """Return the raw echoes that a field map is made of."""
    return [ancient(f"{RAW}/{path}") for path in gradient_echoes(w)[part]]


def field_map(w):
    """Return the measured field of a session, its own file or that of the gradient echoes."""
    own = tensor_files(w, "b0_map")
    return own or ([GRE_FIELD.format(**w)] if tensor_told(w)["gre"] else [])


def field_to_acpc(w):
    """Return what carries acpc to the gradient echoes; none where they could not be registered."""
    there = "T2starw" in visit(w.subject, w.session)["origins"]
    transform = f"{AT_VISIT}_from-T2starw_to-acpc_mode-image_xfm.txt"
    return [transform.format(**w)] if tensor_told(w)["gre"] and there else []


def tensor_origin(w):
    """Return what the corrected diffusion scan is made of: a change of scans reruns its steps."""
    told = series(w.subject, w.session, "dwi")
    return f"{told['fingerprint']} {told['tensor']['fingerprint']}"


def asl_told(w):
    """Return what the plan says of a series of arterial spin labelling."""
    return series(w.subject, w.session, "asl")["asl"]


def asl_files(w, part):
    """Return the raw file that perfusion takes besides the series, if there is one."""
    path = asl_told(w)[part]
    return [ancient(f"{RAW}/{path}")] if path else []


def asl_scanner_map(w):
    """Return the file with the scanner's own map: the series itself, or another; none if none."""
    own = [raw(w.subject, w.session, "asl")] if asl_told(w)["cbf"] else []
    return own or asl_files(w, "scanner_map")


def asl_origin(w):
    """Return what blood flow is made of: a change of scans reruns its steps."""
    told = series(w.subject, w.session, "asl")
    return f"{told['fingerprint']} {told['asl']['fingerprint']}"


def asl_baseline(w):
    """Return the flow of a treatment's baseline, which its zones are looked up in too.

    One that failed before is left out, so that it doesn't hold up the later visits.
    """
    session = baseline_session(w.subject, w.intervention)
    if "asl" not in visit(w.subject, session)["series"]:
        return []
    failed = f"logs/perfusion/cbf/{w.subject}_{session}.error.json"
    if Path(OUTPUT, failed).exists():
        return []
    names = (
        f"{AT_PERF}_cbf.nii.gz",
        f"{AT_PERF}_cbf.json",
        f"{AT_VISIT}_from-asl_to-acpc_mode-image_xfm.txt",
    )
    return [name.format(subject=w.subject, session=session) for name in names]


def visit_labels(w):
    """Return what identifies a row that belongs to a visit, not to a treatment."""
    return {
        "participant_id": f"sub-{w.subject}",
        "session_id": f"ses-{w.session}",
        "day": visit(w.subject, w.session)["day"],
    }


def at_tracts(w, pattern):
    """Return a file of the session that the bundles of a subject come from."""
    session = PLAN["subjects"][w.subject]["tracts"]
    return pattern.format(subject=w.subject, session=session)


def normative_stamp():
    """Return what changes with the normative tractogram; too large to hash for each plan."""
    file = Path(OUTPUT, config["tracts"]["connectome"]["normative"]["tractogram"])
    told = file.stat() if file.is_file() else None
    return f"{told.st_size} {told.st_mtime_ns}" if told else "no such file"


def native_map(w):
    """Return the native map that is carried."""
    return MADE[w.map].format(**w)


def map_transform(w):
    """Return the transform that carries a map: that of the contrast of the same scan."""
    transform = f"{AT_VISIT}_from-{CARRIER[w.map]}_to-acpc_mode-image_xfm.txt"
    return transform.format(**w)


def planned(w):
    """Return the planned target of an intervention, with its frame."""
    return intervention_row(w.subject, w.intervention)["target"]


def planning_scan(w):
    """Return the transform of the scan whose millimetres the target is stated in."""
    scan = planned(w).get("image")
    if not scan:
        return []
    name = Path(scan).name.removesuffix(".gz").removesuffix(".nii").split("_")
    session = next((part[4:] for part in name if part.startswith("ses-")), "")
    transform = f"{AT_VISIT}_from-{name[-1]}_to-acpc_mode-image_xfm.txt"
    return [transform.format(subject=w.subject, session=session)]


def planning_warp(w):
    """Return the warps that carry a target stated in a template, the subject's own first."""
    warp = f"sub-{w.subject}/anat/sub-{w.subject}_from-acpc_to-{TEMPLATE}_mode-image_xfm.nii.gz"
    if planned(w)["frame"] != "mni":
        return []
    return [warp, FROM_OTHER] if planned(w)["space"] == OTHER_TEMPLATE else [warp]


def warp_template(w):
    """Return the template that `planning_warp` starts from."""
    stated = planned(w).get("space")
    return stated if stated == OTHER_TEMPLATE else TEMPLATE


LESION = f"{AT_VISIT}_space-acpc"
# A weighted image stands in for the map of the same scan where the map can't be made.
STAND_IN = {"ADC": "trace", "R2starmap": "T2starw"}


def evidence_contrasts(w):
    """Return the contrasts of both visits that the lesion is outlined from."""
    there = contrasts_for(w.subject, w.session, w.intervention)
    wanted = [
        name if name in there else STAND_IN.get(name, name)
        for name in config["lesion"]["evidence"]
    ]
    return [name for name in wanted if name in there]


def compared(w, session):
    """Return the images of one of two visits that the lesion is outlined from.

    Their sidecars are made by the same steps; the scripts find them beside the images.
    """
    scan = f"{AT_VISIT}_space-acpc_desc-preproc_{{contrast}}.nii.gz"
    return [
        scan.format(subject=w.subject, session=session, contrast=name)
        for name in evidence_contrasts(w)
    ]


def all_compared(w, session):
    """Return the images of one of two visits, in every contrast that both have."""
    scan = f"{AT_VISIT}_space-acpc_desc-preproc_{{contrast}}.nii.gz"
    return [
        scan.format(subject=w.subject, session=session, contrast=name)
        for name in contrasts_for(w.subject, w.session, w.intervention)
    ]


def other_targets(w):
    """Return the plans of the patient's other treatments before this visit."""
    day = visit(w.subject, w.session)["day"]
    told = PLAN["subjects"][w.subject]["interventions"]
    others = [
        name
        for name, row in told.items()
        if name != w.intervention and row["day"] < day and row["follow_ups"]
    ]
    target = f"{ACPC}_desc-{{intervention}}_target.json"
    return [target.format(subject=w.subject, intervention=name) for name in others]


def earlier_records(w):
    """Return what the search said of earlier visits after the same treatment.

    A visit that failed before is left out, so that it doesn't hold up the later ones.
    """
    if not config["lesion"]["use_earlier_visits"]:
        return []
    record = f"{LESION}_desc-{{intervention}}auto_lesion.json"
    failed = "logs/lesion/segment/{subject}_{session}_{intervention}.error.json"
    told = follow_up(w.subject, w.session, w.intervention)["earlier"]
    earlier = [dict(w, session=name) for name in told]
    return [
        record.format(**one)
        for one in earlier
        if not Path(OUTPUT, failed.format(**one)).exists()
    ]


def lesion_labels(w):
    """Return what identifies a row of measures, and the day; never the arm."""
    row = intervention_row(w.subject, w.intervention)
    return {
        "participant_id": f"sub-{w.subject}",
        "session_id": f"ses-{w.session}",
        "intervention_id": w.intervention,
        "day_after": day_after(w.subject, w.session, w.intervention),
        "side": row["side"],
        "baseline": f"ses-{row['baseline']}",
    }


def segmented_by():
    """Return the mark of the segmentation that counts: our own, or a learned model's."""
    return "learned" if config["lesion"]["learned"]["model"] else "auto"


def model_file(w):
    """Return the learned model, which is watched by its content."""
    return ancient(config["lesion"]["learned"]["model"])


@cache
def model_hash():
    """Return a hash of the learned model."""
    file = Path(OUTPUT, config["lesion"]["learned"]["model"])
    return sha256(file.read_bytes()).hexdigest() if file.is_file() else "no such file"


def model_channels(w):
    """Return the images that a learned model takes, in its order; none where one is missing."""
    sessions = {
        "visit": w.session,
        "baseline": baseline_session(w.subject, w.intervention),
    }
    image = f"{LESION}_desc-preproc_{{contrast}}.nii.gz"
    wanted = [Path(name).parts for name in config["lesion"]["learned"]["inputs"]]
    if not {contrast for _, contrast in wanted} <= set(
        contrasts_for(w.subject, w.session, w.intervention)
    ):
        return []
    return [
        image.format(subject=w.subject, session=sessions[when], contrast=contrast)
        for when, contrast in wanted
    ]


def corrected(w):
    """Return the masks that a person corrected for this visit; watched by content too."""
    told = follow_up(w.subject, w.session, w.intervention)["correction"]
    folder = config["lesion"]["corrections_dir"]
    return [ancient(os.path.join(folder, file)) for file in told["files"]]


def correction_text(w):
    """Return what changes with the content of a corrected mask."""
    return follow_up(w.subject, w.session, w.intervention)["correction"]["fingerprint"]


def sonicated(w):
    """Return the foci of a treatment, in the frame of its plan; none unless nobody is blind."""
    return intervention_row(w.subject, w.intervention)["foci"]


def focus_frame(w, files):
    """Return what carries the foci to acpc, if there are any."""
    return files(w) if sonicated(w) else []


VALIDATION = "bids_validation.json"


@cache
def inventory_of_all():
    """Return the rows of the inventory by participant."""
    rows = {}
    for row in read_tsv(Path(OUTPUT, "inventory.tsv")):
        rows.setdefault(row["participant_id"], []).append(row)
    return rows


def rows_hash(subject):
    """Return a hash of what plan, inventory and ledger say of a subject."""
    rows = inventory_of_all().get(f"sub-{subject}", [])
    changed = protocol.subject_rows(OUTPUT, subject)
    told = [PLAN["subjects"].get(subject, {}), rows, changed, ledger_rows(subject)]
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def validation():
    """Return the validator's findings, if it succeeded."""
    return [VALIDATION] if Path(OUTPUT, VALIDATION).exists() else []


def protocol_table():
    """Return the table of protocol changes, if ingest left one."""
    return [protocol.FILE] if Path(OUTPUT, protocol.FILE).exists() else []
