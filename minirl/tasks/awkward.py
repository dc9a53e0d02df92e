"""Awkward and hostile answers, with the verdicts that checkers must give: the corpus that audit.py uses.

The answers come from four sources: texts that models wrote; errors of published checkers (a comma taken for the end of
a number, a minus sign dropped, 29.00 that was not 29, `2**3` and `7//2+1` evaluated, `2.5*4` taken for the numbers 2, 5
and 4); the solutions of GSM8K and AQuA; and imagination. An answer is the text after "Answer: "; a text is everything
after the prompt.
"""

from fractions import Fraction

from minirl.tasks.awkward_units import NOT_UNITS, UNITS

NUMBERS: dict[str, int | Fraction] = {  # what may be written -> the number it is
    "18": 18, "18.": 18, "18.0": 18, "18.00": 18, "18.00.": 18, "29.00": 29, "$16.00.": 16, "120$.": 120, "018": 18,
    "+18": 18, "$18": 18, "$ 18": 18, "$18.00": 18, "18 €": 18, "18€": 18, "£1,800": 1800, "1,800": 1800,
    "1,800.50": Fraction(3601, 2), "12,345,678": 12345678, "-3": -3, "- 3": -3, "−3": -3, "–3": -3, "-$3": -3,
    "$-3": -3, "−$1,234.5": Fraction(-2469, 2), "-0": 0, ".5": Fraction(1, 2), "0.333": Fraction(333, 1000),
    "1/2": Fraction(1, 2), "2/4": Fraction(1, 2), "-3/4": Fraction(-3, 4), "22/7": Fraction(22, 7),
    "2 1/2": Fraction(5, 2), "-2 1/2 cups": Fraction(-5, 2), "25%": Fraction(1, 4), "25 %": Fraction(1, 4),
    "25%.": Fraction(1, 4), "25% of the watermelon.": Fraction(1, 4), "25 percent": Fraction(1, 4),
    "-2.5%": Fraction(-1, 40), "18 apples": 18, "18 apples.": 18, "18 tennis balls.": 18, "18 dollars": 18,
    "60 km/h": 60, "9.8 m/s²": Fraction(49, 5), "7kg": 7, "12 cm³": 12, "100 °C": 100, "100°": 100, "12-inch": 12,
    "18\u00a0km": 18, "18 cups of green tea": 18, "18 times": 18, "18 left over.": 18,
    "655 kilometers to travel.": 655, "50¢": 50, "$18,000/year.": 18000, "49/week": 49, "9,474 sq.ft.": 9474,
    "9 a.m.": 9, "  18  ": 18, "123456789012345678901234567890": 123456789012345678901234567890,
    "₺1,800": 1800, "₽18": 18, "₿0.5": Fraction(1, 2), "18 ₩": 18, "-₹18.50": Fraction(-37, 2), "\u201018": -18,
    "−1/2": Fraction(-1, 2), "800 1/2": Fraction(1601, 2), "0.0": 0, "00": 0, "+.5": Fraction(1, 2),
    "−0.50": Fraction(-1, 2),
    "25 per cent": Fraction(1, 4), "25 pct.": Fraction(1, 4), "0.5%": Fraction(1, 200), "-25% a year": Fraction(-1, 4),
    "5/4": Fraction(5, 4), "1/3 cup": Fraction(1, 3), "1/2 mile.": Fraction(1, 2), "$1/4": Fraction(1, 4),
    **{f"18{unit}": 18 for unit in UNITS},
}  # fmt: skip
NOT_NUMBERS: list[str] = [  # none of them is 18, nor any other number
    "", " ", ".", "-", "$", "%", "eighteen", "nan", "inf", "-inf", "None", "True", "2**3", "2^3", "7//2+1", "2.5*4",
    "99**98**97", "+-18", "18,", "18, 19", "18 and nineteen", "18/two", "36/two", "3 four-minute songs",
    "7 dozen eggs", "6th place", "8:30", "3:2", "48/2=24", "<<48/2=24>>24", "#### 18", "$18 because 9+9=18",
    "18 = $18", "18 > 17", "18 ...", "18.,", "$37.00 per 10 sandwiches", "2*9", "2 * 9", "2 x 9", "9+9", "9 + 9 = 18",
    "x = 18", "=18", "18 = 18",
    "20/4",  # a division left undone
    "36/2", "18/1", "1/0", "0/0", "0/5", "1/2/3", "2 4/2", "2 5/3", "1 2 3", "1,80", "1,8000", "1,,800", ",800",
    "1800,000", "1.800,00", "1 800", "1_800", "1.5.2", "18..", "--3", "-+3", "3-", "$-$3", "-$-3", "$18€", "18 or 19",
    "18 or so", "about 18", "18 19", "18;19", "17-19", "(18)", "[18]", "**18**", r"\boxed{18}", "18!", "18?", "18k",
    "18 thousand", "1.8 million", "half", "18 and a half", "18 ½", "18½", "½", "18²", "1８", "１８", "١٨", "Ⅳ", "18 二",
    "1e3", "1e999999999", "0x12", "0b10", "1j", "18th", "1\u200b8", "1\n8", "1\x008", "\ud800",
    "18 five words are too many", "Answer: 18", "18 Answer: 18", "__import__('os').system('true')", "1" * 31,
    "9" * 101, "1/" + "3" * 31, "18" + " " * 200 + "x",
    "1.8e1", "1.8E+1", "0.18e2", "18e0", "1.8×10¹", "1.8x10", "17–19", "17 to 19", "between 17 and 19", "from 17 to 19",
    "approximately 18", "~18", "≈18", "±18", "≠18", ">18", "<18", "≥ 18", "at least 18", "not 18", "no 18", "never 18",
    "only 18", "XVIII", "xviii", "Ⅹ8", "ⅩⅧ", "۱۸", "१८", "١٨٫٠", "1\u2009800", "1\u202f800", "1'800", "1’800", "1٬800",
    "1\u00a08", "\u200f18", "\u202e81", "\u206618\u2069", "1\u03368\u0336", "\ufeff18", "𝟏𝟖", "①⑧", "⑱", "十八",
    "dix-huit",
    "eighteen apples", "(−18)", "−−18", "﹣18", "－18", "⁻18", "₋18", "¹⁸", "₁₈", "half of 36", "twice 9", "√324",
    "∛5832", "0o22",
    "18.0.0", "18,000,0", "$$18", "$18$", "18$%", "%18", "# 18", "No. 18", "n=18", "is 18", "it is 18", "I think 18",
    "17,18", "17;18", "17 18", "18 (or 19)", "18^1", "18**1", "18*1", "18·1", "18+0", "18-0", "18/1.0", "36/02",
    "(9+9)",
    "{18}", "<18>", '"18"', "'18'", "`18`", "_18_", "*18*", "~~18~~", r"\(18\)", r"\frac{36}{2}", r"18\%", "&#49;8",
    "%31%38",
    r"\x31\x38", "10**10**9", "10^10^9", "9" * 99, "9," * 49 + "9", "1/" * 49 + "1", "." * 99, "18" * 49, "$" * 99,
    *(f"18{words}" for words in NOT_UNITS),
]  # fmt: skip
RIGHT_TEXTS = [  # whole texts that answer 18, the right answer
    "Answer: 18", " Roger has 9 + 9 = 18.\nAnswer: 18<|end|>", " Roger has 9 + 9 = 18.\nAnswer: 18",
    " Roger\r\nAnswer: 18 \r\n", " Roger\nAnswer:18",
    " Roger\nAnswer: 17\nAnswer: 18",  # the last one counts
    " Roger\nAnswer: 18\n\n", " Roger\nAnswer: 18\nQ: and what else?",
    " Roger\nAnswer: 18<|end|>\nAnswer: 17",  # the episode was over
    " Roger\nAnswer: $18.00<|end|>", "\n" * 10**6 + "Answer: 18", "Answer: 1\n" * 10**5 + "Answer: 18",
]  # fmt: skip
WRONG_TEXTS = [  # whole texts that do not
    "", "18", " Roger has 18.", "Answer:", "Answer: ", "Answer: <|end|>18", "<|end|>Answer: 18", "Answer 18",
    "answer: 18", "ANSWER: 18", "The Answer: 18", " Answer: 18", "Answer:\n18", "Answer: 17", "Answer: -18",
    "Answer: 1 8", "Answer: 18 19", "Answer: 17 Answer: 18", "Answer: 18\nAnswer: 17", "Answer: 18\nAnswer:",
    "Answer: 18\u2028Answer: 18",
    "Q: Roger has 18 tennis balls. How many?\nReasoning:",  # the prompt again
    "Q: Roger has 18 tennis balls. How many?\nReasoning: Q: Roger has 18 tennis balls. How many?\nReasoning:",
    "Answer: 18 " + "a" * 100, "Answer: " + "1" * 10**6, "Answer: " + "8" * 10**6 + "/" + "8" * 10**6,
    "Answer: " + "-" * 10**6 + "18", "Answer: " + "(" * 10**6, "Answer: " + " " * 10**6 + "18", "Answer: 2*3*3",
    "Answer: 36/2", "\x00" * 10**6,
]  # fmt: skip


