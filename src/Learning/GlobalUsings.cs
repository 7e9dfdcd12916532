global using GraphCompiler.Learning.Data;
global using GraphCompiler.Learning.Inspection;
global using GraphCompiler.Learning.Layers;
global using GraphCompiler.Learning.Modules;
