# Two commands matter: `make run` and `make test`. Python 3.11+ is all they need.
PYTHON ?= python3
PORT ?= 8000
export PORT
BIN := .venv/bin
DUMMY := SECRET_KEY=0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ \
	STREAM_SIGNING_KEY=only-for-the-check SANDBOX_WEBHOOK_SECRET=only-for-the-check \
	BASE_URL=https://shop.example ALLOWED_HOSTS=shop.example

.PHONY: help run test check bench drill simulate setup setup-dev lock messages

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: setup ## Set everything up and show a living demo at http://127.0.0.1:$PORT/
	@exec $(BIN)/python manage.py up --demo

test: setup-dev ## Run every test on a real PostgreSQL and Redis
	$(BIN)/pytest

check: setup-dev ## Lint, types, floors, migrations, templates, translations, production settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy .
	PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/tsc --noEmit
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python -m tools.messages check
	$(BIN)/python manage.py makemigrations --check --dry-run
	LIVESHOP_ENV=production $(DUMMY) $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: setup-dev ## Run one benchmark: make bench NAME=live_video
	$(BIN)/python -m benchmarks.$(NAME)

drill: setup-dev ## Run one fault drill: make drill NAME=fuzz_ingest
	$(BIN)/python -m drills.$(NAME)

simulate: setup-dev ## Run one simulation: make simulate NAME=market
	$(BIN)/python -m simulations.$(NAME)

setup:
	@$(PYTHON) tools/setup.py

setup-dev:
	@$(PYTHON) tools/setup.py --dev

lock: setup-dev ## Compile requirements*.in into pinned, hashed requirements*.txt
	$(BIN)/python -m pip install --quiet "pip-tools~=7.6"
	for name in requirements requirements-dev requirements-node; do \
		$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
			--no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o $$name.txt $$name.in; \
	done

messages: setup-dev ## Collect texts to translate into locale/
	$(BIN)/python -m tools.messages extract
