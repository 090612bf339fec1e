"""`python -m desk`: hands over to the command line."""

from desk.cli import main

if __name__ == "__main__":
    main()
