"""The guide: what a person can read while working, offline and in the language in use."""
