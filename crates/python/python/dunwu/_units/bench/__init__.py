"""The bench of `dunwu.units`: the parts that need PyTorch. `python -m dunwu.bench_units` runs them."""
