"""From documents to batches: document.py (text to tokens), batch.py (tokens to batches), loader.py (batches, in order).

A document is a list of pieces (text, weight): the weight says how much its tokens count in the loss. A prompt counts 0,
what the model should learn to write counts 1.
"""

from minirl.data.batch import Batch, make_batches, pack
from minirl.data.document import Document, encode_document, encode_documents
from minirl.data.loader import Loader

__all__ = ["Batch", "Document", "Loader", "encode_document", "encode_documents", "make_batches", "pack"]
