# Settings, inventory, code hash and look-ups that the rules share; no science.
import gc
import json
import os
from functools import cache
from pathlib import Path

from snakemake.io import apply_wildcards

from sonolesion.core.bids import INTERVENTION, LABEL
from sonolesion.core.codehash import code_hash

RAW = "sourcedata/raw"
# A step takes one core unless its rule says more; libraries that spread over all of them by
# themselves only get in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Snakemake compares params as text: the same settings must read the same, whatever file they
# came from and in whatever order.
settled = json.loads(json.dumps(config, sort_keys=True))
config.clear()
config.update(settled)
PASS = config.pop("pass", "work")  # work, then summary (for the ledger), then pages
MAIN = workflow.is_main_process
# Jobs run inside the output folder already; a relative path would lead them astray.
OUTPUT = os.path.abspath(config["output_dir"] or "derivatives") if MAIN else os.getcwd()


# Without them one step's names pass for another's, and each job of a study is looked for twice.
wildcard_constraints:
    subject=LABEL.pattern,
    session=LABEL.pattern,
    intervention=INTERVENTION.pattern,


def code(step):
    """Return the hash of a step's code: a change of it reruns the step."""
    return code_hash(f"{workflow.basedir}/scripts/{step.replace('.', '/')}.py")


if MAIN:
    # The graph of a large study is millions of objects that all stay: looking through them for
    # garbage at the usual pace takes a sixth of the time.
    gc.set_threshold(200_000, 50, 50)

if MAIN and PASS != "pages":
    import sonolesion.core.config as typed_config
    from sonolesion.atlases import table as atlas_table
    from sonolesion.core.errors import SonolesionError
    from sonolesion.core.tables import write_text
    from sonolesion.ingest.study import prepare

    try:
        prepare(
            typed_config.parse(config, file="configuration"), Path(OUTPUT), code=code
        )
        config["atlases"] = atlas_table.located(config["atlases"])
        atlas_table.write(
            Path(workflow.basedir, "atlases"),
            Path(OUTPUT),
            used=config["atlases"]["used"],
            files=config["atlases"]["files"],
            own=config["atlases"]["own"],
            target=config["atlases"]["target"],
        )
    except SonolesionError as fault:
        raise WorkflowError(str(fault))
    if PASS == "work":
        located = {
            "output_dir": OUTPUT,
            "bids_dir": os.path.abspath(config["bids_dir"]),
        }
        write_text(
            json.dumps(config | located, indent=1), Path(OUTPUT, "work/study.yaml")
        )

PLAN = json.loads(Path(OUTPUT, "work/plan.json").read_text(encoding="utf-8"))
ATLASES = json.loads(Path(OUTPUT, "work/atlases.json").read_text(encoding="utf-8"))
SUBJECTS = PLAN["folders"]


def visit(subject, session):
    """Return day and scans of a session that runs."""
    return PLAN["subjects"][subject]["sessions"][session]


def raw(subject, session, modality):
    """Return the path of a raw scan."""
    # Their content is watched by fingerprint: a copied or touched data set reruns nothing.
    return ancient(f"{RAW}/{visit(subject, session)['scans'][modality]}")


def series(subject, session, modality):
    """Return files, fingerprint and what the step is told of a scan of several parts."""
    return visit(subject, session)["series"][modality]


def raw_files(subject, session, modality):
    """Return the paths of the volumes of such a scan."""
    return [
        ancient(f"{RAW}/{file}") for file in series(subject, session, modality)["files"]
    ]


def origin(subject, session, *contrasts):
    """Return what native images are made of: a change of scans or of their step reruns."""
    known = visit(subject, session)["origins"]
    return " ".join(known[contrast] for contrast in contrasts)


def baseline(subject):
    """Return the session that the subject's space comes from."""
    return PLAN["subjects"][subject]["baseline"]


