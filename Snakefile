"""sonolesion: from a BIDS data set of focused-ultrasound patients to tables and pages.

The first pass works (rule work); the second, given the ledger of the first, makes tables and
pages of what is there and current (rule pages). `sonolesion BIDS OUT participant` runs both.
"""


configfile: f"{workflow.basedir}/config/config.yaml"


include: "rules/common.smk"  # settings, inventory, code hash: no science
include: "rules/inputs.smk"  # which files the rules take: no science
include: "rules/functional_inputs.smk"  # those of resting-state fMRI


workdir: OUTPUT


if PASS != "pages":

    rule work:
        input:
            lambda wildcards: kept_outputs(),
        message:
            "Everything that the inventory asks for is there"

    include: "rules/ingest.smk"
    include: "rules/anatomy.smk"
    include: "rules/diffusion.smk"
    include: "rules/susceptibility.smk"
    include: "rules/perfusion.smk"
    include: "rules/functional.smk"
    include: "rules/atlases.smk"
    include: "rules/lesion.smk"
    include: "rules/tracts.smk"

    if MAIN:
        write_steps()

else:

    rule pages:
        input:
            "measures.tsv",
            "group.html",
            lambda wildcards: ["group/qcfc.tsv"] * bool(RELMATS),
            expand("sub-{subject}.html", subject=SUBJECTS),
        message:
            "Every table and page is there"

    include: "rules/measures.smk"
    include: "rules/functional_group.smk"
    include: "rules/report.smk"


onstart:
    Path("work/started").touch()


onsuccess:
    finish()


onerror:
    finish()
