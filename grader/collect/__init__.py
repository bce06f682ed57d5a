"""Find submissions, give each a stable identity, refuse what leads out.

What a person names is told apart by content: archives and folders as Moodle, Canvas, Gradescope and nbgrader make them
carry ids, and the id is the identity; in a plain folder a sub-folder is one student's submission, whatever number of
notebooks it holds, and a file a submission of its own. Nothing vanishes: what is no notebook, a link, refused or not
readable is named in the submission, or in :attr:`Intake.remarks` when it belongs to nobody.
"""

from grader.collect.intake import Intake, collect, collect_one, gather
from grader.collect.layouts import Source
from grader.collect.roster import read_roster
from grader.collect.submission import Submission, SubmittedNotebook

__all__ = ["Intake", "Source", "Submission", "SubmittedNotebook", "collect", "collect_one", "gather", "read_roster"]
