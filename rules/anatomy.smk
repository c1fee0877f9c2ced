# Brain, AC–PC space, template warp and tissue of a subject; every scan brought into that space.
SUBJECT_ANAT = "sub-{subject}/anat/sub-{subject}_"
SESSION_ANAT = "sub-{subject}/ses-{session}/anat/sub-{subject}_ses-{session}_"


rule anatomy_space:
    input:
        t1w=lambda w: raw_baseline(w.subject),
    output:
        preproc=f"{SUBJECT_ANAT}space-acpc_desc-preproc_T1w.nii.gz",
        mask=f"{SUBJECT_ANAT}space-acpc_desc-brain_mask.nii.gz",
        to_acpc=f"{SUBJECT_ANAT}from-T1w_to-acpc_mode-image_xfm.txt",
        landmarks=f"{SUBJECT_ANAT}desc-acpc_landmarks.json",
        qc=f"{SUBJECT_ANAT}desc-space_qc.json",
        png=f"{SUBJECT_ANAT}desc-space_qc.png",
    log:
        "logs/anatomy/space/{subject}.log",
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
    params:
        bias=config["anatomy"]["bias"],
        start=config["anatomy"]["start"],
        head=config["anatomy"]["head"],
        brain=config["anatomy"]["brain"],
        commissure=config["anatomy"]["commissure"],
        limits=config["anatomy"]["limits"],
        cubic_limit_mm=config["anatomy"]["cubic_limit_mm"],
        scan=lambda w: origin(w.subject, baseline(w.subject), "T1w"),
        code=code("anatomy.space"),
    message:
        "Find brain and AC-PC space of sub-{wildcards.subject} in its baseline T1w"
    script:
        "../scripts/anatomy/space.py"


rule anatomy_mni:
    input:
        t1w=f"{SUBJECT_ANAT}space-acpc_desc-preproc_T1w.nii.gz",
        mask=f"{SUBJECT_ANAT}space-acpc_desc-brain_mask.nii.gz",
        landmarks=f"{SUBJECT_ANAT}desc-acpc_landmarks.json",
    output:
        from_acpc=f"{SUBJECT_ANAT}from-acpc_to-MNI152NLin2009cAsym_mode-image_xfm.nii.gz",
        from_mni=f"{SUBJECT_ANAT}from-MNI152NLin2009cAsym_to-acpc_mode-image_xfm.nii.gz",
        qc=f"{SUBJECT_ANAT}desc-mni_qc.json",
        png=f"{SUBJECT_ANAT}desc-mni_qc.png",
    log:
        "logs/anatomy/mni/{subject}.log",
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2500 * attempt,
    params:
        warp=config["anatomy"]["warp"],
        limits=config["anatomy"]["limits"],
        code=code("anatomy.mni"),
    message:
        "Warp the brain of sub-{wildcards.subject} to MNI152NLin2009cAsym and back"
    script:
        "../scripts/anatomy/mni.py"


rule anatomy_tissue:
    input:
        t1w=f"{SUBJECT_ANAT}space-acpc_desc-preproc_T1w.nii.gz",
        mask=f"{SUBJECT_ANAT}space-acpc_desc-brain_mask.nii.gz",
        from_mni=f"{SUBJECT_ANAT}from-MNI152NLin2009cAsym_to-acpc_mode-image_xfm.nii.gz",
    output:
        grey=f"{SUBJECT_ANAT}space-acpc_label-GM_probseg.nii.gz",
        white=f"{SUBJECT_ANAT}space-acpc_label-WM_probseg.nii.gz",
        csf=f"{SUBJECT_ANAT}space-acpc_label-CSF_probseg.nii.gz",
        qc=f"{SUBJECT_ANAT}desc-tissue_qc.json",
        png=f"{SUBJECT_ANAT}desc-tissue_qc.png",
    log:
        "logs/anatomy/tissue/{subject}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 1500 * attempt,
    params:
        tissue=config["anatomy"]["tissue"],
        limits=config["anatomy"]["limits"],
        code=code("anatomy.tissue"),
    message:
        "Tell grey matter, white matter and CSF of sub-{wildcards.subject} apart"
    script:
        "../scripts/anatomy/tissue.py"


