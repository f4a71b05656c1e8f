"""The case in the window: the file, its queries, the batch, decisions, exports."""
