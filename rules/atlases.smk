# Regions of every atlas carried to the subject's AC-PC space.
SUBJECT_WARP = "sub-{subject}/anat/sub-{subject}_from-"


rule atlases_carry:
    input:
        t1w=f"{ACPC}_desc-preproc_T1w.nii.gz",
        mask=f"{ACPC}_desc-brain_mask.nii.gz",
        from_mni=f"{SUBJECT_WARP}{TEMPLATE}_to-acpc_mode-image_xfm.nii.gz",
        from_acpc=f"{SUBJECT_WARP}acpc_to-{TEMPLATE}_mode-image_xfm.nii.gz",
        to_other=TO_OTHER,
        from_other=FROM_OTHER,
    output:
        probseg=f"{ACPC}_desc-atlases_probseg.nii.gz",
        sidecar=f"{ACPC}_desc-atlases_probseg.json",
        png=f"{ACPC}_desc-atlases_probseg.png",
    log:
        "logs/atlases/carry/{subject}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
    params:
        atlases=ATLASES["atlases"],
        targets=ATLASES["targets"],
        template=TEMPLATE,
        other=OTHER_TEMPLATE,
        target=config["atlases"]["target"],
        ellipsoid_ratio=config["atlases"]["ellipsoid_ratio"],
        box_low_mm=config["atlases"]["box_low_mm"],
        box_high_mm=config["atlases"]["box_high_mm"],
        samples_per_edge=config["atlases"]["samples_per_edge"],
        min_inside=config["atlases"]["min_inside"],
        code=code("atlases.carry"),
    message:
        "Carry the regions of every atlas to the AC-PC space of sub-{wildcards.subject}"
    script:
        "../scripts/atlases/carry.py"
