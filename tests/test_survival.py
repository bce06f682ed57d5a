"""A whole class, killed again and again."""

import pytest

from tests import survival


@pytest.mark.slow
def test_two_hundred_submissions_survive_ten_kills(tmp_path):
    """Every submission ends once, in one status, with the grade of an undisturbed run; about 20 minutes."""
    survival.trial(tmp_path, tmp_path / "home", students=200, kills=10)
