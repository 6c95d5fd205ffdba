using Isthmus.Benchmarks;

// Isthmus.Benchmarks gemm|conv|vector [threads] or coding [folder]: times our kernels on the shapes that matter; peers/ times others on the same ones.
var threads = args.Length > 1 && args[0] != "coding" ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : Environment.ProcessorCount;
switch (args.Length > 0 ? args[0] : "")
{
    case "gemm": GemmBenchmark.Run(threads); return 0;
    case "conv": ConvBenchmark.Run(threads); return 0;
    case "vector": VectorBenchmark.Run(threads); return 0;
    case "coding": CodingBenchmark.Run(args.Length > 1 ? args[1] : Path.Combine(Path.GetTempPath(), "isthmus-coding")); return 0;
    default: Console.Error.WriteLine("usage: Isthmus.Benchmarks gemm|conv|vector [threads], or coding [folder for the peer's input]"); return 2;
}
