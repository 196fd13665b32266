#!/usr/bin/env bash
# Checks everything in this folder without an AWS account: lints the templates twice, and runs the tests of tests/.
#
#   deploy/check.sh
#
# The linters are installed once, below .tools/ (about a minute, 370 MB); a later run takes half a minute and no network.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    echo 'deploy/check.sh needs Python 3.10 or newer: install python3 and python3-venv, and try again' >&2
    exit 1
fi

tools=.tools/deploy
wanted=deploy/requirements.txt
if ! cmp --silent "$wanted" "$tools/installed.txt"; then
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
    # Last, so that an installation that was cut off is begun again.
    cp "$wanted" "$tools/installed.txt"
fi

# No AWS account is asked, and nobody is told.
export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true PYTHONDONTWRITEBYTECODE=1

"$tools/bin/cfn-lint" --regions us-east-1 eu-central-1 -- deploy/*.yaml
for template in deploy/*.yaml; do
    "$tools/bin/sam" validate --lint --template "$template"
done
"$tools/bin/python" -m unittest discover --start-directory deploy/tests
