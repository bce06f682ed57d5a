"""The training process: ``python -m grader.inside.trainer``. Recipes in, trainings out, one JSON line each.

It never sees student code. A recipe is rebuilt from the tables in :mod:`.kinds` alone, and refused before anything is
allocated when it is larger than the bounds that come with it. Standard library, numpy and Keras only,
Keras on the backend that ``KERAS_BACKEND`` names.
"""
