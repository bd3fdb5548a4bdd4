"""Makes tables/, tables-refused/, splits/ and splits-refused/: one table and one split in the forms in which programs and people save them.

Every file of tables/ is the addition table modulo 6, and every file of splits/ names the same seven of its 36 pairs. What stands in the
folders of refused files is refused; each has a part of the sentence on its first line behind the file's name, in refused.txt.
Needs numpy and pandas: python3 -m venv v && v/bin/pip install numpy pandas && v/bin/python make_texts.py
"""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
N = 6
table = np.add.outer(np.arange(N), np.arange(N)) % N
names = ["e", "r", "r2", "r3", "r4", "r5"]
named = [[names[value] for value in row] for row in table]
cycle = "(1,2,3,4,5,6)"
permutations = ["()", cycle, "(1,3,5)(2,4,6)", "(1,4)(2,5)(3,6)", "(1,5,3)(2,6,4)", "(1,6,5,4,3,2)"]
permuted = [[permutations[value] for value in row] for row in table]


def saved(writer):
    text = io.StringIO()
    writer(text)
    return text.getvalue()


def lines(rows, separator):
    return "".join(separator.join(map(str, row)) + "\n" for row in rows)


frame = pd.DataFrame(table)
named_frame = pd.DataFrame(named, index=names, columns=names)
order = [2, 0, 5, 1, 4, 3]
shuffled = named_frame.iloc[order]
tables = {
    "plain.csv": lines(table, ","),
    "one-based.csv": lines(table + 1, ","),
    "said-one-based.csv": "# index_base = 1\n" + lines(table + 1, ","),
    "semicolons.csv": lines(table, ";"),
    "tabs.tsv": lines(table, "\t"),
    "blanks.txt": lines(table, " "),
    "aligned.txt": "".join("".join(f"{value:4d}" for value in row) + "  \n" for row in table),
    "windows.csv": "\ufeff" + lines(table, ",").replace("\n", "\r\n"),
    "trailing-commas.csv": lines(table, ",").replace("\n", ",\n"),
    "comments.txt": "% made by hand\n# twice\n\n" + lines(table, " ").replace("\n", "  # a row\n"),
    "savetxt.txt": saved(lambda text: np.savetxt(text, table)),
    "savetxt-integers.txt": saved(lambda text: np.savetxt(text, table, fmt="%d", header="0 to 5")),
    "numpy-printed.txt": str(table),
    "numpy-repr.txt": repr(table),
    "pandas-index.csv": frame.to_csv(),
    "pandas-no-index.csv": frame.to_csv(index=False),
    "pandas-one-based-values.csv": (frame + 1).to_csv(),
    "pandas-printed.txt": frame.to_string(),
    "pandas-split.json": frame.to_json(orient="split"),
    "pandas-values.json": frame.to_json(orient="values"),
    "pandas-names.csv": named_frame.to_csv(),
    "pandas-names-shuffled.csv": shuffled.to_csv(),
    "header-row.csv": ",".join(names) + "\n" + lines(named, ","),
    "header-column.csv": "".join(f"{name}," + ",".join(row) + "\n" for name, row in zip(names, named)),
    "corner.txt": "*  " + "  ".join(names) + "\n" + "".join(f"{n}  " + "  ".join(r) + "\n" for n, r in zip(names, named)),
    "drawn.txt": "+ | 0 1 2 3 4 5\n--+------------\n" + "".join(f"{i} | " + " ".join(map(str, r)) + "\n" for i, r in enumerate(table)),
    "markdown.md": "| + | 0 | 1 | 2 | 3 | 4 | 5 |\n|---|---|---|---|---|---|---|\n"
    + "".join(f"| **{i}** | ".replace("**", "") + " | ".join(map(str, r)) + " |\n" for i, r in enumerate(table)),
    "tex.tex": "\\hline\n" + "".join(" & ".join(map(str, row)) + " \\\\\n" for row in table),
    "names.csv": lines(named, ","),
    "quoted-names.csv": "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in permuted),
    "permutations.txt": lines(permuted, " "),
    "permutations.csv": lines(permuted, ","),
    "r-write-table.txt": " ".join(f'"V{i + 1}"' for i in range(N)) + "\n" + "".join(f'"{i + 1}" ' + " ".join(map(str, r)) + "\n" for i, r in enumerate(table)),
    "r-write-csv.csv": '"",' + ",".join(f'"V{i + 1}"' for i in range(N)) + "\n" + "".join(f'"{i + 1}",' + ",".join(map(str, r)) + "\n" for i, r in enumerate(table + 1)),
    "polars.csv": ",".join(f"column_{i}" for i in range(N)) + "\n" + lines(table, ","),
    "gap.g": "[ " + ",\n  ".join("[ " + ", ".join(map(str, row)) + " ]" for row in table + 1) + " ]\n",
    "gap-named.g": "t := [ " + ", ".join("[ " + ", ".join(map(str, row)) + " ]" for row in table + 1) + " ];;\n",
    "matlab.m": "T = [" + ";\n     ".join(" ".join(map(str, row)) for row in table + 1) + "];\n",
    "mathematica.m": "{" + ", ".join("{" + ", ".join(map(str, row)) + "}" for row in table) + "}\n",
    "python.py": "table = [\n" + "".join(f"    ({', '.join(map(str, row))}),\n" for row in table) + "]\n",
    "plain.json": json.dumps(table.tolist()),
    "one-based.json": json.dumps((table + 1).tolist()),
    "said-one-based.json": json.dumps({"name": "Z6", "index_base": 1, "table": (table + 1).tolist()}),
    "elements.json": json.dumps({"elements": names, "table": named}),
    "names.json": json.dumps(named),
    "r-printed.txt": "     " + " ".join(f"[,{i + 1}]" for i in range(N)) + "\n" + "".join(f"[{i + 1},] " + " ".join(f"{v:4d}" for v in r) + "\n" for i, r in enumerate(table + 1)),
    "r-printed-blocks.txt": "".join(
        "     " + " ".join(f"[,{i + 1}]" for i in half) + "\n" + "".join(f"[{i + 1},] " + " ".join(f"{r[j]:4d}" for j in half) + "\n" for i, r in enumerate(table))
        for half in (range(0, 4), range(4, N))
    ),
    "gap-broken.g": "t := [ " + ", \\\n  ".join("[ " + ", ".join(map(str, row)) + " ]" for row in table + 1) + " ];\n",
    "yaml.yml": "table:\n" + "".join(f"  - {row}\n" for row in table.tolist()),
    "c.c": f"static const int t[{N}][{N}] = {{" + ", ".join("{" + ", ".join(map(str, row)) + "}" for row in table) + "};\n",
    "rust.txt": f"const T: [[u8; {N}]; {N}] = {table.tolist()};\n",
    "julia.jl": "T = [" + "; ".join(" ".join(map(str, row)) for row in table + 1) + "]\n",
    "colons.txt": "".join(f"{i}: " + " ".join(map(str, row)) + "\n" for i, row in enumerate(table)),
    "sage.txt": "*  " + " ".join(names) + "\n +" + "-" * 18 + "\n" + "".join(f"{n}| " + " ".join(r) + "\n" for n, r in zip(names, named)),
    "torch.txt": "tensor([" + ",\n        ".join(str(row) for row in table.tolist()) + "], device='cuda:0')\n",
    "floats.csv": "".join(",".join(f"{v:.1f}" for v in row) + "\n" for row in table),
    "triples.csv": "a,b,ab\n" + "".join(f"{a},{b},{table[a, b]}\n" for a in range(N) for b in range(N)),
}
refused_tables = {
    "one-row-short.csv": (lines(table[:5], ","), "row 0 has 6 cells, but the table has 5 rows: it must be square"),
    "word.csv": (lines(table, ",").replace("5", "x", 1), "row 0, column 5: `x` is not a whole number"),
    "negative.csv": (lines(table, ",").replace("5", "-5", 1), "`-5` is not a whole number"),
    "fraction.csv": (lines(table, ",").replace("5", "5.5", 1), "`5.5` is not a whole number"),
    "repeats.csv": (lines(table, ",").replace("0,1,2,3,4,5", "0,0,2,3,4,5", 1), "not a Latin square: row 0, column 1: 0 stands in this row already"),
    "elided.txt": ("[[0 1 ... 4 5]\n [1 2 ... 5 0]]\n", "numpy.savetxt"),
    "flat.json": (json.dumps(table.flatten().tolist()), "a plain list of 36 values"),
    "object.json": (frame.to_json(), "to_json(orient=\"values\")"),
    "no-order.csv": (lines([named[0], named[2], named[1], *named[3:]], ","), "write the names above the columns and in front of the rows"),
    "unknown-name.csv": (named_frame.to_csv().replace("r5\nr,", "q\nr,", 1), "`q` is none of the elements, which are e, r, r2"),
    "past-the-end.csv": (lines(table, ",").replace("5", "6", 1), "# index_base = 1"),
    "base-two.json": (json.dumps({"index_base": 2, "table": table.tolist()}), "index_base is 2, it must be 0 or 1"),
    "torn.json": (json.dumps(table.tolist())[:-5], "not valid JSON"),
    "empty.txt": ("# nothing\n", "the table has no rows"),
}

