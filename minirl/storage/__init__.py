"""Writing files so that nothing is lost: atomic writes, transactions over several files, checksums."""
