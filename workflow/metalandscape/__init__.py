"""metalandscape: objective landscapes and generalization in gradient-based meta-learning."""
