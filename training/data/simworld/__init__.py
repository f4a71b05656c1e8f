"""A simulated world: places made from a seed, seen from space, the air, the street, and on a map.

``lay_out`` makes a ``Scene`` (the facts, in metres), ``change`` makes it another date, ``Place`` takes
the pictures. Every picture is drawn from the facts alone, so the facts are true of every picture.
"""
