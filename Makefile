# Every target first sets up .venv from the locked requirements. Snakemake decides which products are
# stale, so their targets always call it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
CORES ?= all
CONFIG ?= config.yaml
export REASON

# TORCH=cpu: PyTorch's build for CPUs only, from its own index; once set up, it stays.
ifneq ($(wildcard .venv/.run-cpu),)
TORCH ?= cpu
endif
READY := .venv/.run$(TORCH:%=-%)
TEST := .venv/.test
CLUSTER := .venv/.cluster
DOCS := .venv/.docs
PAGE := .venv/.page
BOARD := .venv/.board
IN_VENV := PATH="$(CURDIR)/.venv/bin:$$PATH"
# Targets precede --configfile, which takes every word after it.
SNAKEMAKE = $(IN_VENV) snakemake --cores $(CORES) $(TARGET) --configfile $(CONFIG)

.PHONY: all help resume report page board keep ship release fetch test chain modules unit coverage bench bench-gpu docs lint schema format env cluster lock clean FORCE
.DELETE_ON_ERROR:

# Every figure, table and verdict; CONFIG=config/real.yaml takes another configuration.
all: $(READY)
	$(SNAKEMAKE)

# This list: the first line of the comment above each target.
help:
	@awk '/^# / && !text {text = substr($$0, 3)} /^$$/ {text = ""} \
	  /^[a-z-]+:/ {sub(":.*", ""); printf "make %-9s %s\n", $$0, text; text = ""}' Makefile

# Every figure, the claims and where they come from, in one page that needs no network.
report: all
	$(IN_VENV) snakemake --report report.html --configfile $(CONFIG)

# The results as one interactive page that needs no network, page.html in their folder.
page: $(READY) $(PAGE)
	$(IN_VENV) snakemake --cores $(CORES) write_page --configfile $(CONFIG)

# Training curves and all measurements for TensorBoard, in the results' folder board.
board: $(READY) $(BOARD)
	$(IN_VENV) snakemake --cores $(CORES) write_board --configfile $(CONFIG)

# After a kill of Snakemake itself: remove its lock and go on; TARGET=a product.
resume: $(READY)
	$(IN_VENV) snakemake --unlock --configfile $(CONFIG)
	$(SNAKEMAKE)

# After an edit that changes no result: mark what exists as up to date, and record why.
keep: $(READY)
	PYTHONPATH=workflow .venv/bin/python -m metalandscape keep --configfile $(CONFIG) --reason "$$REASON"
	$(IN_VENV) snakemake --touch --cores 1 --configfile $(CONFIG)

# Record the tables of CONFIG for a repository; INTO and FINISHED: CONTRIBUTING.md.
ship: $(READY)
	PYTHONPATH=workflow .venv/bin/python -m metalandscape ship --configfile $(CONFIG) $(INTO:%=--into %) \
	  $(FINISHED:%=--finished)

# Pack checkpoints and tables of CONFIG for a release with a manifest: docs/library.md.
RELEASE ?= release
release: $(READY)
	PYTHONPATH=workflow .venv/bin/python -m metalandscape release --configfile $(CONFIG) --output $(RELEASE)

# All downloads, the kernel and nothing else, for machines that have no network later.
fetch: $(READY)
	$(IN_VENV) snakemake --cores $(CORES) --until download_archives build_kernel --configfile $(CONFIG)

# `make figures/fig7.pdf` makes one product. Folders belong to the configuration of the same name.
figures/smoke/% results/smoke/%: CONFIG = config/smoke.yaml
figures/real/% results/real/%: CONFIG = config/real.yaml
figures/algorithms/% results/algorithms/%: CONFIG = config/algorithms.yaml
figures/beyond/% results/beyond/%: CONFIG = config/beyond.yaml
figures/reference/% results/reference/%: CONFIG = config/reference.yaml
# Tables that come with the repository, from which figures are redrawn in seconds.
figures/reference/default/% results/reference/default/%: CONFIG = config.yaml results/reference/default/folders.yaml
figures/reference/beyond/% results/reference/beyond/%: CONFIG = config/beyond.yaml results/reference/beyond/folders.yaml
figures/paper/% results/paper/%: CONFIG = config/paper.yaml
figures/% results/%: TARGET = $@
figures/% results/%: $(READY) FORCE
	@$(SNAKEMAKE)

