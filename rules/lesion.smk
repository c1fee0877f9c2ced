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
        template=warp_template,
        code=code("lesion.target"),
    message:
        "Carry the planned target of {wildcards.intervention} to acpc"
    script:
        "../scripts/lesion/target.py"


rule lesion_segment:
    input:
        follow_up=lambda w: compared(w, w.session),
        baseline=lambda w: compared(w, baseline_session(w.subject, w.intervention)),
        brain=f"{ACPC}_desc-brain_mask.nii.gz",
        tissue=[f"{ACPC}_label-{part}_probseg.nii.gz" for part in ("GM", "WM", "CSF")],
        target=f"{ACPC}_desc-{{intervention}}_target.json",
        others=other_targets,
        before=earlier_records,
    output:
        record_file=f"{LESION}_desc-{{intervention}}auto_lesion.json",
        core=f"{LESION}_label-core_desc-{{intervention}}auto_probseg.nii.gz",
        lesion=f"{LESION}_label-lesion_desc-{{intervention}}auto_probseg.nii.gz",
        oedema=f"{LESION}_label-oedema_desc-{{intervention}}auto_probseg.nii.gz",
    log:
        "logs/lesion/segment/{subject}_{session}_{intervention}.log",
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
    params:
        labels=lesion_labels,
        contrasts=evidence_contrasts,
        left_out=lambda w: follow_up(w.subject, w.session, w.intervention)["left_out"],
        exclusion_radius_mm=config["lesion"]["exclusion_radius_mm"],
        least_coverage=config["lesion"]["least_coverage"],
        phases=config["lesion"]["phases"],
        calibration=config["lesion"]["calibration"],
        noise=config["lesion"]["noise"],
        search=config["lesion"]["search"],
        fit=config["lesion"]["fit"],
        anchor=config["lesion"]["anchor"],
        interval=config["lesion"]["interval"],
        near_mm=config["lesion"]["near_mm"],
        code=code("lesion.segment"),
    message:
        "Look for the lesion of {wildcards.intervention} in {wildcards.session}"
    script:
        "../scripts/lesion/segment.py"


rule lesion_learned:
    input:
        model=model_file,
        channels=model_channels,
        brain=f"{ACPC}_desc-brain_mask.nii.gz",
        target=f"{ACPC}_desc-{{intervention}}_target.json",
    output:
        record_file=f"{LESION}_desc-{{intervention}}learned_lesion.json",
        core=f"{LESION}_label-core_desc-{{intervention}}learned_probseg.nii.gz",
        lesion=f"{LESION}_label-lesion_desc-{{intervention}}learned_probseg.nii.gz",
        oedema=f"{LESION}_label-oedema_desc-{{intervention}}learned_probseg.nii.gz",
    log:
        "logs/lesion/learned/{subject}_{session}_{intervention}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
    params:
        labels=lesion_labels,
        contrasts=lambda w: contrasts_for(w.subject, w.session, w.intervention),
        learned=config["lesion"]["learned"],
        scan=lambda w: model_hash(),
        code=code("lesion.learned"),
    message:
        "Ask the learned model for the lesion of {wildcards.intervention} in {wildcards.session}"
    script:
        "../scripts/lesion/learned.py"


