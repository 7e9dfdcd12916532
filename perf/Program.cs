using BenchmarkDotNet.Running;
using GraphCompiler.Perf;

BenchmarkSwitcher.FromAssembly(typeof(ElementwiseBenchmarks).Assembly).Run(args);
