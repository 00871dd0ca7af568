"""Runs uv with the package index that pip is set up with, whatever uv's arguments are."""

import ast
import os
import subprocess
import sys
from pathlib import Path

# pip's option -> uv's variable, and what uv puts between several values
VARIABLES = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "no-index": ("UV_NO_INDEX", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "client-cert": ("SSL_CLIENT_CERT", " "),
    "proxy": ("ALL_PROXY", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
}
# Sections of pip's configuration that `pip install` reads, the stronger ones later.
SECTIONS = ("global", "install", ":env:")


def options(listing: str) -> dict[str, str]:
    """Option -> value, from what `pip config list` prints, such as "global.timeout='60'"."""
    found: dict[tuple[str, str], str] = {}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.rpartition(".")
        found[section, option] = ast.literal_eval(value)
    return {
        option: value
        for wanted in SECTIONS
        for (section, option), value in found.items()
        if section == wanted
    }


def variables(asked: dict[str, str]) -> dict[str, str]:
    """Environment variables of uv for the options of pip."""
    # Any index may serve a file, as for pip: the hashes say which files are right.
    chosen = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    for option, value in asked.items():
        if option in VARIABLES:
            variable, separator = VARIABLES[option]
            chosen[variable] = separator.join(value.split())
    return chosen


def main() -> None:
    """Become uv. What the user's environment already tells uv stays."""
    listing = [sys.executable, "-m", "pip", "config", "list"]
    done = subprocess.run(listing, capture_output=True, text=True, check=True)
    uv = str(Path(sys.executable).with_name("uv"))
    environment = variables(options(done.stdout)) | dict(os.environ)
    try:
        os.execve(uv, [uv, *sys.argv[1:]], environment)
    except OSError as error:
        sys.exit(f"uv can't be run: {error}")


if __name__ == "__main__":
    main()
