using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>Where an intervention stands: what has been asked in each row, and what the model says with it. Policies read it.</summary>
public sealed class InterventionState
{
    private readonly float[] _values, _known;
    private readonly float[] _offered;
    private readonly bool[] _asked;
    private readonly int _width;
    private float[] _beliefs = [];
    private double[][] _answers = [];

    internal InterventionState(InterventionCase on, InterventionUnits units, Tensor offered, ConceptValues? put = null)
    {
        (Case, Units, Rows) = (on, units, on.Model.Rows);
        _width = on.Model.Space.Width;
        if (offered.Dim != 2 || offered.Size(0) != Rows || offered.Size(1) != _width)
            throw new ArgumentException($"intervention: values of [{Rows}, {_width}] are expected, not {offered}");
        _offered = offered.ToArray();
        _values = put?.Values.ToArray() ?? new float[Rows * _width];
        _known = put?.Known.ToArray() ?? new float[Rows * on.Model.Space.Count];
        _asked = new bool[Rows * units.Count];
        Edited = put is not null && _known.Any(v => v != 0);
        Refresh();
    }

    /// <summary>The rows.</summary>
    public InterventionCase Case { get; }

    /// <summary>The questions.</summary>
    public InterventionUnits Units { get; }

    /// <summary>How many rows.</summary>
    public int Rows { get; }

    /// <summary>Whether anything has been put in any row.</summary>
    public bool Edited { get; private set; }

    /// <summary>What has been put; null for nothing.</summary>
    public ConceptValues? Put => Edited ? Made(_values, _known) : null;

    /// <summary>What the model believes of a concept with what has been put, encoded.</summary>
    public ReadOnlySpan<float> Belief(int row, int concept) => Columns(_beliefs, row, concept);

    /// <summary>What would be put if the concept were asked, encoded; NaN where nothing can be said.</summary>
    public ReadOnlySpan<float> Offered(int row, int concept) => Columns(_offered, row, concept);

    /// <summary>The answers with what has been put: probabilities of classes, or numbers.</summary>
    public ReadOnlySpan<double> Answer(int row) => _answers[row];

    /// <summary>Whether a concept's value has been put.</summary>
    public bool IsPut(int row, int concept) => _known[(row * Case.Model.Space.Count) + concept] != 0;

    /// <summary>The known deviation of the model's errors in a continuous concept; 1, the concept's own, where none is known.</summary>
    public double Deviation(int concept) => Case.Deviations?[concept] ?? 1;

    /// <summary>Whether a question is open: not asked yet, and something can be said about one of its concepts at least.</summary>
    public bool CanAsk(int row, int unit)
    {
        if (_asked[(row * Units.Count) + unit]) return false;
        foreach (var concept in Units[unit].Concepts)
            if (!IsPut(row, concept) && CanSay(row, concept)) return true;
        return false;
    }

    /// <summary>The answers of all rows if one concept were put besides what has been put.</summary>
    /// <param name="concept">Its position.</param>
    /// <param name="fill">Writes, for a row, what would be put: [Width of the concept].</param>
    public double[][] AnswersIf(int concept, ConceptFill fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        var (values, known) = ((float[])_values.Clone(), (float[])_known.Clone());
        for (var row = 0; row < Rows; row++)
        {
            if (IsPut(row, concept)) continue;
            fill(row, MutableColumns(values, row, concept));
            known[(row * Case.Model.Space.Count) + concept] = 1;
        }
        return Answered(values, known);
    }

    /// <summary>The answers of all rows if a question were asked besides: with the values that would be put.</summary>
    public double[][] AnswersIfAsked(int unit)
    {
        var (values, known) = ((float[])_values.Clone(), (float[])_known.Clone());
        for (var row = 0; row < Rows; row++) Ask(row, unit, values, known);
        return Answered(values, known);
    }

    /// <summary>Puts a question in some rows, and asks the model again.</summary>
    /// <param name="units">[rows], −1 for none.</param>
    internal void Ask(ReadOnlySpan<int> units)
    {
        for (var row = 0; row < units.Length; row++)
        {
            if (units[row] < 0) continue;
            Ask(row, units[row], _values, _known);
            _asked[(row * Units.Count) + units[row]] = true;
            Edited = true;
        }
        Refresh();
    }

    /// <summary>What the model believes now, with a gradient wanted: all concepts put at what is believed.</summary>
    internal ConceptValues Relaxed()
    {
        var known = new float[_known.Length];
        Array.Fill(known, 1);
        return Made(_beliefs, known);
    }

    private void Ask(int row, int unit, float[] values, float[] known)
    {
        foreach (var concept in Units[unit].Concepts)
        {
            if (IsPut(row, concept) || !CanSay(row, concept)) continue;
            Offered(row, concept).CopyTo(MutableColumns(values, row, concept));
            known[(row * Case.Model.Space.Count) + concept] = 1;
        }
    }

    private bool CanSay(int row, int concept)
    {
        foreach (var v in Offered(row, concept))
            if (float.IsNaN(v)) return false;
        return true;
    }

    private void Refresh()
    {
        using var scope = new TensorScope("intervention");
        using var noGrad = new NoGrad();
        var put = Put;
        _beliefs = Case.Model.Beliefs(put).ToArray();
        if (_beliefs.Length != Rows * _width)
            throw new InvalidOperationException($"intervention: the model's beliefs are [{Rows}, {_width}], and {_beliefs.Length} numbers came");
        _answers = Split(Case.Model.Answers(put));
    }

    private double[][] Answered(float[] values, float[] known)
    {
        using var scope = new TensorScope("intervention");
        using var noGrad = new NoGrad();
        return Split(Case.Model.Answers(Made(values, known)));
    }

    private double[][] Split(Tensor answers)
    {
        if (answers.Dim != 2 || answers.Size(0) != Rows) throw new InvalidOperationException($"intervention: answers of [{Rows}, outputs] are expected, not {answers}");
        var rows = new double[Rows][];
        for (var i = 0; i < rows.Length; i++) rows[i] = Case.Target.Row(answers, i);
        return rows;
    }

    private ConceptValues Made(float[] values, float[] known) =>
        new(Tensor.From(values, Rows, _width), Tensor.From(known, Rows, Case.Model.Space.Count));

    private ReadOnlySpan<float> Columns(float[] of, int row, int concept) => MutableColumns(of, row, concept);

    private Span<float> MutableColumns(float[] of, int row, int concept)
    {
        var space = Case.Model.Space;
        return of.AsSpan((row * _width) + space.Offset(concept), space.Axes[concept].Width);
    }
}

/// <summary>Writes what would be put in a row's concept.</summary>
/// <param name="row">The row.</param>
/// <param name="columns">[Width of the concept].</param>
public delegate void ConceptFill(int row, Span<float> columns);
