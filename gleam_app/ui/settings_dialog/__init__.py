"""The settings dialog: one module a page; every choice takes effect at once."""
