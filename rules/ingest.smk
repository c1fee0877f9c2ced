# Is the data set valid BIDS? The inventory itself is made before any rule runs.


rule ingest_validate:
    input:
        dataset=f"{RAW}/dataset_description.json",
    output:
        findings="bids_validation.json",
    log:
        "logs/ingest/validate/study.log",
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
    params:
        scan=PLAN["listing"],
        code=code("ingest.validate"),
    message:
        "Validate the data set against BIDS"
    script:
        "../scripts/ingest/validate.py"
