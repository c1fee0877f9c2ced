# Trace-weighted image and apparent diffusion coefficient of a clinical diffusion scan.


rule diffusion_adc:
    input:
        native=lambda w: raw(w.subject, w.session, "dwi"),
        b_values=lambda w: gradient_table(w, "b_values"),
        vectors=lambda w: gradient_table(w, "vectors"),
    output:
        trace=MADE["trace"],
        adc=MADE["ADC"],
        sidecar=MADE["ADC"].replace(".nii.gz", ".json"),
    log:
        "logs/diffusion/adc/{subject}_{session}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
    params:
        shells=config["diffusion"]["shells"],
        floor=config["diffusion"]["floor"],
        ceiling_mm2_s=config["diffusion"]["ceiling_mm2_s"],
        min_median_mm2_s=config["diffusion"]["min_median_mm2_s"],
        max_median_mm2_s=config["diffusion"]["max_median_mm2_s"],
        scan=lambda w: series(w.subject, w.session, "dwi")["fingerprint"],
        code=code("diffusion.adc"),
    message:
        "Make trace and ADC of sub-{wildcards.subject} ses-{wildcards.session} (Stejskal-Tanner)"
    script:
        "../scripts/diffusion/adc.py"
