"""Measuring explainers: are they right, are they honest about it, and do they look at what they speak of?"""