rule anatomy_t1w:
    input:
        native=lambda w: raw(w.subject, w.session, "T1w"),
        t1w=f"{SUBJECT_ANAT}space-acpc_desc-preproc_T1w.nii.gz",
        mask=f"{SUBJECT_ANAT}space-acpc_desc-brain_mask.nii.gz",
        baseline_to_acpc=f"{SUBJECT_ANAT}from-T1w_to-acpc_mode-image_xfm.txt",
    output:
        to_acpc=f"{SESSION_ANAT}from-T1w_to-acpc_mode-image_xfm.txt",
        preproc=f"{SESSION_ANAT}space-acpc_desc-preproc_T1w.nii.gz",
        sidecar=f"{SESSION_ANAT}space-acpc_desc-preproc_T1w.json",
        qc=f"{SESSION_ANAT}desc-T1wregistration_qc.json",
        png=f"{SESSION_ANAT}desc-T1wregistration_qc.png",
    log:
        "logs/anatomy/t1w/{subject}_{session}.log",
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
    params:
        is_baseline=lambda w: is_baseline(w.subject, w.session),
        bias=config["anatomy"]["bias"],
        rigid=config["anatomy"]["session"],
        probe=config["anatomy"]["probe"],
        limits=config["anatomy"]["limits"],
        cubic_limit_mm=config["anatomy"]["cubic_limit_mm"],
        mask_margin_mm=config["anatomy"]["mask_margin_mm"],
        scan=lambda w: origin(w.subject, w.session, "T1w"),
        code=code("anatomy.t1w"),
    message:
        "Bring the T1w of sub-{wildcards.subject} ses-{wildcards.session} into AC-PC space"
    script:
        "../scripts/anatomy/t1w.py"


rule anatomy_contrast:
    input:
        native=native,
        t1w=f"{SESSION_ANAT}space-acpc_desc-preproc_T1w.nii.gz",
        mask=f"{SUBJECT_ANAT}space-acpc_desc-brain_mask.nii.gz",
        t1w_to_acpc=f"{SESSION_ANAT}from-T1w_to-acpc_mode-image_xfm.txt",
        reference=baseline_alike,
    output:
        to_acpc=f"{SESSION_ANAT}from-{{contrast}}_to-acpc_mode-image_xfm.txt",
        preproc=f"{SESSION_ANAT}space-acpc_desc-preproc_{{contrast}}.nii.gz",
        sidecar=f"{SESSION_ANAT}space-acpc_desc-preproc_{{contrast}}.json",
        qc=f"{SESSION_ANAT}desc-{{contrast}}registration_qc.json",
        png=f"{SESSION_ANAT}desc-{{contrast}}registration_qc.png",
    log:
        "logs/anatomy/contrast/{subject}_{session}_{contrast}.log",
    wildcard_constraints:
        contrast="T2w|FLAIR|trace|T2starw",
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
    params:
        bias=config["anatomy"]["bias"],
        rigid=config["anatomy"]["contrast"],
        probe=config["anatomy"]["probe"],
        limits=config["anatomy"]["limits"],
        cubic_limit_mm=config["anatomy"]["cubic_limit_mm"],
        mask_margin_mm=config["anatomy"]["mask_margin_mm"],
        scan=lambda w: origin(w.subject, w.session, w.contrast, "T1w"),
        code=code("anatomy.contrast"),
    message:
        "Bring {wildcards.contrast} of sub-{wildcards.subject} ses-{wildcards.session} into AC-PC space"
    script:
        "../scripts/anatomy/contrast.py"


rule anatomy_map:
    input:
        native=native_map,
        to_acpc=map_transform,
        t1w=f"{SESSION_ANAT}space-acpc_desc-preproc_T1w.nii.gz",
    output:
        preproc=f"{SESSION_ANAT}space-acpc_desc-preproc_{{map}}.nii.gz",
        sidecar=f"{SESSION_ANAT}space-acpc_desc-preproc_{{map}}.json",
    log:
        "logs/anatomy/map/{subject}_{session}_{map}.log",
    wildcard_constraints:
        map="ADC|R2starmap",
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
    params:
        cubic_limit_mm=config["anatomy"]["cubic_limit_mm"],
        scan=lambda w: origin(w.subject, w.session, w.map),
        code=code("anatomy.map"),
    message:
        "Carry {wildcards.map} of sub-{wildcards.subject} ses-{wildcards.session} into AC-PC space"
    script:
        "../scripts/anatomy/map.py"


rule anatomy_between:
    output:
        to_other=TO_OTHER,
        from_other=FROM_OTHER,
        qc="templates/desc-between_qc.json",
        png="templates/desc-between_qc.png",
    log:
        "logs/anatomy/between/study.log",
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2500 * attempt,
    params:
        warp=config["anatomy"]["warp"],
        limits=config["anatomy"]["limits"],
        code=code("anatomy.between"),
    message:
        "Find the transform between MNI152NLin2009cAsym and MNI152NLin6Asym"
    script:
        "../scripts/anatomy/between.py"
