global using GraphCompiler.Arguments;
global using GraphCompiler.Buffers;
global using GraphCompiler.Plans;
global using GraphCompiler.Randomness;
global using GraphCompiler.Routines;
global using GraphCompiler.Threading;
global using GraphCompiler.Types;
