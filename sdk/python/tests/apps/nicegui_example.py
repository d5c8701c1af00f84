"""One of NiceGUI's own example pages, as it is: nicegui_example.py MAIN PORT. The module that NiceGUI imports is
another one, and ui.run() gets a port and no reloader."""

import functools
import os
import runpy
import sys

os.environ.pop("PYTEST_CURRENT_TEST", None)  # NiceGUI would take itself for tested

import alias  # noqa: F401
from nicegui import ui

main, port = sys.argv[1:]
run = ui.run


def run_there(*args, **kwargs):
    return run(*args, **{**kwargs, "port": int(port), "reload": False, "show": False})


ui.run = functools.wraps(run)(run_there)
sys.path.insert(0, os.path.dirname(main))
sys.argv = [main]
runpy.run_path(main, run_name="__main__")
