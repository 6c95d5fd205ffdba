using Isthmus.Coding;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Applies edits to messages before they are restored. Changes take effect in their order; blocked codes are looked for once more at the
/// end, so that no force, swap or noise brings one back. Noise is drawn from a forked stream for each change: equal seeds, equal edits.
/// </summary>
public static class MessageEditor
{
    /// <summary>A message after an edit; the message itself, not a copy, after none.</summary>
    /// <param name="bottleneck">What made the message.</param>
    /// <param name="message">What passed.</param>
    /// <param name="edit">The changes.</param>
    /// <param name="random">For noise.</param>
    /// <param name="features">What the message was made from, so that a blocked code's stand-in is the encoder's next best; null where it
    /// is not known.</param>
    /// <exception cref="InputException">A name, code or row that is not there, or a value that its place cannot hold.</exception>
    public static Message Apply(Bottleneck bottleneck, Message message, Edit edit, RandomStream random, Features? features = null)
    {
        ArgumentNullException.ThrowIfNull(bottleneck);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(edit);
        ArgumentNullException.ThrowIfNull(random);
        if (edit.Changes.Count == 0) return message;
        var work = new Work(bottleneck, message, random, features);
        for (var i = 0; i < edit.Changes.Count; i++) work.Apply(edit.Changes[i], i);
        foreach (var change in edit.Changes.Where(c => c.Kind == EditKind.Block)) work.Apply(change, -1);
        return work.Message();
    }

    /// <summary>The decoder's input from a message; a message of the plain numbers of a <c>code</c> or <c>vector</c> is that input itself.</summary>
    /// <param name="bottleneck">What made the message.</param>
    /// <param name="message">The message.</param>
    /// <param name="like">An output of the same pass, for the shape.</param>
    public static Tensor Restore(Bottleneck bottleneck, Message message, Tensor like)
    {
        ArgumentNullException.ThrowIfNull(bottleneck);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(like);
        return message.Parts is [Floats { Name: "code" or "vector" } floats] ? floats.Values.Reshape(like.Shape) : bottleneck.Restore(message);
    }

    /// <summary>A pass after an edit: output, message, and the cost of the new message; the pass itself after none.</summary>
    /// <param name="bottleneck">What made the pass.</param>
    /// <param name="passage">The pass; its tensors must be alive.</param>
    /// <param name="edit">The changes.</param>
    /// <param name="random">For noise.</param>
    /// <param name="features">What passed.</param>
    public static Passage Apply(Bottleneck bottleneck, Passage passage, Edit edit, RandomStream random, Features? features = null)
    {
        ArgumentNullException.ThrowIfNull(passage);
        ArgumentNullException.ThrowIfNull(edit);
        if (edit.Changes.Count == 0) return passage;
        var message = Apply(bottleneck, passage.Message(), edit, random, features);
        return passage with { Output = Restore(bottleneck, message, passage.Output), Message = () => message, Rate = null, NoRate = "an edited message: its cost is what writing it takes" };
    }

    /// <summary>What writing one sample's message costs under the bottleneck's prior, a continuous code by its dithered levels; null
    /// where it has no finite cost, or none before its tables are fitted.</summary>
    /// <param name="bottleneck">What made the message.</param>
    /// <param name="message">The message of a batch.</param>
    /// <param name="row">The sample.</param>
    public static Bits? Cost(Bottleneck bottleneck, Message message, int row)
    {
        ArgumentNullException.ThrowIfNull(bottleneck);
        ArgumentNullException.ThrowIfNull(message);
        if (bottleneck.FrozenTables is null) return null;
        var one = message.Row(row);
        if (bottleneck is ContinuousBottleneck continuous && one.Parts is [Floats code]) one = continuous.ShippedAs(code.Values);
        if (one.Parts.Any(p => p is Floats)) return null;
        var meter = new CostMeter();
        bottleneck.Write(one, meter);
        return meter.Cost;
    }

    /// <summary>In how many entries each sample of two messages of one shape differs.</summary>
    /// <returns>[batch].</returns>
    public static int[] Differences(Bottleneck bottleneck, Message before, Message after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        int[]? counts = null;
        for (var p = 0; p < before.Parts.Count; p++)
        {
            var (a, b) = (EditedPart.Of(before.Parts[p], bottleneck), EditedPart.Of(after.Parts[p], bottleneck));
            counts ??= new int[a.Rows];
            for (var i = 0; i < a.Rows; i++)
                for (var j = 0; j < a.Width; j++)
                    if (!a[i, j].Equals(b[i, j])) counts[i]++;
        }
        return counts ?? [];
    }

