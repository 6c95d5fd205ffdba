namespace Isthmus;

/// <summary>
/// Wrong input from a person or a file: the message is one line that names the file, field or line and what was expected. The
/// command prints it as <c>error: …</c> (and <see cref="Hint"/> as <c>hint: …</c>) and exits with code 2.
/// </summary>
public class InputException : Exception
{
    /// <summary>An error with an optional hint about what to do.</summary>
    public InputException(string message, string? hint = null, Exception? inner = null) : base(message, inner) => Hint = hint;

    /// <summary>What to try instead, in one line; null when there is nothing to suggest.</summary>
    public string? Hint { get; }
}
