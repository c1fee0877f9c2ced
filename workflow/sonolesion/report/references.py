"""The publications that the methods text cites."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """A publication, with its DOI where that was checked."""

    key: str
    text: str
    doi: str = ""


REFERENCES = {
    item.key: item
    for item in (
        Reference(
            "Gorgolewski 2016",
            "Gorgolewski KJ et al. The brain imaging data structure, a format for organizing and "
            "describing outputs of neuroimaging experiments. Sci Data 2016; 3: 160044.",
            "10.1038/sdata.2016.44",
        ),
        Reference(
            "Mölder 2021",
            "Mölder F et al. Sustainable data analysis with Snakemake. F1000Research 2021; 10: 33.",
            "10.12688/f1000research.29032.2",
        ),
        Reference(
            "Tustison 2010",
            "Tustison NJ et al. N4ITK: improved N3 bias correction. "
            "IEEE Trans Med Imaging 2010; 29: 1310–1320.",
            "10.1109/TMI.2010.2046908",
        ),
        Reference(
            "Lowekamp 2013",
            "Lowekamp BC et al. The design of SimpleITK. Front Neuroinform 2013; 7: 45.",
            "10.3389/fninf.2013.00045",
        ),
        Reference(
            "Yushkevich 2016",
            "Yushkevich PA et al. Fast automatic segmentation of hippocampal subfields and medial "
            "temporal lobe subregions in 3 Tesla and 7 Tesla T2-weighted MRI. "
            "Alzheimers Dement 2016; 12: P126–P127.",
            "10.1016/j.jalz.2016.06.205",
        ),
        Reference(
            "Fonov 2009",
            "Fonov VS et al. Unbiased nonlinear average age-appropriate brain templates from "
            "birth to adulthood. NeuroImage 2009; 47: S102.",
            "10.1016/S1053-8119(09)70884-5",
        ),
        Reference(
            "Wintermark 2014",
            "Wintermark M et al. Imaging findings in MR imaging-guided focused ultrasound "
            "treatment for patients with essential tremor. AJNR 2014; 35: 891–896. PMID 24371027.",
        ),
        Reference(
            "Keil 2020",
            "Keil VC et al. MRI follow-up after magnetic resonance-guided focused ultrasound for "
            "non-invasive thalamotomy. Neuroradiology 2020; 62: 1111–1122.",
            "10.1007/s00234-020-02433-9",
        ),
        Reference(
            "Harris 2020",
            "Harris CR et al. Array programming with NumPy. Nature 2020; 585: 357–362.",
            "10.1038/s41586-020-2649-2",
        ),
        Reference(
            "Virtanen 2020",
            "Virtanen P et al. SciPy 1.0: fundamental algorithms for scientific computing in "
            "Python. Nat Methods 2020; 17: 261–272.",
            "10.1038/s41592-019-0686-2",
        ),
        Reference(
            "van der Walt 2014",
            "van der Walt S et al. scikit-image: image processing in Python. PeerJ 2014; 2: e453.",
            "10.7717/peerj.453",
        ),
        Reference(
            "Lau 2019",
            "Lau JC et al. A framework for evaluating correspondence between brain images using "
            "anatomical fiducials. Hum Brain Mapp 2019; 40: 4163–4179.",
            "10.1002/hbm.24693",
        ),
        Reference(
            "Grabner 2006",
            "Grabner G et al. Symmetric atlasing and model based segmentation: an application to "
            "the hippocampus in older adults. MICCAI 2006, LNCS 4191: 58–66.",
            "10.1007/11866763_8",
        ),
        Reference(
            "Stejskal 1965",
            "Stejskal EO, Tanner JE. Spin diffusion measurements: spin echoes in the presence of "
            "a time-dependent field gradient. J Chem Phys 1965; 42: 288–292.",
            "10.1063/1.1695690",
        ),
        Reference(
            "Basser 1994",
            "Basser PJ, Mattiello J, Le Bihan D. Estimation of the effective self-diffusion "
            "tensor from the NMR spin echo. J Magn Reson B 1994; 103: 247–254.",
            "10.1006/jmrb.1994.1037",
        ),
        Reference(
            "Gudbjartsson 1995",
            "Gudbjartsson H, Patz S. The Rician distribution of noisy MRI data. "
            "Magn Reson Med 1995; 34: 910–914.",
            "10.1002/mrm.1910340618",
        ),
        Reference(
            "Koay 2006",
            "Koay CG, Basser PJ. Analytically exact correction scheme for signal extraction from "
            "noisy magnitude MR signals. J Magn Reson 2006; 179: 317–322.",
            "10.1016/j.jmr.2006.01.016",
        ),
        Reference(
            "Salvador 2005",
            "Salvador R et al. Formal characterization and extension of the linearized diffusion "
            "tensor model. Hum Brain Mapp 2005; 24: 144–155.",
            "10.1002/hbm.20076",
        ),
        Reference(
            "Beaton 1974",
            "Beaton AE, Tukey JW. The fitting of power series, meaning polynomials, illustrated "
            "on band-spectroscopic data. Technometrics 1974; 16: 147–185.",
            "10.1080/00401706.1974.10489171",
        ),
        Reference(
            "Kass 1995",
            "Kass RE, Raftery AE. Bayes factors. J Am Stat Assoc 1995; 90: 773–795.",
            "10.1080/01621459.1995.10476572",
        ),
        Reference(
            "Cotter 2013",
            "Cotter SL et al. MCMC methods for functions: modifying old algorithms to make them "
            "faster. Stat Sci 2013; 28: 424–446.",
            "10.1214/13-STS421",
        ),
        Reference(
            "Zwanenburg 2020",
            "Zwanenburg A et al. The image biomarker standardization initiative: standardized "
            "quantitative radiomics for high-throughput image-based phenotyping. "
            "Radiology 2020; 295: 328–338.",
            "10.1148/radiol.2020191145",
        ),
        Reference(
            "Zhang 2009",
            "Zhang H, Nichols TE, Johnson TD. Cluster mass inference via random field theory. "
            "NeuroImage 2009; 44: 51–61.",
            "10.1016/j.neuroimage.2008.08.017",
        ),
        Reference(
            "Dice 1945",
            "Dice LR. Measures of the amount of ecologic association between species. "
            "Ecology 1945; 26: 297–302.",
            "10.2307/1932409",
        ),
        Reference(
            "Nikolov 2021",
            "Nikolov S et al. Clinically applicable segmentation of head and neck anatomy for "
            "radiotherapy: deep learning algorithm development and validation study. "
            "J Med Internet Res 2021; 23: e26151.",
            "10.2196/26151",
        ),
        Reference(
            "Schilling 2019",
            "Schilling KG et al. A fiber coherence index for quality control of B-table "
            "orientation in diffusion MRI scans. Magn Reson Imaging 2019; 58: 82–89.",
            "10.1016/j.mri.2019.01.018",
        ),
        Reference(
            "Veraart 2016",
            "Veraart J et al. Diffusion MRI noise mapping using random matrix theory. Magn "
            "Reson Med 2016; 76: 1582–1593.",
            "10.1002/mrm.26059",
        ),
        Reference(
            "Kellner 2016",
            "Kellner E et al. Gibbs-ringing artifact removal based on local subvoxel- "
            "shifts. Magn Reson Med 2016; 76: 1574–1581.",
            "10.1002/mrm.26054",
        ),
        Reference(
            "Andersson 2016",
            "Andersson JLR, Sotiropoulos SN. An integrated approach to correction for off- "
            "resonance effects and subject movement in diffusion MR imaging. NeuroImage "
            "2016; 125: 1063–1078.",
            "10.1016/j.neuroimage.2015.10.019",
        ),
        Reference(
            "Ruthotto 2012",
            "Ruthotto L et al. Diffeomorphic susceptibility artifact correction of "
            "diffusion-weighted magnetic resonance images. Phys Med Biol 2012; 57: "
            "5715–5731.",
            "10.1088/0031-9155/57/18/5715",
        ),
        Reference(
            "Leemans 2009",
            "Leemans A, Jones DK. The B-matrix must be rotated when correcting for subject "
            "motion in DTI data. Magn Reson Med 2009; 61: 1336–1349.",
            "10.1002/mrm.21890",
        ),
        Reference(
            "Veraart 2013",
            "Veraart J et al. Weighted linear least squares estimation of diffusion MRI "
            "parameters: strengths, limitations, and pitfalls. NeuroImage 2013; 81: "
            "335–346.",
            "10.1016/j.neuroimage.2013.05.028",
        ),
        Reference(
            "Pasternak 2009",
            "Pasternak O et al. Free water elimination and mapping from diffusion MRI. Magn "
            "Reson Med 2009; 62: 717–730.",
            "10.1002/mrm.22055",
        ),
        Reference(
            "Tournier 2007",
            "Tournier JD, Calamante F, Connelly A. Robust determination of the fibre "
            "orientation distribution in diffusion MRI: non-negativity constrained super- "
            "resolved spherical deconvolution. NeuroImage 2007; 35: 1459–1472.",
            "10.1016/j.neuroimage.2007.02.016",
        ),
        Reference(
            "Garyfallidis 2014",
            "Garyfallidis E et al. Dipy, a library for the analysis of diffusion MRI data. "
            "Front Neuroinform 2014; 8: 8.",
            "10.3389/fninf.2014.00008",
        ),
        Reference(
            "Whitcher 2008",
            "Whitcher B et al. Using the wild bootstrap to quantify uncertainty in "
            "diffusion tensor imaging. Hum Brain Mapp 2008; 29: 346–362.",
            "10.1002/hbm.20395",
        ),
        Reference(
            "Yeatman 2012",
            "Yeatman JD et al. Tract profiles of white matter properties: automating fiber- "
            "tract quantification. PLoS ONE 2012; 7: e49790.",
            "10.1371/journal.pone.0049790",
        ),
    )
}