def raw_baseline(subject):
    """Return the path of the T1w that the subject's space comes from."""
    return raw(subject, baseline(subject), "T1w")


def is_baseline(subject, session):
    """Return whether the subject's space comes from this session."""
    return session == baseline(subject)


def intervention_row(subject, intervention):
    """Return day, side, target, baseline and follow-ups of an intervention; not its arm."""
    return PLAN["subjects"][subject]["interventions"][intervention]


def baseline_session(subject, intervention):
    """Return the session that the lesion of an intervention is compared with."""
    return intervention_row(subject, intervention)["baseline"]


def follow_up(subject, session, intervention):
    """Return day, contrasts, those left out and why, and earlier visits of a visit."""
    return intervention_row(subject, intervention)["follow_ups"][session]


def day_after(subject, session, intervention):
    """Return the days from the intervention to a session."""
    return follow_up(subject, session, intervention)["day_after"]


def contrasts_for(subject, session, intervention):
    """Return the contrasts that the session and the intervention's baseline both have."""
    return follow_up(subject, session, intervention)["contrasts"]


def selected(wildcards, modality):
    """Return whether the user asked for this step (participants, sessions, modalities)."""
    wanted = config["ingest"]
    asked = (
        (wanted["participants"], wildcards.get("subject")),
        (wanted["sessions"], wildcards.get("session")),
        (wanted["modalities"], modality),
    )
    return all(not some or item is None or item in some for some, item in asked)


def steps():
    """Yield every step that the plan asks for, with its files, whether or not it is selected."""
    for name, wildcards, modality in PLAN["jobs"]:
        made_by = workflow.get_rule(name)
        yield {
            "rule": name,
            "wildcards": wildcards,
            "modality": modality,
            "outputs": [
                apply_wildcards(pattern, wildcards) for pattern in made_by.output
            ],
            "log": apply_wildcards(made_by.log[0], wildcards),
            "selected": selected(wildcards, modality),
        }


def kept_outputs():
    """Return targets that stand for every kept output of every selected step.

    A step whose files are all there, or all missing, is asked for by its first file, which makes
    the graph of a large study four times smaller; else each of its files is asked for.
    """
    chosen = [step for step in steps() if step["selected"] or PASS == "summary"]
    return [file for step in chosen for file in targets_of(step["outputs"])]


def targets_of(files):
    """Return the first of files that are all there or all missing, else all of them."""
    there = [os.path.exists(os.path.join(OUTPUT, file)) for file in files]
    return files if any(there) and not all(there) else files[:1]


def write_steps():
    """Leave the list of steps for the ledger, which is made after the first pass."""
    lines = ",\n".join(json.dumps(step) for step in steps())
    Path(OUTPUT, "work/steps.json").write_text(f"[{lines}]\n", encoding="utf-8")
    Path(OUTPUT, "work/prepared").touch()


@cache
def ledger():
    """Return the rows of the first pass's ledger by participant."""
    from sonolesion.core.tables import read_tsv

    rows = {}
    for row in read_tsv(Path(OUTPUT, "ledger.tsv")):
        rows.setdefault(row["participant_id"], []).append(row)
    return rows


def ledger_rows(subject):
    """Return a subject's rows of the ledger as text: a page reruns only if they change."""
    return json.dumps(ledger().get(f"sub-{subject}", []))


@cache
def current_of_all():
    """Return each subject's files that are there and not stale, and what failed gates saw."""
    return json.loads(Path(OUTPUT, "work/current.json").read_text(encoding="utf-8"))


def current(subject):
    """Return the subject's files that are there and not stale."""
    return current_of_all().get(subject, [])


def finish():
    """After a bare `snakemake` run: make ledger, tables and pages, as `sonolesion` does."""
    if PASS == "work" and "SONOLESION" not in os.environ:
        import subprocess
        import sys

        command = [sys.executable, "-m", "sonolesion.cli", "pages", OUTPUT]
        subprocess.run(command, check=False)
