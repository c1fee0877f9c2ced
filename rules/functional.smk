# Resting-state fMRI: corrected run, confounds, denoised series, activity, connectivity.


# The mean of a run is registered as every other contrast is.
use rule anatomy_contrast as functional_space with:
    input:
        native=f"{REST}_desc-preproc_boldref.nii.gz",
        t1w=f"{AT_VISIT}_space-acpc_desc-preproc_T1w.nii.gz",
        mask=f"{ACPC}_desc-brain_mask.nii.gz",
        t1w_to_acpc=f"{AT_VISIT}_from-T1w_to-acpc_mode-image_xfm.txt",
        reference=[],
    output:
        to_acpc=REST_TO_ACPC,
        preproc=f"{AT_VISIT}_space-acpc_desc-preproc_boldref.nii.gz",
        sidecar=f"{AT_VISIT}_space-acpc_desc-preproc_boldref.json",
        qc=f"{AT_VISIT}_desc-boldregistration_qc.json",
        png=f"{AT_VISIT}_desc-boldregistration_qc.png",
    log:
        "logs/functional/space/{subject}_{session}.log",
    params:
        bias=config["anatomy"]["bias"],
        rigid=config["anatomy"]["contrast"],
        probe=config["anatomy"]["probe"],
        limits=config["anatomy"]["limits"],
        cubic_limit_mm=config["anatomy"]["cubic_limit_mm"],
        mask_margin_mm=config["anatomy"]["mask_margin_mm"],
        scan=run_origin,
        code=code("anatomy.contrast"),
    message:
        "Bring the resting-state run of sub-{wildcards.subject} ses-{wildcards.session} into AC-PC space"


rule functional_preproc:
    input:
        native=lambda w: raw(w.subject, w.session, "bold"),
        alike=lambda w: run_files(w, "alike"),
        partner=lambda w: run_files(w, "partner"),
        b0_map=run_field,
        map_to_acpc=run_field_to_acpc,
        t1w=f"{AT_VISIT}_space-acpc_desc-preproc_T1w.nii.gz",
        mask=f"{ACPC}_desc-brain_mask.nii.gz",
        t1w_to_acpc=f"{AT_VISIT}_from-T1w_to-acpc_mode-image_xfm.txt",
    output:
        bold=f"{REST}_desc-preproc_bold.nii.gz",
        boldref=f"{REST}_desc-preproc_boldref.nii.gz",
        brain=f"{REST}_desc-brain_mask.nii.gz",
        motion=f"{REST}_desc-motion_timeseries.tsv",
        sidecar=f"{REST}_desc-preproc_bold.json",
        png=f"{REST}_desc-distortion_bold.png",
    log:
        "logs/functional/preproc/{subject}_{session}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
    params:
        run=run_params,
        volumes=config["functional"]["volumes"],
        slice_timing=config["functional"]["slice_timing"],
        realignment=config["functional"]["realignment"],
        brain_mask=config["functional"]["mask"],
        distortion=config["diffusion"]["distortion"],
        head_radius_mm=config["functional"]["confounds"]["head_radius_mm"],
        scan=run_origin,
        code=code("functional.preproc"),
    message:
        "Correct the resting-state run of sub-{wildcards.subject} ses-{wildcards.session}"
    script:
        "../scripts/functional/preproc.py"


rule functional_confounds:
    input:
        bold=f"{REST}_desc-preproc_bold.nii.gz",
        brain=f"{REST}_desc-brain_mask.nii.gz",
        motion=f"{REST}_desc-motion_timeseries.tsv",
        preproc=f"{REST}_desc-preproc_bold.json",
        to_acpc=REST_TO_ACPC,
        tissue=[f"{ACPC}_label-{part}_probseg.nii.gz" for part in ("GM", "WM", "CSF")],
        targets=planned_targets,
        t1w=f"{AT_VISIT}_space-acpc_desc-preproc_T1w.nii.gz",
    output:
        confounds=f"{REST}_desc-confounds_timeseries.tsv",
        sidecar=f"{REST}_desc-confounds_timeseries.json",
        excluded=f"{REST}_desc-exclusion_mask.nii.gz",
        tsnr=f"{REST}_stat-tsnr_boldmap.nii.gz",
        measures=f"{REST}_desc-quality_measures.tsv",
        png=f"{REST}_desc-carpet_bold.png",
        tsnr_png=f"{REST}_stat-tsnr_boldmap.png",
    log:
        "logs/functional/confounds/{subject}_{session}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
    params:
        labels=visit_labels,
        settings=config["functional"]["confounds"],
        censoring=config["functional"]["censoring"],
        volumes=config["functional"]["volumes"],
        strategy=config["functional"]["denoising"]["strategy"],
        trend_degree=config["functional"]["quality"]["trend_degree"],
        exclusion_radius_mm=config["functional"]["exclusion"]["radius_mm"],
        min_tissue=config["functional"]["regions"]["min_tissue"],
        code=code("functional.confounds"),
    message:
        "Tell what is noise in the resting-state run of sub-{wildcards.subject} ses-{wildcards.session}"
    script:
        "../scripts/functional/confounds.py"


