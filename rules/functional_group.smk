# Connectivity against head motion over the study; second pass only.
RELMATS = [
    file
    for s in SUBJECTS
    for file in current(s)
    if file.endswith("_stat-fisherz_relmat.tsv")
]


rule functional_group_qcfc:
    input:
        relmats=RELMATS,
        sidecars=[
            file.replace("_stat-fisherz_relmat.tsv", "_relmat.json")
            for file in RELMATS
        ],
        qualities=[
            beside_relmat(file, "desc-confounds_timeseries.json") for file in RELMATS
        ],
    output:
        table="group/qcfc.tsv",
        png="group/qcfc.png",
    log:
        "logs/functional/group_qcfc/study.log",
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
    params:
        settings=config["functional"]["qcfc"],
        code=code("functional.group_qcfc"),
    message:
        "Tell how far connectivity follows head motion over the study"
    script:
        "../scripts/functional/group_qcfc.py"
