"""python -m netdoc"""

from netdoc.cli import main

if __name__ == "__main__":
    main()
