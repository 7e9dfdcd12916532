global using GraphCompiler.Buffers;
global using GraphCompiler.Interpretation;
global using GraphCompiler.Nodes;
global using GraphCompiler.Plans;
global using GraphCompiler.Randomness;
global using GraphCompiler.Routines;
global using GraphCompiler.Routines.Matrices;
global using GraphCompiler.Types;
