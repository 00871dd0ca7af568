# Every target first sets up .venv from the locked requirements. What is up to date is not redone:
# for products that is Snakemake's decision, so they are always handed to it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
CORES ?= all
CONFIG ?= config.yaml
export REASON

READY := .venv/.ready
CLUSTER := .venv/.cluster
IN_VENV := PATH="$(CURDIR)/.venv/bin:$$PATH"
# Targets stand before --configfile, which takes every word after it.
SNAKEMAKE = $(IN_VENV) snakemake --cores $(CORES) $(TARGET) --configfile $(CONFIG)

.PHONY: all resume report keep fetch test bench lint format env cluster clean FORCE
.DELETE_ON_ERROR:

all: $(READY)
	$(SNAKEMAKE)

# Every figure, the claims and where they come from, in one page that needs no network.
report: all
	$(IN_VENV) snakemake --report report.html --configfile $(CONFIG)

# After a kill of Snakemake itself, whose lock is left: remove it, and go on.
resume: $(READY)
	$(IN_VENV) snakemake --unlock --configfile $(CONFIG)
	$(SNAKEMAKE)

# After an edit that changes no result: mark what exists as up to date, and record why.
keep: $(READY)
	PYTHONPATH=workflow .venv/bin/python -m metalandscape keep --configfile $(CONFIG) --reason "$$REASON"
	$(IN_VENV) snakemake --touch --cores 1 --configfile $(CONFIG)

# All downloads and nothing else, for machines that have no network later.
fetch: $(READY)
	$(IN_VENV) snakemake --cores $(CORES) --until download_archives build_kernel --configfile $(CONFIG)

# Folders of products belong to the configuration of the same name.
figures/smoke/% results/smoke/%: CONFIG = config/smoke.yaml
figures/real/% results/real/%: CONFIG = config/real.yaml
figures/paper/% results/paper/%: CONFIG = config/paper.yaml
figures/% results/%: TARGET = $@
figures/% results/%: $(READY) FORCE
	@$(SNAKEMAKE)

test: lint $(CLUSTER)
	$(IN_VENV) python -m pytest

lint: $(READY)
	$(IN_VENV) ruff check .
	$(IN_VENV) ruff format --check .
	$(IN_VENV) mypy
	$(IN_VENV) snakefmt --check Snakefile workflow
	$(IN_VENV) snakemake --lint

# Against peers, which are installed into a folder of their own: benchmarks/README.md.
PEERS := benchmarks/.peers
bench: $(PEERS)/.ready
	PYTHONPATH=workflow .venv/bin/python -m metalandscape build_kernel --code bench --output $(PEERS)/kernel
	PYTHONPATH=workflow .venv/bin/python benchmarks/speed.py
	$(IN_VENV) python benchmarks/scheduling.py
	.venv/bin/python benchmarks/summary.py

$(PEERS)/.ready: $(READY) benchmarks/requirements.txt
	.venv/bin/python -m pip install --quiet --upgrade --no-deps --target $(PEERS) \
	  -r benchmarks/requirements.txt
	.venv/bin/python -m pip download --quiet --no-deps --no-binary :all: --no-build-isolation \
	  --dest $(PEERS) learn2learn==0.2.0
	tar -xzf $(PEERS)/learn2learn-0.2.0.tar.gz -C $(PEERS) --strip-components 1 \
	  learn2learn-0.2.0/learn2learn
	touch $@

format: $(READY)
	$(IN_VENV) ruff check --fix .
	$(IN_VENV) ruff format .
	$(IN_VENV) snakefmt Snakefile workflow

env: $(READY)

# Plugins for clusters and storage: docs/cluster.md.
cluster: $(CLUSTER)

$(CLUSTER): $(READY) requirements-cluster.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-cluster.txt
	touch $@

$(READY): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "metalandscape needs python 3.11 or later; set PYTHON=/path/to/python3.11." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

clean:
	rm -rf .venv .snakemake results/smoke figures/smoke