    /// <summary>The entries in which a sample of two messages of one shape differs, with their values (NaN where absent).</summary>
    public static IEnumerable<(MessageEntry Entry, double Before, double After)> Changes(Bottleneck bottleneck, Message before, Message after, int row)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        for (var p = 0; p < before.Parts.Count; p++)
        {
            var (a, b) = (EditedPart.Of(before.Parts[p], bottleneck), EditedPart.Of(after.Parts[p], bottleneck));
            for (var j = 0; j < a.Width; j++)
                if (!a[row, j].Equals(b[row, j])) yield return (new MessageEntry(p, j), a[row, j], b[row, j]);
        }
    }

    private sealed class Work
    {
        private readonly Bottleneck _bottleneck;
        private readonly Message _message;
        private readonly RandomStream _random;
        private readonly EditedPart[] _parts;
        private readonly MessageNames _names;
        private readonly CodeAlternatives _alternatives;
        private readonly Dictionary<(MessageEntry Entry, int Row), HashSet<int>> _blocked = [];

        public Work(Bottleneck bottleneck, Message message, RandomStream random, Features? features)
        {
            (_bottleneck, _message, _random) = (bottleneck, message, random);
            _parts = [.. message.Parts.Select(p => EditedPart.Of(p, bottleneck))];
            _names = new MessageNames(message, bottleneck);
            _alternatives = new CodeAlternatives(bottleneck, message, features);
        }

        public Message Message() => _message with { Parts = [.. _parts.Select(p => p.Build())] };

        // A number below 0: blocks are looked for again.
        public void Apply(Change change, int number)
        {
            var entries = _names.Find(change.Name);
            if (change.Word is { } word) throw new InputException($"edit '{change}': '{word}' is not a number", "only concepts have states with names");
            var others = change.Other is null ? entries : _names.Find(change.Other);
            if (others.Count != entries.Count) throw new InputException(FormattableString.Invariant($"{change}: {entries.Count} places cannot be swapped with {others.Count}"));
            var noise = _random.Fork((ulong)Math.Max(0, number));
            for (var e = 0; e < entries.Count; e++)
            {
                var part = _parts[entries[e].Part];
                Check(change, part, entries[e], others[e]);
                if (change.Row is { } only && only >= part.Rows) throw new InputException(FormattableString.Invariant($"{change}: there is no row {only}, there are {part.Rows}"));
                for (var row = change.Row ?? 0; row < (change.Row + 1 ?? part.Rows); row++)
                    if (!double.IsNaN(part[row, entries[e].Index])) One(change, part, row, entries[e], others[e], noise);
            }
        }

        private void One(Change change, EditedPart part, int row, MessageEntry entry, MessageEntry other, RandomStream noise)
        {
            var j = entry.Index;
            var old = part[row, j];
            var (low, high) = part.Range(j);
            switch (change.Kind)
            {
                case EditKind.Set: part[row, j] = change.Value; break;
                case EditKind.Scale: part[row, j] = Math.Clamp(part.Whole ? Math.Round(old * change.Value) : old * change.Value, low, high); break;
                case EditKind.Clamp: part[row, j] = Clamped(part, j, old, change); break;
                case EditKind.Swap when change.Other is not null: Exchange(change, part, row, entry, other); break;
                case EditKind.Swap: part[row, j] = old == change.Value ? change.Upper!.Value : old == change.Upper ? change.Value : old; break;
                case EditKind.Noise: part[row, j] = Noisy(part, old, change.Value, low, high, noise); break;
                case EditKind.Block when part.Categorical: Block(change, part, row, entry, high); break;
                case EditKind.Block when double.IsNaN(change.Value): part[row, j] = 0; break;
                case EditKind.Block: part[row, j] = Unlike(change, part, row, entry, low, high); break;
            }
        }

        private void Exchange(Change change, EditedPart part, int row, MessageEntry entry, MessageEntry other)
        {
            var (a, b) = (part[row, entry.Index], part[row, other.Index]);
            if (double.IsNaN(b)) return;
            if (a > part.Range(other.Index).High || b > part.Range(entry.Index).High)
                throw new InputException(FormattableString.Invariant($"{change}: code {Math.Max(a, b)} is not among the {Math.Min(part.Range(entry.Index).High, part.Range(other.Index).High) + 1} codes of the other place"));
            (part[row, entry.Index], part[row, other.Index]) = (b, a);
        }

        private void Block(Change change, EditedPart part, int row, MessageEntry entry, double high)
        {
            var blocked = BlockedAt(entry, row);
            blocked.Add((int)change.Value);
            var now = (int)part[row, entry.Index];
            if (!blocked.Contains(now)) return;
            // Of a set, no code may stand twice.
            var taken = _bottleneck is IndexBottleneck { Unordered: true } ? Enumerable.Range(0, part.Width).Select(j => (int)part[row, j]).ToHashSet() : [];
            part[row, entry.Index] = _alternatives.Nearest(entry.Part, row, entry.Index, high + 1, k => !blocked.Contains(k) && !taken.Contains(k), _names.Of(entry));
        }

        // A blocked level gives way to the nearest one that is not, towards 0 first; a blocked real number to 0.
        private double Unlike(Change change, EditedPart part, int row, MessageEntry entry, double low, double high)
        {
            var old = part[row, entry.Index];
            if (!part.Whole) return old == change.Value ? 0 : old;
            var blocked = BlockedAt(entry, row);
            blocked.Add((int)change.Value);
            var inwards = old > 0 ? -1 : 1;
            for (var d = 0; ; d++)
            {
                foreach (var level in (double[])[old + (inwards * d), old - (inwards * d)])
                    if (level >= low && level <= high && !blocked.Contains((int)level)) return level;
                if (old - d < low && old + d > high) throw new InputException($"{change}: all its values are blocked");
            }
        }

        private HashSet<int> BlockedAt(MessageEntry entry, int row) => _blocked.TryGetValue((entry, row), out var blocked) ? blocked : _blocked[(entry, row)] = [];

        private static double Clamped(EditedPart part, int index, double old, Change change)
        {
            var (low, high) = part.Range(index);
            var (from, to) = part.Whole ? (Math.Ceiling(change.Value), Math.Floor(change.Upper!.Value)) : (change.Value, change.Upper!.Value);
            if (from > to || from > high || to < low) throw new InputException($"{change}: no value that may stand there lies between");
            return Math.Clamp(old, Math.Max(from, low), Math.Min(to, high));
        }

        private static double Noisy(EditedPart part, double old, double size, double low, double high, RandomStream random)
        {
            if (part.Categorical || high == 1) return random.NextDouble() < size ? random.NextInt((int)Math.Min(int.MaxValue, high + 1)) : old;
            if (!part.Whole) return old + (size * random.NextGaussian());
            return Math.Clamp(Math.Round(old + (size * random.NextGaussian())), low, high);
        }

        private void Check(Change change, EditedPart part, MessageEntry entry, MessageEntry other)
        {
            var name = _names.Of(entry);
            var (low, high) = part.Range(entry.Index);
            if (other.Part != entry.Part) throw new InputException($"{change}: '{name}' and '{_names.Of(other)}' hold different things");
            var coded = part.Categorical || high == 1;
            if (coded && change.Kind == EditKind.Noise && change.Value > 1) throw new InputException($"{change}: the noise of a code is the probability of another one, from 0 to 1");
            if (part.Categorical && change.Kind is (EditKind.Scale or EditKind.Clamp)) throw new InputException($"{change}: codes are names, not sizes", $"{name}=CODE puts one, block {name}:CODE forbids one");
            if (part.Categorical && change.Kind == EditKind.Block && double.IsNaN(change.Value)) throw new InputException($"{change}: which code?", $"block {name}:CODE");
            if (part is { Whole: false } && change is { Kind: EditKind.Swap, Other: null }) throw new InputException($"{change}: real numbers have no codes to swap", $"swap {name}:NAME exchanges two places");
            foreach (var value in Values(change))
            {
                if (!part.Whole) continue;
                if (value != Math.Truncate(value)) throw new InputException(FormattableString.Invariant($"{change}: '{name}' holds whole numbers, not {value}"));
                if (value < low || value > high) throw new InputException(FormattableString.Invariant($"{change}: '{name}' holds {low}..{high}, not {value}"));
            }
        }

        private static IEnumerable<double> Values(Change change) => change switch
        {
            { Kind: EditKind.Set } => [change.Value],
            { Kind: EditKind.Block } => double.IsNaN(change.Value) ? [] : [change.Value],
            { Kind: EditKind.Swap, Other: null } => [change.Value, change.Upper ?? double.NaN],
            _ => [],
        };
    }
}
