"""The panels of the analyst's window."""
