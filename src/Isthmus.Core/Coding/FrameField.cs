namespace Isthmus.Coding;

/// <summary>An optional field of a record's header: a reader that does not know the tag skips it. Tags from 128 are reserved
/// for fields that must be understood: a reader that does not know one refuses the record.</summary>
/// <param name="Tag">1 a time stamp, 2 a digest of scale indices, 3 a note in UTF-8, 4 samples in the frame; 64..127 are free
/// for applications.</param>
/// <param name="Value">At most the header's length.</param>
public readonly record struct FrameField(byte Tag, ReadOnlyMemory<byte> Value)
{
    /// <summary>Microseconds since 1970-01-01T00:00Z, 8 bytes, little-endian.</summary>
    public const byte Timestamp = 1;

    /// <summary>The digest of the table indices that a hyper-decoder chose, 8 bytes: tells a receiver whose arithmetic differs.</summary>
    public const byte IndexDigest = 2;

    /// <summary>Text for people, UTF-8.</summary>
    public const byte Note = 3;

    /// <summary>How many samples the frame holds, 4 bytes, little-endian; 1 where absent.</summary>
    public const byte Samples = 4;
}