# Keeps the output of two jobs of make apart, where make can do that.
APART := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

# Linters and all tests: those of the workflow beside all others.
test: lint $(TEST) $(CLUSTER) $(PAGE) $(BOARD)
	@$(MAKE) --no-print-directory --keep-going --jobs 2 $(APART) chain modules

# Tests that run the workflow itself.
FRESH := $(addprefix tests/workflow/test_,faults.py meta_test.py own_data.py tutorial.py)
chain:
	$(IN_VENV) python -m pytest tests/workflow $(FRESH:%=--ignore %)

# All other tests: of the modules, and the files of FRESH, which need no finished run.
# They are here because the chain's tests take longer than those of the modules.
modules:
	$(IN_VENV) python -m pytest --ignore tests/workflow
	$(IN_VENV) python -m pytest $(FRESH)

# Tests of the modules; what SLOW names and the plugins for clusters are left out.
SLOW := workflow test_package.py claims/test_errors.py figures/test_figures.py
unit: $(TEST)
	$(IN_VENV) python -m pytest $(SLOW:%=--ignore tests/%)

# make unit, with the share of the lines of the package that it runs.
coverage: $(TEST)
	$(IN_VENV) python -m coverage run --source workflow -m pytest $(SLOW:%=--ignore tests/%)
	$(IN_VENV) python -m coverage report --skip-covered --show-missing

# Linters, and checks of types.
lint: $(TEST)
	$(IN_VENV) ruff check .
	$(IN_VENV) ruff format --check .
	$(IN_VENV) mypy
	$(IN_VENV) snakefmt --check Snakefile workflow
	$(IN_VENV) snakemake --lint

# Benchmarks, also of peers, which go into a folder of their own: benchmarks/README.md.
PEERS := benchmarks/.peers
bench: $(PEERS)/.ready
	PYTHONPATH=workflow .venv/bin/python -m metalandscape build_kernel --code bench --output $(PEERS)/kernel
	PYTHONPATH=workflow .venv/bin/python benchmarks/speed.py
	$(IN_VENV) python benchmarks/scheduling.py
	.venv/bin/python benchmarks/summary.py

# Benchmarks on a GPU: benchmarks/README.md.
bench-gpu: $(PEERS)/.ready
	.venv/bin/python -m pip install --quiet --upgrade --no-deps --target $(PEERS) \
	  -r benchmarks/requirements-gpu.txt
	PYTHONPATH=workflow .venv/bin/python benchmarks/speed.py --device cuda
	.venv/bin/python benchmarks/summary.py

$(PEERS)/.ready: $(READY) benchmarks/requirements.txt
	.venv/bin/python -m pip install --quiet --upgrade --no-deps --target $(PEERS) \
	  -r benchmarks/requirements.txt
	.venv/bin/python -m pip download --quiet --no-deps --no-binary :all: --no-build-isolation \
	  --dest $(PEERS) learn2learn==0.2.0
	tar -xzf $(PEERS)/learn2learn-0.2.0.tar.gz -C $(PEERS) --strip-components 1 \
	  learn2learn-0.2.0/learn2learn
	touch $@

# The documentation as a site, .site/html/index.html; a broken link is an error.
docs: $(DOCS)
	rm -rf .site && mkdir -p .site/source
	git ls-files -z ':!tests' ':!docs/mkdocs.yml' | tar -cf - --null -T - | tar -xf - -C .site/source
	.venv/bin/python -m mkdocs build --quiet --strict --config-file docs/mkdocs.yml
	@echo "documentation: .site/html/index.html"

