using Isthmus.Data;

namespace Isthmus.Tests.Data;

public sealed class MediaTest : IDisposable
{
    private static readonly float[] Left = [-1, -0.75f, -0.5f, -0.25f, 0, 0.25f, 0.5f, 0.75f];
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    // Files written by SciPy and Python's wave module.
    [Theory]
    [InlineData("u8.wav", 1.0 / 128)]
    [InlineData("i16.wav", 1.0 / 32768)]
    [InlineData("i24.wav", 1.0 / 8388608)]
    [InlineData("i32.wav", 1e-7)]
    [InlineData("f32.wav", 1e-7)]
    [InlineData("f64.wav", 1e-7)]
    public void Wav_ReadsEveryEncoding(string name, double tolerance)
    {
        var audio = WavFile.Read(Scratch.Golden(name));
        Assert.Equal((8000, 2, 8), (audio.SampleRate, audio.Channels, audio.Length));
        Assert.Equal(Left, audio.Samples[..8]);
        for (var t = 0; t < 8; t++) Assert.Equal(0.5 - t / 7.0, audio.Samples[8 + t], tolerance);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Wav_RoundTrips(bool floatingPoint)
    {
        var audio = new WavAudio(16000, 2, [.. Left, .. Left.Select(v => -v)]);
        WavFile.Write(_scratch["a.wav"], audio, floatingPoint);
        var back = WavFile.Read(_scratch["a.wav"]);
        Assert.Equal(audio.Samples.Select(v => floatingPoint ? v : Math.Min(v, 32767 / 32768f)), back.Samples);
        Assert.Equal((16000, 2), (back.SampleRate, back.Channels));
    }

    [Fact]
    public void Wav_SaysWhatIsWrong()
    {
        var good = File.ReadAllBytes(Scratch.Golden("i16.wav"));
        void Refused(byte[] bytes, string message) => Assert.Contains(message, Assert.Throws<InputException>(() => WavFile.Read(_scratch.Write("a.wav", bytes))).Message, StringComparison.Ordinal);
        Refused(good[..^1], "longer than the file");
        Refused(good[..30], "cut off");
        Refused([.. "RIFX"u8, .. good[4..]], "not a WAV file");
        byte[] law = [.. good];
        law[20] = 7;
        Refused(law, "WAV encoding 7 is not read");
        byte[] mute = [.. good];
        mute[22] = 0;
        Refused(mute, "0 channels");
        Assert.Contains("the limit is 10 bytes", Assert.Throws<InputException>(() => WavFile.Read(Scratch.Golden("i16.wav"), 10)).Message, StringComparison.Ordinal);
    }

    [DataFact("audio")]
    public void SpokenDigits_AreFilledWithSilenceAndNamed()
    {
        var loaded = DataSource.Load(TestData.Require("audio"), new DataOptions { Window = 4000, Target = "name1", Groups = "name2", Split = "0.5,0,0.5" });
        Assert.Equal((400, 8000), (loaded.Data.Count, loaded.Data.SampleRate));
        Assert.Equal([1, 4000], loaded.Data.FeatureShape);
        Assert.Equal(10, ((ClassTarget)loaded.Data.Target!).Classes.Count);
        Assert.Equal(["jackson", "theo"], loaded.Data.Groups!.Names);
        Assert.Single(loaded.Split.Test.Select(r => loaded.Data.Groups.Of[r]).Distinct());
        Assert.Equal(loaded.Data.Features, DataSource.LoadNew(TestData.Require("audio"), Schema.FromJson(loaded.Schema.ToJson()), new DataOptions(), true).Features);
    }

    [Fact]
    public void Text_BecomesWindowsOfTokens()
    {
        var path = _scratch.Write("t.txt", string.Concat(Enumerable.Repeat("ab c!\r\n", 100)) + "é");
        var loaded = DataSource.Load(path, new DataOptions { Window = 7 });
        var tokens = loaded.Data.Indices!;
        Assert.Equal(["\uFFFD", "\n", "\r", " ", "!", "a", "b", "c"], tokens.Vocabulary[0]);
        Assert.Equal([5, 6, 3, 7, 4, 2, 1], tokens.Row(99).ToArray());
        Assert.Equal(100, loaded.Data.Count); // the é alone fills no window
        Assert.Equal(79, loaded.Split.Train[^1]); // in order
        var words = DataSource.Load(path, new DataOptions { Window = 6, TextUnit = TextUnit.Words }).Data.Indices!;
        Assert.Equal("ab c!\r\n", string.Concat(words.Row(0).ToArray().Select(t => words.Vocabulary[0][t])));
        var other = _scratch.Write("o.txt", "a?a?a?a?");
        Assert.Equal([5, 0, 5, 0, 5, 0, 5], DataSource.LoadNew(other, Schema.FromJson(loaded.Schema.ToJson()), new DataOptions(), false).Indices!.Row(0).ToArray());
        Assert.Contains("less than a window", Assert.Throws<InputException>(() => DataSource.Load(_scratch.Write("s.txt", "ab"), new DataOptions())).Message, StringComparison.Ordinal);
    }

    [DataFact("text/tinyshakespeare.txt")]
    public void Shakespeare_HasSixtyFiveCharacters()
    {
        var tokens = DataSource.Load(TestData.Require("text/tinyshakespeare.txt"), new DataOptions { Window = 64 }).Data.Indices!;
        Assert.Equal(66, tokens.Cardinalities[0]); // and one for all others
        Assert.Equal(1115394 / 64, tokens.Count);
    }

    [Fact]
    public void Ratings_BecomeOneRowAUser()
    {
        var path = _scratch.Write("r.csv", "who,what,stars\n1,x,5\n2,y,3\n1,y,4\n10,z,1\n" + string.Concat(Enumerable.Range(20, 20).Select(u => $"{u},x,2\n")));
        var loaded = DataSource.Load(path, new DataOptions { Ratings = "who,what,stars" });
        Assert.Equal(["x", "y", "z"], loaded.Data.FeatureNames);
        Assert.Equal([5, 4, 0], loaded.Data.Row(0).ToArray());
        Assert.Equal(["1", "2", "10"], loaded.Data.RowNames!.Take(3));
        Assert.Equal([1, 1, 0], DataSource.Load(path, new DataOptions { Ratings = "1,2" }).Data.Row(0).ToArray());
        var schema = Schema.FromJson(loaded.Schema.ToJson());
        Assert.Equal([0, 2, 0], DataSource.LoadNew(_scratch.Write("n.csv", "who,what,stars\n7,y,2\n8,y,1\n"), schema, new DataOptions { Header = HeaderMode.Row }, false).Row(0).ToArray());
        Assert.EndsWith("line 2: item 'w' was not there in training", Assert.Throws<InputException>(() => DataSource.LoadNew(_scratch.Write("n.csv", "who,what,stars\n7,w,2\n8,y,1\n"), schema, new DataOptions { Header = HeaderMode.Row }, false)).Message, StringComparison.Ordinal);
    }
}
