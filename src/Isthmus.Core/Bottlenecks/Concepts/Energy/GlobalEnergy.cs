using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// −E(c, y): single concepts and classes, pairs of concepts, pairs of a concept and the class, and hidden units that couple any number of them, each
/// adding softplus(a c + r y + d), the free energy of a restricted Boltzmann machine's unit (Smolensky 1986; Larochelle and Bengio 2008).
/// Concepts are columns as <see cref="ConceptSpace.Encode(Tensor)"/> gives them.
/// </summary>
internal sealed class GlobalEnergy : Module
{
    // What never happens needs energies of many nats, which a step size that suits an encoder would take too many steps to reach.
    private const float Gain = 8;
    private readonly Tensor _above; // 1 where the column's concept comes before the row's
    private readonly Tensor _pairs, _classes, _conceptBias, _classBias;
    private readonly Tensor? _hiddenConcepts, _hiddenClasses, _hiddenBias;

    public GlobalEnergy(ConceptSpace space, int classes, int hidden, RandomStream random)
    {
        _above = Tensor.Zeros(space.Width, space.Width);
        for (var a = 0; a < space.Width; a++)
            for (var b = 0; b < space.Width; b++) _above.Data[(a * space.Width) + b] = space.ConceptOf(b) < space.ConceptOf(a) ? 1 : 0;
        _pairs = AddParameter("pairs", Tensor.Zeros(space.Width, space.Width));
        _classes = AddParameter("classes", Tensor.Zeros(space.Width, classes));
        _conceptBias = AddParameter("concept_bias", Tensor.Zeros(space.Width));
        _classBias = AddParameter("class_bias", Tensor.Zeros(classes));
        if (hidden == 0) return;
        _hiddenConcepts = AddParameter("hidden_concepts", Tensor.Randn(random.Fork("hidden_concepts"), space.Width, hidden) * (0.3f / Gain));
        _hiddenClasses = AddParameter("hidden_classes", Tensor.Randn(random.Fork("hidden_classes"), classes, hidden) * (0.3f / Gain));
        _hiddenBias = AddParameter("hidden_bias", Tensor.Full([hidden], -1f / Gain));
    }

    /// <summary>How many hidden units.</summary>
    public int Hidden => _hiddenBias?.Size(0) ?? 0;

    /// <summary>Of a concept's column and a class, [width, classes].</summary>
    public Tensor Classes => _classes * Gain;

    /// <summary>Of a column alone, [width].</summary>
    public Tensor ConceptBias => _conceptBias * Gain;

    /// <summary>Of a class alone, [classes].</summary>
    public Tensor ClassBias => _classBias * Gain;

    /// <summary>What a column adds to the hidden units, [width, hidden]; null without any.</summary>
    public Tensor? HiddenConcepts => _hiddenConcepts is null ? null : _hiddenConcepts * Gain;

    /// <summary>What a class adds to the hidden units, their bias with it, [classes, hidden]; null without any.</summary>
    public Tensor? HiddenClasses => _hiddenClasses is null ? null : (_hiddenClasses + _hiddenBias!) * Gain;

    /// <summary>Of two columns, symmetric, [width, width], 0 between columns of one concept.</summary>
    public Tensor Couplings()
    {
        var lower = Lower();
        return lower + lower.Transpose();
    }

    /// <summary>What each column adds where it is 1, given the columns of other concepts, [states, width].</summary>
    public Tensor Field(Tensor columns) => columns.MatMul(Couplings()) + ConceptBias;

    /// <summary>The part that does not depend on the class, [states].</summary>
    /// <param name="columns">[states, width].</param>
    public Tensor OfConcepts(Tensor columns) => ((columns.MatMul(Lower()) + ConceptBias) * columns).Sum(1);

    /// <summary>The part that does, [states, classes].</summary>
    public Tensor OfClasses(Tensor columns)
    {
        var pairs = columns.MatMul(Classes) + ClassBias;
        if (HiddenConcepts is not { } concepts || HiddenClasses is not { } classes) return pairs;
        var units = columns.MatMul(concepts).Reshape(columns.Size(0), 1, Hidden) + classes.Reshape(1, classes.Size(0), Hidden);
        return pairs + units.Softplus().Sum(2);
    }

    private Tensor Lower() => _pairs * _above * Gain;
}
