"""Tables of formulas modulo 13, computed cell by cell in Python.

    python3 formulas.py > formulas.txt

A line is a formula as Dunwu reads it, the modulus, the operands' sizes and the labels, the last operand fastest. The first nine rows
are the operations of Power et al. 2022 (arXiv:2201.02177, appendix A.1.1) on numbers.
"""

P = 13


def over(a, b):
    return a * pow(b, -1, P)


def row(formula, xs, ys, of):
    print(formula, P, f"{len(xs)} {len(ys)}", " ".join(str(of(x, y) % P) for x in xs for y in ys), sep=" | ")


all_, units = range(P), range(1, P)
print("# made by formulas.py")
row("x+y", all_, all_, lambda x, y: x + y)
row("x-y", all_, all_, lambda x, y: x - y)
row("x/y", all_, units, over)
row("x/y if y%2==1 else x-y", all_, all_, lambda x, y: over(x, y) if y % 2 == 1 else x - y)
row("x**2+y**2", all_, all_, lambda x, y: x**2 + y**2)
row("x**2+x*y+y**2", all_, all_, lambda x, y: x**2 + x * y + y**2)
row("x**2+x*y+y**2+x", all_, all_, lambda x, y: x**2 + x * y + y**2 + x)
row("x**3+x*y", all_, all_, lambda x, y: x**3 + x * y)
row("x**3+x*y**2+y", all_, all_, lambda x, y: x**3 + x * y**2 + y)
row("x//y", all_, units, lambda x, y: x // y)
row("x%y-x*(y//3)", all_, units, lambda x, y: x % y - x * (y // 3))
row("x if x<y else 2*y if x%5>2 else -x", all_, all_, lambda x, y: x if x < y else 2 * y if x % 5 > 2 else -x)
