"""The load test: `python -m benchmarks.load`, or `make load`. `__main__.py` tells what it does and what it holds."""
