# Each target makes what it needs. Variables: PYTHON=python3.12, PORT=8001, SERVE=no, ARGS="-k topics", SECONDS=60.
setup = @command -v $(or $(PYTHON),python3) >/dev/null || { echo "There is no $(or $(PYTHON),python3) here. Newsfold needs Python 3.11 or newer: install it, or name one: make $@ PYTHON=..." >&2; exit 1; }; exec $(or $(PYTHON),python3) config/bootstrap.py

.PHONY: demo serve test thorough browser faults fuzz bench load lint lock audit ci
demo: ; $(setup) demo
serve: ; $(setup) serve
test: ; $(setup) test $(ARGS)
thorough: ; $(setup) thorough $(ARGS)
browser: ; $(setup) browser $(ARGS)
faults: ; $(setup) faults $(ARGS)
fuzz: ; $(setup) fuzz $(if $(SECONDS),--seconds $(SECONDS))
bench: ; $(setup) bench
load: ; $(setup) load $(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)
lint: ; $(setup) lint
lock: ; $(setup) lock
audit: ; $(setup) audit
ci: ; .ci/run
