# Trace and apparent diffusion coefficient of a clinical diffusion scan; with directions enough, the tensor.


# A scan with directions enough is registered as every other contrast is, by its unweighted volume.
use rule anatomy_contrast as diffusion_space with:
    input:
        native=f"{AT_DWI}_desc-preproc_b0.nii.gz",
        t1w=f"{AT_VISIT}_space-acpc_desc-preproc_T1w.nii.gz",
        mask=f"{ACPC}_desc-brain_mask.nii.gz",
        t1w_to_acpc=f"{AT_VISIT}_from-T1w_to-acpc_mode-image_xfm.txt",
        reference=[],
    output:
        to_acpc=f"{AT_VISIT}_from-dwi_to-acpc_mode-image_xfm.txt",
        preproc=f"{AT_VISIT}_space-acpc_desc-preproc_b0.nii.gz",
        sidecar=f"{AT_VISIT}_space-acpc_desc-preproc_b0.json",
        qc=f"{AT_VISIT}_desc-b0registration_qc.json",
        png=f"{AT_VISIT}_desc-b0registration_qc.png",
    log:
        "logs/diffusion/space/{subject}_{session}.log",
    params:
        bias=config["anatomy"]["bias"],
        rigid=config["anatomy"]["contrast"],
        probe=config["anatomy"]["probe"],
        limits=config["anatomy"]["limits"],
        cubic_limit_mm=config["anatomy"]["cubic_limit_mm"],
        mask_margin_mm=config["anatomy"]["mask_margin_mm"],
        scan=tensor_origin,
        code=code("anatomy.contrast"),
    message:
        "Bring the diffusion scan of sub-{wildcards.subject} ses-{wildcards.session} into AC-PC space"


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


rule diffusion_gradients:
    input:
        native=lambda w: raw(w.subject, w.session, "dwi"),
        b_values=lambda w: gradient_table(w, "b_values"),
        vectors=lambda w: gradient_table(w, "vectors"),
    output:
        qc=f"{AT_DWI}_desc-gradients_qc.json",
        png=f"{AT_DWI}_desc-gradients_qc.png",
    log:
        "logs/diffusion/gradients/{subject}_{session}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
    params:
        phase=lambda w: phase_encoding(w),
        table=config["diffusion"]["table"],
        gate=config["diffusion"]["gate"],
        zero_filling=config["diffusion"]["zero_filling"],
        scan=lambda w: series(w.subject, w.session, "dwi")["fingerprint"],
        code=code("diffusion.gradients"),
    message:
        "Judge the gradient directions of sub-{wildcards.subject} ses-{wildcards.session}"
    script:
        "../scripts/diffusion/gradients.py"


rule diffusion_preproc:
    input:
        native=lambda w: raw(w.subject, w.session, "dwi"),
        b_values=lambda w: gradient_table(w, "b_values"),
        vectors=lambda w: gradient_table(w, "vectors"),
        gradients_qc=f"{AT_DWI}_desc-gradients_qc.json",
        partner=lambda w: tensor_files(w, "partner"),
        partner_b_values=lambda w: tensor_files(w, "partner_b_values"),
        b0_map=lambda w: field_map(w),
        map_to_acpc=lambda w: field_to_acpc(w),
        t1w=f"{AT_VISIT}_space-acpc_desc-preproc_T1w.nii.gz",
        mask=f"{ACPC}_desc-brain_mask.nii.gz",
        trace_to_acpc=f"{AT_VISIT}_from-trace_to-acpc_mode-image_xfm.txt",
    output:
        dwi=f"{AT_DWI}_desc-preproc_dwi.nii.gz",
        bval=f"{AT_DWI}_desc-preproc_dwi.bval",
        bvec=f"{AT_DWI}_desc-preproc_dwi.bvec",
        sidecar=f"{AT_DWI}_desc-preproc_dwi.json",
        b0=f"{AT_DWI}_desc-preproc_b0.nii.gz",
        brain=f"{AT_DWI}_desc-brain_mask.nii.gz",
        confounds=f"{AT_DWI}_desc-confounds_timeseries.tsv",
        motion_png=f"{AT_DWI}_desc-motion_dwi.png",
        fieldmap=f"{AT_DWI}_desc-preproc_fieldmap.nii.gz",
        distortion_png=f"{AT_DWI}_desc-distortion_dwi.png",
    log:
        "logs/diffusion/preproc/{subject}_{session}.log",
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
    params:
        phase=lambda w: phase_encoding(w),
        table=config["diffusion"]["table"],
        brain_mask=config["diffusion"]["mask"],
        denoising=config["diffusion"]["denoising"],
        registration=config["diffusion"]["registration"],
        prediction=config["diffusion"]["prediction"],
        outliers=config["diffusion"]["outliers"],
        distortion=config["diffusion"]["distortion"],
        scan=lambda w: tensor_origin(w),
        code=code("diffusion.preproc"),
    message:
        "Correct the diffusion scan of sub-{wildcards.subject} ses-{wildcards.session}"
    script:
        "../scripts/diffusion/preproc.py"


rule diffusion_tensor:
    input:
        dwi=f"{AT_DWI}_desc-preproc_dwi.nii.gz",
        bval=f"{AT_DWI}_desc-preproc_dwi.bval",
        bvec=f"{AT_DWI}_desc-preproc_dwi.bvec",
        corrected=f"{AT_DWI}_desc-preproc_dwi.json",
        brain=f"{AT_DWI}_desc-brain_mask.nii.gz",
        to_acpc=f"{AT_VISIT}_from-dwi_to-acpc_mode-image_xfm.txt",
        tissue=[f"{ACPC}_label-{part}_probseg.nii.gz" for part in ("GM", "WM")],
        atlases=f"{ACPC}_desc-atlases_probseg.nii.gz",
        atlases_sidecar=f"{ACPC}_desc-atlases_probseg.json",
    output:
        fa=f"{AT_DWI}_model-tensor_param-fa_dwimap.nii.gz",
        md=f"{AT_DWI}_model-tensor_param-md_dwimap.nii.gz",
        ad=f"{AT_DWI}_model-tensor_param-ad_dwimap.nii.gz",
        rd=f"{AT_DWI}_model-tensor_param-rd_dwimap.nii.gz",
        mode=f"{AT_DWI}_model-tensor_param-mode_dwimap.nii.gz",
        s0=f"{AT_DWI}_model-tensor_param-s0_dwimap.nii.gz",
        residual=f"{AT_DWI}_model-tensor_param-residual_dwimap.nii.gz",
        tensor=f"{AT_DWI}_model-tensor_param-tensor_dwimap.nii.gz",
        free_water_map=f"{AT_DWI}_model-freewater_param-f_dwimap.nii.gz",
        sidecar=f"{AT_DWI}_model-tensor_dwimap.json",
        measures=f"{AT_DWI}_desc-regions_measures.tsv",
        png=f"{AT_DWI}_model-tensor_dwimap.png",
    log:
        "logs/diffusion/tensor/{subject}_{session}.log",
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
    params:
        labels=visit_labels,
        table=config["diffusion"]["table"],
        b_max_s_mm2=config["diffusion"]["shells"]["b_max_s_mm2"],
        fit=config["diffusion"]["tensor"],
        water=config["diffusion"]["free_water"],
        regions=config["diffusion"]["regions"],
        code=code("diffusion.tensor"),
    message:
        "Fit the tensor of sub-{wildcards.subject} ses-{wildcards.session} (weighted least squares)"
    script:
        "../scripts/diffusion/tensor.py"
