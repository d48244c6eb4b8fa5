# Each target makes what it needs. Variables: PYTHON=python3.12, PORT=8001, SERVE=no, ARGS="-k topics".
setup = @command -v $(or $(PYTHON),python3) >/dev/null || { echo "There is no $(or $(PYTHON),python3) here. Newsfold needs Python 3.11 or newer: install it, or name one: make $@ PYTHON=..." >&2; exit 1; }; exec $(or $(PYTHON),python3) config/bootstrap.py

.PHONY: demo serve test browser faults bench lint ci
demo: ; $(setup) demo
serve: ; $(setup) serve
test: ; $(setup) test $(ARGS)
browser: ; $(setup) browser $(ARGS)
faults: ; $(setup) faults $(ARGS)
bench: ; $(setup) bench
lint: ; $(setup) lint
ci: ; .ci/run
