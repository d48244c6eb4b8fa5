# Each target installs what it needs into .venv first. Variables:
#   PYTHON=python3.12   which Python makes .venv (remove .venv to change it)
#   PORT=8001           where demo and serve listen
#   SERVE=no            demo sets up only
#   ARGS="-k topics"    more arguments for pytest or a benchmark
#   SECONDS=60          how long fuzz and load run
PYTHON ?= python3
python := .venv/bin/python
port := $(or $(PORT),8000)
pytest := $(python) -m pytest -n auto
seconds := $(if $(SECONDS),--seconds $(SECONDS))
compile := $(python) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --custom-compile-command "make lock"

# The lock file that the settings need: clients of PostgreSQL, Redis, S3 and Sentry are in a separate one.
services := ^(export +)?((DATABASE|REPLICA|CACHE)_URL|MEDIA_STORAGE) *= *.?(postgres|psql|pgsql|redis|s3)|^(export +)?SENTRY_DSN *= *.
site := $(shell { cat .env 2>/dev/null; env; } | grep -qE '$(services)' && echo .venv/services.stamp || echo .venv/site.stamp)
dev := .venv/dev.stamp

# Images of containers often set it, and then every process compiles all the code again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := demo
.DELETE_ON_ERROR:
.PHONY: install demo serve test slow integration thorough faults browser nightly bench load fuzz lint lock audit ci free-port

install: $(dev)

demo: $(if $(filter no false 0,$(SERVE)),,free-port) .env $(site)
	@exec $(python) manage.py demo --port $(port) $(if $(filter no false 0,$(SERVE)),--no-serve)

# As in production, but without the proxy that production needs in front.
serve: $(site)
	@$(bind) $(python) manage.py check --deploy
	@$(bind) $(python) config/free_port.py "$$($(bind) $(python) -c 'from config.settings import WEB_BIND; print(WEB_BIND)')"
	@$(python) manage.py migrate --no-input
	@$(python) manage.py collectstatic --no-input
	@exec env $(bind) $(python) -m gunicorn -c config/gunicorn.conf.py
serve: bind := $(if $(PORT),WEB_BIND=127.0.0.1:$(PORT))

test: $(dev)
	@exec $(pytest) $(ARGS)

# Tests that take a tenth of a second or more each. .ci/run takes them too.
slow: $(dev)
	@exec $(pytest) -m "slow and not thorough and not systematic and not integration and not faults and not browser" $(ARGS)

# Starts processes and servers.
integration: $(dev)
	@exec $(pytest) -m "integration and not (systematic or faults)" $(ARGS)

# Requests every URL in every role, and tries the large tables of cases.
thorough: $(dev)
	@exec $(pytest) -m "(thorough or systematic) and not faults" $(ARGS)

# Tests commands that are killed or run out of resources. The tests of one file share their newsrooms.
faults: $(dev)
	@exec $(pytest) --dist loadfile -m faults $(ARGS)

# Drives Chromium, and Node for the modules without DOM. .ci/run takes those marked `smoke`.
browser: $(dev)
	@exec $(pytest) -m browser tests/browser $(ARGS)

nightly: $(dev)
	@exec .ci/nightly

# The growth among a million articles takes hours: BENCH_BIG=1000000.
bench: export BENCH_BIG ?= 100000
bench: $(dev)
	@status=0; for name in import_export serving growth pictures feeds sources; do $(python) -m benchmarks.$$name $(ARGS) || status=1; done; exit $$status

load: $(dev)
	@exec $(python) -m benchmarks.load $(seconds) $(ARGS)

fuzz: $(dev)
	@exec $(python) -m benchmarks.fuzzing $(seconds) $(ARGS)

lint: $(dev)
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(python) -m mypy
	.venv/bin/lint-imports
	.venv/bin/hadolint Dockerfile

# The smaller lock files follow the versions of the largest.
lock: $(dev)
	$(compile) requirements-dev.txt --output-file requirements-dev.lock
	$(compile) config/requirements-services.txt --output-file config/requirements-services.lock --constraint requirements-dev.lock
	$(compile) requirements.txt --output-file requirements.lock --constraint requirements-dev.lock

audit: $(dev)
	@$(python) config/audit.py

ci:
	@exec .ci/run

free-port: $(python)
	@$(python) config/free_port.py 127.0.0.1:$(port)

# Only its owner may read the key.
.env: $(python)
	@umask 077; $(python) -c 'import secrets; print("# Written by `make demo` for this machine; .env.example explains each setting.\nSECRET_KEY=" + secrets.token_urlsafe(50) + "\nDEBUG=false\nHTTPS=false\nALLOWED_HOSTS=localhost,127.0.0.1,[::1]")' > $@

.venv/site.stamp: requirements.lock
.venv/services.stamp: config/requirements-services.lock
.venv/dev.stamp: requirements-dev.lock
.venv/%.stamp: $(python)
	@echo "Installing $(filter %.lock,$^) into .venv. The first time takes a minute."
	@$(python) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(filter %.lock,$^) || \
		{ echo "The packages can't be installed, for the reason above. Is the package index reachable? Then run the same command again." >&2; exit 1; }
	@touch $@

$(python):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Newsfold needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1 | grep ^Python || echo missing). Install one, or name another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@echo "Creating .venv."
	@$(PYTHON) -m venv $(if $(wildcard .venv/pyvenv.cfg),--clear) .venv
