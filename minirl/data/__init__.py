"""From documents to batches: document.py (text to tokens), batch.py (tokens to batches), loader.py (batches, in order).

A document is a list of pieces (text, weight). The weight says how much the tokens of the piece count in the loss: 0 for
a prompt, 1 for the text that the model should learn to write.
"""

from minirl.data.batch import Batch, make_batches, pack
from minirl.data.document import Document, encode_document, encode_documents
from minirl.data.loader import Loader

__all__ = ["Batch", "Document", "Loader", "encode_document", "encode_documents", "make_batches", "pack"]
