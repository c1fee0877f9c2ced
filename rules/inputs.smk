# Which files the rules take, looked up in the plan; no science.
from hashlib import sha256

from sonolesion.core.tables import read_tsv

TEMPLATE = "MNI152NLin2009cAsym"
ACPC = "sub-{subject}/anat/sub-{subject}_space-acpc"
AT_VISIT = "sub-{subject}/ses-{session}/anat/sub-{subject}_ses-{session}"


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
    """Return the warp from the template, if the target is stated in one."""
    warp = f"sub-{w.subject}/anat/sub-{w.subject}_from-acpc_to-{TEMPLATE}_mode-image_xfm.nii.gz"
    return [warp] if planned(w)["frame"] == "mni" else []


def compared(subject, session, intervention, at):
    """Return the scans of one of two visits, in the contrasts that both have."""
    scan = f"{AT_VISIT}_space-acpc_desc-preproc_{{contrast}}.nii.gz"
    contrasts = contrasts_for(subject, session, intervention)
    return [
        scan.format(subject=subject, session=at, contrast=name) for name in contrasts
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
    told = [PLAN["subjects"].get(subject, {}), rows, ledger_rows(subject)]
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def validation():
    """Return the validator's findings, if it succeeded."""
    return [VALIDATION] if Path(OUTPUT, VALIDATION).exists() else []
