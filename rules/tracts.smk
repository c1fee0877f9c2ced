# Bundles of a patient's baseline, what the lesion cuts of them, and how they fare over visits.
BUNDLES = "sub-{subject}/dwi/sub-{subject}_space-acpc_desc-"
LOST = f"{AT_DWI}_space-acpc_desc-{{intervention}}disconnectome"
NORMATIVE = f"{AT_DWI}_space-{TEMPLATE}_desc-{{intervention}}normative"
# A change of the connectome's settings leaves the bundles as they are.
OF_BUNDLES = {
    name: told for name, told in config["tracts"].items() if name != "connectome"
}


rule tracts_track:
    input:
        dwi=lambda w: at_tracts(w, f"{AT_DWI}_desc-preproc_dwi.nii.gz"),
        bval=lambda w: at_tracts(w, f"{AT_DWI}_desc-preproc_dwi.bval"),
        bvec=lambda w: at_tracts(w, f"{AT_DWI}_desc-preproc_dwi.bvec"),
        brain=lambda w: at_tracts(w, f"{AT_DWI}_desc-brain_mask.nii.gz"),
        fa=lambda w: at_tracts(w, f"{AT_DWI}_model-tensor_param-fa_dwimap.nii.gz"),
        tensor=lambda w: at_tracts(
            w, f"{AT_DWI}_model-tensor_param-tensor_dwimap.nii.gz"
        ),
        to_acpc=lambda w: at_tracts(
            w, f"{AT_VISIT}_from-dwi_to-acpc_mode-image_xfm.txt"
        ),
        csf=f"{ACPC}_label-CSF_probseg.nii.gz",
        from_mni=f"sub-{{subject}}/anat/sub-{{subject}}_from-{TEMPLATE}_to-acpc_mode-image_xfm.nii.gz",
        to_other=TO_OTHER,
        t1w=f"{ACPC}_desc-preproc_T1w.nii.gz",
        mask=f"{ACPC}_desc-brain_mask.nii.gz",
    output:
        tractogram_file=f"{BUNDLES}bundles_tractogram.trx",
        resampled=f"{BUNDLES}resampled_tractogram.trx",
        sidecar=f"{BUNDLES}bundles_tractogram.json",
        png=f"{BUNDLES}bundles_tractogram.png",
    log:
        "logs/tracts/track/{subject}.log",
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
    params:
        atlases=ATLASES["atlases"],
        table=config["diffusion"]["table"],
        settings=OF_BUNDLES,
        code=code("tracts.track"),
    message:
        "Track the bundles of sub-{wildcards.subject} (constrained spherical deconvolution)"
    script:
        "../scripts/tracts/track.py"


rule tracts_disconnection:
    input:
        tractogram_file=f"{BUNDLES}bundles_tractogram.trx",
        resampled=f"{BUNDLES}resampled_tractogram.trx",
        sidecar=f"{BUNDLES}bundles_tractogram.json",
        probseg=f"{LESION}_label-lesion_desc-{{intervention}}_probseg.nii.gz",
        lesion=f"{LESION}_desc-{{intervention}}_lesion.json",
        from_acpc=f"sub-{{subject}}/anat/sub-{{subject}}_from-acpc_to-{TEMPLATE}_mode-image_xfm.nii.gz",
        t1w=f"{ACPC}_desc-preproc_T1w.nii.gz",
        mask=f"{ACPC}_desc-brain_mask.nii.gz",
    output:
        disconnection=f"{AT_DWI}_space-acpc_desc-{{intervention}}disconnection_dwimap.nii.gz",
        in_template=f"{AT_DWI}_space-{TEMPLATE}_desc-{{intervention}}disconnection_dwimap.nii.gz",
        record=f"{AT_DWI}_space-acpc_desc-{{intervention}}disconnection_dwimap.json",
        measures=f"{AT_DWI}_desc-{{intervention}}disconnection_measures.tsv",
        png=f"{AT_DWI}_space-acpc_desc-{{intervention}}disconnection_dwimap.png",
    log:
        "logs/tracts/disconnection/{subject}_{session}_{intervention}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
    params:
        labels=lesion_labels,
        settings=OF_BUNDLES,
        code=code("tracts.disconnection"),
    message:
        "Tell what the lesion of {wildcards.intervention} cuts at {wildcards.session}"
    script:
        "../scripts/tracts/disconnection.py"


rule tracts_profiles:
    input:
        tractogram_file=f"{BUNDLES}bundles_tractogram.trx",
        sidecar=f"{BUNDLES}bundles_tractogram.json",
        fa=f"{AT_DWI}_model-tensor_param-fa_dwimap.nii.gz",
        md=f"{AT_DWI}_model-tensor_param-md_dwimap.nii.gz",
        to_acpc=f"{AT_VISIT}_from-dwi_to-acpc_mode-image_xfm.txt",
    output:
        table=f"{AT_DWI}_space-acpc_desc-profiles_tracts.tsv",
        record=f"{AT_DWI}_space-acpc_desc-profiles_tracts.json",
        measures=f"{AT_DWI}_desc-profiles_measures.tsv",
        png=f"{AT_DWI}_space-acpc_desc-profiles_tracts.png",
    log:
        "logs/tracts/profiles/{subject}_{session}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 1500 * attempt,
    params:
        labels=visit_labels,
        settings=OF_BUNDLES,
        code=code("tracts.profiles"),
    message:
        "Follow FA and MD along the bundles of sub-{wildcards.subject} at {wildcards.session}"
    script:
        "../scripts/tracts/profiles.py"


