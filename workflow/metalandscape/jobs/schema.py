"""Write the JSON schema of configurations, for editors, and the tables of keys in a document."""

import argparse

from ._common import add


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    add(parser, "output")
    parser.add_argument("--document", help="whose tables of keys, between marks, are made anew")


def run(output: str, document: str | None) -> None:
    """Write the schema, with the parts in the folder of `--plugins`, too.

    Raises:
        UserError: the document can't be read, or has a mark of a table that there is not.
    """
    import json
    from pathlib import Path

    from ..ground.errors import UserError
    from ..ground.files import whole
    from ..settings import key_tables
    from ..settings.schema import schema

    found = schema()
    texts = {output: json.dumps(found, indent=2, ensure_ascii=False) + "\n"}
    if document:
        try:
            text = Path(document).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise UserError(f"{document} cannot be read ({error}).") from error
        texts[document] = key_tables.filled(text, found)
    for path, text in texts.items():
        with whole(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
