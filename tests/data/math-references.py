"""Adds rows to math-references.csv: for the functions below that have none, and of hard points. Needs mpmath; tests read only the file.

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
    "NormalCdf": (mpmath.ncdf, [within(-8, 8), within(-3, -0.5), within(-38, -6)], both(tiny + [0.7071067811865475, 0.7071067811865476, 1.0]) + [-37.5, -38.4, -10.0, 8.2]),
    "ErfInv": (erf_inv, [within(-1, 1), signed(spread(1e-12, 1)), lambda r: 1 - spread(1e-15, 0.5)(r)], both(tiny + [0.5, 0.4999999999999999, 0.9999999999999999, 0.9966, 0.9967, 0.75])),
    "LogGamma": (log_gamma, [within(0, 10), within(0.6, 3.2), spread(1e-10, 1), spread(8, 1e10), within(-10, 0)], [5e-324, 1e-300, 0.5, 0.49999999999999994, 0.75, 0.7499999999999999, 1.5, 3.0, 8.0, 7.999999999999999, 0.9999999999999999, 1.0000000000000002, 1.9999999999999998, 2.0000000000000004, 1e300, -1e-300, -0.5, -1e-10, -100.5]),
    "Digamma": (mpmath.digamma, [within(0, 12), within(1, 2), spread(1e-10, 1), spread(10, 1e10), within(-10, 0)], [1e-300, 0.5, 1.0, 2.0, 0.9999999999999999, 1.4616321449683622, 1.4616321449683625, 10.0, 9.999999999999998, 1e300, -1e-300, -0.5, -1e-10, -100.25]),
}
for n in (0, 1):
    FUNCTIONS["BesselI%d" % n] = ((lambda n: lambda x: mpmath.besseli(n, x))(n), [within(-8, 8), within(-20, 20), within(-713, 713), signed(spread(1e-12, 1))], both(tiny + [1.0, 8.0, 7.999999999999999, 8.000000000000002, 30.0, 600.0, 712.5, 713.5]))
for n in (1, 2, 3, 5, 8):
    FUNCTIONS["Polygamma%d" % n] = ((lambda n: lambda x: mpmath.polygamma(n, x))(n), [within(0, 20), spread(1e-5, 1), spread(10, 1e8), within(-5, 0)], [0.5, 1.0, 2.0, 13.0, 25.0, -0.5, -0.25, -20.75])

# Where the double functions were seen furthest from the truth, of some 300,000 points an interval.
HARD = {
    "Sin": [3.016381916164521, 24.8808763258498, 9.676351511757902, 30.324494592374634, 15.707961380579954, 15.707961920734839, -6.53377530003608,
        -6.5352677165229185, -6.032039362952132, 6.030664712204906, 3.2668843088983017, -3.016575320165872],
    "Cos": [23.31165325704522, 20.16852901875461, 11.120774204163249, 20.671016489776182, 11.120659145657266, 23.561944086808612,
        0.5705850236469131, -0.5690497294207909, -0.5485357995842256, -0.5552868318378644, -0.5364382439591239, -0.5555909366662702],
    "Tan": [870439.5057337972, 353836.0097774916, 835046.3228984546, 747942.524985024, 188082.43978144054, 110940.63217254316, 8.104262183468911,
        -2.0724244844505684, -8.107067122173993, -8.107637352360243, 2.0719345063306083, -2.0719446670599027],
    "Sinh": [2.4634224071462745, 1.7887752748973558, 1.7734101818750663, 1.2205037531538423, 1.7825292706408202, 1.7383006442050917],
    "BesselI0": [-8.149062046850595, -11.844330210166206, -9.562851591763483, -11.835993088705463, -10.389354071761181, 10.366230121984252,
        308.0700820000237, 621.6719250710084, 276.1284095761963, -632.7315752365308, 289.06511833335503, 210.10717995236962],
    "BesselI1": [10.435015539841267, -10.400530467927704, -11.78800117214583, -10.406969166550304, -8.978383215599873, -10.43894478606011,
        276.76945042971965, 282.37514128227497, -595.3311996480129, 73.01691584569255, -285.0132275056156, -315.62304297304854],
    "Erfc": [1.8908515222793685, 1.3287204747687655, 1.7201268117502924, 1.8909849277189863, 1.8854430331315113, 1.915597027594036,
        0.9682350214422843, 0.9712320808187277, 0.9602107507922737, 0.9533387478223717, 0.9998433785512314, 0.9736412698280258],
    "ErfInv": [0.5017955636148321, -0.5067865455089074, 0.5191042262684107, 0.5111809361312449, -0.5021512813410495, 0.5174773826810892],
    "Sigmoid": [-3.4603978895863534, -2.021975574093858, -3.4529062935397477, -3.446917181577028, -1.99259644467039, -2.0400972115062643],
    "Asinh": [0.3698589871825627, 0.3597482054514632, 0.40566220487880034, -0.3644124893670439, 0.4158816816348735, -0.3576337062972949],
    "Acosh": [1.0800506341313512, 1.077645115756111, 1.095806186101454, 1.084755605169675, 1.0624624141563932, 1.0985133955794002],
    "Atanh": [-0.17764796092065427, 0.19114913194959482, 0.1864219658013535, -0.1812112970190175, -0.17901845983183873, -0.1822826383552899],
    "ExpM1": [0.3894132242488737, 0.4003566426226668, 0.40115404753068185, 0.39840848809034024, 0.3989111536177392, 0.3668154335426239],
    "Tanh": [0.20636510905174776, -0.20517233256491474, -0.21498130132210502, -0.2148315791109724, 0.2147040642866418, -0.22099885680759268],
    "Log10": [1.2900439713231677, 0.7499030598790196, 1.3270153748624829, 1.3317154594606133, 1.3288101993112298, 1.3077622691342337],
    "Log2": [1.3208104246950019, 1.3306346146410435, 0.715929726154524, 1.3998856110430016, 1.3730231157237884, 0.7190050049676174],
    "Log1P": [-0.3056490464627971, -0.298244669473844, -0.2984153725199473, 0.45920059408955294, -0.325981443899675, -0.29733202480586807],
    "Atan": [0.43149295678411764, -0.4346704328040735, 0.4809434687206659, -0.43293518675704584, -0.4598676421038736, -0.42559476155643877],
    "LogGamma": [0.950830941564465, 0.9515996051915204, 0.9548813905468695, 0.8463504762343012, 0.9517952372762687, 0.8602134864545695],
    "Digamma": [2.0464294972114403, 2.0416856842309636, 2.0037173185514834, 2.0419541032248896, 2.004299933046242, 2.0399023727234],
    "Exp": [2.036063412686839, 2.077076064924279, 2.019721135040615, 1.9952903627396052, -0.6961931957379885, 2.0722524081693274],
}

# Those whose rows above were made before this file.
EARLIER = {
    "Exp": mpmath.exp,
    "Log1P": mpmath.log1p,
    "Tanh": mpmath.tanh,
    "Sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "Sin": mpmath.sin,
    "Cos": mpmath.cos,
}


def row(name, function, x):
    truth = function(mpf(x))
    y = double(truth)
    if truth == 0 or abs(y) == float("inf"):
        return []
    return ["%s,%s,%s,%.3f" % (name, bits(x), bits(y), (truth - mpf(y)) / ulp(y))]


def main():
    text = open(PATH).read()
    known = {line.split(",")[0] for line in text.splitlines()}
    there = {tuple(line.split(",")[:2]) for line in text.splitlines()}
    lines = []
    for name, (function, sources, points) in FUNCTIONS.items():
        if name in known:
            continue
        r = random.Random(name)
        values = list(dict.fromkeys(points + [sources[i % len(sources)](r) for i in range(110 - len(points))]))
        for x in values:
            lines += row(name, function, x)
    for name, points in HARD.items():
        function = EARLIER[name] if name in EARLIER else FUNCTIONS[name][0]
        for x in points:
            if (name, bits(x)) not in there:
                lines += row(name, function, x)
    with open(PATH, "a") as file:
        file.write("".join(line + "\n" for line in lines))


main()
