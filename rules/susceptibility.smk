# R2*, late-weighted magnitude and field of a multi-echo gradient-echo scan.


rule susceptibility_r2star:
    input:
        native=lambda w: raw_files(w.subject, w.session, "MEGRE"),
    output:
        t2starw=MADE["T2starw"],
        r2starmap=MADE["R2starmap"],
        sidecar=MADE["R2starmap"].replace(".nii.gz", ".json"),
    log:
        "logs/susceptibility/r2star/{subject}_{session}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
    params:
        echo_times_s=lambda w: series(w.subject, w.session, "MEGRE")["echo_times_s"],
        floor=config["susceptibility"]["floor"],
        ceiling_per_s=config["susceptibility"]["ceiling_per_s"],
        min_median_per_s=config["susceptibility"]["min_median_per_s"],
        max_median_per_s=config["susceptibility"]["max_median_per_s"],
        scan=lambda w: series(w.subject, w.session, "MEGRE")["fingerprint"],
        code=code("susceptibility.r2star"),
    message:
        "Fit R2* of sub-{wildcards.subject} ses-{wildcards.session} (weighted log-linear)"
    script:
        "../scripts/susceptibility/r2star.py"


rule susceptibility_field:
    input:
        magnitude=lambda w: field_echoes(w, "magnitude"),
        phase=lambda w: field_echoes(w, "phase"),
    output:
        fieldmap=GRE_FIELD,
        error=GRE_FIELD.replace("_desc-gre_", "_desc-greerror_"),
        sidecar=GRE_FIELD.replace(".nii.gz", ".json"),
        png=GRE_FIELD.replace(".nii.gz", ".png"),
    log:
        "logs/susceptibility/field/{subject}_{session}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
    params:
        echo_times_s=lambda w: gradient_echoes(w)["echo_times_s"],
        floor=config["susceptibility"]["field"]["floor"],
        max_error_hz=config["susceptibility"]["field"]["max_error_hz"],
        range_hz=config["susceptibility"]["field"]["range_hz"],
        scan=lambda w: gradient_echoes(w)["fingerprint"],
        code=code("susceptibility.field"),
    message:
        "Map the field of sub-{wildcards.subject} ses-{wildcards.session} from its gradient echoes"
    script:
        "../scripts/susceptibility/field.py"
