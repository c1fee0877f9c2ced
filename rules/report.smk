# Pages; second pass only. A page reruns if the subject's own files changed, or its own rows in the
# tables of the study: their hash is a param, and the tables themselves are `ancient`.


rule report_subject:
    input:
        current=lambda w: current(w.subject),
        inventory=ancient("inventory.tsv"),
        ledger=ancient("ledger.tsv"),
        plan=ancient("work/plan.json"),
        # ASSUME: the validator's totals are no reason to make every page anew.
        validation=[ancient(file) for file in validation()],
        protocol=[ancient(file) for file in protocol_table()],
    output:
        page="sub-{subject}.html",
    log:
        "logs/report/subject/{subject}.log",
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1500 * attempt,
    params:
        subject=lambda w: w.subject,
        scan=lambda w: rows_hash(w.subject),
        look=dict(
            half_width_mm=config["report"]["half_width_mm"],
            pixel_mm=config["report"]["pixel_mm"],
            picture_quality=config["report"]["picture_quality"],
            check_width_px=config["report"]["check_width_px"],
            panel_width_px=config["report"]["panel_width_px"],
            radiological=config["report"]["radiological"],
        ),
        code=code("report.subject"),
    message:
        "Write the page of sub-{wildcards.subject}"
    script:
        "../scripts/report/subject.py"


rule report_group:
    input:
        inventory="inventory.tsv",
        ledger="ledger.tsv",
        measures="measures.tsv",
        plan="work/plan.json",
        validation=validation(),
        protocol=protocol_table(),
        atlases="work/atlases.json",
        qcfc=["group/qcfc.tsv", "group/qcfc.png"] if RELMATS else [],
    output:
        page="group.html",
        citation="CITATION.md",
    log:
        "logs/report/group/study.log",
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 500 * attempt,
    params:
        code=code("report.group"),
    message:
        "Write the page of the study and its citations"
    script:
        "../scripts/report/group.py"