pairs = np.array([[0, 1], [0, 5], [2, 3], [3, 3], [4, 0], [5, 1], [5, 5]])
places = pairs[:, 0] * N + pairs[:, 1]
mask = np.zeros((N, N), dtype=bool)
mask[tuple(pairs.T)] = True
labels = table[tuple(pairs.T)]
pair_frame = pd.DataFrame(pairs, columns=["a", "b"])
everything = pd.DataFrame([(a, b, "train" if mask[a, b] else "test") for a in range(N) for b in range(N)], columns=["a", "b", "split"])
rest = [int(place) for place in range(N * N) if not mask.flatten()[place]]
splits = {
    "pairs.csv": lines(pairs, ","),
    "pairs-blanks.txt": lines(pairs, " "),
    "pairs-tabs.tsv": lines(pairs, "\t"),
    "pairs-semicolons.csv": lines(pairs, ";"),
    "pairs-windows.csv": "\ufeff" + lines(pairs, ",").replace("\n", "\r\n"),
    "pairs-brackets.txt": "".join(f"({a}, {b})\n" for a, b in pairs),
    "pairs-python.txt": str([(int(a), int(b)) for a, b in pairs]),
    "pairs-numpy.txt": str(pairs),
    "pairs-repr.txt": repr(pairs),
    "pairs-savetxt.txt": saved(lambda text: np.savetxt(text, pairs)),
    "pairs.json": json.dumps(pairs.tolist()),
    "pairs.jsonl": "".join(json.dumps(pair) + "\n" for pair in pairs.tolist()),
    "pairs-one-based.csv": "# index_base = 1\n" + lines(pairs + 1, ","),
    "pairs-one-based.json": json.dumps({"index_base": 1, "train": (pairs + 1).tolist()}),
    "pairs-gap.g": "[ " + ", ".join(f"[ {a}, {b} ]" for a, b in pairs) + " ]",
    "pandas.csv": pair_frame.to_csv(),
    "pandas-no-index.csv": pair_frame.to_csv(index=False),
    "pandas-labels.csv": pair_frame.assign(label=labels).to_csv(index=False),
    "labels.csv": lines(np.column_stack([pairs, labels]), ","),
    "split-column.csv": everything.to_csv(),
    "is-train-column.csv": everything.assign(split=everything.split == "train").rename(columns={"split": "is_train"}).to_csv(index=False),
    "r.csv": '"","x","y"\n' + "".join(f'"{i + 1}",{a},{b}\n' for i, (a, b) in enumerate(pairs)),
    "places.txt": lines(places[:, None], ","),
    "places-one-line.txt": ", ".join(map(str, places)) + "\n",
    "places.json": json.dumps(places.tolist()),
    "places-header.csv": "index\n" + lines(places[:, None], ","),
    "places-savetxt.txt": saved(lambda text: np.savetxt(text, places)),
    "places-numpy.txt": str(places),
    "train-and-test.json": json.dumps({"train": places.tolist(), "test": rest}),
    "mask.txt": lines(mask.astype(int), " "),
    "mask.csv": lines(mask, ","),
    "mask-numpy.txt": str(mask),
    "mask-flat.txt": lines(mask.astype(int).flatten()[:, None], ","),
    "mask.json": json.dumps({"mask": mask.flatten().tolist()}),
}
refused_splits = {
    "three.csv": ("0,1,2\n0,1,3\n", "line 1: `0,1,2` is not 2 whole numbers"),
    "one-based.csv": (lines(pairs + 1, ","), "# index_base = 1"),
    "one-based-places.txt": (lines(places[:, None] + 1, ","), "# index_base = 1"),
    "repeats.csv": ("0,1\n2,2\n0,1\n", "line 3: `0,1` is named already, at line 1"),
    "words.csv": ("0,one\n", "a whole number from 0 to 35, the place a·6 + b"),
    "reversed.csv": ("b,a\n0,1\n", "the columns \"b\", \"a\""),
    "wrong-labels.csv": ("a,b,label\n0,1,2\n", "the columns \"a\", \"b\", \"label\""),
    "short-mask.txt": ("True\nFalse\n", "2 values for 36 samples"),
    "overlap.json": (json.dumps({"train": [0, 1], "test": [1, 2]}), "trained on too, 1 of them"),
    "not-the-rest.json": (json.dumps({"train": [0, 1], "test": [2]}), "1 of the 34 that are left"),
    "elided.txt": ("[ 0  1 ... 34 35]\n", "numpy.savetxt"),
    "records.json": (pair_frame.to_json(orient="records"), "is no list of rows"),
    "empty.csv": ("# nothing\n", "leaves no training sample"),
}


def write(folder, files):
    folder = HERE / folder
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())


write("tables", tables)
write("splits", splits)
for folder, files in [("tables-refused", refused_tables), ("splits-refused", refused_splits)]:
    write(folder, {name: text for name, (text, _) in files.items()})
    reasons = "".join(f"{name}\t{reason}\n" for name, (_, reason) in files.items())
    (HERE / folder / "refused.txt").write_text(reasons)
