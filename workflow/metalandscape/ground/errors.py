"""Exceptions whose text is for the user."""

LONGEST = 1_000  # characters of a sentence


class UserError(Exception):
    """A mistake only the user can fix: one sentence that names the file or key and what to do.

    Whatever names and values it quotes, it is one line that can be printed: other characters are
    escaped, and what is too long is cut in its middle.
    """

    def __init__(self, sentence: str) -> None:
        """Take the sentence."""
        if len(sentence) > LONGEST:
            sentence = f"{sentence[: LONGEST // 2]} [...] {sentence[-LONGEST // 4 :]}"
        super().__init__("".join(c if c.isprintable() else _escaped(c) for c in sentence))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


class Preempted(BaseException):
    """The job was told to end (SIGTERM); no `except Exception` catches this.

    Its text says what is lost and what will be computed again.
    """
