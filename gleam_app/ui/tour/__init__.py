"""The tour: a few cards that show, once, where things are."""
