namespace Isthmus.Coding;

/// <summary>
/// Range coder over a 64-bit interval [low, low + range) (G. N. N. Martin, "Range encoding", 1979), renormalised by bytes
/// while range &lt; 2^56, so that a 16-bit table loses less than 2^-40 of a bit a symbol. A carry is added to the bytes already
/// laid down. It codes forwards; the end takes the fewest bytes that name a number inside the interval.
/// </summary>
internal sealed class RangeEncoder
{
    private byte[] _bytes = new byte[64];
    private int _count;
    private ulong _low, _range = ulong.MaxValue; // range >= 2^56 between symbols

    public static byte[] Encode(SymbolRecorder message)
    {
        var coder = new RangeEncoder();
        var items = message.Items;
        foreach (var run in message.Runs)
        {
            foreach (var item in items[..run.Count])
            {
                if (run.Table is { } table) coder.Add((uint)table.Starts[item], (uint)(table.Starts[item + 1] - table.Starts[item]), table.Precision);
                else if (run.Width > 0) coder.Add(item, 1, run.Width);
                else coder.Add(run.Width == SymbolRecorder.True ? 0 : 65536 - (uint)item, item, 16);
            }
            items = items[run.Count..];
        }
        return coder.End();
    }

    private void Add(uint start, uint frequency, int precision)
    {
        var unit = _range >> precision;
        AddToLow(unit * start);
        _range = unit * frequency;
        while (_range < 1UL << 56)
        {
            Emit((byte)(_low >> 56));
            _low <<= 8;
            _range <<= 8;
        }
    }

    private byte[] End()
    {
        for (var n = 0; n <= 8; n++)
        {
            // The next number at or above low whose last 64 - 8n bits are zero.
            var rest = n == 8 ? 0 : ulong.MaxValue >> (8 * n);
            var up = (rest - (_low & rest) + 1) & rest;
            if (up >= _range) continue;
            AddToLow(up);
            for (var i = 0; i < n; i++, _low <<= 8) Emit((byte)(_low >> 56));
            break;
        }
        return _bytes.AsSpan(0, _count).ToArray();
    }

    private void AddToLow(ulong more)
    {
        _low += more;
        if (_low >= more) return;
        var i = _count - 1;
        while (++_bytes[i] == 0) i--; // stops: the interval lies below 1, so some byte is not 255
    }

    private void Emit(byte b)
    {
        if (_count == _bytes.Length) Array.Resize(ref _bytes, 2 * _count);
        _bytes[_count++] = b;
    }
}
