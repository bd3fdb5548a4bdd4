"""Writes lcdb.csv: the sample-wise learning curves of LCDB (Mohr et al. 2022), averaged over their seeds.

    python bench/lcdb/fetch.py target/lcdb

Downloads lcdb 0.1.0 (MIT, 68 MB) from PyPI with pip into the folder, checks it, and reads one of its tables. Needs Python 3.9, pip and
nothing else. Nothing of it is committed. A size is kept where at least half as many seeds reached it as reached the most common one.
"""

import collections
import csv
import hashlib
import io
import pathlib
import subprocess
import sys
import tarfile

NAME = "lcdb-0.1.0.tar.gz"
SHA256 = "450ea69b249866298653f718d66a825e3d19a4024dd4ff140b89f2e04d4777ae"
TABLE = "lcdb-0.1.0/lcdb/database-accuracy.csv"


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / NAME
    if not archive.exists():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "lcdb", "--dest", str(folder)]
        subprocess.run([*pip, "lcdb==0.1.0"], check=True)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        sys.exit(f"{archive} has the checksum {found}, not {SHA256}; remove it and call this again")
    sums = collections.defaultdict(lambda: [0.0, 0.0, 0])
    with tarfile.open(archive) as tar:
        for row in csv.DictReader(io.TextIOWrapper(tar.extractfile(TABLE), "utf-8")):
            if row["score_train"] and row["score_test"]:
                cell = sums[row["openmlid"], row["learner"], int(row["size_train"])]
                cell[0] += 1 - float(row["score_train"])
                cell[1] += 1 - float(row["score_test"])
                cell[2] += 1
    most = collections.Counter()
    for (dataset, learner, _), (_, _, seeds) in sums.items():
        most[dataset, learner] = max(most[dataset, learner], seeds)
    with open(folder / "lcdb.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["openmlid", "learner", "size_train", "train_error", "test_error", "seeds"])
        for (dataset, learner, size), (train, test, seeds) in sorted(sums.items()):
            if 2 * seeds >= most[dataset, learner]:
                table.writerow([dataset, learner, size, f"{train / seeds:.6g}", f"{test / seeds:.6g}", seeds])


main(pathlib.Path(sys.argv[1]))
