"""Tasks (episodes): fixed lists of them, and tensors."""
