"""Runs a program as it is, with other modules for its imports: run_moved.py MAIN [ARGUMENTS],
or run_moved.py -m MODULE [ARGUMENTS]."""

import os
import runpy
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
if os.environ.get("MOVED", "1") != "0":  # else with the modules that it was written for
    import alias  # noqa: F401

sys.argv = sys.argv[1:]
if sys.argv[0] == "-m":
    sys.argv = sys.argv[1:]
    del sys.path[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
else:
    main = os.path.abspath(sys.argv[0])
    sys.path[0] = os.path.dirname(main)
    os.chdir(os.path.dirname(main))
    runpy.run_path(main, run_name="__main__")
