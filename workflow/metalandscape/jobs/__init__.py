"""Jobs: one module per workflow rule, which opens files, calls the science and writes files.

A module of this folder defines `run(...)`. Jobs of a run and seed are commands of
`python -m metalandscape` and define `arguments(parser)`, too; jobs that take as many files or
settings as there are runs are called by a script of the workflow, because the length of command
lines is limited. A job's code is what its module imports, in functions too (`ground.digests`), so
that an edit of the science reruns just the jobs that use it.
"""
