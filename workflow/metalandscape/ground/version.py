"""The version of this package, which is written here only: pyproject.toml reads it."""

VERSION = "0.2.0"
