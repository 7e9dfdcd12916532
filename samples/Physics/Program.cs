// Two problems of physics whose derivatives are whole matrices: parameters of an equation from noisy observations, and an equation that a network solves.
using System.Diagnostics;
using System.Globalization;
using Physics;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
long start = Stopwatch.GetTimestamp();
bool isQuick = args.Contains("--quick");
int at = Array.IndexOf(args, "--out");
string path = at >= 0 && at + 1 < args.Length ? args[at + 1] : "physics-fit.png";

bool isFitted = Populations.Fit(observations: isQuick ? 50 : 200, path);
bool isSolved = Oscillator.Solve(points: isQuick ? 32 : 64, hidden: isQuick ? 10 : 16);
Console.WriteLine($"{Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s in all");
Console.WriteLine($"parameters within {Populations.MostErrors} standard errors: {(isFitted ? "yes" : "no")}");
Console.WriteLine($"oscillator within {Oscillator.MostError}: {(isSolved ? "yes" : "no")}");
return isFitted && isSolved ? 0 : 1;
