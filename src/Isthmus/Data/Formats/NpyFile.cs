using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Isthmus.Data;

/// <summary>
/// NumPy's .npy and .npz: both byte orders, C and Fortran order, every numeric type but complex and long double. Pickled objects
/// and structured types are refused. (NumPy Enhancement Proposal 1 and numpy.lib.format, versions 1 to 3.)
/// </summary>
public static class NpyFile
{
    private const int MostDimensions = 32;
    private const int LongestHeader = 1 << 16;

    /// <summary>Reads a .npy file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxMemory">How many bytes the decoded array may take.</param>
    /// <exception cref="InputException">Not such a file, cut off, too long, or larger than allowed.</exception>
    public static NumericArray<T> Read<T>(string path, long maxMemory = long.MaxValue) where T : struct, IBinaryFloatingPointIeee754<T> => InputFile.Guard(path, () =>
    {
        using var stream = InputFile.Open(path);
        var array = ReadArray<T>(stream, path, stream.Length, new MemoryBudget(maxMemory, path));
        InputFile.ExpectEnd(stream, path);
        return array;
    });

    internal static NumericArray<T> ReadArray<T>(Stream stream, string path, long atMost, MemoryBudget budget) where T : struct, IBinaryFloatingPointIeee754<T>
    {
        var (format, fortran, shape) = Header(stream, path);
        var count = ElementFormat.Count(shape);
        if (count < 0 || (Int128)count * format.Size > atMost)
            throw new InputException($"{path}: the header promises ({string.Join(", ", shape)}) numbers, the file cannot hold as many: cut off or damaged");
        budget.Take(count, System.Runtime.CompilerServices.Unsafe.SizeOf<T>(), $"the array ({string.Join(", ", shape)})");
        var values = new T[count];
        format.Read(stream, values, fortran && shape.Length > 1 ? FortranPlace(shape) : null);
        return new NumericArray<T>(shape, values, format.Type);
    }

    internal static (ElementFormat Format, bool Fortran, int[] Shape) Header(Stream stream, string path)
    {
        var head = new byte[8];
        stream.ReadExactly(head);
        if (head[0] != 0x93 || !head.AsSpan(1, 5).SequenceEqual("NUMPY"u8)) throw new InputException($"{path}: not a .npy file: it does not begin with \\x93NUMPY");
        if (head[6] is < 1 or > 3) throw new InputException(FormattableString.Invariant($"{path}: .npy version {head[6]}.{head[7]}, known are 1 to 3"));
        var lengthBytes = new byte[head[6] == 1 ? 2 : 4];
        stream.ReadExactly(lengthBytes);
        var length = head[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(lengthBytes) : BinaryPrimitives.ReadUInt32LittleEndian(lengthBytes);
        if (length > LongestHeader) throw new InputException(FormattableString.Invariant($"{path}: .npy header of {length} bytes, at most {LongestHeader} are read"));
        var text = new byte[length];
        stream.ReadExactly(text);
        return new HeaderParser(Encoding.Latin1.GetString(text), path).Parse();
    }

    // Where the i-th number of a Fortran-ordered file lies in a row-major array. Numbers are asked for in order.
    private static Func<int, int> FortranPlace(int[] shape)
    {
        var strides = new int[shape.Length];
        var stride = 1;
        for (var d = shape.Length - 1; d >= 0; d--) (strides[d], stride) = (stride, stride * shape[d]);
        var index = new int[shape.Length];
        var at = 0;
        return _ =>
        {
            var here = at;
            for (var d = 0; d < shape.Length; d++)
            {
                at += strides[d];
                if (++index[d] < shape[d]) break;
                at -= strides[d] * shape[d];
                index[d] = 0;
            }
            return here;
        };
    }

    // The header is a Python dictionary with three known keys; nothing else of Python is understood.
    private ref struct HeaderParser(string text, string path)
    {
        private int _at;

        public (ElementFormat Format, bool Fortran, int[] Shape) Parse()
        {
            ElementFormat? format = null;
            bool? fortran = null;
            int[]? shape = null;
            Expect('{');
            while (!Accept('}'))
            {
                var key = Quoted();
                Expect(':');
                switch (key)
                {
                    case "descr": format = Format(); break;
                    case "fortran_order": fortran = Boolean(); break;
                    case "shape": shape = Shape(); break;
                    default: throw Bad();
                }
                if (!Accept(','))
                {
                    Expect('}');
                    break;
                }
            }
            return format is { } f && fortran is { } o && shape is not null ? (f, o, shape) : throw Bad();
        }

        private ElementFormat Format()
        {
            Space();
            if (_at < text.Length && text[_at] == '[') throw new InputException($"{path}: structured .npy types are not read", "save each column as an array of its own");
            var descr = Quoted();
            ElementType? type = descr.Length < 3 ? null : descr[1..] switch
            {
                "b1" => ElementType.Boolean,
                "u1" => ElementType.UInt8,
                "i1" => ElementType.Int8,
                "u2" => ElementType.UInt16,
                "i2" => ElementType.Int16,
                "u4" => ElementType.UInt32,
                "i4" => ElementType.Int32,
                "u8" => ElementType.UInt64,
                "i8" => ElementType.Int64,
                "f2" => ElementType.Float16,
                "f4" => ElementType.Float32,
                "f8" => ElementType.Float64,
                _ => null,
            };
            if (type is null || descr[0] is not ('<' or '>' or '|' or '='))
                throw new InputException($"{path}: .npy numbers of type '{Schema.Shown(descr)}' are not read", "real numbers and integers are; save with .astype('float32')");
            return new ElementFormat(type.Value, descr[0] == '>');
        }

        private int[] Shape()
        {
            var shape = new List<int>();
            Expect('(');
            while (!Accept(')'))
            {
                Space();
                var start = _at;
                while (_at < text.Length && char.IsAsciiDigit(text[_at])) _at++;
                if (shape.Count == MostDimensions || !int.TryParse(text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var d)) throw Bad();
                shape.Add(d);
                if (!Accept(','))
                {
                    Expect(')');
                    break;
                }
            }
            return [.. shape];
        }

        private bool Boolean()
        {
            Space();
            foreach (var (word, value) in new[] { ("True", true), ("False", false) })
                if (text.AsSpan(_at).StartsWith(word, StringComparison.Ordinal))
                {
                    _at += word.Length;
                    return value;
                }
            throw Bad();
        }

        private string Quoted()
        {
            Space();
            if (_at >= text.Length || text[_at] is not ('\'' or '"')) throw Bad();
            var end = text.IndexOf(text[_at], _at + 1);
            if (end < 0) throw Bad();
            var word = text[(_at + 1)..end];
            _at = end + 1;
            return word;
        }

        private bool Accept(char c)
        {
            Space();
            if (_at >= text.Length || text[_at] != c) return false;
            _at++;
            return true;
        }

        private void Expect(char c)
        {
            if (!Accept(c)) throw Bad();
        }

        private void Space()
        {
            while (_at < text.Length && text[_at] is ' ' or '\n') _at++;
        }

        private readonly InputException Bad() => new($"{path}: damaged .npy header at character {_at.ToString(CultureInfo.InvariantCulture)}: expected descr, fortran_order and shape");
    }
}
