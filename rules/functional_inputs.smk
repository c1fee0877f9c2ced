# Which files the rules of resting-state fMRI take, looked up in the plan; no science.
REST = "sub-{subject}/ses-{session}/func/sub-{subject}_ses-{session}_task-rest"
REST_TO_ACPC = f"{AT_VISIT}_from-bold_to-acpc_mode-image_xfm.txt"
# Sets of regions, in names of files: parcels of an atlas, and spheres of nilearn's tables.
REGION_SETS = [
    label_of(name)
    for name in (
        config["functional"]["connectivity"]["atlas"],
        *config["functional"]["connectivity"]["coordinates"],
    )
]
SEED_ROWS = read_tsv(Path(workflow.basedir, "atlases/seeds.tsv"))
SEEDS = [
    label_of(row["name"], *([row["side"]] if row["side"] != "midline" else []))
    for row in SEED_ROWS
    if row["name"] in (config["functional"]["seeds"]["names"] or [row["name"]])
] + ["targetLeft", "targetRight"]


def run_told(w):
    """Return what the plan says of a resting-state run."""
    return series(w.subject, w.session, "bold")


def run_params(w):
    """Return times, phase encoding and the chosen correction of a run."""
    left_out = ("files", "fingerprint", "partner", "alike", "b0_map", "gre", "encoding")
    return {name: told for name, told in run_told(w).items() if name not in left_out}


def run_files(w, part):
    """Return the raw file that the correction takes besides the run, if there is one."""
    path = run_told(w)[part]
    return [ancient(f"{RAW}/{path}")] if path else []


def run_field(w):
    """Return the measured field of the session, its own file or that of the gradient echoes."""
    return run_files(w, "b0_map") or ([GRE_FIELD] if run_told(w)["gre"] else [])


def run_field_to_acpc(w):
    """Return what carries acpc to the gradient echoes; none where they could not be registered."""
    there = "T2starw" in visit(w.subject, w.session)["origins"]
    transform = f"{AT_VISIT}_from-T2starw_to-acpc_mode-image_xfm.txt"
    return [transform] if run_told(w)["gre"] and there else []


def run_origin(w):
    """Return what the run is made of: a change of scans reruns its steps."""
    return f"{run_told(w)['fingerprint']} {run_told(w)['encoding']}"


def planned_targets(w):
    """Return the planned targets of all treatments of a patient, before or after this visit."""
    target = f"{ACPC}_desc-{{intervention}}_target.json"
    names = PLAN["subjects"][w.subject]["interventions"]
    return [target.format(subject=w.subject, intervention=name) for name in names]


def at_baseline(w, pattern):
    """Return a file of the baseline that the lesion of an intervention is compared with."""
    session = baseline_session(w.subject, w.intervention)
    return pattern.format(subject=w.subject, session=session)


NORMATIVE_SPACE = config["functional"]["lesion_network"]["normative_space"]
NORMATIVE_NETWORK = (
    "sub-{subject}/ses-{session}/func/sub-{subject}_ses-{session}_space-"
    + NORMATIVE_SPACE
)


def normative_series_stamp():
    """Return what changes with the normative series; too large to hash for each plan."""
    folder = Path(OUTPUT, config["functional"]["lesion_network"]["normative"])
    found = sorted(folder.glob("*.nii*")) if folder.is_dir() else []
    told = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in found]
    return str(told)


def beside_relmat(file, name):
    """Return a file of the same run as a matrix."""
    return f"{file.rpartition('_atlas-')[0]}_{name}"
