"""The compiler flags of the C kernels. setup.py builds with them, and so do the lessons in which learners write C.

This file is also run by setup.py on its own, before minirl is installed: it imports nothing of minirl.
"""

X86_ISAS = {  # name -> compiler flags, worst first
    "portable": [],
    "avx2": ["-mavx2", "-mfma"],
    "avx512": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mprefer-vector-width=512"],
    "avx512bf16": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mprefer-vector-width=512",
                   "-mavx512vnni", "-mavx512bf16"],
    "amx": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mprefer-vector-width=512",
            "-mavx512vnni", "-mavx512bf16", "-mamx-tile", "-mamx-bf16"],
}  # fmt: skip
TEST_ISAS = {"amxshim": ["-mavx2", "-mfma", "-DMINIRL_TILES_IN_C"]}  # built with MINIRL_AMXSHIM=1
OTHER_ISAS: dict[str, list[str]] = {"portable": []}  # on arm64 the portable vectors are NEON already
OPTIMISED = ["-std=gnu11", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math"]
WARNINGS = ["-Wall", "-Wextra", "-Wno-unknown-pragmas"]
OPENMP_CHOICES = [  # compile flags, link flags; the first that builds a program is used
    (["-fopenmp"], ["-fopenmp"]),
    (["-Xpreprocessor", "-fopenmp"], ["-lomp"]),  # Apple's clang with Homebrew's or conda's libomp
]