rule tracts_connectome:
    input:
        dwi=lambda w: at_tracts(w, f"{AT_DWI}_desc-preproc_dwi.nii.gz"),
        bval=lambda w: at_tracts(w, f"{AT_DWI}_desc-preproc_dwi.bval"),
        bvec=lambda w: at_tracts(w, f"{AT_DWI}_desc-preproc_dwi.bvec"),
        brain=lambda w: at_tracts(w, f"{AT_DWI}_desc-brain_mask.nii.gz"),
        fa=lambda w: at_tracts(w, f"{AT_DWI}_model-tensor_param-fa_dwimap.nii.gz"),
        tensor=lambda w: at_tracts(
            w, f"{AT_DWI}_model-tensor_param-tensor_dwimap.nii.gz"
        ),
        to_acpc=lambda w: at_tracts(
            w, f"{AT_VISIT}_from-dwi_to-acpc_mode-image_xfm.txt"
        ),
        csf=f"{ACPC}_label-CSF_probseg.nii.gz",
        white=f"{ACPC}_label-WM_probseg.nii.gz",
        grey=f"{ACPC}_label-GM_probseg.nii.gz",
        from_mni=f"sub-{{subject}}/anat/sub-{{subject}}_from-{TEMPLATE}_to-acpc_mode-image_xfm.nii.gz",
        to_other=TO_OTHER,
        t1w=f"{ACPC}_desc-preproc_T1w.nii.gz",
        mask=f"{ACPC}_desc-brain_mask.nii.gz",
    output:
        tractogram_file=f"{BUNDLES}wholebrain_tractogram.trx",
        resampled=f"{BUNDLES}wholebrainresampled_tractogram.trx",
        dseg=f"{BUNDLES}connectome_dseg.nii.gz",
        matrix=f"{BUNDLES}connectome_relmat.tsv",
        sidecar=f"{BUNDLES}connectome_relmat.json",
        png=f"{BUNDLES}connectome_relmat.png",
    log:
        "logs/tracts/connectome/{subject}.log",
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
    params:
        atlases=ATLASES["atlases"],
        table=config["diffusion"]["table"],
        settings=config["tracts"],
        template_name=TEMPLATE,
        code=code("tracts.connectome"),
    message:
        "Track the whole brain of sub-{wildcards.subject}, and count streamlines between parcels"
    script:
        "../scripts/tracts/connectome.py"


rule tracts_disconnectome:
    input:
        tractogram_file=f"{BUNDLES}wholebrain_tractogram.trx",
        resampled=f"{BUNDLES}wholebrainresampled_tractogram.trx",
        dseg=f"{BUNDLES}connectome_dseg.nii.gz",
        sidecar=f"{BUNDLES}connectome_relmat.json",
        probseg=f"{LESION}_label-lesion_desc-{{intervention}}_probseg.nii.gz",
        lesion=f"{LESION}_desc-{{intervention}}_lesion.json",
        from_acpc=f"sub-{{subject}}/anat/sub-{{subject}}_from-acpc_to-{TEMPLATE}_mode-image_xfm.nii.gz",
        t1w=f"{ACPC}_desc-preproc_T1w.nii.gz",
        mask=f"{ACPC}_desc-brain_mask.nii.gz",
    output:
        matrix=f"{LOST}_relmat.tsv",
        connections=f"{LOST}_connections.tsv",
        lost_map=f"{LOST}_dwimap.nii.gz",
        in_template=f"{AT_DWI}_space-{TEMPLATE}_desc-{{intervention}}disconnectome_dwimap.nii.gz",
        record=f"{LOST}_relmat.json",
        measures=f"{AT_DWI}_desc-{{intervention}}disconnectome_measures.tsv",
        png=f"{LOST}_relmat.png",
    log:
        "logs/tracts/disconnectome/{subject}_{session}_{intervention}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
    params:
        labels=lesion_labels,
        settings=config["tracts"],
        code=code("tracts.disconnectome"),
    message:
        "Tell which connections the lesion of {wildcards.intervention} cuts at {wildcards.session}"
    script:
        "../scripts/tracts/disconnectome.py"


rule tracts_normative:
    input:
        probseg=f"{LESION}_label-lesion_desc-{{intervention}}_probseg.nii.gz",
        lesion=f"{LESION}_desc-{{intervention}}_lesion.json",
        from_acpc=f"sub-{{subject}}/anat/sub-{{subject}}_from-acpc_to-{TEMPLATE}_mode-image_xfm.nii.gz",
        to_other=TO_OTHER,
        t1w=f"{ACPC}_desc-preproc_T1w.nii.gz",
        mask=f"{ACPC}_desc-brain_mask.nii.gz",
    output:
        matrix=f"{NORMATIVE}_relmat.tsv",
        connections=f"{NORMATIVE}_connections.tsv",
        lost_map=f"{NORMATIVE}_dwimap.nii.gz",
        record=f"{NORMATIVE}_relmat.json",
        measures=f"{AT_DWI}_desc-{{intervention}}normative_measures.tsv",
        png=f"{NORMATIVE}_relmat.png",
    log:
        "logs/tracts/normative/{subject}_{session}_{intervention}.log",
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
    params:
        tractogram_file=config["tracts"]["connectome"]["normative"]["tractogram"],
        atlases=ATLASES["atlases"],
        labels=lesion_labels,
        settings=config["tracts"],
        template_name=TEMPLATE,
        scan=lambda w: normative_stamp(),
        code=code("tracts.normative"),
    message:
        "Tell what the lesion at {wildcards.session} cuts of the normative tractogram"
    script:
        "../scripts/tracts/normative.py"
