"""GLEAM Desktop: find out, offline, where a picture was taken."""

__version__ = "0.1.0"
