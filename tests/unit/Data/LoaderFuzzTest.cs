using System.Diagnostics;
using System.Text;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Tests.Data;

/// <summary>
/// Seeded mutations of valid files: every loader answers each with a clear error or a correct result, without hanging and without
/// allocating much more than it was allowed. Where a format has check sums, a result must be the original's.
/// </summary>
public sealed class LoaderFuzzTest : IDisposable
{
    private const int Quick = 300, Full = 10_000;
    private const long Allowed = 1 << 20;          // what loaders may decode to
    private const long Allocated = 24L << 20;      // that, buffers of readers, and the text of errors
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    public static TheoryData<string> Loaders => [.. Cases.Keys];

    // Name -> the bytes of a valid file, its ending, and a loader that returns what it read.
    private static readonly Dictionary<string, (Func<byte[]> Make, string Ending, bool Checked, Func<string, float[]> Load)> Cases = new(StringComparer.Ordinal)
    {
        ["csv"] = (() => Encoding.UTF8.GetBytes("id,age,colour,when\n" + string.Concat(Enumerable.Range(0, 40).Select(i => FormattableString.Invariant($"{i},{i * 0.5},\"{(i % 3 == 0 ? "r,d" : "blue")}\",2020-01-{i % 28 + 1:00}\n")))), ".csv", false,
            path => DataSource.Load(path, new DataOptions { Target = "colour", Ignore = "when", MaxMemory = Allowed }).Data.Features),
        ["series"] = (() => Encoding.UTF8.GetBytes("t,x\n" + string.Concat(Enumerable.Range(0, 60).Select(i => FormattableString.Invariant($"{i},{i % 7}\n")))), ".csv", false,
            path => DataSource.Load(path, new DataOptions { Time = "t", Target = "x", Window = 4, MaxMemory = Allowed }).Data.Features),
        ["ratings"] = (() => Encoding.UTF8.GetBytes("u,i,r\n" + string.Concat(Enumerable.Range(0, 60).Select(i => FormattableString.Invariant($"{i % 13},i{i % 7},{i % 5}\n")))), ".csv", false,
            path => DataSource.Load(path, new DataOptions { Ratings = "1,2,3", MaxMemory = Allowed }).Data.Features),
        ["idx"] = (() => ArrayFileTest.Idx(8, [5, 4, 3], [.. Enumerable.Range(0, 60).Select(i => (byte)i)]), "-ubyte", false,
            path => DataSource.Load(path, new DataOptions { MaxMemory = Allowed }).Data.Features),
        ["idx.gz"] = (() => ArrayFileTest.Gzip(ArrayFileTest.Idx(8, [5, 4, 3], [.. Enumerable.Range(0, 60).Select(i => (byte)(i * i))])), "-ubyte.gz", true,
            path => DataSource.Load(path, new DataOptions { MaxMemory = Allowed }).Data.Features),
        ["npy"] = (() => File.ReadAllBytes(Scratch.Golden("fortran.npy")), ".npy", false, path => DataSource.Load(path, new DataOptions { MaxMemory = Allowed, Split = "1,0,0", Standardise = false }).Data.Features),
        ["npz"] = (() => File.ReadAllBytes(Scratch.Golden("numpy.npz")), ".npz", false, ReadAllArrays),
        ["png"] = (() => PngFileTest.Goldens()["c3_d4_9x13_i_t"].File, ".png", true, path => [.. PngFile.Read(path, Allowed).Samples.Select(s => (float)s)]),
        ["png16"] = (() => PngFileTest.Goldens()["c6_d16_9x13_n"].File, ".png", true, path => DataSource.Load(path, new DataOptions { MaxMemory = Allowed, Patch = 1 }).Data.Features),
        ["wav"] = (() => File.ReadAllBytes(Scratch.Golden("i24.wav")), ".wav", false, path => WavFile.Read(path, Allowed).Samples),
        ["wav float"] = (() => File.ReadAllBytes(Scratch.Golden("f64.wav")), ".wav", false, path => DataSource.Load(path, new DataOptions { MaxMemory = Allowed, Split = "1,0,0" }).Data.Features),
        ["txt"] = (() => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("Größe und Maß: 1 €\r\n", 30))), ".txt", false,
            path => [.. DataSource.Load(path, new DataOptions { MaxMemory = Allowed, Window = 8 }).Data.Indices!.Values.Select(v => (float)v)]),
        ["schema"] = (() => Encoding.UTF8.GetBytes(DataSource.Load("make:led7,n=50", new DataOptions()).Schema.ToJson()), ".json", false,
            path => DataSource.LoadNew("make:led7,n=5", Schema.FromJson(File.ReadAllText(path)), new DataOptions(), true).Features),
    };

    private static float[] ReadAllArrays(string path)
    {
        using var file = new NpzFile(path);
        return [.. file.Names.SelectMany(n => file.Read<float>(n, Allowed).Values)];
    }

    [Theory]
    [MemberData(nameof(Loaders))]
    public void Mutations_AreAnsweredQuick(string loader) => Fuzz(loader, Quick);

    [Theory]
    [Trait("Category", "Slow")]
    [MemberData(nameof(Loaders))]
    public void Mutations_AreAnsweredAll(string loader) => Fuzz(loader, Full);

    private void Fuzz(string loader, int count)
    {
        var (make, ending, isChecked, load) = Cases[loader];
        var good = make();
        var expected = load(_scratch.Write("good" + ending, good));
        Assert.NotEmpty(expected);
        var random = new RandomStream(11).Fork(loader);
        var (errors, clock) = (0, new Stopwatch());
        for (var i = 0; i < count; i++)
        {
            var bad = Mutate(good, random.Fork((ulong)i));
            var path = _scratch.Write("m" + ending, bad);
            var before = GC.GetAllocatedBytesForCurrentThread();
            clock.Restart();
            try
            {
                var result = load(path);
                Assert.All(result, v => Assert.True(float.IsFinite(v), $"{loader}: mutation {i} gives {v}"));
                if (isChecked) Assert.True(expected.AsSpan().SequenceEqual(result), $"{loader}: mutation {i} gives another result and no error");
            }
            catch (InputException e)
            {
                errors++;
                Assert.True(e.Message.Length is > 10 and < 600 && !e.Message.Contains('\n', StringComparison.Ordinal), $"{loader}: mutation {i}: the error is not one line: {e.Message}");
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{loader}: mutation {i} throws {e}");
            }
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < Allocated, $"{loader}: mutation {i} allocates {GC.GetAllocatedBytesForCurrentThread() - before} bytes");
            Assert.True(clock.Elapsed.TotalSeconds < 20, $"{loader}: mutation {i} takes {clock.Elapsed}");
        }
        if (loader != "txt") Assert.True(errors > count / 10, $"{loader}: only {errors} of {count} mutations were noticed"); // any text is a text
    }

    private static byte[] Mutate(byte[] good, RandomStream random)
    {
        var bytes = good.ToList();
        for (var times = 1 + random.NextInt(3); times > 0; times--)
        {
            var at = random.NextInt(bytes.Count + 1);
            var length = Math.Min(bytes.Count - at, 1 + random.NextInt(16));
            switch (random.NextInt(7))
            {
                case 0: bytes.RemoveRange(at, bytes.Count - at); break;
                case 1 when at < bytes.Count: bytes[at] ^= (byte)(1 << random.NextInt(8)); break;
                case 2: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                case 3: bytes.RemoveRange(at, length); break;
                case 4: bytes.InsertRange(at, Enumerable.Range(0, length).Select(_ => (byte)random.NextInt(256))); break;
                case 5: Overwrite(bytes, at, random.NextInt(2) == 0 ? [0xFF, 0xFF, 0xFF, 0x7F] : [0x7F, 0xFF, 0xFF, 0xFF]); break;
                default: Overwrite(bytes, at, [.. "99999999999"u8]); break;
            }
        }
        return [.. bytes];
    }

    private static void Overwrite(List<byte> bytes, int at, byte[] with)
    {
        for (var i = 0; i < with.Length && at + i < bytes.Count; i++) bytes[at + i] = with[i];
    }
}
