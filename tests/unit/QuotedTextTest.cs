namespace Isthmus.Tests;

public class QuotedTextTest
{
    [Theory]
    [InlineData("a,b", "a|b")]
    [InlineData("\"a, b\",c", "\"a, b\"|c")]
    [InlineData("", "")]
    [InlineData("a,", "a|")]
    [InlineData("\"open, b", "\"open, b")]
    public void Signs_InQuotes_DoNotSeparate(string text, string pieces) => Assert.Equal(pieces.Split('|'), QuotedText.Split(text, ','));

    [Theory]
    [InlineData("\"a, b\"", "a, b")]
    [InlineData("a", "a")]
    [InlineData("\"", "\"")]
    [InlineData("\"\"", "\"\"")]
    public void Quotes_AroundAPiece_AreTakenOff(string piece, string bare) => Assert.Equal(bare, QuotedText.Bare(piece));
}