OPTIONS = ("6", "12 apples.", "6", "None of these", "B")  # B, the second, is the right one
LETTERS = [  # what chooses it
    "B", "b", "B.", "b.", "B:", "B)", "b)", "B).", "(B)", "(b)", "(B).", "(B):", "Option B", "option b", "Option B.",
    "option (B)", "OPTION B)", "B) 12 apples.", "B)12 apples", "(B) 12 apples", "(b)12 apples.", "B. 12 apples",
    "B: 12 apples.", "B)   12   apples", "Option B) 12 apples", "Option B: 12 apples", "12 apples", "12 apples.",
    "12  apples", "  B  ", "\tB", "\u00a0B", "\u3000B", "\u2003B", "B\t", "B\u00a0", "B \t ", "B)\t12 apples",
    "12\tapples",
    "12\u00a0apples", "\t12 apples\t", "12   apples.", "b) 12 apples", "b)12 apples.", "b. 12 apples.", "b: 12 apples",
    "b:12 apples.", "B.12 apples", "B:12 apples", "B.  12 apples.", "(B):12 apples", "(b): 12 apples.",
    "(B). 12 apples",
    "(b).12 apples.", "B). 12 apples", "b).12 apples.", "B): 12 apples", "(B)\u00a012 apples", "(b)  12  apples",
    "OPTION B",
    "OPTION B.", "oPTION b", "Option (B).", "Option (b)", "option B)", "option b).", "Option B:", "option (b):",
    "OPTION (B) 12 apples", "option b. 12 apples", "Option B).12 apples", "option (B): 12 apples.",
    "Option b)12 apples",
]  # fmt: skip
NOT_LETTERS = [  # what does not
    "", " ", ".", "()", "(", "A", "C", "D", "E", "F", "Z", "(A)", "A) 6", "A or B", "B or A", "B or C", "A, B",
    "B, C", "A and B", "A/B", "B/A", "B&C", "AB", "BB", "B B", "A B", "B) C)", "(A)(B)", "(B)(C)", "(B) (C)", "A) B)",
    "B) B", "A) 12 apples", "(C) 12 apples.", "B) 6", "B) None of these", "B) 12", "B) 12 apples or 6",
    "B) 12 apples C) 6", "B 12 apples", "B - 12 apples", "B, 12 apples", "B; C", "B?", "B!", "not B", "Not A",
    "not A, so B", "B is wrong", "B, not A", "B unless C", "Bob", "Be", "a train", "6", "6.", "12", "12.0 apples",
    "12 pears", "12 Apples", "twelve apples", "None of these", "All of these", "6 12 apples 6 None of these B",
    "A) 6 B) 12 apples. C) 6 D) None of these E) B", "Option", "option A", "Option 2", "Options B", "second", "2",
    "the second", "The answer is B", "Answer: B", "(B", "((B))", "[B]", "{B}", "<B>", "**B**", r"\boxed{B}", "'B'",
    "B\u200b", "\u200bB",
    "В",  # a Cyrillic letter
    "Β",  # a Greek one
    "Ｂ", "Ⓑ", "𝐁", "ß", "B\x00", "\ud800", "chr(66)", "B if True else A", "ABCDE", "B" * 99, "(" * 99,
    "B) " + "12 apples " * 9,
    *(f"{one}{between}{two}" for one, two in (("B", "a"), ("(A)", "(B)"), ("B) 12 apples", "C) 6"), ("b", "not c"))
      for between in (" or ", " and ", ", ", "; ", "/", " / ", " & ", " + ", " then ", " vs ", " > ", " but ", " -> ",
    ". ",
                      "? ", "... ", ": ", " (", " = ", " not ", " nor ", " instead of ")),
    "never B", "no B", "B is not it", "B isn't", "B, wrong", "B wrong", "neither B", "maybe B", "B maybe", "B?!",
    "any but B", "except B", "non-B", "!B", "~B", "¬B", "-B", "+B", "B-", "B+", "B*", "B1", "1B", "B2", "2B", "B.B",
    "B..",
    "B::", "B))", "((B)", "(B]", "[B)", "option", "option:", "option ()", "optionB", "Option-B", "option, B",
    "choice B", "Ⓑ)",
]  # fmt: skip
LETTER_TEXTS = [
    " 6 is not enough.\nAnswer: B<|end|>", "Answer: A\nAnswer: (b)", "Answer: B\nQ: A or B?", "Answer:B\r\n",
]  # fmt: skip
NOT_LETTER_TEXTS = [
    "", "B", "Option B", "answer: B", "Answer B", "Answer:\nB", "Answer: B\nAnswer: A", "Answer: B\nAnswer:",
    "Answer: <|end|>B", "Answer: A<|end|>\nAnswer: B", "ANSWER: B", "Answer: " + " " * 10**6 + "B",
    "Answer: B" + ")" * 10**6, "Answer: " + "(" * 10**6 + "B",
]  # fmt: skip

