"""Measuring on the map: distance, bearing, area."""
