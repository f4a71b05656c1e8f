"""One instrument for any encoder pack: the same pictures, the same seeds, the same figures.

``python -m training gleam-c report`` measures packs on held-out places, real and simulated apart, so that
two packs can be set side by side. ``command`` runs it; every other module makes one kind of measurement.
"""
