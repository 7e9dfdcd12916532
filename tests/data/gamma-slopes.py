"""Writes gamma-slopes.csv: how a gamma number x moves with its concentration a while the probability of a smaller one stays, and how that moves with a
at one x. By numeric derivatives of the regularised incomplete gamma function in 100 digits. Needs mpmath; tests read only the file.

    python3 tests/data/gamma-slopes.py
"""

import os
import random

import mpmath
from mpmath import mp, mpf

mp.dps = 100
PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gamma-slopes.csv")


def slope(a, x):
    density = mpmath.exp((a - 1) * mpmath.log(x) - x - mpmath.loggamma(a))
    return -mpmath.diff(lambda b: mpmath.gammainc(b, 0, x, regularized=True), a, h=mpf(10) ** -30) / density


def main():
    r = random.Random("gamma slopes")
    lines = ["# concentration, number, slope, its derivative with respect to the concentration at that number; from mpmath with 100 digits\n"]
    for a in [0.001, 0.02, 0.1, 0.3, 0.7, 0.99, 1, 1.2, 1.5, 2, 3, 4.5, 8, 15, 40, 100, 300, 900, 1990, 2010, 6000]:
        for _ in range(5):
            x = r.gammavariate(a, 1) if a > 0.05 else 10 ** r.uniform(-12, 1)
            x = max(x, 1e-30)
            first = slope(mpf(a), mpf(x))
            second = mpmath.diff(lambda b: slope(b, mpf(x)), mpf(a), h=mpf(10) ** -15)
            lines.append("%r,%r,%s,%s\n" % (a, x, mpmath.nstr(first, 17), mpmath.nstr(second, 17)))
    with open(PATH, "w") as file:
        file.writelines(lines)


main()
