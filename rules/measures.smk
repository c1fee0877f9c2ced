# Tables of the whole study; second pass only, so nothing is recomputed for them.


rule measures_tables:
    input:
        tables=[f for s in SUBJECTS for f in current(s) if f.endswith("_measures.tsv")],
    output:
        measures="measures.tsv",
        parquet="measures.parquet",
        dictionary="measures.json",
        lesion_wide="measures_lesion_wide.tsv",
    log:
        "logs/measures/tables/study.log",
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 500 * attempt,
    params:
        significant_digits=config["measures"]["significant_digits"],
        code=code("measures.tables"),
    message:
        "Join the measures of all visits into the tables of the study"
    script:
        "../scripts/measures/tables.py"
