"""uvicorn with several workers: workers.py PORT."""

import os
import sys

import uvicorn

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(__file__))
    uvicorn.run("mounted:app", host="127.0.0.1", port=int(sys.argv[1]), workers=3, log_level="warning",
                app_dir=os.path.dirname(__file__))  # fmt: skip
