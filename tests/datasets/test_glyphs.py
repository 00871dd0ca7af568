"""Letters as classes: distinct, deterministic, legible."""

import numpy as np
import pytest
from pydantic import ValidationError

from metalandscape.datasets import glyphs, open_dataset
from metalandscape.ground.errors import UserError

TURNED = {"rotations": True}
TOGETHER = {"rotations": True, "turned_together": True}


def options(**changed):
    few = {"train_classes": 12, "test_classes": 6, "instances_per_class": 13}
    return glyphs.Options(kind="glyphs", **(few | changed))


def prepare(**changed):
    return glyphs.prepare(options(**changed), None, None)


def test_twelve_faces_are_found():
    assert len(glyphs.faces()) == 12


def test_the_default_number_of_letters_exists():
    default = glyphs.Options(kind="glyphs")
    assert len(glyphs.letters()) >= default.train_classes + default.test_classes


def test_of_letters_that_look_alike_one_is_kept():
    kept = set(glyphs.letters())
    latin, greek, cyrillic = "A", "\u0391", "\u0410"
    assert kept & {latin, greek, cyrillic} == {latin}
    assert len(kept & set("dp")) == 1  # the same letter, turned
    assert not kept & set("\u00c5\u00e9\u00aa")  # accented, superscript


def test_letters_differ_from_one_another_in_every_quarter_turn():
    plain = options(noise=0.0, image_size=16)
    face = [path.name for path in glyphs.faces()].index(glyphs.REFERENCE)
    bitmaps = np.array([glyphs.render(letter, face, plain) for letter in glyphs.letters()[::4]])
    for turns in range(4):
        turned = np.rot90(bitmaps, turns, axes=(1, 2))
        a, b = (x.reshape(len(x), -1).astype(float) for x in (bitmaps, turned))
        norms = np.linalg.norm(a, axis=1)
        cosine = a @ b.T / np.outer(norms, norms)
        np.fill_diagonal(cosine, 0)
        assert cosine.max() <= glyphs.ALIKE + 1e-12


@pytest.mark.parametrize(("colour", "channels"), [(False, 1), (True, 3)])
def test_shapes(colour, channels):
    dataset = prepare(colour=colour, image_size=11)
    assert dataset.pixels.shape == (18 * 13, 11, 11, channels)
    assert dataset.pixels.dtype == np.uint8
    assert np.diff(dataset.first).tolist() == [13] * 18
    assert [len(dataset.classes(split)) for split in ("train", "val", "test")] == [12, 0, 6]


def test_names_give_code_point_and_unicode_name():
    assert "U+0416 CYRILLIC CAPITAL LETTER ZHE" in prepare(train_classes=200).names


@pytest.mark.parametrize("colour", [False, True])
def test_the_same_options_give_the_same_bytes(colour):
    assert prepare(colour=colour).digest == prepare(colour=colour).digest


def test_an_image_does_not_depend_on_what_else_is_drawn():
    alone = glyphs.render("K", 5, options())
    np.testing.assert_array_equal(alone, glyphs.render("K", 5, options(train_classes=50)))


def test_test_letters_are_new_and_do_not_depend_on_the_number_of_train_letters():
    def split(dataset, name):
        return {n for n, s in zip(dataset.names, dataset.splits, strict=True) if s == name}

    few, many = prepare(train_classes=5), prepare(train_classes=20)
    assert split(few, "test") == split(many, "test")
    assert split(few, "train") < split(many, "train")
    assert not split(many, "train") & split(many, "test")


def test_val_letters_are_further_ones_and_leave_the_others_as_they_are():
    without, few, many = (
        prepare(train_classes=train, val_classes=val) for train, val in ((12, 0), (12, 4), (20, 4))
    )

    def part(dataset, split):
        chosen = [c for c, s in enumerate(dataset.splits) if s == split]
        return {dataset.names[c]: dataset.pixels[dataset.first[c] :][:13].tobytes() for c in chosen}

    for split in ("train", "test"):
        assert part(without, split) == part(few, split)
    assert len(part(few, "val")) == options(val_classes=4).classes("val") == 4
    assert part(few, "val") == part(many, "val")
    assert not set(part(many, "val")) & (set(part(many, "train")) | set(part(many, "test")))


