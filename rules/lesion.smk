# The lesion: its plan in acpc, and what each visit shows of it.


rule lesion_target:
    input:
        landmarks="sub-{subject}/anat/sub-{subject}_desc-acpc_landmarks.json",
        scan=planning_scan,
        warp=planning_warp,
    output:
        target=f"{ACPC}_desc-{{intervention}}_target.json",
    log:
        "logs/lesion/target/{subject}_{intervention}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
    params:
        planned=planned,
        template=TEMPLATE,
        code=code("lesion.target"),
    message:
        "Carry the planned target of {wildcards.intervention} to acpc"
    script:
        "../scripts/lesion/target.py"


rule lesion_segment:
    input:
        follow_up=lambda w: compared(w.subject, w.session, w.intervention, w.session),
        baseline=lambda w: compared(
            w.subject,
            w.session,
            w.intervention,
            baseline_session(w.subject, w.intervention),
        ),
        brain=f"{ACPC}_desc-brain_mask.nii.gz",
        tissue=[f"{ACPC}_label-{part}_probseg.nii.gz" for part in ("GM", "WM", "CSF")],
        target=f"{ACPC}_desc-{{intervention}}_target.json",
    output:
        probseg=f"{AT_VISIT}_space-acpc_label-lesion_desc-{{intervention}}_probseg.nii.gz",
        mask=f"{AT_VISIT}_space-acpc_label-lesion_desc-{{intervention}}_mask.nii.gz",
        oedema=f"{AT_VISIT}_space-acpc_label-oedema_desc-{{intervention}}_probseg.nii.gz",
        lesion=f"{AT_VISIT}_space-acpc_desc-{{intervention}}_lesion.json",
        measures=f"{AT_VISIT}_desc-{{intervention}}_measures.tsv",
        film=f"{AT_VISIT}_space-acpc_desc-{{intervention}}_lesion.png",
    log:
        "logs/lesion/segment/{subject}_{session}_{intervention}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
    params:
        labels=lesion_labels,
        contrasts=lambda w: contrasts_for(w.subject, w.session, w.intervention),
        exclusion_radius_mm=config["lesion"]["exclusion_radius_mm"],
        phases=config["lesion"]["phases"],
        calibration=config["lesion"]["calibration"],
        noise=config["lesion"]["noise"],
        search=config["lesion"]["search"],
        fit=config["lesion"]["fit"],
        picture_half_width_mm=config["lesion"]["picture_half_width_mm"],
        code=code("lesion.segment"),
    message:
        "Look for the lesion of {wildcards.intervention} in {wildcards.session}"
    script:
        "../scripts/lesion/segment.py"
