"""An application of Taipy: taipy_app.py PORT."""

import sys

from taipy.gui import Gui, invoke_long_callback, notify

name, said, count, total = "nobody", "", 0, 0


def press(state):
    state.count += 1
    notify(state, "info", f"pressed {state.count} times by {state.name}")


def work(a, b):
    return a * b


def done(state, status, result):
    state.total = result


def long(state):
    invoke_long_callback(state, work, [6, 7], done)


def on_change(state, var, value):
    if var == "name":
        state.said = f"Hello {value}!"


page = """
# Taipy
<|{name}|input|change_delay=0|id=who|>

<|{said}|>

<|Press|button|on_action=press|id=press|>

count <|{count}|>

<|Long|button|on_action=long|id=long|>

total <|{total}|>
"""
Gui(page=page).run(
    host="127.0.0.1", port=int(sys.argv[1]), run_browser=False, debug=False, use_reloader=False,
    allow_unsafe_werkzeug=True,
)  # fmt: skip
