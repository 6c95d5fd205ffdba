using Isthmus.Studies.BottleneckBlocks;
using Isthmus.Studies.ConceptBottleneck;
using Isthmus.Studies.InformationMeasurement;
using Isthmus.Studies.InformationTheory;
using Isthmus.Studies.NeuralCodec;
using Isthmus.Studies.SparseDictionary;
using Isthmus.Studies.TextBottleneck;
using Isthmus.Studies.VectorQuantization;

namespace Isthmus.Studies;

/// <summary>The studies that there are.</summary>
public static class StudyIndex
{
    /// <summary>One line a study, in the order of slugs.</summary>
    public static IReadOnlyList<Study> All { get; } =
    [
        new AdaptiveMiEstimatorsStudy(),
        new BsqStudy(),
        new CbmConceptMetricsStudy(),
        new CbmSemanticInputsStudy(),
        new CodebookFeaturesStudy(),
        new ConceptCentricTransformerStudy(),
        new CrammingMemVectorsStudy(),
        new DecoderSpectrumDefectsStudy(),
        new DiscreteKeyValueBottleneckStudy(),
        new DnCbmStudy(),
        new EnergyBasedCbmStudy(),
        new HourglassMlpStudy(),
        new IbGeneralizationBoundStudy(),
        new IbLossyCompressionStudy(),
        new IbqIndexBackpropStudy(),
        new InformationPlaneStudy(),
        new KnoboStudy(),
        new LaboStudy(),
        new LocalRankStudy(),
        new LvdProbCircuitsStudy(),
        new MecBStudy(),
        new MetaArvdmStudy(),
        new MonaDataSelectionStudy(),
        new MotifTemporalCbmStudy(),
        new NeucodecFsqStudy(),
        new NonlinearFeedbackCodeStudy(),
        new PcLosslessCodingStudy(),
        new PeebStudy(),
        new PostHocCbmStudy(),
        new PsaVlmStudy(),
        new RepresentationGeometryStudy(),
        new ReversibleMbconvUnetStudy(),
        new RnnSearchStudy(),
        new RobustMedicalCbmStudy(),
        new RotationTrickStudy(),
        new RvqBeamEncodingStudy(),
        new SimvqStudy(),
        new SingleLevelVqStudy(),
        new SlCbmStudy(),
        new SparseCbmGumbelStudy(),
        new SslInformationReviewStudy(),
        new TfTtiXmedStudy(),
        new TopkSaeStudy(),
        new UnitokStudy(),
        new VInfoFeatureComplexityStudy(),
        new V2cCbmStudy(),
        new VpVaeStudy(),
        new VqganLcStudy(),
        new WetokGroupLfqStudy(),
    ];

    /// <summary>The study of that slug; null where it is not written yet.</summary>
    public static Study? Find(string slug) => All.FirstOrDefault(s => s.Slug == slug);
}
