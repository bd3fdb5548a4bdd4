"""Saves one sweep's table again as pandas, pyarrow, polars and DuckDB do, into results/.

results/sweep.parquet is the command's own: dunwu sweep small task.order=5,7 data.fraction=0.3,0.9 seed=0..1 steps=120 model.width=16
Needs pandas, pyarrow, polars and duckdb: python3 -m venv v && v/bin/pip install pandas pyarrow polars duckdb && v/bin/python make_results.py
"""

from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent / "results"
OWN = HERE / "sweep.parquet"

frame = pd.read_parquet(OWN)
filtered = frame[frame["seed"] >= 0].copy()
filtered.index = [3 * row + 1 for row in range(len(filtered))]  # what a filter leaves: an index that skips
for compression in ["snappy", "gzip", "brotli", "lz4", "zstd", None]:
    filtered.to_parquet(HERE / f"pandas-{compression}.parquet", compression=compression)
frame.to_parquet(HERE / "pandas-no-index.parquet", index=False)
frame.set_index("run").to_parquet(HERE / "pandas-run-as-index.parquet")
narrow = frame.astype({name: "int32" for name in frame.select_dtypes("int64")})
narrow = narrow.astype({name: "float32" for name in narrow.select_dtypes("float64") if name.startswith("data.") or name == "model.init_scale"})
narrow.to_parquet(HERE / "pandas-narrow.parquet")
frame.astype({name: "category" for name in ["task", "outcome", "loss"] if name in frame}).to_parquet(HERE / "pandas-category.parquet")
frame.convert_dtypes().to_parquet(HERE / "pandas-nullable.parquet")
frame.assign(ratio=1.5, note="mine", tags=[["a"]] * len(frame)).to_parquet(HERE / "pandas-own-columns.parquet")
filtered.to_csv(HERE / "pandas.csv")
filtered.to_csv(HERE / "pandas-no-index.csv", index=False)
frame.to_csv(HERE / "pandas-semicolons.csv", sep=";", decimal=",", index=False)
frame.to_csv(HERE / "pandas-tabs.tsv", sep="\t", index=False)
frame.to_csv(HERE / "excel.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
frame.to_csv(HERE / "r.csv", na_rep="NA", quoting=2)  # as write.csv of R: names of rows, quoted text, NA

table = pa.Table.from_pandas(frame, preserve_index=False)
large = pa.schema([pa.field(f.name, pa.large_string() if pa.types.is_string(f.type) or pa.types.is_large_string(f.type) else f.type) for f in table.schema])
pq.write_table(table.cast(large), HERE / "pyarrow-large-strings.parquet")
pq.write_table(table, HERE / "pyarrow-version-2-pages.parquet", data_page_version="2.0", compression="zstd")
pq.write_table(table, HERE / "pyarrow-no-dictionary.parquet", use_dictionary=False, column_encoding={"seed": "DELTA_BINARY_PACKED", "run": "DELTA_BYTE_ARRAY"})
pq.write_table(table, HERE / "pyarrow-row-groups.parquet", row_group_size=3)

polars = pl.read_parquet(OWN)
for compression in ["zstd", "lz4", "snappy", "gzip", "uncompressed"]:
    polars.write_parquet(HERE / f"polars-{compression}.parquet", compression=compression)
polars.with_columns(pl.col("task").cast(pl.Categorical)).write_parquet(HERE / "polars-categorical.parquet")
polars.with_columns(pl.col("seed").cast(pl.UInt8), pl.col("n_train").cast(pl.UInt32)).write_parquet(HERE / "polars-unsigned.parquet")
polars.with_row_index().write_parquet(HERE / "polars-row-index.parquet")
polars.write_csv(HERE / "polars.csv")

for compression in ["snappy", "zstd", "gzip"]:
    duckdb.sql(f"COPY (SELECT * FROM '{OWN}') TO '{HERE}/duckdb-{compression}.parquet' (FORMAT parquet, COMPRESSION {compression})")
duckdb.sql(f"COPY (SELECT * REPLACE (seed::DECIMAL(9, 2) AS seed) FROM '{OWN}') TO '{HERE}/duckdb-decimal.parquet' (FORMAT parquet)")
duckdb.sql(f"COPY (SELECT * FROM '{OWN}') TO '{HERE}/duckdb.csv' (HEADER)")
