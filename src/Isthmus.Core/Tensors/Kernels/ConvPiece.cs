namespace Isthmus.Tensors.Kernels;

/// <summary>Some outputs of a convolution, of one group: whole images, or rows of one image, or a part of one row.</summary>
internal readonly record struct ConvPiece(int Image, int Images, int Row, int Rows, int Column, int Columns)
{
    /// <summary>Outputs of one image.</summary>
    public int PerImage => Rows * Columns;
    /// <summary>Outputs per channel.</summary>
    public int Count => Images * PerImage;
}

/// <summary>A convolution's outputs in pieces of about as many columns as fit a cache, in the order image, row, column.</summary>
internal readonly struct ConvCut
{
    private readonly int _n, _outH, _outW, _images, _rows, _columns;

    /// <summary>Cuts the outputs of a shape that has some into pieces of at most so many, or of a single row's part.</summary>
    public ConvCut(in ConvShape s, int target)
    {
        (_n, _outH, _outW) = (s.N, s.OutH, s.OutW);
        target = Math.Max(1, target);
        var across = (_outW + target - 1) / target;
        _columns = (_outW + across - 1) / across;
        _rows = across > 1 ? 1 : Math.Clamp(target / _outW, 1, _outH);
        _images = across == 1 && _rows == _outH ? Math.Clamp(target / (_outH * _outW), 1, Math.Max(1, _n)) : 1;
    }

    private int Across => (_outW + _columns - 1) / _columns;
    /// <summary>How many images a piece has at most.</summary>
    public int Images => _images;
    /// <summary>How many pieces an image, or a set of images, has.</summary>
    public int PerImages => (_outH + _rows - 1) / _rows * Across;
    /// <summary>How many sets of images there are.</summary>
    public int ImageSets => (_n + _images - 1) / _images;
    /// <summary>How many pieces there are.</summary>
    public int Count => ImageSets * PerImages;

    /// <summary>One piece.</summary>
    public ConvPiece this[int index]
    {
        get
        {
            int image = index / PerImages * _images, within = index % PerImages;
            int row = within / Across * _rows, column = within % Across * _columns;
            return new ConvPiece(image, Math.Min(_images, _n - image), row, Math.Min(_rows, _outH - row), column, Math.Min(_columns, _outW - column));
        }
    }
}
