#!/usr/bin/env bash
# Looks at the committed tree as a whole: things that no compiler and no linter sees.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0
complain() { echo "check-tree: $1" >&2; failed=1; }

# The patterns are written so that this file does not match itself.
hosts='registry[.]npmjs|registry[.]yarnpkg|npm[.]pkg[.]github|pypi[.]org|pythonhosted[.]org|proxy[.]golang|sum[.]golang|goproxy[.]'
if git grep --untracked -nIE "$hosts" -- .; then
	complain "the lines above name a package registry's host; that is for the machine's configuration to say"
fi

# What is built or installed stays out of the repository.
if git ls-files | grep -E '(^|/)(node_modules|\.venv|__pycache__|\.cache)/|^bin/|\.(test|prof)$'; then
	complain "the files above are made by a build and do not belong here"
fi

# A large file is a mistake more often than not.
while IFS= read -r file; do
	[[ -f $file ]] && (($(wc -c <"$file") > 1000000)) && complain "$file is larger than 1 MB"
done < <(git ls-files) || true

# House style: no tabs or spaces at line ends, a newline at the end of a file.
if git grep --untracked -nIE '[ 	]+$' -- '*.go' '*.proto' '*.yml' '*.yaml' '*.sh' '*.js' '*.mjs' '*.py' Makefile .ci/run ':!gen'; then
	complain "the lines above end in white space"
fi

exit "$failed"
