"""`python -m caseclock.cli`: the command line where the program `caseclock` is not installed, as in the image."""

from caseclock.cli import main

if __name__ == "__main__":
    main()