# Write config/schema.json and the tables of config/README.md from the code.
schema: $(READY)
	PYTHONPATH=workflow .venv/bin/python -m metalandscape schema \
	  --output config/schema.json --document config/README.md

# Format the code, and mend what the linter can.
format: $(TEST)
	$(IN_VENV) ruff check --fix .
	$(IN_VENV) ruff format .
	$(IN_VENV) snakefmt Snakefile workflow

# Set up .venv and nothing else.
env: $(READY)

# Plugins for clusters and storage: docs/cluster.md.
cluster: $(CLUSTER)

# The set-up, and why it is as it is: docs/setup.md.
PIP := .venv/bin/python -m pip --disable-pip-version-check
# Packages that are built here are built with locked packages, too, which pip can't do.
UV := UV_BUILD_CONSTRAINT=requirements/run.txt .venv/bin/python requirements/uv_like_pip.py
# Compiled at once, as by pip: jobs in a container or with a read-only .venv can't keep the result.
define INSTALL
$(UV) pip install --quiet --no-deps --compile-bytecode $(1) || \
  { echo "uv did not install this, so pip does, which takes longer." >&2; \
    $(PIP) install --quiet --no-deps $(1); }
endef

.venv/.uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "metalandscape needs python 3.11 or later; set PYTHON=/path/to/python3.11." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet --require-hashes -r $< || echo "uv can't be installed: pip goes on." >&2
	touch $@

.venv/.run: .venv/.uv requirements/run.txt
	$(call INSTALL,--require-hashes -r requirements/run.txt)
	touch $@

# torch comes from PyTorch's index, whose hashes the lock doesn't know, and nothing of CUDA comes.
CUDA := torch|torchvision|nvidia-.*|cuda-.*
CPU_WHEELS := https://download.pytorch.org/whl/cpu
.venv/.run-cpu: .venv/.uv requirements/run.txt
	awk '/^[^ #]/ {kept = !/^($(CUDA))==/} kept' requirements/run.txt > .venv/run.txt
	awk '/^(torch|torchvision)==/ {print $$1 "+cpu"}' requirements/run.txt > .venv/torch.txt
	$(call INSTALL,--index-url $(CPU_WHEELS) -r .venv/torch.txt) || \
	  { echo "TORCH=cpu: $(CPU_WHEELS) gives no $$(paste -sd ' ' .venv/torch.txt) to this machine;" \
	    "without TORCH=cpu, the build for GPUs comes from the usual index." >&2; exit 1; }
	$(call INSTALL,--require-hashes -r .venv/run.txt)
	touch $@

.venv/.run-%:
	@echo 'TORCH=$* is unknown: TORCH=cpu, or nothing, which is the build that GPUs can use, too.' >&2
	@exit 1

# .venv/.test, .venv/.cluster, .venv/.docs, .venv/.page, .venv/.board
.venv/.%: requirements/%.txt $(READY)
	$(call INSTALL,--require-hashes -r $<)
	touch $@

# The locks, anew from pyproject.toml; UPGRADE=--upgrade takes newer versions.
# An extra index may have a few of a version's files only, and the lock needs the hashes of all.
LOCK = UV_INDEX= UV_FIND_LINKS= UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet \
  $(UPGRADE) --universal --python-version 3.11 --generate-hashes --no-annotate
lock: .venv/.uv
	$(LOCK) --extra workflow --no-emit-package triton pyproject.toml -o requirements/run.txt
	$(LOCK) --group test -c requirements/run.txt -o requirements/test.txt
	$(LOCK) --group cluster -c requirements/run.txt -o requirements/cluster.txt
	$(LOCK) --group docs -c requirements/run.txt -o requirements/docs.txt
	$(LOCK) --group page -c requirements/run.txt -o requirements/page.txt
	$(LOCK) --group board -c requirements/run.txt -o requirements/board.txt
	$(LOCK) --group uv -o requirements/uv.txt

# Remove .venv and the products of the smoke configuration.
clean:
	rm -rf .venv .snakemake results/smoke figures/smoke
