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
        Reference(
            "Sladky 2011",
            "Sladky R et al. Slice-timing effects and their correction in functional MRI. "
            "NeuroImage 2011; 58: 588–594.",
            "10.1016/j.neuroimage.2011.06.078",
        ),
        Reference(
            "Baker 2004",
            "Baker S, Matthews I. Lucas-Kanade 20 years on: a unifying framework. Int J "
            "Comput Vis 2004; 56: 221–255.",
            "10.1023/B:VISI.0000011205.11775.fd",
        ),
        Reference(
            "Power 2012",
            "Power JD et al. Spurious but systematic correlations in functional "
            "connectivity MRI networks arise from subject motion. NeuroImage 2012; 59: "
            "2142–2154.",
            "10.1016/j.neuroimage.2011.10.018",
        ),
        Reference(
            "Friston 1996",
            "Friston KJ et al. Movement-related effects in fMRI time-series. Magn Reson Med"
            " 1996; 35: 346–355.",
            "10.1002/mrm.1910350312",
        ),
        Reference(
            "Behzadi 2007",
            "Behzadi Y et al. A component based noise correction method (CompCor) for BOLD "
            "and perfusion based fMRI. NeuroImage 2007; 37: 90–101.",
            "10.1016/j.neuroimage.2007.04.042",
        ),
        Reference(
            "Nichols 2017",
            "Nichols TE. Notes on creating a standardized version of DVARS. arXiv 2017 (written "
            "2013).",
            "10.48550/arXiv.1704.01469",
        ),
        Reference(
            "Lindquist 2019",
            "Lindquist MA et al. Modular preprocessing pipelines can reintroduce artifacts "
            "into fMRI data. Hum Brain Mapp 2019; 40: 2358–2376.",
            "10.1002/hbm.24528",
        ),
        Reference(
            "Ciric 2017",
            "Ciric R et al. Benchmarking of participant-level confound regression "
            "strategies for the control of motion artifact in studies of functional "
            "connectivity. NeuroImage 2017; 154: 174–187.",
            "10.1016/j.neuroimage.2017.03.020",
        ),
        Reference(
            "Zang 2007",
            "Zang YF et al. Altered baseline brain activity in children with ADHD revealed "
            "by resting-state functional MRI. Brain Dev 2007; 29: 83–91.",
            "10.1016/j.braindev.2006.07.002",
        ),
        Reference(
            "Zou 2008",
            "Zou QH et al. An improved approach to detection of amplitude of low-frequency "
            "fluctuation (ALFF) for resting-state fMRI: fractional ALFF. J Neurosci Methods"
            " 2008; 172: 137–141.",
            "10.1016/j.jneumeth.2008.04.012",
        ),
        Reference(
            "Zang 2004",
            "Zang Y et al. Regional homogeneity approach to fMRI data analysis. NeuroImage "
            "2004; 22: 394–400.",
            "10.1016/j.neuroimage.2003.12.030",
        ),
        Reference(
            "Ledoit 2004",
            "Ledoit O, Wolf M. A well-conditioned estimator for large-dimensional "
            "covariance matrices. J Multivar Anal 2004; 88: 365–411.",
            "10.1016/S0047-259X(03)00096-4",
        ),
        Reference(
            "Power 2011",
            "Power JD et al. Functional network organization of the human brain. Neuron "
            "2011; 72: 665–678.",
            "10.1016/j.neuron.2011.09.006",
        ),
        Reference(
            "Dosenbach 2010",
            "Dosenbach NU et al. Prediction of individual brain maturity using fMRI. "
            "Science 2010; 329: 1358–1361.",
            "10.1126/science.1194144",
        ),
        Reference(
            "Siegel 2016",
            "Siegel JS et al. The effects of hemodynamic lag on functional connectivity and"
            " behavior after stroke. J Cereb Blood Flow Metab 2016; 36: 2162–2176.",
            "10.1177/0271678X15614846",
        ),
        Reference(
            "Gorgolewski 2011",
            "Gorgolewski K et al. Nipype: a flexible, lightweight and extensible neuroimaging data "
            "processing framework in Python. Front Neuroinform 2011; 5: 13.",
            "10.3389/fninf.2011.00013",
        ),
        Reference(
            "Boes 2015",
            "Boes AD et al. Network localization of neurological symptoms from focal brain "
            "lesions. Brain 2015; 138: 3061–3075.",
            "10.1093/brain/awv228",
        ),
        Reference(
            "Alsop 2015",
            "Alsop DC et al. Recommended implementation of arterial spin-labeled perfusion MRI "
            "for clinical applications. Magn Reson Med 2015; 73: 102–116.",
            "10.1002/mrm.25197",
        ),
        Reference(
            "Buxton 1998",
            "Buxton RB et al. A general kinetic model for quantitative perfusion imaging with "
            "arterial spin labeling. Magn Reson Med 1998; 40: 383–396.",
            "10.1002/mrm.1910400308",
        ),
        Reference(
            "Dolui 2017",
            "Dolui S et al. Structural correlation-based outlier rejection (SCORE) algorithm for "
            "arterial spin labeling time series. J Magn Reson Imaging 2017; 45: 1786–1797.",
            "10.1002/jmri.25436",
        ),
        Reference(
            "Asllani 2008",
            "Asllani I, Borogovac A, Brown TR. Regression algorithm correcting for partial volume "
            "effects in arterial spin labeling MRI. Magn Reson Med 2008; 60: 1362–1371.",
            "10.1002/mrm.21670",
        ),
        Reference(
            "Dolui 2024",
            "Dolui S et al. Automated quality evaluation index for arterial spin labeling derived "
            "cerebral blood flow maps. J Magn Reson Imaging 2024; 60: 2497–2508.",
            "10.1002/jmri.29308",
        ),
        Reference(
            "Mutsaerts 2017",
            "Mutsaerts HJMM et al. The spatial coefficient of variation in arterial spin labeling "
            "cerebral blood flow images. J Cereb Blood Flow Metab 2017; 37: 3184–3192.",
            "10.1177/0271678X16683690",
        ),
    )
}
