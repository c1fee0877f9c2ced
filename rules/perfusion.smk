# Blood flow from arterial spin labelling, on the grid of the scan.


# The volume that shows most anatomy is registered as every other contrast is.
use rule anatomy_contrast as perfusion_space with:
    input:
        native=f"{AT_PERF}_desc-preproc_aslref.nii.gz",
        t1w=f"{AT_VISIT}_space-acpc_desc-preproc_T1w.nii.gz",
        mask=f"{ACPC}_desc-brain_mask.nii.gz",
        t1w_to_acpc=f"{AT_VISIT}_from-T1w_to-acpc_mode-image_xfm.txt",
        reference=[],
    output:
        to_acpc=f"{AT_VISIT}_from-asl_to-acpc_mode-image_xfm.txt",
        preproc=f"{AT_VISIT}_space-acpc_desc-preproc_aslref.nii.gz",
        sidecar=f"{AT_VISIT}_space-acpc_desc-preproc_aslref.json",
        qc=f"{AT_VISIT}_desc-aslregistration_qc.json",
        png=f"{AT_VISIT}_desc-aslregistration_qc.png",
    log:
        "logs/perfusion/space/{subject}_{session}.log",
    params:
        bias=config["anatomy"]["bias"],
        rigid=config["anatomy"]["contrast"],
        probe=config["anatomy"]["probe"],
        limits=config["anatomy"]["limits"],
        cubic_limit_mm=config["anatomy"]["cubic_limit_mm"],
        mask_margin_mm=config["anatomy"]["mask_margin_mm"],
        scan=asl_origin,
        code=code("anatomy.contrast"),
    message:
        "Bring the perfusion scan of sub-{wildcards.subject} ses-{wildcards.session} into AC-PC space"


rule perfusion_preproc:
    input:
        native=lambda w: raw(w.subject, w.session, "asl"),
        m0_scan=lambda w: asl_files(w, "m0_scan"),
    output:
        deltam=f"{AT_PERF}_desc-preproc_deltam.nii.gz",
        m0=f"{AT_PERF}_desc-preproc_m0.nii.gz",
        aslref=f"{AT_PERF}_desc-preproc_aslref.nii.gz",
        sidecar=f"{AT_PERF}_desc-preproc_asl.json",
        confounds=f"{AT_PERF}_desc-confounds_timeseries.tsv",
    log:
        "logs/perfusion/preproc/{subject}_{session}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
    params:
        told=lambda w: asl_told(w),
        motion=config["perfusion"]["motion"],
        scan=lambda w: asl_origin(w),
        code=code("perfusion.preproc"),
    message:
        "Realign and subtract the perfusion scan of sub-{wildcards.subject} ses-{wildcards.session}"
    script:
        "../scripts/perfusion/preproc.py"


rule perfusion_cbf:
    input:
        deltam=f"{AT_PERF}_desc-preproc_deltam.nii.gz",
        m0=f"{AT_PERF}_desc-preproc_m0.nii.gz",
        asl=f"{AT_PERF}_desc-preproc_asl.json",
        scanner_map=lambda w: asl_scanner_map(w),
        to_acpc=f"{AT_VISIT}_from-asl_to-acpc_mode-image_xfm.txt",
        tissue=[f"{ACPC}_label-{part}_probseg.nii.gz" for part in ("GM", "WM", "CSF")],
        mask=f"{ACPC}_desc-brain_mask.nii.gz",
        atlases=f"{ACPC}_desc-atlases_probseg.nii.gz",
        atlases_sidecar=f"{ACPC}_desc-atlases_probseg.json",
    output:
        cbf=f"{AT_PERF}_cbf.nii.gz",
        pvc_grey=f"{AT_PERF}_desc-pvcGM_cbf.nii.gz",
        pvc_white=f"{AT_PERF}_desc-pvcWM_cbf.nii.gz",
        att=f"{AT_PERF}_att.nii.gz",
        sidecar=f"{AT_PERF}_cbf.json",
        brain=f"{AT_PERF}_desc-brain_mask.nii.gz",
        quality_table=f"{AT_PERF}_desc-qualitycontrol_cbf.tsv",
        measures=f"{AT_PERF}_desc-regions_measures.tsv",
        qc=f"{AT_PERF}_desc-cbf_qc.json",
        png=f"{AT_PERF}_desc-cbf_qc.png",
    log:
        "logs/perfusion/cbf/{subject}_{session}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
    params:
        told=lambda w: asl_told(w),
        labels=visit_labels,
        steps=dict(
            outliers=config["perfusion"]["outliers"],
            min_m0_share=config["perfusion"]["calibration"]["min_m0_share"],
            partial_volume=config["perfusion"]["partial_volume"],
            delays=config["perfusion"]["delays"],
        ),
        quality=config["perfusion"]["quality"],
        plausible=config["perfusion"]["plausible"],
        ge=config["perfusion"]["ge"],
        regions=config["perfusion"]["regions"],
        predicted=config["perfusion"]["prediction"]
        | {
            name: config["perfusion"]["constants"][name]
            for name in ("grey_t1_s", "white_t1_s")
        },
        code=code("perfusion.cbf"),
    message:
        "Quantify blood flow of sub-{wildcards.subject} ses-{wildcards.session}"
    script:
        "../scripts/perfusion/cbf.py"


rule perfusion_lesion:
    input:
        cbf=f"{AT_PERF}_cbf.nii.gz",
        sidecar=f"{AT_PERF}_cbf.json",
        to_acpc=f"{AT_VISIT}_from-asl_to-acpc_mode-image_xfm.txt",
        baseline=asl_baseline,
        zones=f"{LESION}_seg-lesionzones_desc-{{intervention}}_dseg.nii.gz",
        lesion=f"{LESION}_desc-{{intervention}}_lesion.json",
        tissue=[f"{ACPC}_label-{part}_probseg.nii.gz" for part in ("GM", "WM")],
    output:
        measures=f"{AT_PERF}_desc-{{intervention}}zones_measures.tsv",
        png=f"{AT_PERF}_desc-{{intervention}}zones_cbf.png",
    log:
        "logs/perfusion/lesion/{subject}_{session}_{intervention}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 1500 * attempt,
    params:
        labels=lesion_labels,
        voxel_ratio=lambda w: asl_told(w)["voxel_ratio"],
        other_treated=lambda w: bool(other_targets(w)),
        regions=config["perfusion"]["lesion"],
        code=code("perfusion.lesion"),
    message:
        "Tell blood flow in and around the lesion of {wildcards.intervention} in {wildcards.session}"
    script:
        "../scripts/perfusion/lesion.py"