def test_turns_of_a_letter_stand_together_in_a_task_only_if_asked():
    apart = prepare(rotations=True)
    together = prepare(rotations=True, turned_together=True)
    rng = np.random.default_rng
    pairs = [d.sample(rng(0), "train", 200, 12, 1, 1) for d in (apart, together)]
    owners = [np.searchsorted(apart.first, p["images"][..., 0], "right") - 1 for p in pairs]
    distinct = [np.mean([len(set(row)) == 12 for row in rows]) for rows in owners]
    assert distinct[0] == 1 and distinct[1] < 0.5
    assert set(pairs[0]["turns"].ravel()) == set(range(4))
    # Twelve letters in four turns: 48 classes, of which the former way draws without replacement.
    pool = rng(0).choice(48, 12, replace=False)
    np.testing.assert_array_equal(pairs[1]["turns"][0], together.classes("train")[pool][:, 1])
    with pytest.raises(UserError, match="way: 13 classes asked of the 12"):
        apart.sample(rng(0), "train", 1, 13, 1, 1)
    assert [options(**o).largest_way("train") for o in ({}, TURNED, TOGETHER)] == [12, 12, 48]


def test_instances_of_a_letter_differ():
    dataset = prepare()
    assert len(np.unique(dataset.pixels, axis=0)) == len(dataset.pixels)


def test_without_noise_a_face_always_draws_the_same():
    still, moved = options(noise=0.0), options(noise=0.06)
    first, again = (glyphs.render("K", instance, still) for instance in (0, 12))
    np.testing.assert_array_equal(first, again)
    assert (glyphs.render("K", 0, moved) != glyphs.render("K", 12, moved)).any()


def test_without_noise_a_letter_is_centred_and_fills_its_part():
    image = glyphs.render("H", 0, options(noise=0.0, image_size=80))[..., 0] > 127
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(80 * glyphs.FILL, abs=1)
    for side in (rows, columns):
        assert (side[0] + side[-1]) / 2 == pytest.approx(39.5, abs=0.5)


def test_gray_letters_are_light_on_dark():
    pixels = prepare().pixels
    assert (pixels.max((1, 2, 3)) > 127).all()
    assert np.median(pixels) == 0


def test_colour_letters_are_brighter_than_their_ground():
    still = {"noise": 0.0, "image_size": 28}
    for instance in range(24):
        strokes = glyphs.render("K", instance, options(**still))[..., 0]
        painted = glyphs.render("K", instance, options(colour=True, **still)).mean(-1)
        assert painted[strokes > 250].mean() > painted[strokes == 0].mean()


def test_rotations_add_three_classes_to_each_train_letter():
    turned = options(rotations=True)
    dataset = glyphs.prepare(turned, None, None)
    assert len(dataset.classes("train")) == turned.classes("train") == 48
    assert len(dataset.classes("test")) == turned.classes("test") == 6


def test_what_the_workflow_asks_before_preparation_is_what_is_prepared():
    asked, dataset = options(), prepare()
    for split in ("train", "val", "test"):
        assert asked.classes(split) == len(dataset.classes(split))
    assert asked.instances() == np.diff(dataset.first).min()
    assert asked.archives() == []


def test_too_many_letters_are_refused_with_the_number_there_is():
    number = len(glyphs.letters())
    with pytest.raises(UserError, match=f"train_classes .* which has {number}"):
        prepare(train_classes=number, test_classes=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"image_size": 4},
        {"train_classes": 0},
        {"test_classes": -1},
        {"instances_per_class": 0},
        {"noise": -0.1},
        {"noise": float("nan")},
        {"color": True},
        {"turned_together": True},
        {"val_classes": -1},
    ],
)
def test_options_are_validated(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        options(**wrong)


def test_round_trip(tmp_path):
    dataset = prepare(colour=True, rotations=True)
    dataset.save(tmp_path / "glyphs.safetensors")
    read = open_dataset(tmp_path / "glyphs.safetensors")
    assert read.digest == dataset.digest
    assert read.rotations and not read.turned_together
    assert read.image_shape == (14, 14, 3)
    assert (read.tasks, read.input_shape, read.output_size) == ("classification", (3, 14, 14), None)
    assert read.preprocessing == dataset.preprocessing
