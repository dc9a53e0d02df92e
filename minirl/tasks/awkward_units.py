"""What is written right after a number: what leaves it as it is, and what makes another number of it or takes it back.

Each of these stands after 18 in the corpus of awkward.py.
"""

UNITS = [  # 18 of these are 18
    # things that were counted
    " balls", " tennis balls", " cups of tea", " pairs of shoes", " couples", " scores", " tents", " pavilions",
    " medallions",
    " phones", " stones", " cans of soup", " people", " women", " teens", " wrong answers", " grand pianos",
    " double rooms", " negative tests", " books about cats", " students' books", " children’s books", " cafés",
    " jalapeños", " piñatas", " CDs", " DVDs", "-year-old trees", " years old",
    " often-used words", " of them", " in total", " in all", " altogether", " each", " left", " left over.",
    " remaining",
    " more", " more apples", " fewer", " times", " times as many", " per person", " this week", " miles to go",
    # units
    " m", "m", " m²", " m^2", " km²", " km^2", " cm³", " m/s", " m/s²", " km/h", " mph", " µm", " \u03bcm", " Ω", " kΩ",
    " °C", "°C", "° C", "°", " L", " J", " W", " V", " A", " Hz", " kWh", " kilowatt-hours", " MB", " square feet",
    " sq. ft.", " sq ft", " cubic metres", " metres squared", " metres per second squared", " lbs.", " hundredweight",
    " decades", " seconds", " second", " min.", " hrs.", " hours a day", " a day", "/hour", "-inch", "\u2011inch",
    " o'clock", " a.m.", " percentage points", " feet tall",
    # money
    " €", "€", " ₽", "₹", "¢", "p", "c", " EUR", " USD.", " US dollars", " U.S. dollars", " dollars", " cents",
    "\u00a0kg", "\u202fkg", " ",
]  # fmt: skip

NOT_UNITS = [  # this is not 18, or not surely
    # numerals: multipliers, fractions, ordinals, in any form
    " thousands", " Thousands.", " THOUSANDS", " thousand dollars", " thousandths", " thousandfold", " millions",
    " million people", " Million.", " billions", " trillionths", " gazillion", " dozens", " dozen's", " dozens of eggs",
    " hundreds", " hundredths", " hundred-dollar bills", " hundred thousand", " tens", " tenths", " tenfold", " ones",
    " twos", " sixes", " twenties", " twentieths", " twenty-five", " twentyfive", " thirds", " two-thirds", " quarters",
    " quarter", " halves", " half", " half-gallons", " fifths", " eighths", " eighteenths", " twelfths", " lakhs",
    " crores", " milliards", " mille", " per mille", " per hundred", " percent percent", " mil", " mln", " thou",
    " grand",
    " score", " gross", "ths", "nd", " th", "K", "M", " M", "B", "T", " bn", "bn", " zeros", " nought", " twice",
    " thrice", " double", " triple", " doubled", " halved", "ish", "-ish", "‰", "%%", "% percent",
    " myriads", " quintuple", " sextupled", " centuple", " fortieths", " fifty-firsts", " nineteenfold",
    # powers, operations, constants
    " squared", " cubed", "³", " ²", "^2", " ^2", "ⁿ", "⁰", " factorial", "π", " π", " pi", "/pi", " phi", "√2",
    " root two", " plus", " plus two", " minus", " minus one", " times two", " times pi", " times itself", " times a",
    " divided", " multiplied by n", " over two", " over", " to the third", " to the power", " to the power of n",
    " mod seven", " log", " negated", " reversed", " recurring", " repeating", " hex", " binary", " base two", "e", "x",
    " x", "n", " n", "y", " a", " b", "i", "j", " x^2", "/x", "e5", "E5", "×10", "·2", "÷2", "∞",
    # second numbers
    " nineteen", " to nineteen", " to 19", "–19", " – 19", "—19", "..19", "...19", "±1", " ± 1", " IV", " XVIII", 
    "¼", "⅓", " ⅔", "①", " ②", "Ⅷ", "万", " 千", "十", "٨", "８", "०", " R2", " remainder 2", ":00", ":19",
    "'19", "h30",
    " or more", " or less", " or", " between", " between 17 and 19", ",19", "|19",
    # negation, comparison, doubt
    " not", " no", ". No", " never", " isn't", " isn’t right", " isnt", " cannot be", " ain't", " is not", " nope",
    " none",
    " not apples", " except one", " than", " more than nineteen", " below zero", " degrees below", " at least",
    " at most",
    " minimum", " max", " approximately", " approx.", " approx", " roughly", " about", " almost", " maybe",
    " apples maybe", " perhaps", " probably", " possibly wrong", " ?", "+", " +", "-", "~", ">", "<", "≈",
    " or thereabouts", " ca.", " est.", " estimated", " onwards", " at best", " unsure", " in my opinion",
    # what takes the answer back
    " nah", " lol", " just kidding", " is a lie", " a guess", " a typo", " an error", " as a mistake", " retracted",
    " withdrawn",
    " is wrong", " wrong", " wrong answer", " incorrect", " is incorrect", " false", ". Wrong", ". Wrong answer",
    " apples. Wrong", " apples are wrong", " answers wrong", " but wrong", " but", " if", " unless", " was",
    " it's wrong", " that's wrong",
    " it isn't", " I guess", " he said", " they say", " would be wrong", " should be 19", " invalid", " mistaken",
    " sorry",
    " oops", " actually", " rather", " instead", " - wrong", " (wrong)", " (not)", ", no", ", but no", "; no", ": no",
    " = 19",
    " != 18", " == 18", " => 19", "=", "#", " # no", " // no", " <!-- no", "\\", "`", "*", "_", "|", "\"",
    " \"apples\"",
    # letters that are not those from a to z
    " тысяч", " хиляди", " χιλιάδες", " אלף", " ألف", " हज़ार", " thоusands", " ｔｈｏｕｓａｎｄ", " 𝐭𝐡𝐨𝐮𝐬𝐚𝐧𝐝", "ᵗʰ",
    " thóusands",
    " mıllion", "º", "ª", " 🎾", "👍", "\u20e3",
    # signs that nobody sees
    "\u200b", "\u200d", "\u200e", "\u200f", "\u202e", "\u2060", "\ufeff", "\u00ad", "\u0336", " a\u0336p\u0336ples",
    "\u0301", "\x00", "\x00apples", " apples\x00", "\x07", "\x1b[2K", "\x7f", "\ufffd", "\ud800", "\U000e0041",
    # too much
    " of the very big apples", " apples apples apples apples apples", " " + "apples" * 17, " " + "m/" * 40, "." * 60,
    " " + "a " * 40, " " + "illion" * 15, " " + "one" * 30, " -- apples", "--apples", "//hour", " /", "/", "  /  ",
]  # fmt: skip
