"""The load test: `python -m benchmarks.load`, or `make load`. `__main__.py` lists what it does and its limits."""
