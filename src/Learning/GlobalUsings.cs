global using GraphCompiler.Learning.Layers;
global using GraphCompiler.Learning.Modules;
