from math import inf, nan

import pytest
import torch

from metalandscape.ground.errors import UserError
from metalandscape.training import finite

GOOD = {"a": torch.zeros(2), "b": torch.ones(3)}


@pytest.mark.parametrize("wrong", [nan, inf, -inf])
def test_one_number_that_is_not_finite_is_found(wrong):
    assert finite.all_finite(GOOD.values())
    assert not finite.all_finite([*GOOD.values(), torch.tensor([0, wrong])])


def test_a_file_that_training_wrote_is_refused_by_name_unless_it_says_why():
    bad = GOOD | {"b": torch.tensor([1.0, nan])}
    finite.check_made("epoch1", GOOD, None)
    finite.check_made("epoch1", bad, 1)
    with pytest.raises(UserError, match=r"^epoch1 is damaged: its tensor b .* remove it"):
        finite.check_made("epoch1", bad, None)


def test_weights_to_compute_with_are_refused_in_any_case():
    bad = GOOD | {"a": torch.tensor([inf])}
    finite.check_usable("epoch1", GOOD)
    with pytest.raises(UserError, match=r"^epoch1: its tensor a has numbers .* give other"):
        finite.check_usable("epoch1", bad)
    with pytest.raises(UserError, match=r"epoch1 has no weights, .* diverged in epoch 4; take"):
        finite.check_usable("epoch1", bad, 4)
