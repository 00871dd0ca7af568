"""Meta-training in blocks of epochs, and the files it leaves: checkpoints and training states."""
