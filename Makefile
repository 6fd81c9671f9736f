# Each target does all the set-up it needs (packaging/setup.sh): a fresh clone wants nothing before it.
# PYTHON=... takes another interpreter, with an environment of its own:  make test PYTHON=python3.12
# TESTS=... takes some of the tests:  make test TESTS="tests/ui -k composer"

SHELL := /bin/bash
export PYTHON
IN := packaging/setup.sh
# Xvfb lets a few tests open the window on Qt's real X11 platform.
IN_TEST := $(IN) --with "xvfb"
# A real WordPress and its database, what a Bluesky network is built with (its starter adds npm only where there is
# none: Debian's would push out another), a real Secret Service, a real mailbox (the starter of its mail server adds Exim
# only where there is no other); what is needed beyond that the starters fetch by themselves.
IN_SERVERS := $(IN) --with "xvfb gnome-keyring dbus-x11 curl ca-certificates mariadb-server-core mariadb-client-core \
	php8.2-cli php8.2-mysql php8.2-xml php8.2-mbstring php8.2-gd php8.2-curl php8.2-intl php8.2-zip \
	build-essential postgresql-common dovecot-imapd"

.DEFAULT_GOAL := help
.PHONY: help run test check format bench test-servers hooks lock clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

run:  ## start Postroom
	@$(IN) python main.py $(ARGS)

# Tests draw on no screen unless told otherwise.
test test-servers bench: export QT_QPA_PLATFORM ?= offscreen

test:  ## all tests but those with real servers
	@$(IN_TEST) python -m pytest --numprocesses=auto --dist=loadfile $(TESTS)

check:  ## lint, format, types
	@$(IN) ruff check .
	@$(IN) ruff format --check .
	@$(IN) mypy

format:  ## put the code in shape
	@$(IN) ruff check --fix .
	@$(IN) ruff format .

bench:  ## how quick it is
	@$(IN) python -m tests.benchmarks $(ARGS)

# Starting a real server takes minutes, so a test may hang for longer before it is ended.
test-servers: export WP_CACHE ?= $(CURDIR)/.cache/wordpress
test-servers: export BLUESKY_CACHE ?= $(CURDIR)/.cache/bluesky
test-servers:  ## tests against real servers: WordPress, Bluesky, a strict Mastodon, a mailbox, a key store
	@if [ -n "$$(find tests/servers -name 'test_*.py' 2>/dev/null)" ]; \
	then $(IN_SERVERS) python -m pytest -o faulthandler_timeout=1200 $(or $(TESTS),tests/servers); \
	else echo 'test-servers: tests/servers holds no test yet'; fi

hooks:  ## run the quick checks before each commit
	@$(IN) pre-commit install

# uv resolves for all systems at once; it gets an environment of its own because nothing else needs it.
lock:  ## refresh constraints.txt (ARGS="--upgrade" or ARGS="--upgrade-package httpx")
	@$(IN) python -m venv .cache/lock
	@.cache/lock/bin/python -m pip install --quiet --upgrade uv
	@.cache/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --only-binary :all: \
		--no-header --no-annotate --no-emit-index-url --output-file constraints.txt $(ARGS) pyproject.toml

clean:  ## remove everything that was made here
	rm -rf .venv .venv-3.* .cache .setup.lock build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
