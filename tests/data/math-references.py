"""Adds rows to math-references.csv for the functions below that have none. Needs mpmath; tests read only the file.

    python3 tests/data/math-references.py
"""

import os
import random
import struct

from mpmath import mp, mpf, inf
import mpmath

mp.dps = 60
PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "math-references.csv")


def bits(x):
    return "%016x" % struct.unpack(">Q", struct.pack(">d", x))[0]


def double(v):
    """The double nearest to a number, also where it is subnormal."""
    if abs(v) >= mpf(2) ** -1022 or v == 0:
        return float(v)
    return float(int(mpmath.nint(v * mpf(2) ** 1074))) * 2.0**-1074


def ulp(y):
    y = abs(y)
    up = struct.unpack(">d", struct.pack(">Q", struct.unpack(">Q", struct.pack(">d", y))[0] + 1))[0]
    return mpf(up) - mpf(y)


def expm1(x):
    return mpmath.expm1(x)


def log_gamma(x):
    if x > 0:
        return mpmath.loggamma(x).real
    return mpmath.log(mp.pi / abs(mpmath.sinpi(x))) - mpmath.loggamma(1 - x).real


def erf_inv(x):
    if abs(x) < 0.5:
        return mpmath.erfinv(x)
    y = mpmath.sqrt(-mpmath.log(1 - x * x))
    for _ in range(200):
        step = (mpmath.erfc(y) - (1 - abs(x))) * mpmath.sqrt(mp.pi) / 2 * mpmath.exp(y * y)
        y += step
        if abs(step) < mpf(10) ** -55:
            break
    return y if x > 0 else -y


def spread(low, high):
    """Magnitudes with logarithms even from low to high."""
    return lambda r: float(mpf(low) * (mpf(high) / mpf(low)) ** r.random())


def signed(f):
    return lambda r: f(r) * r.choice([-1, 1])


def within(low, high):
    return lambda r: r.uniform(low, high)


tiny = [5e-324, 1.1e-310, 1e-20, 1e-9, 1e-4]
both = lambda values: [v for x in values for v in (x, -x)]

