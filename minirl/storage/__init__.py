"""Files: written so that nothing is lost (atomic writes, transactions, checksums), and found where they ship."""

from minirl.storage.shipped import shipped

__all__ = ["shipped"]
