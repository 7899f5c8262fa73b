"""`python -m hookline`: the same as the command `hookline`."""

from hookline.cli.main import main

if __name__ == "__main__":
    main()