rule functional_denoise:
    input:
        bold=f"{REST}_desc-preproc_bold.nii.gz",
        brain=f"{REST}_desc-brain_mask.nii.gz",
        confounds=f"{REST}_desc-confounds_timeseries.tsv",
        confounds_sidecar=f"{REST}_desc-confounds_timeseries.json",
    output:
        denoised=f"{REST}_desc-denoised_bold.nii.gz",
        sidecar=f"{REST}_desc-denoised_bold.json",
        measures=f"{REST}_desc-denoised_measures.tsv",
    log:
        "logs/functional/denoise/{subject}_{session}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
    params:
        labels=visit_labels,
        denoising=config["functional"]["denoising"],
        code=code("functional.denoise"),
    message:
        "Denoise the resting-state run of sub-{wildcards.subject} ses-{wildcards.session}"
    script:
        "../scripts/functional/denoise.py"


rule functional_activity:
    input:
        bold=f"{REST}_desc-preproc_bold.nii.gz",
        denoised=f"{REST}_desc-denoised_bold.nii.gz",
        brain=f"{REST}_desc-brain_mask.nii.gz",
        excluded=f"{REST}_desc-exclusion_mask.nii.gz",
        confounds=f"{REST}_desc-confounds_timeseries.tsv",
        confounds_sidecar=f"{REST}_desc-confounds_timeseries.json",
        to_acpc=REST_TO_ACPC,
        tissue=[f"{ACPC}_label-{part}_probseg.nii.gz" for part in ("GM", "WM")],
        atlases=f"{ACPC}_desc-atlases_probseg.nii.gz",
        atlases_sidecar=f"{ACPC}_desc-atlases_probseg.json",
        t1w=f"{AT_VISIT}_space-acpc_desc-preproc_T1w.nii.gz",
    output:
        alff=f"{REST}_stat-alff_boldmap.nii.gz",
        falff=f"{REST}_stat-falff_boldmap.nii.gz",
        reho=f"{REST}_stat-reho_boldmap.nii.gz",
        sidecar=f"{REST}_stat-activity_boldmap.json",
        measures=f"{REST}_desc-activity_measures.tsv",
        png=f"{REST}_stat-activity_boldmap.png",
    log:
        "logs/functional/activity/{subject}_{session}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
    params:
        labels=visit_labels,
        denoising=config["functional"]["denoising"],
        activity=config["functional"]["activity"],
        homogeneity=config["functional"]["homogeneity"],
        regions=config["functional"]["regions"],
        code=code("functional.activity"),
    message:
        "Map ALFF, fALFF and ReHo of sub-{wildcards.subject} ses-{wildcards.session}"
    script:
        "../scripts/functional/activity.py"


rule functional_connectivity:
    input:
        bold=f"{REST}_desc-preproc_bold.nii.gz",
        denoised=f"{REST}_desc-denoised_bold.nii.gz",
        denoised_sidecar=f"{REST}_desc-denoised_bold.json",
        brain=f"{REST}_desc-brain_mask.nii.gz",
        excluded=f"{REST}_desc-exclusion_mask.nii.gz",
        confounds=f"{REST}_desc-confounds_timeseries.tsv",
        to_acpc=REST_TO_ACPC,
        grey=f"{ACPC}_label-GM_probseg.nii.gz",
        t1w=f"{AT_VISIT}_space-acpc_desc-preproc_T1w.nii.gz",
        mask=f"{ACPC}_desc-brain_mask.nii.gz",
        from_mni=f"sub-{{subject}}/anat/sub-{{subject}}_from-{TEMPLATE}_to-acpc_mode-image_xfm.nii.gz",
        from_acpc=f"sub-{{subject}}/anat/sub-{{subject}}_from-acpc_to-{TEMPLATE}_mode-image_xfm.nii.gz",
        to_other=TO_OTHER,
        from_other=FROM_OTHER,
        atlases_sidecar=f"{ACPC}_desc-atlases_probseg.json",
    output:
        pearson=[
            f"{REST}_atlas-{name}_stat-pearsoncorrelation_relmat.tsv"
            for name in REGION_SETS
        ],
        fisherz=[f"{REST}_atlas-{name}_stat-fisherz_relmat.tsv" for name in REGION_SETS],
        partial=[
            f"{REST}_atlas-{name}_stat-partialcorrelation_relmat.tsv"
            for name in REGION_SETS
        ],
        sidecars=[f"{REST}_atlas-{name}_relmat.json" for name in REGION_SETS],
        seed_maps=[f"{REST}_seed-{name}_stat-fisherz_boldmap.nii.gz" for name in SEEDS],
        lag=f"{REST}_stat-lag_boldmap.nii.gz",
        lag_correlation=f"{REST}_stat-lagcorrelation_boldmap.nii.gz",
        measures=f"{REST}_desc-connectivity_measures.tsv",
        matrices_png=f"{REST}_desc-connectome_relmat.png",
        seeds_png=f"{REST}_desc-seeds_boldmap.png",
        lag_png=f"{REST}_desc-lag_boldmap.png",
    log:
        "logs/functional/connectivity/{subject}_{session}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
    params:
        labels=visit_labels,
        denoising=config["functional"]["denoising"],
        settings=config["functional"]["connectivity"],
        seeds=config["functional"]["seeds"],
        lag_settings=config["functional"]["lag"],
        atlases=ATLASES["atlases"],
        seed_rows=SEED_ROWS,
        templates=[TEMPLATE, OTHER_TEMPLATE],
        code=code("functional.connectivity"),
    message:
        "Correlate regions and seeds of sub-{wildcards.subject} ses-{wildcards.session}"
    script:
        "../scripts/functional/connectivity.py"


