"""Random Latin squares, by Jacobson and Matthews 1996: tables that no rule generates, so that nothing can generalize on them.

python3 testdata/verdict/random_squares.py    writes random-17.csv, random-23.csv and random-29.csv beside itself, the same every time
"""

import random
from pathlib import Path


def square(n, seed):
    """The square after n³ proper moves of the walk over squares, some of them improper, from i + j mod n."""
    draw = random.Random(seed)
    cube = [[[int((i + j) % n == k) for k in range(n)] for j in range(n)] for i in range(n)]
    improper, moves = None, 0
    while moves < n**3 or improper:
        if improper is None:
            x, y, z = (draw.randrange(n) for _ in range(3))
            if cube[x][y][z]:
                continue
        else:
            x, y, z = improper
        a = draw.choice([i for i in range(n) if cube[i][y][z] == 1])
        b = draw.choice([i for i in range(n) if cube[x][i][z] == 1])
        c = draw.choice([i for i in range(n) if cube[x][y][i] == 1])
        for i, j, k in [(x, y, z), (x, b, c), (a, y, c), (a, b, z)]:
            cube[i][j][k] += 1
        for i, j, k in [(x, y, c), (x, b, z), (a, y, z), (a, b, c)]:
            cube[i][j][k] -= 1
        improper = (a, b, c) if cube[a][b][c] < 0 else None
        moves += 1
    return [[row.index(1) for row in plane] for plane in cube]


for n in (17, 23, 29):
    lines = [",".join(map(str, row)) for row in square(n, n)]
    Path(__file__).with_name(f"random-{n}.csv").write_text("\n".join(lines) + "\n")
