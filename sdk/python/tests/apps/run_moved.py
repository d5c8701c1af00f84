"""Runs a program as it is, with other modules for its imports: run_moved.py MAIN [ARGUMENTS]."""

import os
import runpy
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
if os.environ.get("MOVED", "1") != "0":  # else with the modules that it was written for
    import alias  # noqa: F401

main = os.path.abspath(sys.argv[1])
sys.argv = sys.argv[1:]
sys.path[0] = os.path.dirname(main)
os.chdir(os.path.dirname(main))
runpy.run_path(main, run_name="__main__")
