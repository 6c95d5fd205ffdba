using System.Buffers;
using System.Text.RegularExpressions;
using Isthmus.Coding;

namespace Isthmus.Tests.Coding;

public class FormatsPageTest
{
    private static readonly FrequencyTable Table = FrequencyTable.FromFrequencies([1, 2, 8, 4, 1], first: -2);
    private static readonly int[] Values = [0, 0, 1, -1, 0, 2, 0, -2, 1, 0];

    private static string Page(string name = "formats.md")
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Isthmus.slnx"))) folder = folder.Parent;
        return File.ReadAllText(Path.Combine(folder!.FullName, "docs", name));
    }

    private static Dictionary<string, byte[]> Examples() => Regex.Matches(Page(), "```hex (\\w+)\n(.*?)```", RegexOptions.Singleline)
        .ToDictionary(m => m.Groups[1].Value, m => Convert.FromHexString(Regex.Replace(m.Groups[2].Value, "\\s", "")));

    [Fact]
    public void EveryExampleOfThePageIsWhatTheEncoderWrites()
    {
        var writer = new MessageWriter();
        foreach (var value in Values) writer.WriteInteger(value, Table);
        var tables = new TableSet([Table]);
        var session = new Frame { Kind = FrameKind.Session, ModelDigest = 0x0123456789ABCDEF, TableDigest = tables.Digest, Shape = [2, 5], Quantizer = 1 };
        var message = session with { Kind = FrameKind.Data, Payload = writer.Finish() };
        var full = new ArrayBufferWriter<byte>();
        (message with { Sequence = 7, Fields = [new(FrameField.Note, "hi"u8.ToArray())] }).WriteTo(full);
        using var file = new MemoryStream();
        var files = new FrameFileWriter(file, session);
        files.Append(message.Payload);
        files.Complete();

        var page = Examples();
        Assert.Equal(["tables", "frame", "session", "small", "end"], page.Keys.OrderBy(k => Array.IndexOf(["tables", "frame", "session", "small", "end"], k)));
        Assert.Equal(Convert.ToHexString(page["tables"]), Convert.ToHexString(tables.ToBytes()));
        Assert.Equal(Convert.ToHexString(page["frame"]), Convert.ToHexString(full.WrittenSpan));
        Assert.Equal(Convert.ToHexString([.. page["session"], .. page["small"], .. page["end"]]), Convert.ToHexString(file.ToArray()));
    }

    [Fact]
    public void EveryExampleOfThePageReadsBack()
    {
        var page = Examples();
        var table = Assert.Single(TableSet.Parse(page["tables"]));
        var input = new ReadOnlySequence<byte>(page["frame"]);
        Assert.True(Frame.TryDecode(ref input, out var frame, out _));
        var file = new FrameFileReader(new MemoryStream([.. page["session"], .. page["small"], .. page["end"]]));
        foreach (var message in new[] { frame, file.ReadNext()! })
        {
            message.Require(0x0123456789ABCDEF, new TableSet([table]).Digest);
            var reader = message.Payload.Open();
            foreach (var value in Values) Assert.Equal(value, reader.ReadInteger(table));
            reader.Finish();
        }
        Assert.Null(file.ReadNext());
    }

    [Fact]
    public void TheGuidesExampleRunsAsItStands()
    {
        var table = FrequencyTable.FromPmf([0.1, 0.2, 0.4, 0.2, 0.1], first: -2, escape: 1e-4);
        var writer = new MessageWriter();
        foreach (var value in new[] { 0, -1, 2, 77, 0 }) writer.WriteInteger(value, table);
        var coded = writer.Finish();

        var reader = coded.Open();
        var first = reader.ReadInteger(table);
        Assert.Equal(0, first);
        Assert.Equal([-1, 2, 77, 0], Enumerable.Range(0, 4).Select(_ => reader.ReadInteger(table)));
        reader.Finish();
        foreach (var line in new[] { "var table = FrequencyTable.FromPmf([0.1, 0.2, 0.4, 0.2, 0.1], first: -2, escape: 1e-4);", "foreach (var value in new[] { 0, -1, 2, 77, 0 }) writer.WriteInteger(value, table);", "var coded = writer.Finish();", "var reader = coded.Open();" })
            Assert.Contains(line, Page("coding.md"));
    }
}
