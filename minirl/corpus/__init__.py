"""A folder of documents becomes a corpus to train on: read, mend, sieve, remove duplicates, part, turn into tokens.

    readers/        files -> raw documents, one file for each format
    forms/          a raw document -> plain text: Wikipedia's markup, CNXML, HTML
    mending/        text -> better text: encodings, licences, broken lines
    rules/          text -> kept, or the reason why not
    duplicates.py   which documents say what an earlier one says
    work.py         all of that, document by document, in several processes; resumes where it was interrupted
    write.py        the documents that are left -> shards of tokens, and a manifest
    report.py       what each step removed, with samples

`python -m minirl.data prepare` is the program around it (program.py).
"""
