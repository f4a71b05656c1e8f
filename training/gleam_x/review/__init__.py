"""People's revision of explanations: the window, what reviewers said, how far they agree, the test set.

``answers`` is the form of what is kept, ``folder`` a review on disk, ``desk`` what one reviewer does,
``agreement`` and ``testset`` what is made of it; ``app`` and ``window`` with their parts are the Qt tool,
the one place where training uses the app's ``ui``.
"""
