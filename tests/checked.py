"""Annotations that are checked: types, and the shapes of tensors and arrays, in every call.

`conftest.py` has the functions and dataclasses of the package decorated when they are imported,
in the rooms that compute with tensors and arrays.
"""

import beartype

# As for a type checker, an int serves as a float.
typechecked = beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))
