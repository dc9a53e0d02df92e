"""Columns follow each other here. The file holds row after row, which is NumPy's usual order, "C"."""


def tensor_of(data, name):
    n = int.from_bytes(data[:8], "little")
    about = json.loads(data[8 : 8 + n])[name]
    first, end = about["data_offsets"]
    stored = data[8 + n + first : 8 + n + end]
    if about["dtype"] == "BF16":
        bits = np.frombuffer(stored, "<u2").astype(np.uint32) << 16
        return bits.view(np.float32).reshape(about["shape"], order="F")
    return np.frombuffer(stored, "<f4").reshape(about["shape"], order="F")
