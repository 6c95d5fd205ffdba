namespace Isthmus.Coding;

/// <summary>What was wrong with bytes or symbols. Stable: callers may switch on it.</summary>
public enum CodingError
{
    /// <summary>Nothing was wrong.</summary>
    None,
    /// <summary>The bytes end before the message does; more bytes may cure it.</summary>
    Truncated,
    /// <summary>The bytes do not begin with the format's magic.</summary>
    BadMagic,
    /// <summary>Written by a later, incompatible version, or with a feature that must be understood and is not.</summary>
    UnsupportedVersion,
    /// <summary>A checksum over header or payload does not agree: the bytes were damaged.</summary>
    ChecksumMismatch,
    /// <summary>A size in the header is above the reader's limits; nothing was allocated for it.</summary>
    LimitExceeded,
    /// <summary>The bytes were made with another model or other tables than the reader holds.</summary>
    DigestMismatch,
    /// <summary>A symbol is outside its table, or has frequency zero there.</summary>
    InvalidSymbol,
    /// <summary>A header field contradicts the format.</summary>
    InvalidHeader,
    /// <summary>A payload is not the work of the coder it names: impossible state, or bytes left over.</summary>
    CorruptPayload,
    /// <summary>A small frame came before the session record that explains it.</summary>
    MissingSession,
}

/// <summary>Bytes that cannot be decoded, or symbols that cannot be coded; <see cref="Code"/> says which kind of error.</summary>
public sealed class CodingException : InputException
{
    /// <summary>An error of a kind, with one line about the values met and required.</summary>
    public CodingException(CodingError code, string message, string? hint = null) : base(message, hint) => Code = code;

    /// <summary>The kind of error.</summary>
    public CodingError Code { get; }
}
