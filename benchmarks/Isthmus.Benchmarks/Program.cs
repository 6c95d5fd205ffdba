using System.Globalization;
using Isthmus.Benchmarks;

// Times our kernels on the shapes that matter; peers/ times others on the same ones.
const string Usage = "usage: Isthmus.Benchmarks gemm|conv [threads [part of a name]], vector [threads], or coding [folder for the peer's input]";
var verb = args.Length > 0 ? args[0] : "";
var threads = args.Length > 1 && verb != "coding" ? int.Parse(args[1], CultureInfo.InvariantCulture) : Environment.ProcessorCount;
var only = args.Length > 2 ? args[2] : "";
switch (verb)
{
    case "gemm": GemmBenchmark.Run(threads, only); return 0;
    case "conv": ConvBenchmark.Run(threads, only); return 0;
    case "vector": VectorBenchmark.Run(threads); return 0;
    case "coding": CodingBenchmark.Run(args.Length > 1 ? args[1] : Path.Combine(Path.GetTempPath(), "isthmus-coding")); return 0;
    default: Console.Error.WriteLine(Usage); return 2;
}
