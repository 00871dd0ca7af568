"""Exceptions that speak to the user."""


class UserError(Exception):
    """A mistake only the user can mend: one sentence that names the file or key and what to do."""


class Preempted(BaseException):
    """The job was told to end (SIGTERM); no `except Exception` stands in its way.

    Its text says what is lost and what goes on next.
    """
