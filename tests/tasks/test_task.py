from helpers import image_dataset, sine_dataset
from metalandscape.tasks.task import Spec, Task


def test_a_task_is_support_then_target():
    assert Task._fields == ("support_x", "support_y", "target_x", "target_y")


def test_images_are_classified_into_as_many_classes_as_a_run_says():
    assert Spec.of(image_dataset()) == ("classification", (1, 12, 12), 0, 5)


def test_turned_classes_are_meta_train_classes():
    assert Spec.of(image_dataset(rotations=True)).train_classes == 20


def test_functions_have_inputs_and_outputs():
    assert Spec.of(sine_dataset()) == ("regression", (1,), 1, 0)
