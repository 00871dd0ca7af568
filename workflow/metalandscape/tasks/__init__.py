"""Tasks (episodes): as fixed lists, and as tensors."""
