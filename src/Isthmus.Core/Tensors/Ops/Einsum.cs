namespace Isthmus.Tensors;

public sealed partial class Tensor
{
    /// <summary>
    /// Einstein's summation, as <c>torch.einsum</c>: letters name dimensions, equal letters run together, and letters that the
    /// result does not name are summed. Operands are joined from left to right, each time by one batched matrix product.
    /// </summary>
    /// <param name="equation">As <c>"bij,bjk->bik"</c>; without an arrow the result has the letters that stand once, in
    /// alphabetical order. A letter twice in one operand takes its diagonal. An ellipsis stands for the dimensions that no letter names,
    /// of the same sizes in all operands that have one (the last ones, where one has fewer); without an arrow they come first.</param>
    /// <param name="operands">One a part of the left side.</param>
    /// <exception cref="ArgumentException">The equation cannot be read, or does not fit the shapes.</exception>
    public static Tensor Einsum(string equation, params ReadOnlySpan<Tensor> operands)
    {
        ArgumentNullException.ThrowIfNull(equation);
        var (inputs, output) = ParseEinsum(equation, operands);
        var terms = new List<(Tensor X, string Labels)>();
        for (var i = 0; i < operands.Length; i++) terms.Add(Diagonals(operands[i], inputs[i]));
        while (terms.Count > 1)
        {
            var needed = output + string.Concat(terms.Skip(2).Select(t => t.Labels));
            terms[1] = Contract(terms[0], terms[1], needed);
            terms.RemoveAt(0);
        }
        var (x, labels) = SumAway(terms[0], output);
        return Ordered(x, labels, output);
    }

    private static (string[] Inputs, string Output) ParseEinsum(string equation, ReadOnlySpan<Tensor> operands)
    {
        var text = equation.Replace(" ", "", StringComparison.Ordinal);
        var sides = text.Split("->");
        if (sides.Length > 2) throw Wrong("there is more than one arrow");
        var inputs = sides[0].Split(',');
        if (text.Contains("...", StringComparison.Ordinal)) (inputs, sides) = NameEllipses(inputs, sides, operands);
        text = string.Join("->", [string.Join(',', inputs), .. sides[1..]]);
        if (text.Replace("->", "", StringComparison.Ordinal).Any(c => !char.IsAsciiLetter(c) && c != ',')) throw Wrong("dimensions are named by the letters a-z and A-Z, operands are separated by commas");
        if (operands.Length == 0 || inputs.Length != operands.Length) throw Wrong($"it names {inputs.Length} operands, and {operands.Length} were given");
        var sizes = new Dictionary<char, int>();
        for (var i = 0; i < inputs.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(operands[i], nameof(operands));
            if (inputs[i].Length != operands[i].Dim) throw Wrong($"'{inputs[i]}' names {inputs[i].Length} dimensions, and operand {i} has the shape {Shapes.Text(operands[i]._shape)}");
            for (var d = 0; d < inputs[i].Length; d++)
                if (sizes.TryAdd(inputs[i][d], operands[i]._shape[d]) is false && sizes[inputs[i][d]] != operands[i]._shape[d])
                    throw Wrong($"'{inputs[i][d]}' is {sizes[inputs[i][d]]} and {operands[i]._shape[d]} long: operand {i} has the shape {Shapes.Text(operands[i]._shape)}");
        }
        var output = sides.Length == 2 ? sides[1] : string.Concat(inputs.SelectMany(s => s).GroupBy(c => c).Where(g => g.Count() == 1).Select(g => g.Key).Order());
        foreach (var c in output)
            if (!sizes.ContainsKey(c) || output.Count(o => o == c) > 1) throw Wrong($"'{c}' of the result must stand in an operand, and once in the result");
        return (inputs, output);

        ArgumentException Wrong(string what) => new($"einsum: \"{equation}\": {what}", nameof(equation));
    }