SAYS_YES = [  # what says yes
    "yes", "Yes", "YES", "yEs", "yes.", "Yes.", "yes!", "Yes!", '"yes"', '"Yes."', '"Yes".', "'yes'", "“yes”", "true",
    "True", "TRUE.", "true!", "  yes  ", "\tyes", "\u00a0yes", "yes\t", "\u3000yes\u3000", "yES!", "YES.", "YES!",
    "'Yes'", "'yes.'",
    "'yes'.", "‘yes’", "‘Yes.’", "“Yes.”", "“yes”.", "“true”", "‘true’", '"true"', '"True."', '"TRUE".', "'true'",
    "tRUE",
]  # fmt: skip
SAYS_NO = [  # what says no
    "no", "No", "NO", "nO", "no.", "No.", "no!", '"no"', '"No."', "'no'", "“no”", "false", "False", "FALSE.", " no ",
    "\tno", "\u00a0no", "no\t", "NO!", "NO.", "nO!", "'No'", "'no.'", "'no'.", "‘no’", "‘No.’", "“No.”", "“no”.",
    "“false”",
    '"false"', '"False."', "false!", "fALSE",
]  # fmt: skip
NEITHER = [  # what says neither, or both
    "", " ", ".", '"', "yes and no", "no and yes", "yes or no", "yes/no", "no/yes", "yes no", "no yes", "yes, no",
    "yes. no.", "yesno", "yes-no", "not yes", "not no", "not true", "not false", "no, yes", "yes, but no", "yes, but",
    "yes, it is", "yes because", "yes?", "yes if", "yes unless no", "yes = no", "yes != no", "true and false",
    "true or false", "true/false", "true false", "True == False", "not False", "bool(1)", "1", "0", "1 == 1", "y",
    "n", "Y", "t", "T", "yeah", "yep", "yess", "yes yes", "nope", "nah", "none", "None", "maybe", "maybe yes",
    "perhaps", "probably", "unknown", "it depends", "both", "neither", "yes..", "yes!!", "(yes)", "[yes]", "**yes**",
    r"\boxed{yes}", "the answer is yes", "Answer: yes", "y e s", "ye s", "yes\u200b",
    "ye\u0455",  # a Cyrillic letter
    "yeſ",  # becomes s in capitals
    "ｙｅｓ", "да", "ja", "oui", "yes\x00", "\ud800", "untrue", "falsetrue", "yes " * 20,
    *(f"{one}{between}{two}" for one, two in (("yes", "no"), ("No", "Yes"), ("true", "not true"))
      for between in (" but ", "; ", ": ", " - ", " / ", " | ", " & ", " + ", " > ", " => ", " == ", "... ", "! ", "? ",
                      ", then ", " then ", " vs ", " (", " if not ", " only if ", " rather than ", " xor ", "\t",
    "\u00a0")),
    "never", "yes, never", "hardly", "not", "not yet", "no!!", "no?", "no..", "(no)", "{no}", "<no>", "`no`", "*no*",
    "_yes_", "~yes",
    "!yes", "¬yes", "-yes", "+yes", "yes-", "yes1", "1yes", "yes:", "yes;", "yes,", "yes ,", "yes …", "yes~",
    "~~yes~~", "✓", "✗",
    "👍", "sí", "tak", "はい", "是", "否", "لا", "نعم", "nyet", "aye", "yea", "yup", "nay", "nah.",
    "yés", "nò", "ＮＯ", "𝐲𝐞𝐬",
    "y\u0336e\u0336s\u0336", "\u200fyes", "\u202esey", "\ufeffno", "n\u200bo", "no\x1b[2K", "nоt", "n\u043e",
    "truth", "truely", "falsely", "falsehood", "unyes", "no’s", "''yes''", '""no""', "null", "NaN", "bool('yes')",
    "yes" * 30, "no" * 45, "!" * 99, "'" * 99,
]  # fmt: skip
YES_TEXTS = [" Fish swim.\nAnswer: yes<|end|>", "Answer: no\nAnswer: Yes.", "Answer: yes\nQ: no?", "Answer:true\r\n"]
NOT_YES_TEXTS = [
    "", "yes", " Fish swim, yes.", "answer: yes", "Answer yes", "Answer:\nyes", "Answer: yes\nAnswer: no",
    "Answer: yes\nAnswer:", "Answer: <|end|>yes", "Answer: no<|end|>\nAnswer: yes", "Answer: yes" + "!" * 10**6,
    "Answer: " + "yes " * 10**5, "Answer: " + " " * 10**6 + "yes",
]  # fmt: skip

