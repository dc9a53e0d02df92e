"""The shape is taken backwards here. It is NumPy's: the last axis is the one whose numbers are neighbours. (In a GGUF
file it is the other way round.)"""


def tensor_of(data, name):
    n = int.from_bytes(data[:8], "little")
    about = json.loads(data[8 : 8 + n])[name]
    first, end = about["data_offsets"]
    stored = data[8 + n + first : 8 + n + end]
    if about["dtype"] == "BF16":
        bits = np.frombuffer(stored, "<u2").astype(np.uint32) << 16
        return bits.view(np.float32).reshape(about["shape"][::-1])
    return np.frombuffer(stored, "<f4").reshape(about["shape"][::-1])