    // Every ellipsis replaced by letters that the equation does not use, the same from the right in every operand.
    private static (string[] Inputs, string[] Sides) NameEllipses(string[] inputs, string[] sides, ReadOnlySpan<Tensor> operands)
    {
        const string mark = "...";
        var free = string.Concat(Enumerable.Range(0, 26).SelectMany(i => new[] { (char)('a' + i), (char)('A' + i) }).Where(c => !sides.Any(s => s.Contains(c))));
        var longest = 0;
        var named = (string[])inputs.Clone();
        for (var i = 0; i < Math.Min(inputs.Length, operands.Length); i++)
        {
            if (!inputs[i].Contains(mark, StringComparison.Ordinal)) continue;
            var count = operands[i].Dim - (inputs[i].Length - mark.Length);
            if (count < 0 || count > free.Length) continue; // said by the check of the lengths
            longest = Math.Max(longest, count);
            named[i] = Replaced(inputs[i], free[..count]);
        }
        var all = string.Concat(free[..longest].Reverse());
        for (var i = 0; i < named.Length; i++)
            if (named[i] != inputs[i]) named[i] = Replaced(inputs[i], all[(longest - (operands[i].Dim - (inputs[i].Length - mark.Length)))..]);
        var once = string.Concat(inputs.SelectMany(s => s).Where(c => c != '.').GroupBy(c => c).Where(g => g.Count() == 1).Select(g => g.Key).Order());
        return (named, [sides[0], .. sides.Length > 1 ? sides[1..].Select(s => Replaced(s, all)) : [all + once]]);

        static string Replaced(string labels, string letters)
        {
            var at = labels.IndexOf(mark, StringComparison.Ordinal);
            return at < 0 ? labels : string.Concat(labels.AsSpan(0, at), letters, labels.AsSpan(at + mark.Length));
        }
    }

    // The diagonal over every letter that stands twice.
    private static (Tensor X, string Labels) Diagonals(Tensor x, string labels)
    {
        for (var d = 0; d < labels.Length; d++)
        {
            var e = labels.IndexOf(labels[d], d + 1);
            if (e < 0) continue;
            var order = Enumerable.Range(0, x.Dim).Where(i => i != d && i != e).Append(d).Append(e).ToArray();
            labels = labels.Remove(e, 1).Remove(d, 1) + labels[d];
            x = x.Permute(order).Diagonal();
            d = -1;
        }
        return (x, labels);
    }

    private static (Tensor X, string Labels) Contract((Tensor X, string Labels) left, (Tensor X, string Labels) right, string needed)
    {
        var (a, la) = SumAway(left, right.Labels + needed);
        var (b, lb) = SumAway(right, left.Labels + needed);
        var batch = Letters(la, c => lb.Contains(c) && needed.Contains(c));
        var summed = Letters(la, c => lb.Contains(c) && !needed.Contains(c));
        var (rows, columns) = (Letters(la, c => !lb.Contains(c)), Letters(lb, c => !la.Contains(c)));
        int Size(string letters) => checked((int)letters.Aggregate(1L, (n, c) => n * (la.Contains(c) ? a._shape[la.IndexOf(c)] : b._shape[lb.IndexOf(c)])));
        // Either operand may stay as it is with the summed dimensions first or last.
        var (transposeA, transposeB) = (la == batch + summed + rows, lb != batch + summed + columns);
        var x = transposeA ? a.Reshape(Size(batch), Size(summed), Size(rows)) : Ordered(a, la, batch + rows + summed).Reshape(Size(batch), Size(rows), Size(summed));
        var y = transposeB ? Ordered(b, lb, batch + columns + summed).Reshape(Size(batch), Size(columns), Size(summed)) : b.Reshape(Size(batch), Size(summed), Size(columns));
        var labels = batch + rows + columns;
        return (x.MatMul(y, transposeA, transposeB).Reshape([.. labels.Select(c => Size(c.ToString()))]), labels);
    }

    private static string Letters(string labels, Func<char, bool> wanted) => string.Concat(labels.Where(wanted));

    private static (Tensor X, string Labels) SumAway((Tensor X, string Labels) term, string needed)
    {
        int[] gone = [.. Enumerable.Range(0, term.Labels.Length).Where(d => !needed.Contains(term.Labels[d]))];
        return gone.Length == 0 ? term : (term.X.Sum(gone), Letters(term.Labels, needed.Contains));
    }

    private static Tensor Ordered(Tensor x, string labels, string wanted) =>
        labels == wanted ? x : x.Permute([.. wanted.Select(c => labels.IndexOf(c))]);
}
