#!/usr/bin/env bash
# Gradescope calls this once, as root, when it builds the autograder's image.
set -euo pipefail

root=${AUTOGRADER:-/autograder}
export DEBIAN_FRONTEND=noninteractive

apt-get update
apt-get install -y --no-install-recommends bubblewrap
# Ubuntu 22.04, Gradescope's usual image, has Python 3.10 as python3 and 3.11 beside it.
python=$(command -v python3.13 || command -v python3.12 || command -v python3.11 || true)
if [ -z "$python" ]; then
  apt-get install -y --no-install-recommends python3.11 python3.11-venv
  python=$(command -v python3.11)
fi

"$python" -m venv "$root/venv"
for wheel in "$root"/source/workbook_grader-*.whl; do
  "$root/venv/bin/pip" install --quiet "${wheel}[cpu]"
done

# Whoever runs notebooks when they cannot be sealed off; see run_autograder.
id grader >/dev/null 2>&1 || useradd --system --create-home grader

# Samples are drawn once here, not in every student's minutes. Real data sets lie beside this file as NAME.npz.
export GRADER_HOME=$root/home
for data in "$root"/source/*.npz; do
  [ -e "$data" ] && "$root/venv/bin/grader" data add "$(basename "$data" .npz)" "$data"
done
"$root/venv/bin/python" - <<'PYTHON'
from grader.datasets import DataStore
from grader.workbook import load_workbook

for name in {task.dataset for task in load_workbook(None).tasks}:
    DataStore().choose(name, "auto")
PYTHON
chmod -R a+rX "$root/home"