FUNCTIONS = {
    "Exp2": (lambda x: mpf(2) ** x, [within(-1074, 1024), within(-2, 2), signed(spread(1e-18, 1))], both([0.5, 1.0, 1e-17, 3.0, 0.49999999999999994]) + [1023.9, -1022.5, -1073.5, -1074.0]),
    "ExpM1": (expm1, [within(-40, 40), within(-1.5, 1.5), within(40, 709), signed(spread(1e-18, 1))], both(tiny + [0.34657, 0.3466, 1.0397, 1.0]) + [709.7, 400.0, -39.0, -41.0, -700.0, 36.7]),
    "Log2": (lambda x: mpmath.log(x) / mpmath.log(2), [spread(1e-300, 1e300), within(0.5, 2), within(0.99, 1.01)], [5e-324, 1e-310, 0.5, 2.0, 1024.0, 3.0, 0.7071067811865475, 1.414213562373095, 0.9999999999999999, 1.0000000000000002, 1.7976931348623157e308]),
    "Log10": (lambda x: mpmath.log10(x), [spread(1e-300, 1e300), within(0.5, 2), within(0.99, 1.01)], [5e-324, 1e-310, 0.1, 10.0, 1000.0, 1e15, 1e22, 0.9999999999999999, 1.0000000000000002, 1.7976931348623157e308]),
    "Sinh": (mpmath.sinh, [within(-3, 3), within(-710, 710), signed(spread(1e-12, 1))], both(tiny + [0.34, 0.35, 1.0, 22.0, 39.9, 40.1, 709.8, 710.4])),
    "Cosh": (mpmath.cosh, [within(-3, 3), within(-710, 710), signed(spread(1e-12, 1))], both(tiny + [0.34, 1.0, 22.0, 40.1, 709.8, 710.4])),
    "Asinh": (mpmath.asinh, [within(-3, 3), signed(spread(1e-15, 1e300))], both(tiny + [1.0, 1.8014398509481982e16, 1.8014398509481988e16, 1.7e308, 1e154, 1e155])),
    "Acosh": (mpmath.acosh, [within(1, 3), spread(1, 1e300), lambda r: 1 + spread(1e-15, 1)(r)], [1.0000000000000002, 1.5, 2.0, 1.8014398509481982e16, 1.8014398509481988e16, 1.7e308, 1e154, 1e155]),
    "Atanh": (mpmath.atanh, [within(-1, 1), signed(spread(1e-15, 1)), lambda r: 1 - spread(1e-15, 0.5)(r)], both(tiny + [0.5, 0.49999999999999994, 0.9999999999999999, 0.75])),
    "Cbrt": (lambda x: mpmath.cbrt(abs(x)) * (1 if x > 0 else -1), [signed(spread(1e-300, 1e300)), within(-10, 10)], both([5e-324, 1e-310, 8.0, 27.0, 1.0, 2.0, 4.0, 1e-300, 1.7e308, 2.2250738585072014e-308])),
    "Tan": (mpmath.tan, [within(-7, 7), within(-1000, 1000), within(-1e6, 1e6)], both(tiny + [0.7853981633974483, 1.5707963267948966, 3.141592653589793, 4.71238898038469, 1.5, 1e5, 1048575.0])),
    "Asin": (mpmath.asin, [within(-1, 1), signed(spread(1e-12, 1)), lambda r: 1 - spread(1e-15, 0.5)(r)], both(tiny + [0.5, 0.5000000000000001, 0.9999999999999999, 1.0, 0.75])),
    "Acos": (mpmath.acos, [within(-1, 1), signed(spread(1e-12, 1)), lambda r: 1 - spread(1e-15, 0.5)(r), lambda r: spread(1e-15, 0.5)(r) - 1], both(tiny + [0.5, 0.5000000000000001, 0.9999999999999999, 0.75]) + [-1.0]),
    "Atan": (mpmath.atan, [within(-3, 3), signed(spread(1e-12, 1e20))], both(tiny + [0.41421356237309503, 0.4142135623730951, 1.0, 2.414213562373095, 2.4142135623730954, 1e300])),
    "Erfc": (mpmath.erfc, [within(-6, 6), within(0.4, 3), within(3, 27.2)], both(tiny + [0.4999999999999999, 0.5, 1.0]) + [6.0, 10.0, 20.0, 26.5, 26.6, 27.0, 27.2, -6.0]),
    "ErfInv": (erf_inv, [within(-1, 1), signed(spread(1e-12, 1)), lambda r: 1 - spread(1e-15, 0.5)(r)], both(tiny + [0.5, 0.4999999999999999, 0.9999999999999999, 0.9966, 0.9967, 0.75])),
    "LogGamma": (log_gamma, [within(0, 10), within(0.6, 3.2), spread(1e-10, 1), spread(8, 1e10), within(-10, 0)], [5e-324, 1e-300, 0.5, 0.49999999999999994, 0.75, 0.7499999999999999, 1.5, 3.0, 8.0, 7.999999999999999, 0.9999999999999999, 1.0000000000000002, 1.9999999999999998, 2.0000000000000004, 1e300, -1e-300, -0.5, -1e-10, -100.5]),
    "Digamma": (mpmath.digamma, [within(0, 12), within(1, 2), spread(1e-10, 1), spread(10, 1e10), within(-10, 0)], [1e-300, 0.5, 1.0, 2.0, 0.9999999999999999, 1.4616321449683622, 1.4616321449683625, 10.0, 9.999999999999998, 1e300, -1e-300, -0.5, -1e-10, -100.25]),
}
for n in (0, 1):
    FUNCTIONS["BesselI%d" % n] = ((lambda n: lambda x: mpmath.besseli(n, x))(n), [within(-8, 8), within(-20, 20), within(-713, 713), signed(spread(1e-12, 1))], both(tiny + [1.0, 8.0, 7.999999999999999, 8.000000000000002, 30.0, 600.0, 712.5, 713.5]))
for n in (1, 2, 3, 5, 8):
    FUNCTIONS["Polygamma%d" % n] = ((lambda n: lambda x: mpmath.polygamma(n, x))(n), [within(0, 20), spread(1e-5, 1), spread(10, 1e8), within(-5, 0)], [0.5, 1.0, 2.0, 13.0, 25.0, -0.5, -0.25, -20.75])


def main():
    text = open(PATH).read()
    known = {line.split(",")[0] for line in text.splitlines()}
    lines = []
    for name, (function, sources, points) in FUNCTIONS.items():
        if name in known:
            continue
        r = random.Random(name)
        values = list(dict.fromkeys(points + [sources[i % len(sources)](r) for i in range(110 - len(points))]))
        for x in values:
            truth = function(mpf(x))
            y = double(truth)
            missing = (truth - mpf(y)) / ulp(y)
            if truth == 0 or abs(y) == float("inf"):
                continue
            lines.append("%s,%s,%s,%.3f" % (name, bits(x), bits(y), missing))
    with open(PATH, "a") as file:
        file.write("".join(line + "\n" for line in lines))


main()
