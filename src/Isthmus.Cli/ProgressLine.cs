using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Isthmus.Cli;

/// <summary>How far a long work is.</summary>
/// <param name="What">What is being done, as in <c>epoch 3/20</c>.</param>
/// <param name="Done">How many units are done, out of <paramref name="Total"/>.</param>
/// <param name="Total">How many units there are; 0 where that is unknown.</param>
/// <param name="PerSecond">Samples (or what <paramref name="Unit"/> names) in a second.</param>
/// <param name="Loss">The current loss.</param>
/// <param name="Bits">The current rate in bits.</param>
/// <param name="Unit">What <paramref name="PerSecond"/> counts.</param>
internal readonly record struct ProgressState(
    string What, long Done, long Total, double? PerSecond = null, double? Loss = null, double? Bits = null, string Unit = "samples");

/// <summary>One line on stderr that is written over ten times a second at most, and cleared before anything else is printed.</summary>
internal sealed class ProgressLine(TextWriter errors, bool enabled, Func<int>? width = null)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _last = TimeSpan.MinValue;
    private int _shown;

    /// <summary>Shows a state, unless the last one is younger than a tenth of a second.</summary>
    public void Show(in ProgressState state)
    {
        if (!enabled) return;
        lock (_gate)
        {
            var now = _clock.Elapsed;
            if (_shown > 0 && now - _last < s_pause) return;
            _last = now;
            var line = Line(state, now);
            var room = Math.Max(20, (width ?? TerminalWidth)() - 1);
            if (line.Length > room) line = line[..room];
            errors.Write("\r" + line.PadRight(_shown));
            _shown = line.Length;
        }
    }

    /// <summary>Takes the line away.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            if (_shown == 0) return;
            errors.Write("\r" + new string(' ', _shown) + "\r");
            _shown = 0;
        }
    }

    /// <summary>The text of a state after some time.</summary>
    internal static string Line(in ProgressState state, TimeSpan elapsed)
    {
        var line = new StringBuilder(state.What);
        var culture = CultureInfo.InvariantCulture;
        if (state.PerSecond is { } rate && double.IsFinite(rate)) line.Append(culture, $"  {rate:#,0} {state.Unit}/s");
        if (state.Loss is { } loss) line.Append(culture, $"  loss {loss:G4}");
        if (state.Bits is { } bits) line.Append(culture, $"  {bits:F2} bits");
        if (state.Total > 0)
        {
            line.Append(culture, $"  {Math.Clamp(100.0 * state.Done / state.Total, 0, 100):F0}%");
            if (state.Done > 0 && state.Done < state.Total)
                line.Append("  ").Append(Duration(elapsed * ((double)(state.Total - state.Done) / state.Done))).Append(" left");
        }
        return Text.OneLine(line.ToString());
    }

    private static string Duration(TimeSpan time) => time.TotalSeconds switch
    {
        < 90 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F0} s"),
        < 5400 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:F0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:F1} h"),
    };

    private static int TerminalWidth()
    {
        try { return Console.WindowWidth is > 0 and var w ? w : 80; }
        catch (IOException) { return 80; } // no console to ask
    }
}
