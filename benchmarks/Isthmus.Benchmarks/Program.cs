using Isthmus.Benchmarks;

// Isthmus.Benchmarks gemm|conv [threads]: times our kernels on the shapes that matter; peers/ times others on the same ones.
var threads = args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : Environment.ProcessorCount;
switch (args.Length > 0 ? args[0] : "")
{
    case "gemm": GemmBenchmark.Run(threads); return 0;
    case "conv": ConvBenchmark.Run(threads); return 0;
    default: Console.Error.WriteLine("usage: Isthmus.Benchmarks gemm|conv [threads]"); return 2;
}
