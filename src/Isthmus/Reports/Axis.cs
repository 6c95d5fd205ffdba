namespace Isthmus.Reports;

/// <summary>One axis of a plot.</summary>
/// <param name="Label">What it measures, with its unit, as in <c>bits per image</c>.</param>
/// <param name="Log">Whether it is logarithmic; values of zero and below are then left out.</param>
/// <param name="Min">Its lower end; null to fit the data.</param>
/// <param name="Max">Its upper end; null to fit the data.</param>
public sealed record Axis(string Label = "", bool Log = false, double? Min = null, double? Max = null);

/// <summary>An axis laid out: from values to user units.</summary>
internal sealed class Scale
{
    private readonly double _low, _high, _from, _to;
    private readonly bool _log;

    private Scale(double low, double high, bool log, double from, double to) => (_low, _high, _log, _from, _to) = (low, high, log, from, to);

    public double Low => _log ? Math.Pow(10, _low) : _low;

    public double High => _log ? Math.Pow(10, _high) : _high;

    /// <summary>The position of a value, from which plots draw; the caller asks <see cref="Shows"/> first.</summary>
    public double this[double value]
    {
        get
        {
            var v = _log ? Math.Log10(value) : value;
            var t = (v / 2 - _low / 2) / (_high / 2 - _low / 2); // halves: the span of doubles overflows
            return _from + (Math.Clamp(t, -50, 50) * (_to - _from));
        }
    }

    /// <summary>Whether a value has a position: finite, and above zero on a logarithmic axis.</summary>
    public bool Shows(double value) => double.IsFinite(value) && (!_log || value > 0);

    public Tick[] Ticks(int most) => _log ? Reports.Ticks.Log(Low, High, most) : Reports.Ticks.Linear(Low, High, most);

    /// <summary>The same range over another stretch of the page.</summary>
    public Scale Over(double from, double to) => new(_low, _high, _log, from, to);

    /// <summary>A scale that fits the values, with a little air, or up to round numbers.</summary>
    public static Scale Fit(Axis axis, IEnumerable<double> values, double air, bool round)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values)
        {
            if (!double.IsFinite(value) || (axis.Log && value <= 0)) continue;
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }
        if (Usable(axis.Min, axis.Log) is { } min) low = min;
        if (Usable(axis.Max, axis.Log) is { } max) high = max;
        if (double.IsInfinity(low)) low = double.IsInfinity(high) ? (axis.Log ? 1 : 0) : (axis.Log ? high / 10 : high - 1);
        if (double.IsInfinity(high)) high = axis.Log ? low * 10 : low + 1;
        if (high < low) (low, high) = (high, low);
        return axis.Log ? FitLog(axis, low, high, air) : FitLinear(axis, low, high, air, round);
    }

    private static double? Usable(double? end, bool log) => end is { } e && double.IsFinite(e) && (!log || e > 0) ? e : null;

    private static Scale FitLog(Axis axis, double low, double high, double air)
    {
        var (a, b) = (Math.Log10(low), Math.Log10(high));
        if (b - a < 1e-6) (a, b) = (a - 0.5, b + 0.5);
        var pad = Math.Max(air, 0.02) * (b - a);
        return new Scale(axis.Min is null ? Math.Max(a - pad, -320) : a, axis.Max is null ? Math.Min(b + pad, 308) : b, true, 0, 1);
    }

    private static Scale FitLinear(Axis axis, double low, double high, double air, bool round)
    {
        (low, high) = (Math.Clamp(low, -1e300, 1e300), Math.Clamp(high, -1e300, 1e300));
        if (high - low <= 1e-9 * Math.Max(Math.Abs(low), Math.Abs(high)) || high - low < 1e-290)
        {
            var half = low == 0 ? 0.5 : Math.Abs(low) * 0.1;
            (low, high) = (low - Math.Max(half, 1e-280), high + Math.Max(half, 1e-280));
        }
        var pad = air * (high - low);
        var step = Reports.Ticks.Step(low, high, 5);
        if (axis.Min is null) low = round ? Math.Floor((low / step) + 1e-9) * step : low - pad;
        if (axis.Max is null) high = round ? Math.Ceiling((high / step) - 1e-9) * step : high + pad;
        return new Scale(low, high, false, 0, 1);
    }
}
