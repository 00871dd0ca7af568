import hashlib

import numpy as np

from metalandscape.ground import randomness


def draw(*names):
    return randomness.generator(*names).random()


def test_the_same_name_is_the_same_stream():
    assert draw(0, "weights", 3) == draw(0, "weights", 3)


def test_seeds_and_names_and_numbers_have_streams_of_their_own():
    names = [
        (0, "weights"),
        (1, "weights"),
        (0, "batches"),
        (0,),
        (0, "batches", 1),
        (0, "batches", 2),
    ]
    assert len({draw(*each) for each in names}) == len(names)


def test_a_stream_does_not_depend_on_what_was_drawn_before():
    first = draw(0, "weights")
    randomness.generator(0, "batches").random(1000)
    assert draw(0, "weights") == first


def test_a_stream_is_pcg64_seeded_with_the_digest_of_its_name():
    """Results of earlier versions depend on this."""
    seed = int.from_bytes(hashlib.sha256(b"3/batches/17").digest(), "little")
    expected = np.random.Generator(np.random.PCG64(seed)).random(4)
    np.testing.assert_array_equal(randomness.generator(3, "batches", 17).random(4), expected)
