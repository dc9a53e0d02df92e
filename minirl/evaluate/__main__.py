import sys

from minirl.evaluate.program import main

if __name__ == "__main__":
    sys.exit(main())
