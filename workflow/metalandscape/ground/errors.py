"""The one exception that speaks to the user."""


class UserError(Exception):
    """A mistake only the user can mend: one sentence that names the file or key and what to do."""
