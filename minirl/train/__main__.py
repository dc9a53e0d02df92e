import sys

from minirl.train.program import main

if __name__ == "__main__":
    sys.exit(main())