SAME_WORDS = [  # as "a wave of pressure"
    "a wave of pressure", "A wave of pressure.", "wave of pressure", "The wave  of Pressure!", "wave, of pressure",
    "a wave, of pressure.", "A WAVE OF PRESSURE", "wave-of-pressure", "(a wave of pressure)", "“A wave of pressure.”",
    "a\u00a0wave of pressure", "ａ wave of pressure", "a wave of the pressure", "wave... of pressure!!",
]  # fmt: skip
OTHER_WORDS = ["", "the", "a wave", "pressure of wave", "a wave of pressure or not", "no wave of pressure",
    "a wave of pressures", "waves of pressure", "not a wave of pressure", "a wave of pressure, not", "a wave of",
    "of pressure",
    "a wave of pressure is wrong", "wave wave of pressure", "a wave of low pressure", "a wаve of pressure",
    "awaveofpressure",
    "a wave_of_pressure", "a wave of pressure\u200b2", "?", "..."]  # fmt: skip

FORMULAS = [
    "7 * 3",
    "3*7",
    "3 * 7 = 21",
    "3 * 7.",
    "7*3.",
    "7 *3",
    "3* 7=21",
    "7*3 = 21.",
]  # what makes 21 from 3 and 7
NOT_FORMULAS = [
    "21", "3 * 7 = 22", "3 + 7", "7 + 14", "3 * 7 + 0", "3 * 7 * 1", "3 ** 7", "3 // 7", "3.7", "3", "", "-3 * -7",
    "(3 * 7)", "3 x 7", "99**98**97", "٣ * 7", "3 * " + "7" * 60, "3 * " + "7" * 10**6,
    "3 * 7 * 3", "7 - -3", "3 * 7 = 21 = 21", "3 * 7 =", "= 21", "3 * 7 = 21.0", "3 * 7.0", "3 × 7", "3 · 7", "3 ∗ 7",
    "3 \t* 7",
    "3  *  7", "3 * seven", "three * 7", "3 * 7 or 7 * 3", "3 * 7, 7 * 3", "7 * 3 is wrong", "not 3 * 7", "3 * 8",
    "3 - 7", "7 / 3",
    "21 / 1", "21 * 1", "2 * 7", "3 * 7 = 20", "3 * 7 != 21", "1" * 9 + " * 7",
]  # fmt: skip
