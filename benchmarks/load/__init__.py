"""The load test: `python -m benchmarks.load`, or `make load`. `__main__.py` says what it does and which bars it has."""