rule lesion_measure:
    input:
        follow_up=lambda w: compared(w, w.session),
        baseline=lambda w: compared(w, baseline_session(w.subject, w.intervention)),
        brain=f"{ACPC}_desc-brain_mask.nii.gz",
        tissue=[f"{ACPC}_label-{part}_probseg.nii.gz" for part in ("GM", "WM", "CSF")],
        plan=f"{ACPC}_desc-{{intervention}}_target.json",
        landmarks="sub-{subject}/anat/sub-{subject}_desc-acpc_landmarks.json",
        scan=lambda w: focus_frame(w, planning_scan),
        warp=lambda w: focus_frame(w, planning_warp),
        segmented=[
            f"{LESION}_label-{part}_desc-{{intervention}}{segmented_by()}_probseg.nii.gz"
            for part in ("core", "lesion", "oedema")
        ],
        found=f"{LESION}_desc-{{intervention}}{segmented_by()}_lesion.json",
        correction=corrected,
    output:
        mask=f"{LESION}_label-lesion_desc-{{intervention}}_mask.nii.gz",
        probseg=f"{LESION}_label-lesion_desc-{{intervention}}_probseg.nii.gz",
        oedema=f"{LESION}_label-oedema_desc-{{intervention}}_probseg.nii.gz",
        dseg=f"{LESION}_seg-lesionzones_desc-{{intervention}}_dseg.nii.gz",
        lesion=f"{LESION}_desc-{{intervention}}_lesion.json",
        measures=f"{AT_VISIT}_desc-{{intervention}}_measures.tsv",
        film=f"{LESION}_desc-{{intervention}}_lesion.png",
    log:
        "logs/lesion/measure/{subject}_{session}_{intervention}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
    params:
        labels=lesion_labels,
        contrasts=evidence_contrasts,
        planned=planned,
        foci=sonicated,
        template=warp_template,
        measure=config["lesion"]["measure"],
        interval=config["lesion"]["interval"],
        picture_half_width_mm=config["lesion"]["picture_half_width_mm"],
        scan=correction_text,
        code=code("lesion.measure"),
    message:
        "Measure the lesion of {wildcards.intervention} in {wildcards.session}"
    script:
        "../scripts/lesion/measure.py"


rule lesion_overlap:
    input:
        mask=f"{AT_VISIT}_space-acpc_label-lesion_desc-{{intervention}}_mask.nii.gz",
        lesion=f"{AT_VISIT}_space-acpc_desc-{{intervention}}_lesion.json",
        target=f"{ACPC}_desc-{{intervention}}_target.json",
        regions=f"{ACPC}_desc-atlases_probseg.nii.gz",
        sidecar=f"{ACPC}_desc-atlases_probseg.json",
    output:
        measures=f"{AT_VISIT}_desc-{{intervention}}overlap_measures.tsv",
    log:
        "logs/lesion/overlap/{subject}_{session}_{intervention}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
    params:
        labels=lesion_labels,
        registration_sd_mm=config["atlases"]["registration_sd_mm"],
        n_draws=config["atlases"]["n_draws"],
        seed=config["atlases"]["seed"],
        interval=config["atlases"]["interval"],
        reach_mm=config["atlases"]["reach_mm"],
        few_voxels=config["atlases"]["few_voxels"],
        code=code("lesion.overlap"),
    message:
        "Overlap the lesion of {wildcards.intervention} in {wildcards.session} with atlas regions"
    script:
        "../scripts/lesion/overlap.py"


rule lesion_offtarget:
    input:
        follow_up=lambda w: all_compared(w, w.session),
        baseline=lambda w: all_compared(w, baseline_session(w.subject, w.intervention)),
        brain=f"{ACPC}_desc-brain_mask.nii.gz",
        tissue=[f"{ACPC}_label-{part}_probseg.nii.gz" for part in ("GM", "WM", "CSF")],
        target=f"{ACPC}_desc-{{intervention}}_target.json",
        others=other_targets,
    output:
        dseg=f"{LESION}_label-offtarget_desc-{{intervention}}_dseg.nii.gz",
        record_file=f"{LESION}_desc-{{intervention}}_offtarget.json",
        measures=f"{AT_VISIT}_desc-{{intervention}}offtarget_measures.tsv",
        film=f"{LESION}_desc-{{intervention}}_offtarget.png",
    log:
        "logs/lesion/offtarget/{subject}_{session}_{intervention}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
    params:
        labels=lesion_labels,
        contrasts=lambda w: contrasts_for(w.subject, w.session, w.intervention),
        exclusion_radius_mm=config["lesion"]["exclusion_radius_mm"],
        calibration=config["lesion"]["calibration"],
        noise=config["lesion"]["noise"],
        offtarget=config["lesion"]["offtarget"],
        picture_half_width_mm=config["lesion"]["picture_half_width_mm"],
        code=code("lesion.offtarget"),
    message:
        "Look for change away from the plan of {wildcards.intervention} in {wildcards.session}"
    script:
        "../scripts/lesion/offtarget.py"
