namespace Isthmus.Bottlenecks;

/// <summary>Refusals of a bottleneck's settings, worded one way.</summary>
internal static class Setting
{
    /// <summary>Refuses a number that is not as a field's numbers are.</summary>
    /// <param name="holds">Whether it is.</param>
    /// <param name="field">The field as it is written in a recipe.</param>
    /// <param name="expected">What is: <c>at least 1</c>.</param>
    /// <param name="given">The number.</param>
    /// <exception cref="InputException">It does not hold.</exception>
    public static void Require<T>(bool holds, string field, string expected, T given) where T : struct, IFormattable
    {
        if (!holds) throw new InputException(FormattableString.Invariant($"bottleneck.{field}: {expected} is expected, not {given}"));
    }

    /// <summary>Refuses settings that do not go together.</summary>
    /// <param name="wrong">Whether they do not.</param>
    /// <param name="what">The field, a colon and why.</param>
    /// <param name="hint">What is possible.</param>
    /// <exception cref="InputException">They do not.</exception>
    public static void Refuse(bool wrong, string what, string hint)
    {
        if (wrong) throw new InputException($"bottleneck.{what}", hint);
    }
}
