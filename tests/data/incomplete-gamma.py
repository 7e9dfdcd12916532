"""Writes incomplete-gamma.csv: the regularised incomplete gamma functions P(a, x) and Q(a, x) and their density at points over their whole range, dense where methods
meet, in 60 digits and more. Needs mpmath; tests read only the file.

    python3 tests/data/incomplete-gamma.py
"""

import os
import random

import mpmath
from mpmath import mp, mpf

mp.dps = 60
PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "incomplete-gamma.csv")


def both(a, x):
    # The smaller one by its own series or fraction; of large arguments mpmath needs more digits than it takes by itself.
    mp.dps = 60 + int(min(400, 0.05 * abs(a - x)))
    density = mpmath.exp((a - 1) * mpmath.log(x) - x - mpmath.loggamma(a))
    if x < a + 1 or x < 1:
        term = total = mpf(1)
        n = 1
        while term > mpf(10) ** -(mp.dps + 5) * total:
            term *= x / (a + n)
            total += term
            n += 1
        lower = density * x / a * total
        return lower, 1 - lower, density
    upper = mpmath.gammainc(a, x, mpmath.inf, regularized=True)
    return 1 - upper, upper, density


def main():
    r = random.Random("incomplete gamma")
    points = []
    for a in [1e-12, 1e-5, 0.003, 0.1, 0.3, 0.5, 0.77, 1, 1.1, 1.5, 2, 3.3, 7, 9.99, 10.01, 25, 90, 199.5, 200.5, 333, 900, 4000, 30000]:
        for _ in range(4):
            points.append((a, a * 10 ** r.uniform(-3, 1)))
            points.append((a, max(1e-3, a + r.gauss(0, 1) * a ** 0.5)))
            points.append((a, max(1e-3, a + r.gauss(0, 6) * a ** 0.5)))
        if a < 3:
            points += [(a, x) for x in (1e-200, 1e-9, 0.02, 0.4, 0.9, 1.09, 1.11, 1.6, 5, 40, 300, 700)]
        if a >= 199:
            points += [(a, a * s) for s in (0.39, 0.41, 0.57, 0.62, 0.65, 0.999, 1, 1.001, 1.5, 1.62, 1.66, 1.99)]
    lines = ["# a, x, P, Q, density; from mpmath with 60 digits and more\n"]
    for a, x in points:
        lower, upper, density = both(mpf(a), mpf(x))
        lines.append("%r,%r,%s,%s,%s\n" % (a, x, mpmath.nstr(lower, 20), mpmath.nstr(upper, 20), mpmath.nstr(density, 20)))
    with open(PATH, "w") as file:
        file.writelines(lines)


main()
