using Isthmus.Data;

namespace Isthmus.Tests.Data;

public class SceneTest
{
    [Fact]
    public void PaintsGroundAndColoursAndMasksWhatIsInFront()
    {
        const int side = 16, area = side * side, middle = (8 * side) + 8;
        var (pixels, masks) = (new float[3 * area], new float[2 * area]);
        ScenePainter.Paint(new Scene(3, new SceneObject(0, 0, 0.5, 0.5, 0.6), new SceneObject(1, 1, 0.5, 0.5, 0.3)), side, pixels, masks);
        Assert.Equal([0f, 0f, 0.35f], new[] { pixels[0], pixels[area], pixels[2 * area] });
        Assert.Equal([0.4f, 1f, 0.4f], new[] { pixels[middle], pixels[area + middle], pixels[(2 * area) + middle] });
        Assert.Equal((0f, 1f), (masks[middle], masks[area + middle]));
        Assert.All(Enumerable.Range(0, area), p => Assert.InRange(masks[p] + masks[area + p], 0f, 1f));
        Assert.True(masks[..area].Sum() > masks[area..].Sum());
    }

    [Fact]
    public void PaintsTheShapesOfSpritesAtTheirPlace()
    {
        const int side = 16, area = side * side;
        foreach (var shape in Enumerable.Range(0, ScenePainter.Shapes.Count))
        {
            var (pixels, mask) = (new float[3 * area], new float[area]);
            ScenePainter.Paint(new Scene(0, new SceneObject(shape, 5, 0.25, 0.75, 0.2)), side, pixels, mask);
            double x = 0, y = 0;
            for (var p = 0; p < area; p++) (x, y) = (x + (mask[p] * ((p % side) + 0.5)), y + (mask[p] * ((p / side) + 0.5)));
            Assert.InRange(x / mask.Sum() / side, 0.2, 0.3);
            Assert.InRange(y / mask.Sum() / side, 0.68, 0.82);
        }
    }

    [Fact]
    public void RefusesWhatItCannotPaint()
    {
        var pixels = new float[3 * 64];
        Assert.Throws<ArgumentException>(() => ScenePainter.Paint(new Scene(0, new SceneObject(4, 0, 0.5, 0.5, 0.2)), 8, pixels));
        Assert.Throws<ArgumentException>(() => ScenePainter.Paint(new Scene(9), 8, pixels));
        Assert.Throws<ArgumentException>(() => ScenePainter.Paint(new Scene(0), 9, pixels));
    }
}
