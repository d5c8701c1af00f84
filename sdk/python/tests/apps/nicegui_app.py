"""NiceGUI, unchanged but for the module that it imports: nicegui_app.py PORT."""

import os
import sys

os.environ.pop("PYTEST_CURRENT_TEST", None)  # NiceGUI would take itself for tested

import alias  # noqa: F401
from nicegui import ui


@ui.page("/")
def page():
    label = ui.label("nothing yet")
    clicks = ui.label("no click")
    count = 0

    def click():
        clicks.text = "clicked"

    async def tick():
        nonlocal count
        count += 1
        answer = await ui.run_javascript("return 6 * 7")
        label.text = f"ticked {count} {answer}"

    @ui.refreshable
    def files(*names: str):
        ui.label(f"files: {', '.join(names)}")

    async def uploaded(event):
        files.refresh(f"{event.file.name} of {len(await event.file.read())}")

    ui.button("Press", on_click=click)
    ui.upload(on_upload=uploaded, auto_upload=True)
    files()
    ui.timer(0.3, tick)


ui.run(port=int(sys.argv[1]), reload=False, show=False)