rule functional_network:
    input:
        denoised=lambda w: at_baseline(w, f"{REST}_desc-denoised_bold.nii.gz"),
        denoised_sidecar=lambda w: at_baseline(w, f"{REST}_desc-denoised_bold.json"),
        brain=lambda w: at_baseline(w, f"{REST}_desc-brain_mask.nii.gz"),
        to_acpc=lambda w: at_baseline(w, REST_TO_ACPC),
        probseg=f"{LESION}_label-lesion_desc-{{intervention}}_probseg.nii.gz",
        zones=f"{LESION}_seg-lesionzones_desc-{{intervention}}_dseg.nii.gz",
        lesion=f"{LESION}_desc-{{intervention}}_lesion.json",
        targets=planned_targets,
        t1w=f"{ACPC}_desc-preproc_T1w.nii.gz",
    output:
        network=f"{REST}_desc-{{intervention}}network_boldmap.nii.gz",
        sidecar=f"{REST}_desc-{{intervention}}network_boldmap.json",
        measures=f"{REST}_desc-{{intervention}}exclusion_measures.tsv",
        png=f"{REST}_desc-{{intervention}}network_boldmap.png",
    log:
        "logs/functional/network/{subject}_{session}_{intervention}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
    params:
        labels=lesion_labels,
        fwhm_mm=config["functional"]["seeds"]["fwhm_mm"],
        min_voxels=config["functional"]["lesion_network"]["min_voxels"],
        exclusion_radius_mm=config["functional"]["exclusion"]["radius_mm"],
        code=code("functional.network"),
    message:
        "Map what the lesion of {wildcards.intervention} at {wildcards.session} went together with; tell what outgrows the exclusion"
    script:
        "../scripts/functional/network.py"


rule functional_normative:
    input:
        probseg=f"{LESION}_label-lesion_desc-{{intervention}}_probseg.nii.gz",
        lesion=f"{LESION}_desc-{{intervention}}_lesion.json",
        t1w=f"{ACPC}_desc-preproc_T1w.nii.gz",
        warps=[
            *([] if NORMATIVE_SPACE == TEMPLATE else [FROM_OTHER]),
            f"sub-{{subject}}/anat/sub-{{subject}}_from-acpc_to-{TEMPLATE}_mode-image_xfm.nii.gz",
        ],
    output:
        fisherz=f"{NORMATIVE_NETWORK}_stat-fisherz_desc-{{intervention}}normativenetwork_boldmap.nii.gz",
        t_map=f"{NORMATIVE_NETWORK}_stat-t_desc-{{intervention}}normativenetwork_boldmap.nii.gz",
        sidecar=f"{NORMATIVE_NETWORK}_desc-{{intervention}}normativenetwork_boldmap.json",
        png=f"{NORMATIVE_NETWORK}_desc-{{intervention}}normativenetwork_boldmap.png",
    log:
        "logs/functional/normative/{subject}_{session}_{intervention}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
    params:
        folder=config["functional"]["lesion_network"]["normative"],
        space=NORMATIVE_SPACE,
        labels=lesion_labels,
        min_voxels=config["functional"]["lesion_network"]["min_voxels"],
        scan=lambda w: normative_series_stamp(),
        code=code("functional.normative"),
    message:
        "Map what the lesion of {wildcards.intervention} at {wildcards.session} goes together with in healthy people"
    script:
        "../scripts/functional/normative.py"
