using BenchmarkDotNet.Running;
using GraphCompiler.Perf;
using GraphCompiler.Perf.CompileTimes;

if (args is ["compile-time", .. var rest])
{
    return CompileTime.Run(rest);
}

if (args is ["growth", .. var which])
{
    return Growth.Run(which);
}

BenchmarkSwitcher.FromAssembly(typeof(ElementwiseBenchmarks).Assembly).Run(args);
return 0;
