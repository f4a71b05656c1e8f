"""Teachers: who writes the explanations that GLEAM-X learns from."""
