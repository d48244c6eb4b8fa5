"""The load test: `python -m tests.load`, or `make load`. `__main__.py` tells what it does and what it holds."""
